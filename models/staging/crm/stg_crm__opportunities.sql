with source as (

    select * from {{ raw_table('opportunities') }}

),

final as (

    select
        {{ raw_text('opportunity_id') }} as opportunity_id,
        {{ raw_text('account_id') }} as account_id,
        {{ raw_text('contact_id') }} as contact_id,
        {{ raw_text('product_line') }} as product_line,
        {{ raw_text('stage') }} as stage,
        {{ raw_text('closed_at') }} as closed_at_text,
        {{ safe_number('amount_usd') }} as amount_usd,
        {{ safe_boolean('is_won') }} as is_won,
        {{ safe_timestamp('created_at') }} as created_at,
        {{ safe_timestamp('closed_at') }} as closed_at,
        {{ safe_timestamp('updated_at') }} as updated_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('opportunities') }}
    from source

)

select * from final
