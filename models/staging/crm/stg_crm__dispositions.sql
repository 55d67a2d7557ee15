with source as (

    select * from {{ raw_table('dispositions') }}

),

final as (

    select
        {{ raw_text('disposition_id') }} as disposition_id,
        {{ raw_text('contact_id') }} as contact_id,
        {{ raw_text('account_id') }} as account_id,
        {{ raw_text('rep_id') }} as rep_id,
        {{ raw_text('product_line') }} as product_line,
        {{ raw_text('outcome') }} as outcome,
        {{ raw_text('reason_code') }} as reason_code,
        {{ raw_text('reason_text') }} as reason_text,
        {{ safe_timestamp('disposed_at') }} as disposed_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('dispositions') }}
    from source

)

select * from final
