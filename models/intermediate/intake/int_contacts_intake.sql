{{ config(materialized='view_by_contact') }}

{%- set judged -%}
(
    {{ at_the_door(
        'contacts',
        ref('stg_crm__contacts'),
        refusals=[
            ('contact_id is null', 'missing_key'),
            (
                'updated_at is null or created_at is null or loaded_at is null',
                'bad_timestamp',
            ),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('updated_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['contact_id', 'updated_at'],
        latest_by=['loaded_at'],
    ) }}
) as judged
{%- endset %}

with erased_contacts as (

    -- the latest version says so; no two that stand have one time
    select contact_id
    from {{ judged }}
    where verdict is null
    group by contact_id
    having max(case when is_deleted then updated_at end) = max(updated_at)

),

final as (

    select
        judged.contact_id,
        judged.email,
        judged.first_name,
        judged.last_name,
        judged.phone,
        judged.job_title,
        judged.npi,
        judged.specialty,
        judged.role,
        judged.account_id,
        judged.state,
        judged.country,
        {{ raw_record('contacts', 'judged.raw_') }} as raw_record,
        case
            when judged.verdict is not null then judged.verdict
            when erased_contacts.contact_id is not null then 'erased'
            else 'accepted'
        end as verdict,
        erased_contacts.contact_id is not null as is_erased,
        judged.created_at,
        judged.updated_at,
        judged.loaded_at
    from {{ judged }}
    left join erased_contacts
        on judged.contact_id = erased_contacts.contact_id

)

select * from final
