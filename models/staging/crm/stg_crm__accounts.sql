with source as (

    select * from {{ raw_table('accounts') }}

),

final as (

    select
        {{ raw_text('account_id') }} as account_id,
        {{ raw_text('account_name') }} as account_name,
        {{ raw_text('facility_type') }} as facility_type,
        {{ raw_text('state') }} as state,
        {{ raw_text('country') }} as country,
        {{ raw_text('parent_account_id') }} as parent_account_id,
        {{ raw_text('owner_rep_id') }} as owner_rep_id,
        {{ safe_integer('bed_count') }} as bed_count,
        {{ safe_timestamp('updated_at') }} as updated_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('accounts') }}
    from source

)

select * from final
