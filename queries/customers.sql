-- Everything known and computed about a customer: one row per customer.
with

joined as (
    select
        cast(c.customer_id as varchar) as customer_id,
        cast(c.name as varchar) as name,
        cast(c.city as varchar) as city,
        cast(c.branch_id as varchar) as branch_id,
        cast(c.agent_id as varchar) as agent_id,
        cast(c.party_class as varchar) as party_class,
        cast(c.registered_on as date) as registered_on,
        cast(h.first_order_date as date) as first_order_date,
        cast(h.last_order_date as date) as last_order_date,
        cast(h.days_since_last_order as bigint) as days_since_last_order,
        cast(h.usual_gap_days as bigint) as usual_gap_days,
        cast(h.last_activity_date as date) as last_activity_date,
        cast(h.activity_status as varchar) as activity_status,
        cast(h.preferred_branch as varchar) as preferred_branch,
        cast(h.preferred_channel as varchar) as preferred_channel,
        cast(h.preferred_category as varchar) as preferred_category,
        cast(h.preferred_staff as varchar) as preferred_staff,
        cast(h.next_birthday as date) as next_birthday,
        cast(p.n_orders as bigint) as n_orders,
        cast(p.units as bigint) as units,
        cast(p.gross_sales as bigint) as gross_sales,
        cast(p.net_sales as bigint) as net_sales,
        cast(p.gross_margin as bigint) as gross_margin,
        cast(p.contribution as bigint) as contribution,
        cast(p.decile as bigint) as decile,
        cast(r.recency_days as bigint) as recency_days,
        cast(r.frequency as bigint) as frequency,
        cast(r.monetary as bigint) as monetary,
        cast(r.r as bigint) as r,
        cast(r.f as bigint) as f,
        cast(r.m as bigint) as m,
        cast(r.segment as varchar) as segment,
        cast(k.churn_probability as double) as churn_probability,
        cast(k.risk_band as varchar) as risk_band,
        cast(k.profit_at_risk as bigint) as profit_at_risk,
        cast(k.do_not_chase as boolean) as do_not_chase,
        cast(v.clv as bigint) as clv,
        cast(v.historic_value as bigint) as historic_value
    from lake_customers as c
    inner join profitability as p on c.customer_id = p.customer_id
    inner join customer_history as h on c.customer_id = h.customer_id
    left join rfm as r on c.customer_id = r.customer_id
    left join churn as k on c.customer_id = k.customer_id
    left join clv as v on c.customer_id = v.customer_id
)

select * from joined order by customer_id
