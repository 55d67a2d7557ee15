-- How sales keeps its side of the agreement, by the month a lead was awarded.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

counted as (

    select
        month,
        coalesce(rep_id, 'unrouted') as rep_id,
        priority,
        count(*) as handoffs,
        sum(case when sla_status = 'met' then 1 else 0 end) as met,
        sum(case when sla_status = 'breached' then 1 else 0 end) as breached,
        sum(case when sla_status = 'open' then 1 else 0 end) as open_handoffs,
        sum(case when sla_status = 'overdue' then 1 else 0 end) as overdue,
        {{ median('response_hours') }} as median_response_hours
    from outcomes
    group by month, coalesce(rep_id, 'unrouted'), priority

),

final as (

    select
        rep_id,
        priority,
        cast(handoffs as integer) as handoffs,
        cast(met as integer) as met,
        cast(breached as integer) as breached,
        cast(open_handoffs as integer) as open,
        cast(overdue as integer) as overdue,
        {{ rate('met', '(met + breached + overdue)') }} as compliance_rate,
        {{ round_score('median_response_hours') }} as median_response_hours,
        met + breached + overdue >= {{ var('enough_mqls') }} as is_enough_data,
        month
    from counted

)

select * from final
