-- What kept offers from being made: one row per list and guard.
with

cards as (
    select 'cross_sell' as list, metric, value from cross_sell_model_card
    union all
    select 'up_sell' as list, metric, value from up_sell_model_card
    union all
    select 'replenish' as list, metric, value from replenish_model_card
)

select
    cast(list as varchar) as list,
    cast(metric as varchar) as guard,
    cast(value as bigint) as removed
from cards
where metric in (
    'removed_open_complaint', 'removed_cool_down', 'removed_owned', 'removed_returned', 'removed_stock',
    'removed_unit_margin', 'removed_expected_margin', 'removed_substitute', 'removed_per_customer',
    'removed_per_product'
)
order by list, guard
