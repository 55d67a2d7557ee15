-- The page the leaders of marketing and sales open every month.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

alerts as (

    select * from {{ ref('fct_review_alerts') }}
    where is_raised

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

standard_capacity as (

    select max(review_alerts.{{ adapter.quote('limit') }}) as leads
    from {{ ref('review_alerts') }} as review_alerts
    inner join definitions
        on review_alerts.definition_id = definitions.definition_id
    where review_alerts.metric = 'mqls_per_rep' and review_alerts.comparison = 'above'

),

capacity as (

    select
        sum(coalesce(active_reps.monthly_capacity, standard_capacity.leads)) as leads
    from {{ ref('int_active_reps') }} as active_reps
    cross join standard_capacity

),

counted as (

    select
        month,
        count(*) as mqls,
        count(first_response_at) as responded,
        count(accepted_at) as accepted,
        count(rejected_at) as rejected,
        count(opportunity_at) as opportunities,
        count(won_at) as won,
        sum(open_amount_usd) as pipeline_usd,
        sum(won_amount_usd) as amount_won_usd,
        sum(case when sla_status = 'met' then 1 else 0 end) as met,
        sum(case when sla_status in ('met', 'breached', 'overdue') then 1 else 0 end)
            as judged,
        sum(case when routed_by = 'unrouted' then 1 else 0 end) as unrouted
    from outcomes
    group by month

),

ranked_reasons as (

    select
        month,
        rejection_reason,
        row_number() over (
            partition by month
            order by count(*) desc, {{ byte_order('rejection_reason') }}
        ) as place
    from outcomes
    where rejection_reason is not null
    group by month, rejection_reason

),

raised as (

    select
        month,
        {{ dbt.listagg('alert', "', '", 'order by alert') }} as alerts
    from alerts
    group by month

),

filled as (

    select
        months.month,
        capacity.leads as capacity,
        ranked_reasons.rejection_reason as top_rejection_reason,
        raised.alerts,
        coalesce(counted.mqls, 0) as mqls,
        coalesce(counted.responded, 0) as responded,
        coalesce(counted.accepted, 0) as accepted,
        coalesce(counted.rejected, 0) as rejected,
        coalesce(counted.opportunities, 0) as opportunities,
        coalesce(counted.won, 0) as won,
        coalesce(counted.pipeline_usd, 0.0) as pipeline_usd,
        coalesce(counted.amount_won_usd, 0.0) as amount_won_usd,
        coalesce(counted.met, 0) as met,
        coalesce(counted.judged, 0) as judged,
        coalesce(counted.unrouted, 0) as unrouted,
        {{ month_is_mature('months.month', var('acceptance_mature_days')) }}
            as is_acceptance_mature,
        {{ month_is_mature('months.month', var('outcome_mature_days')) }}
            as is_outcome_mature
    from months
    cross join capacity
    left join counted
        on months.month = counted.month
    left join ranked_reasons
        on
            months.month = ranked_reasons.month
            and ranked_reasons.place = 1
    left join raised
        on months.month = raised.month

),

final as (

    select
        top_rejection_reason,
        coalesce(alerts, '') as alerts,
        cast(mqls as integer) as mqls,
        cast(responded as integer) as responded,
        cast(accepted as integer) as accepted,
        cast(rejected as integer) as rejected,
        cast(opportunities as integer) as opportunities,
        cast(won as integer) as won,
        cast(unrouted as integer) as unrouted,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds(
            'acceptance_rate', 'accepted', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'mql_to_opportunity_rate', 'opportunities', 'mqls', 'is_outcome_mature'
        ) }},
        {{ rate('met', 'judged') }} as sla_compliance_rate,
        case
            when won > 0 then {{ round_score('amount_won_usd / won') }}
        end as average_deal_usd,
        capacity,
        case
            when capacity > 0 then {{ round_score('mqls / capacity') }}
        end as mqls_vs_capacity,
        is_acceptance_mature,
        is_outcome_mature,
        month
    from filled

)

select * from final
