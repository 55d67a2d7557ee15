-- The guide's alarms, each with its figure, its limit and its remedy, every month under
-- the definition in force at its end.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select
        month,
        {{ month_is_mature('month', 0) }} as is_complete,
        {{ month_is_mature('month', var('acceptance_mature_days')) }}
            as is_acceptance_mature
    from {{ ref('int_months') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where official_from is not null

),

review_alerts as (

    select * from {{ ref('review_alerts') }}

),

reps as (

    select count(*) as reps
    from {{ ref('int_active_reps') }}

),

counted as (

    select
        months.month,
        months.is_complete,
        months.is_acceptance_mature,
        count(outcomes.handoff_id) as mqls,
        count(outcomes.accepted_at) as accepted,
        count(outcomes.rejected_at) as rejections,
        sum(case when outcomes.sla_status = 'met' then 1 else 0 end) as met,
        sum(
            case
                when outcomes.sla_status in ('met', 'breached', 'overdue') then 1
                else 0
            end
        ) as judged,
        sum(case when outcomes.routed_by = 'unrouted' then 1 else 0 end) as unrouted
    from months
    left join outcomes
        on months.month = outcomes.month
    group by months.month, months.is_complete, months.is_acceptance_mature

),

reasons as (

    select
        month,
        rejection_reason,
        count(*) as rejections
    from outcomes
    where rejection_reason is not null
    group by month, rejection_reason

),

watched as (

    select
        counted.*,
        review_alerts.definition_id,
        review_alerts.alert,
        review_alerts.metric,
        review_alerts.comparison,
        review_alerts.reason_code,
        review_alerts.remedy,
        review_alerts.{{ adapter.quote('limit') }} as alert_limit,
        review_alerts.minimum_count,
        coalesce(reasons.rejections, 0) as reason_rejections,
        reps.reps
    from counted
    inner join definitions
        on
            definitions.official_from
            < cast({{ dbt.dateadd('month', 1, 'counted.month') }} as timestamp)
            and cast({{ dbt.dateadd('month', 1, 'counted.month') }} as timestamp)
            <= {{ until('definitions.official_until') }}
    inner join review_alerts
        on definitions.definition_id = review_alerts.definition_id
    cross join reps
    left join reasons
        on
            counted.month = reasons.month
            and review_alerts.reason_code = reasons.rejection_reason

),

measured as (

    select
        *,
        case metric
            when 'acceptance_rate'
                then case when is_acceptance_mature then {{ rate('accepted', 'mqls') }} end
            when 'rejection_share' then {{ rate('reason_rejections', 'rejections') }}
            when 'mqls_per_rep'
                then case when is_complete then {{ rate('mqls', 'reps') }} end
            when 'sla_compliance_rate' then {{ rate('met', 'judged') }}
            when 'unrouted_handoffs' then cast(unrouted as double precision)
        end as figure,
        case metric
            when 'rejection_share' then rejections
            when 'sla_compliance_rate' then judged
            else mqls
        end as counted_on
    from watched

),

final as (

    select
        definition_id,
        alert,
        metric,
        reason_code,
        comparison,
        remedy,
        cast(counted_on as integer) as counted_on,
        cast(minimum_count as integer) as minimum_count,
        figure,
        alert_limit as limit_value,
        coalesce(
            counted_on >= minimum_count
            and case comparison
                when 'below' then figure < alert_limit
                when 'above' then figure > alert_limit
                when 'at_least' then figure >= alert_limit
            end,
            false
        ) as is_raised,
        month
    from measured

)

select * from final
