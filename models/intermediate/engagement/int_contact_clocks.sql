{{ config(materialized='view_by_contact') }}

with definitions as (

    select * from {{ ref('int_definitions') }}

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}
    where version_number = 1

),

-- how deep the contact is in its favourite topic now: the window of A6 that ends today
topic_downloads as (

    select
        definition_id,
        contact_id,
        max(downloads) as max_topic_downloads
    from (
        select
            downloads.definition_id,
            downloads.contact_id,
            downloads.topic,
            count(*) as downloads
        from {{ ref('int_timed_activities') }} as downloads
        inner join definitions
            on downloads.definition_id = definitions.definition_id
        where
            downloads.activity_type = 'content_download'
            and downloads.topic is not null
            and not downloads.is_machine
            and not downloads.is_repeat
            and {{ add_days('downloads.occurred_at', 'definitions.topic_depth_days') }}
            >= {{ as_of() }}
        group by downloads.definition_id, downloads.contact_id, downloads.topic
    ) as by_topic
    group by definition_id, contact_id

),

spans as (

    select * from {{ ref('int_contact_spans') }}

),

final as (

    select
        definitions.definition_id,
        contact_profiles.contact_id,
        cast(coalesce(topic_downloads.max_topic_downloads, 0) as integer)
            as max_topic_downloads,
        coalesce(cast(spans.steps_ended as integer), 0) as steps_ended,
        case
            when
                definitions.inactivity_days is not null
                and spans.last_engaged_at is not null
                then {{ inactivity_steps(
                    'spans.last_engaged_at',
                    as_of(),
                    'definitions.inactivity_days',
                    'definitions.inactivity_period_days',
                ) }}
            else 0
        end as steps_in_silence,
        contact_profiles.known_from,
        -- where the history of the contact begins
        least(contact_profiles.version_at, spans.first_activity_at) as started_at,
        spans.first_engaged_at,
        spans.last_engaged_at
    from contact_profiles
    cross join definitions
    left join spans
        on
            definitions.definition_id = spans.definition_id
            and contact_profiles.contact_id = spans.contact_id
    left join topic_downloads
        on
            definitions.definition_id = topic_downloads.definition_id
            and contact_profiles.contact_id = topic_downloads.contact_id

)

select * from final
