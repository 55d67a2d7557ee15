{{ config(materialized='view_by_contact', touched_rows_are_stored=true) }}

with source as (

    select * from {{ raw_table('activities') }}

),

final as (

    select
        {{ raw_text('activity_id') }} as activity_id,
        {{ raw_text('contact_id') }} as contact_id,
        {{ raw_text('activity_type') }} as activity_type,
        {{ raw_text('page_url') }} as page_url,
        {{ raw_text('asset_name') }} as asset_name,
        {{ raw_text('topic') }} as topic,
        {{ raw_text('product_line') }} as product_line,
        {{ raw_text('message_id') }} as message_id,
        {{ raw_text('campaign') }} as campaign,
        {{ safe_boolean('is_machine') }} as is_machine,
        {{ safe_timestamp('occurred_at') }} as occurred_at,
        {{ safe_timestamp('loaded_at') }} as loaded_at
        {{ raw_cells('activities') }}
    from source

)

select * from final
