with source as (

    select * from {{ raw_table('service_contracts') }}

),

final as (

    select
        {{ raw_text('contract_id') }} as contract_id,
        {{ raw_text('account_id') }} as account_id,
        {{ raw_text('provider') }} as provider,
        {{ raw_text('ends_on') }} as ends_on_text,
        {{ safe_timestamp('starts_on') }} as starts_on,
        {{ safe_timestamp('ends_on') }} as ends_on,
        {{ safe_timestamp('updated_at') }} as updated_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('service_contracts') }}
    from source

)

select * from final
