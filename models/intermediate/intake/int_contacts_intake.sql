{{ config(materialized='view') }}

with staged as (

    select * from {{ ref('stg_crm__contacts') }}

),

judged as (

    {{ at_the_door(
        'staged',
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

),

latest_versions as (

    select
        contact_id,
        max(updated_at) as updated_at
    from judged
    where verdict is null
    group by contact_id

),

erased_contacts as (

    select judged.contact_id
    from judged
    inner join latest_versions
        on
            judged.contact_id = latest_versions.contact_id
            and judged.updated_at = latest_versions.updated_at
    where judged.verdict is null and judged.is_deleted

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
        judged.raw_record,
        case
            when judged.verdict is not null then judged.verdict
            when erased_contacts.contact_id is not null then 'erased'
            else 'accepted'
        end as verdict,
        erased_contacts.contact_id is not null as is_erased,
        judged.created_at,
        judged.updated_at,
        judged.loaded_at
    from judged
    left join erased_contacts
        on judged.contact_id = erased_contacts.contact_id

)

select * from final
