-- What sells: one row per product with a completed order before the as-of date.
with

completed as (
    select
        o.order_key,
        p.as_of_day - o.order_day as days_ago
    from lake_orders as o
    cross join params as p
    where coalesce(o.status, 'completed') = 'completed'
),

sold as (
    select
        l.product_key,
        o.days_ago,
        l.quantity,
        cast(l.quantity as bigint) * l.unit_price as amount,
        coalesce(l.discount, cast(0 as bigint)) as discount,
        coalesce(l.returned, false) as returned
    from lake_order_lines as l
    inner join completed as o on l.order_key = o.order_key
    where o.days_ago > 0
),

measured as (
    select
        product_key,
        days_ago,
        case when amount > 0 then cast(quantity as bigint) else cast(0 as bigint) end as units,
        case when amount > 0 then amount else cast(0 as bigint) end as gross_sales,
        case when amount < 0 or returned then amount - discount else cast(0 as bigint) end as returned_amount,
        amount - discount as amount_after_discount
    from sold
),

summed as (
    select
        product_key,
        count(*) as n_lines,
        sum(units) as units,
        sum(gross_sales) as gross_sales,
        sum(case when returned_amount > 0 then amount_after_discount - returned_amount else amount_after_discount end) as net_sales,
        min(days_ago) as days_since_last_sale
    from measured
    group by product_key
),

named as (
    select
        cast(pr.product_id as varchar) as product_id,
        cast(pr.name as varchar) as name,
        cast(pr.category as varchar) as category,
        cast(s.n_lines as bigint) as n_lines,
        cast(s.units as bigint) as units,
        cast(s.gross_sales as bigint) as gross_sales,
        cast(s.net_sales as bigint) as net_sales,
        cast(s.days_since_last_sale as bigint) as days_since_last_sale
    from summed as s
    inner join lake_products as pr on s.product_key = pr.product_key
)

select * from named order by product_id
