with source as (

    select * from {{ raw_table('sales_reps') }}

),

final as (

    select
        {{ raw_text('rep_id') }} as rep_id,
        {{ raw_text('rep_name') }} as rep_name,
        {{ raw_text('rep_email') }} as rep_email,
        {{ safe_number('monthly_capacity') }} as monthly_capacity,
        {{ safe_boolean('is_active') }} as is_active,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('sales_reps') }}
    from source

)

select * from final
