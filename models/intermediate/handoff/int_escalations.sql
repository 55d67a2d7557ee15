{{ config(materialized='table_by_contact') }}

-- The direct request that turns a standard hand-over into one of high priority (H6):
-- the first after it was handed over, while it is open. Which line it is about does not
-- matter: one person is one conversation.
with handoffs as (

    select * from {{ ref('int_contact_handoffs') }}
    where not is_requested

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

activities as (

    select * from {{ ref('int_activities') }}

),

ranked as (

    select
        handoffs.handoff_id,
        handoffs.contact_id,
        direct_requests.activity_id,
        direct_requests.occurred_at as escalated_at,
        greatest(activities.loaded_at, direct_requests.occurred_at, handoffs.known_at)
            as started_at,
        row_number() over (
            partition by handoffs.handoff_id
            order by
                direct_requests.occurred_at,
                activities.loaded_at,
                {{ byte_order('direct_requests.activity_id') }}
        ) as request_number
    from handoffs
    inner join direct_requests
        on
            handoffs.definition_id = direct_requests.definition_id
            and handoffs.contact_id = direct_requests.contact_id
            and handoffs.handed_over_at < direct_requests.occurred_at
            and direct_requests.occurred_at < handoffs.closes_at
    inner join activities
        on direct_requests.activity_id = activities.activity_id

),

final as (

    select
        handoff_id,
        contact_id,
        activity_id,
        escalated_at,
        started_at
    from ranked
    where request_number = 1

)

select * from final
