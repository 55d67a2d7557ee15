-- How sales keeps its side of the agreement, by the month a lead was awarded.
with outcomes as (

    select
        *,
        coalesce(rep_id, 'unrouted') as rep_or_unrouted
    from {{ ref('fct_handoff_outcomes') }}

),

counted as (

    select
        month,
        rep_or_unrouted,
        priority,
        count(*) as handoffs,
        {{ sla_counts() }},
        {{ median('response_hours') }} as median_response_hours
    from outcomes
    group by month, rep_or_unrouted, priority

),

final as (

    select
        rep_or_unrouted as rep_id,
        priority,
        cast(handoffs as integer) as handoffs,
        cast(met as integer) as met,
        cast(breached as integer) as breached,
        cast(open_clocks as integer) as open,
        cast(overdue as integer) as overdue,
        {{ rate_with_bounds('compliance_rate', 'met', 'judged') }},
        {{ round_score('median_response_hours') }} as median_response_hours,
        judged >= {{ var('enough_mqls') }} as is_enough_data,
        month
    from counted

)

select * from final
