{{ config(materialized='view') }}

with judged as (

    {{ at_the_door(
        'service_contracts',
        ref('stg_crm__service_contracts'),
        refusals=[
            ('contract_id is null', 'missing_key'),
            (
                'starts_on is null or updated_at is null or loaded_at is null'
                ~ ' or (ends_on is null and ends_on_text is not null)',
                'bad_timestamp',
            ),
            ('loaded_at > ' ~ as_of(), 'not_yet_visible'),
            ('updated_at > ' ~ as_of(), 'not_yet_visible'),
        ],
        key=['contract_id'],
        latest_by=['updated_at', 'loaded_at'],
    ) }}

),

final as (

    select
        contract_id,
        account_id,
        provider,
        {{ raw_record('service_contracts', 'raw_') }} as raw_record,
        coalesce(verdict, 'accepted') as verdict,
        starts_on,
        ends_on,
        updated_at,
        loaded_at
    from judged

)

select * from final
