-- What sells: one row per product with a completed order before the as-of date.
with

sold as (
    select
        l.product_key,
        o.order_key,
        l.quantity,
        cast(l.quantity as bigint) * l.unit_price as amount,
        coalesce(l.discount, cast(0 as bigint)) as discount,
        coalesce(l.returned, false) as returned,
        o.order_day
    from lake_order_lines as l
    inner join lake_orders as o on l.order_key = o.order_key
    cross join params as p
    where o.order_day < p.as_of_day
      and coalesce(o.status, 'completed') = 'completed'
),

measured as (
    select
        product_key,
        order_day,
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
        min(order_day) as first_day,
        max(order_day) as last_day
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
        cast(p.as_of_day - s.last_day as bigint) as days_since_last_sale
    from summed as s
    inner join lake_products as pr on s.product_key = pr.product_key
    cross join params as p
)

select * from named order by product_id
