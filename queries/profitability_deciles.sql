-- What each tenth of the customers earned us: one row per decile.
with

summed as (
    select
        decile,
        count(*) as customers,
        sum(n_orders) as n_orders,
        sum(net_sales) as net_sales,
        sum(gross_margin) as gross_margin,
        sum(contribution) as contribution
    from profitability
    where decile is not null
    group by decile
),

typed as (
    select
        cast(decile as bigint) as decile,
        cast(customers as bigint) as customers,
        cast(n_orders as bigint) as n_orders,
        cast(net_sales as bigint) as net_sales,
        cast(gross_margin as bigint) as gross_margin,
        cast(contribution as bigint) as contribution
    from summed
)

select * from typed order by decile
