{{ config(materialized=projection()) }}

-- Everything a rep needs to pick up the telephone (H1).
with handoffs as (

    select * from {{ ref('int_handoffs') }}

),

handoff_reps as (

    select * from {{ ref('int_handoff_reps') }}

),

leads as (

    select * from {{ ref('int_handoff_leads') }}

),

stories as (

    select * from {{ ref('int_stories') }}

),

opportunities as (

    select * from {{ ref('int_open_opportunities') }}

),

contacts as (

    select * from {{ ref('dim_contacts') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

dispositions as (

    select * from {{ ref('int_dispositions') }}
    where outcome = 'rejected'

),

reps as (

    select * from {{ ref('int_sales_reps_intake') }}
    where verdict = 'accepted'

),

members as (

    {{ handed_over() }}

),

final as (

    select
        members.handoff_id,
        members.mql_id,
        members.handoff_type,
        members.definition_id,
        members.contact_id,
        members.account_id,
        members.trigger_activity_id,
        opportunities.opportunity_id as open_opportunity_id,
        handoff_reps.rep_id,
        case
            when handoffs.status in ('open', 'contacted')
                then coalesce(leads.lead_rep_id, handoff_reps.rep_id)
        end as lead_rep_id,
        case
            when opportunities.opportunity_id is not null then accounts.owner_rep_id
        end as open_opportunity_owner_rep_id,
        case
            when handoffs.status in ('open', 'contacted') then members.account_id
        end as follow_up_group,
        members.product_line,
        contacts.first_name,
        contacts.last_name,
        contacts.job_title,
        contacts.email,
        contacts.phone,
        members.specialty,
        members.role,
        members.role_class,
        accounts.account_name,
        members.facility_type,
        members.country,
        members.state,
        handoffs.territory,
        members.trigger_type,
        stories.engagement_summary,
        stories.content_downloaded,
        stories.pages_visited,
        stories.events_attended,
        stories.direct_requests,
        opportunities.stage as open_opportunity_stage,
        reps.rep_name,
        reps.rep_email,
        handoff_reps.routed_by,
        handoffs.priority,
        handoffs.status,
        handoffs.sla_status,
        handoffs.first_sla_status,
        handoffs.rejection_reason,
        dispositions.reason_text as rejection_text,
        members.bed_count,
        members.engaged_contacts,
        coalesce(stories.downloads, 0) as downloads,
        coalesce(stories.page_views, 0) as page_views,
        coalesce(stories.high_intent_page_views, 0) as high_intent_page_views,
        coalesce(stories.events, 0) as events,
        coalesce(stories.registrations, 0) as registrations,
        coalesce(stories.requests, 0) as requests,
        coalesce(stories.email_opens, 0) as email_opens,
        coalesce(stories.email_clicks, 0) as email_clicks,
        coalesce(opportunities.open_opportunities, 0) as open_opportunities,
        handoffs.answers,
        members.fit_score,
        members.engagement_score,
        members.total_score,
        members.is_primary,
        members.is_official,
        members.is_lapsed,
        members.mql_at,
        members.handed_over_at,
        handoffs.first_started_at,
        handoffs.first_due_at,
        handoffs.sla_started_at,
        handoffs.sla_due_at,
        handoffs.escalated_at,
        handoffs.first_response_at,
        handoffs.accepted_at,
        handoffs.rejected_at,
        handoffs.withdrawn_at,
        handoffs.expires_at,
        handoffs.closed_at,
        stories.last_activity_at
    from members
    inner join handoffs
        on members.handoff_id = handoffs.handoff_id
    inner join handoff_reps
        on members.handoff_id = handoff_reps.handoff_id
    left join leads
        on members.account_id = leads.account_id
    left join stories
        on {{ story_id('handoff', 'members.handoff_id') }} = stories.story_id
    left join contacts
        on members.contact_id = contacts.contact_id
    left join accounts
        on members.account_id = accounts.account_id
    left join opportunities
        on members.account_id = opportunities.account_id
    left join reps
        on handoff_reps.rep_id = reps.rep_id
    left join dispositions
        on handoffs.disposition_id = dispositions.disposition_id

)

select * from final
