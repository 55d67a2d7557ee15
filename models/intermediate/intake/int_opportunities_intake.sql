{{ config(materialized='view') }}

with known_contacts as (

    select * from {{ ref('int_known_contacts') }}

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
        case
            when not coalesce(known_contacts.is_erased, false) then judged.contact_id
        end as contact_id,
        judged.product_line,
        judged.stage,
        {{ raw_record('opportunities', 'judged.raw_') }} as raw_record,
        coalesce(judged.verdict, 'accepted') as verdict,
        judged.amount_usd,
        judged.is_won,
        coalesce(known_contacts.is_erased, false) as is_erased,
        judged.created_at,
        judged.closed_at,
        judged.updated_at,
        judged.loaded_at
    from judged
    left join known_contacts
        on judged.contact_id = known_contacts.contact_id

)

select * from final
