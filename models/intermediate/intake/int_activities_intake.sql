{{ config(materialized='view_by_contact') }}

{%- set staged -%}
(
    select
        activities.*,
        activity_types.activity_type as known_activity_type
    from {{ ref('stg_crm__activities') }} as activities
    left join {{ ref('activity_types') }} as activity_types
        on activities.activity_type = activity_types.activity_type
)
{%- endset %}

with known_contacts as (

    select contact_id from {{ ref('int_contact_profiles') }}
    where version_number = 1

),

erased_contacts as (

    select * from {{ ref('int_erased_contacts') }}

),

judged as (

    {{ at_the_door(
        'activities',
        staged,
        refusals=[
            ('activity_id is null or contact_id is null', 'missing_key'),
            ('occurred_at is null or loaded_at is null', 'bad_timestamp'),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('occurred_at > ' ~ add_days('loaded_at', 1), 'occurred_in_future'),
            ('occurred_at > ' ~ as_of(), 'not_yet_visible'),
            ('known_activity_type is null', 'unknown_activity_type'),
        ],
        key=['activity_id'],
        latest_by=['loaded_at', 'occurred_at'],
        delivered_again=ref('int_redelivered_activities'),
    ) }}

),

final as (

    select
        judged.activity_id,
        judged.contact_id,
        judged.activity_type,
        judged.page_url,
        judged.asset_name,
        judged.topic,
        judged.product_line,
        judged.message_id,
        judged.campaign,
        {{ raw_record('activities', 'judged.raw_') }} as raw_record,
        case
            when judged.verdict is not null then judged.verdict
            when known_contacts.contact_id is not null then 'accepted'
            when erased_contacts.contact_hash is not null then 'erased'
            else 'unknown_contact'
        end as verdict,
        judged.is_machine,
        erased_contacts.contact_hash is not null as is_erased,
        judged.occurred_at,
        judged.loaded_at
    from judged
    left join known_contacts
        on judged.contact_id = known_contacts.contact_id
    left join erased_contacts
        -- few are not known: theirs are the only ids that have to be hashed
        on
            case
                when known_contacts.contact_id is null
                    then {{ dbt.hash('judged.contact_id') }}
            end = erased_contacts.contact_hash

)

select * from final
