{{ config(materialized='table_by_contact') }}

with intake as (

    select * from {{ ref('int_activities_intake') }}

),

final as (

    select
        activity_id,
        contact_id,
        activity_type,
        page_url,
        asset_name,
        topic,
        product_line,
        message_id,
        campaign,
        is_machine,
        occurred_at,
        loaded_at
    from intake
    where verdict = 'accepted'

)

select * from final
