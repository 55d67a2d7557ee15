{{ config(materialized='view') }}

with erased_contacts as (

    select * from {{ ref('int_erased_contacts') }}

),

judged as (

    {{ at_the_door(
        'dispositions',
        ref('stg_crm__dispositions'),
        refusals=[
            ('disposition_id is null', 'missing_key'),
            ('disposed_at is null or loaded_at is null', 'bad_timestamp'),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('disposed_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['disposition_id'],
        latest_by=['loaded_at'],
    ) }}

),

final as (

    select
        judged.disposition_id,
        judged.contact_id,
        judged.account_id,
        judged.rep_id,
        judged.product_line,
        judged.outcome,
        judged.reason_code,
        judged.reason_text,
        {{ raw_record('dispositions', 'judged.raw_') }} as raw_record,
        coalesce(judged.verdict, 'accepted') as verdict,
        erased_contacts.contact_hash is not null as is_erased,
        judged.disposed_at,
        judged.loaded_at
    from judged
    left join erased_contacts
        on {{ dbt.hash('judged.contact_id') }} = erased_contacts.contact_hash

)

select * from final
