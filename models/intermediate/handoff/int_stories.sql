{{ config(materialized='table_by_story') }}

-- What people did, told as a person would: what they asked for and downloaded, which
-- pages and events, newest first, a few of each by name and the rest as a count.
{%- set shown = var('handoff_items_named') %}
{%- set kinds = ['request', 'download', 'page', 'event', 'registration', 'complaint'] %}

with people as (

    select * from {{ ref('int_story_people') }}
    {{ where_touched_key('story_id') }}

),

activities as (

    select * from {{ ref('int_story_activities') }}

),

activity_types as (

    select * from {{ ref('activity_types') }}

),

told as (

    select
        people.story_id,
        activity_types.told_as,
        substr(
            coalesce(
                case
                    when activity_types.told_as = 'page'
                        then nullif({{ page_path('activities.page_url') }}, '')
                    else activities.asset_name
                end,
                replace(activities.activity_type, '_', ' ')
            ),
            1,
            80
        ) as item,
        case
            when activities.activity_type = 'high_intent_page_view' then 1 else 0
        end as high_intent,
        activities.occurred_at
    from people
    inner join activities
        on
            people.definition_id = activities.definition_id
            and people.contact_id = activities.contact_id
            and activities.occurred_at <= coalesce(people.closed_at, {{ as_of() }})
    inner join activity_types
        on activities.activity_type = activity_types.activity_type
    where not activities.is_machine and activity_types.told_as is not null

),

items as (

    select
        story_id,
        told_as,
        item,
        count(*) as times,
        sum(high_intent) as high_intent_times,
        max(occurred_at) as last_at,
        row_number() over (
            partition by story_id, told_as
            order by max(occurred_at) desc, {{ byte_order('item') }}
        ) as recency
    from told
    group by story_id, told_as, item

),

by_kind as (

    select
        story_id,
        told_as,
        sum(times) as times,
        count(*) as item_count,
        {{ told_items(shown, with_days=true) }} as story,
        {{ told_items(shown) }} as listed,
        sum(high_intent_times) as high_intent_times,
        max(last_at) as last_at
    from items
    group by story_id, told_as

),

pivoted as (

    select
        story_id,
        sum(high_intent_times) as high_intent_page_views,
        {%- for kind in kinds + ['open', 'click'] %}
        sum(case when told_as = '{{ kind }}' then times else 0 end) as {{ kind }}s,
        {%- endfor %}
        {%- for kind in kinds %}
        sum(case when told_as = '{{ kind }}' then item_count else 0 end)
            as {{ kind }}_names,
        max(case when told_as = '{{ kind }}' then story end) as {{ kind }}_story,
        max(case when told_as = '{{ kind }}' then listed end) as {{ kind }}_list,
        {%- endfor %}
        max(last_at) as last_activity_at
    from by_kind
    group by story_id

),

final as (

    select
        story_id,
        trim(
            {{ told_sentences(shown) }}
        ) as engagement_summary,
        download_list as content_downloaded,
        page_list as pages_visited,
        event_list as events_attended,
        request_list as direct_requests,
        cast(downloads as integer) as downloads,
        cast(pages as integer) as page_views,
        cast(high_intent_page_views as integer) as high_intent_page_views,
        cast(events as integer) as events,
        cast(registrations as integer) as registrations,
        cast(requests as integer) as requests,
        cast(opens as integer) as email_opens,
        cast(clicks as integer) as email_clicks,
        last_activity_at
    from pivoted

)

select * from final
