-- Whom each agent looks after and what is at stake: one row per agent with customers.
with

named as (
    select
        coalesce(c.agent_id, '') as agent_id,
        case when h.active_in_month then 1 else 0 end as is_active,
        c.net_sales,
        c.contribution,
        coalesce(c.profit_at_risk, cast(0 as bigint)) as profit_at_risk
    from customers as c
    inner join customer_history as h on c.customer_id = h.customer_id
),

summed as (
    select
        agent_id,
        count(*) as customers,
        sum(is_active) as active_customers,
        sum(net_sales) as net_sales,
        sum(contribution) as contribution,
        sum(profit_at_risk) as profit_at_risk
    from named
    group by agent_id
),

typed as (
    select
        cast(agent_id as varchar) as agent_id,
        cast(customers as bigint) as customers,
        cast(active_customers as bigint) as active_customers,
        cast(net_sales as bigint) as net_sales,
        cast(contribution as bigint) as contribution,
        cast(profit_at_risk as bigint) as profit_at_risk
    from summed
)

select * from typed order by agent_id
