{{ config(materialized='view') }}

with erased_contacts as (

    select * from {{ ref('int_erased_contacts') }}

),

judged as (

    {{ at_the_door(
        'opportunities',
        ref('stg_crm__opportunities'),
        refusals=[
            ('opportunity_id is null', 'missing_key'),
            (
                'created_at is null or updated_at is null or loaded_at is null'
                ~ ' or (closed_at is null and closed_at_text is not null)',
                'bad_timestamp',
            ),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('updated_at > ' ~ as_of(), 'not_yet_visible'),
            ('created_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['opportunity_id'],
        latest_by=['updated_at', 'loaded_at'],
    ) }}

),

final as (

    select
        judged.opportunity_id,
        judged.account_id,
        -- the deal is the account's and stays; the erased person's part in it goes
        case when erased_contacts.contact_hash is null then judged.contact_id end
            as contact_id,
        judged.product_line,
        judged.stage,
        {{ raw_record('opportunities', 'judged.raw_') }} as raw_record,
        coalesce(judged.verdict, 'accepted') as verdict,
        judged.amount_usd,
        judged.is_won,
        erased_contacts.contact_hash is not null as is_erased,
        judged.created_at,
        judged.closed_at,
        judged.updated_at,
        judged.loaded_at
    from judged
    left join erased_contacts
        on {{ dbt.hash('judged.contact_id') }} = erased_contacts.contact_hash

)

select * from final
