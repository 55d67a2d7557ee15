{{ config(materialized='table_by_contact') }}

-- How many downloads on its topic a download completes (A6). Each download comes into
-- the window at its own time and leaves it after the last instant of the window, so a
-- running sum counts them without a join of downloads with downloads.
with downloads as (

    select * from {{ ref('int_timed_activities') }}
    where
        activity_type = 'content_download'
        and topic is not null
        and not is_machine
        and not is_repeat

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where topic_depth_days is not null

),

steps as (

    select
        downloads.definition_id,
        downloads.contact_id,
        downloads.topic,
        downloads.activity_id,
        downloads.occurred_at as changed_at,
        1 as downloads_change
    from downloads
    inner join definitions
        on downloads.definition_id = definitions.definition_id

    union all

    select
        downloads.definition_id,
        downloads.contact_id,
        downloads.topic,
        cast(null as {{ dbt.type_string() }}) as activity_id,
        -- both ends of the window count, so it is left one microsecond after
        {{ add_microseconds(
            add_days('downloads.occurred_at', 'definitions.topic_depth_days'), '1'
        ) }} as changed_at,
        -1 as downloads_change
    from downloads
    inner join definitions
        on downloads.definition_id = definitions.definition_id

),

running as (

    select
        definition_id,
        contact_id,
        activity_id,
        -- by range: downloads at one instant all count, whatever their order
        sum(downloads_change) over (
            partition by definition_id, contact_id, topic
            order by changed_at
            range between unbounded preceding and current row
        ) as topic_downloads
    from steps

),

final as (

    select
        definition_id,
        activity_id,
        contact_id,
        cast(topic_downloads as integer) as topic_downloads
    from running
    where activity_id is not null

)

select * from final
