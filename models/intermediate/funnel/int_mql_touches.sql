{{ config(materialized='table_by_contact') }}

-- What an official MQL's contact had done by then, in the days that describe it, and
-- the campaigns that came first and last.
with conversations as (

    select * from {{ ref('int_conversations') }}
    where is_official

),

definitions as (

    select * from {{ ref('definitions') }}

),

activities as (

    select * from {{ ref('int_mql_activities') }}
    where not is_machine

),

type_rules as (

    select * from {{ ref('int_activity_type_rules') }}

),

activity_types as (

    select * from {{ ref('activity_types') }}

),

direct_requests as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

touches as (

    select
        conversations.mql_id,
        conversations.contact_id,
        activities.activity_id,
        activities.activity_type,
        activity_types.category,
        activities.campaign,
        type_rules.is_engagement,
        direct_requests.activity_id is not null as is_direct_request,
        activities.occurred_at
    from conversations
    inner join definitions
        on conversations.definition_id = definitions.definition_id
    inner join activities
        on
            conversations.definition_id = activities.definition_id
            and conversations.contact_id = activities.contact_id
            and activities.occurred_at <= conversations.mql_at
            and coalesce(
                {{ add_days('conversations.mql_at', '-definitions.touch_days') }},
                {{ beginning_of_time() }}
            ) <= activities.occurred_at
    inner join type_rules
        on
            activities.definition_id = type_rules.definition_id
            and activities.activity_type = type_rules.activity_type
    inner join activity_types
        on activities.activity_type = activity_types.activity_type
    left join direct_requests
        on
            conversations.definition_id = direct_requests.definition_id
            and conversations.product_line = direct_requests.product_line
            and activities.activity_id = direct_requests.activity_id

),

-- A campaign touched those whom it engaged (E2): a mail that was only sent did not, nor
-- did one that made somebody unsubscribe.
campaign_touches as (

    select
        mql_id,
        campaign,
        category,
        row_number() over (
            partition by mql_id
            order by occurred_at, {{ byte_order('activity_id') }}
        ) as place,
        row_number() over (
            partition by mql_id
            order by occurred_at desc, {{ byte_order('activity_id') }} desc
        ) as place_from_end
    from touches
    where campaign is not null and is_engagement

),

campaigns as (

    select
        mql_id,
        max(case when place = 1 then campaign end) as first_campaign,
        max(case when place = 1 then category end) as first_channel,
        max(case when place_from_end = 1 then campaign end) as last_campaign,
        max(case when place_from_end = 1 then category end) as last_channel
    from campaign_touches
    group by mql_id

),

flags as (

    select
        mql_id,
        contact_id,
        max(case when activity_type = 'webinar_attendance' then 1 else 0 end)
            as webinars,
        max(case when activity_type = 'content_download' then 1 else 0 end)
            as downloads,
        max(case when category = 'event' then 1 else 0 end) as events,
        max(case when is_direct_request then 1 else 0 end) as requests
    from touches
    group by mql_id, contact_id

),

final as (

    select
        flags.mql_id,
        flags.contact_id,
        campaigns.first_campaign,
        campaigns.first_channel,
        campaigns.last_campaign,
        campaigns.last_channel,
        flags.webinars = 1 as had_webinar,
        flags.downloads = 1 as had_content_download,
        flags.events = 1 as had_event,
        flags.requests = 1 as had_direct_request
    from flags
    left join campaigns
        on flags.mql_id = campaigns.mql_id

)

select * from final
