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

capacities as (

    select * from {{ ref('int_sales_capacity') }}

),

counted as (

    select
        month,
        {{ stage_counts() }},
        {{ sla_counts() }},
        count(case when routed_by = 'unrouted' then 1 end) as unrouted
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
    where rejected_at is not null
    group by month, rejection_reason

),

raised as (

    select
        month,
        {{ joined_text('alert', ', ', 'alert') }} as alerts
    from alerts
    group by month

),

filled as (

    select
        months.month,
        months.is_acceptance_mature,
        months.is_outcome_mature,
        capacities.capacity,
        ranked_reasons.rejection_reason as top_rejection_reason,
        coalesce(raised.alerts, '') as alerts,
        {{ counts_or_zero('counted') }},
        coalesce(counted.met, 0) as met,
        coalesce(counted.judged, 0) as judged,
        coalesce(counted.unrouted, 0) as unrouted
    from months
    left join capacities
        on months.definition_id = capacities.definition_id
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
        alerts,
        mqls,
        responded,
        accepted,
        rejected,
        opportunities,
        won,
        won_deals,
        out_of_order,
        cast(unrouted as integer) as unrouted,
        pipeline_usd,
        amount_won_usd,
        {{ rate_with_bounds(
            'acceptance_rate', 'accepted', 'mqls', 'is_acceptance_mature'
        ) }},
        {{ rate_with_bounds(
            'mql_to_opportunity_rate', 'opportunities', 'mqls', 'is_outcome_mature'
        ) }},
        {{ rate_with_bounds('sla_compliance_rate', 'met', 'judged') }},
        {{ average_deal('amount_won_usd', 'won_deals') }} as average_deal_usd,
        capacity,
        {{ rate('mqls', 'capacity') }} as mqls_vs_capacity,
        mqls >= {{ var('enough_mqls') }} as is_enough_data,
        is_acceptance_mature,
        is_outcome_mature,
        month
    from filled

)

select * from final
