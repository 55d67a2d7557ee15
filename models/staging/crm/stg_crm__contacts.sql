{{ config(materialized='view_by_contact', touched_rows_are_stored=true) }}

with source as (

    select * from {{ raw_table('contacts') }}

),

final as (

    select
        {{ raw_text('contact_id') }} as contact_id,
        {{ raw_text('email') }} as email,
        {{ raw_text('first_name') }} as first_name,
        {{ raw_text('last_name') }} as last_name,
        {{ raw_text('phone') }} as phone,
        {{ raw_text('job_title') }} as job_title,
        {{ raw_text('npi') }} as npi,
        {{ raw_text('specialty') }} as specialty,
        {{ raw_text('role') }} as role,
        {{ raw_text('account_id') }} as account_id,
        {{ raw_text('state') }} as state,
        {{ raw_text('country') }} as country,
        {{ safe_boolean('is_deleted') }} as is_deleted,
        {{ safe_timestamp('created_at') }} as created_at,
        {{ safe_timestamp('updated_at') }} as updated_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('contacts') }}
    from source

)

select * from final
