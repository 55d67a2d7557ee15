{{ config(materialized='view') }}

-- What to do first: what is overdue, then what was asked for, then the highest score.
with handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}
    where status = 'open'

),

lines as (

    select
        handoff_id,
        count(*) as mqls,
        max(total_score) as total_score,
        max(case when is_lapsed then 0 else 1 end) as not_lapsed
    from handoffs
    group by handoff_id

),

final as (

    select
        handoffs.handoff_id,
        handoffs.handoff_type,
        handoffs.contact_id,
        handoffs.account_id,
        handoffs.rep_id,
        handoffs.lead_rep_id,
        handoffs.follow_up_group,
        handoffs.open_opportunity_id,
        handoffs.open_opportunity_owner_rep_id,
        handoffs.product_line,
        handoffs.first_name,
        handoffs.last_name,
        handoffs.job_title,
        handoffs.email,
        handoffs.phone,
        handoffs.specialty,
        handoffs.account_name,
        handoffs.territory,
        handoffs.trigger_type,
        handoffs.engagement_summary,
        handoffs.rep_name,
        handoffs.rep_email,
        handoffs.routed_by,
        handoffs.priority,
        handoffs.sla_status,
        cast(
            row_number() over (
                order by
                    case when handoffs.sla_status = 'overdue' then 0 else 1 end,
                    case when handoffs.priority = 'high' then 0 else 1 end,
                    lines.total_score desc,
                    handoffs.sla_due_at,
                    {{ byte_order('handoffs.handoff_id') }}
            ) as integer
        ) as place,
        cast(lines.mqls as integer) as mqls,
        handoffs.fit_score,
        handoffs.engagement_score,
        lines.total_score,
        lines.not_lapsed = 0 as is_lapsed,
        handoffs.handed_over_at,
        handoffs.escalated_at,
        handoffs.sla_started_at,
        handoffs.sla_due_at,
        {{ days_between('handoffs.sla_due_at', as_of()) }} * 24.0 as hours_overdue
    from handoffs
    inner join lines
        on handoffs.handoff_id = lines.handoff_id
    where handoffs.is_primary

)

select * from final
