-- The guide's alarms, each with its figure, its limit and its remedy, every month under
-- the definition in force at its end.
with outcomes as (

    select * from {{ ref('fct_handoff_outcomes') }}

),

months as (

    select * from {{ ref('int_months') }}

),

review_alerts as (

    select * from {{ ref('review_alerts') }}

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

reasons as (

    select
        month,
        rejection_reason,
        count(*) as rejections
    from outcomes
    where rejected_at is not null
    group by month, rejection_reason

),

watched as (

    select
        months.definition_id,
        months.month,
        months.is_over,
        months.is_acceptance_mature,
        review_alerts.alert,
        review_alerts.metric,
        review_alerts.comparison,
        review_alerts.reason_code,
        review_alerts.remedy,
        review_alerts.{{ adapter.quote('limit') }} as alert_limit,
        review_alerts.minimum_count,
        coalesce(capacities.reps, 0) as reps,
        coalesce(capacities.standard_reps, 0) as standard_reps,
        coalesce(reasons.rejections, 0) as reason_rejections,
        coalesce(counted.mqls, 0) as mqls,
        coalesce(counted.accepted, 0) as accepted,
        coalesce(counted.rejected, 0) as rejected,
        coalesce(counted.met, 0) as met,
        coalesce(counted.judged, 0) as judged,
        coalesce(counted.unrouted, 0) as unrouted
    from months
    inner join review_alerts
        on months.definition_id = review_alerts.definition_id
    left join capacities
        on months.definition_id = capacities.definition_id
    left join counted
        on months.month = counted.month
    left join reasons
        on
            months.month = reasons.month
            and review_alerts.reason_code = reasons.rejection_reason

),

-- what is too young to tell has no figure
measured as (

    select
        *,
        case metric
            when 'acceptance_rate'
                then
                    case
                        when is_acceptance_mature then {{ rate('accepted', 'mqls') }}
                    end
            when 'rejection_share' then {{ rate('reason_rejections', 'rejected') }}
            when 'mqls_per_rep'
                then case when is_over then {{ rate('mqls', 'standard_reps') }} end
            when 'sla_compliance_rate' then {{ rate('met', 'judged') }}
            when 'unrouted_handoffs' then cast(unrouted as {{ type_double() }})
        end as figure,
        case metric
            when 'rejection_share' then rejected
            when 'sla_compliance_rate' then judged
            -- reps, or the emptiest month of all would raise nothing
            when 'mqls_per_rep' then reps
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
            and {{ raises_alert('figure', 'comparison', 'alert_limit') }},
            false
        ) as is_raised,
        month
    from measured

)

select * from final
