{{ config(materialized='table_by_contact', contact_key='activity_id') }}

-- To find them is to group every raw row: done once, for all who ask at the door.
with final as (

    select activity_id
    from {{ ref('stg_crm__activities') }}
    where activity_id is not null
    group by activity_id
    having count(*) > 1

)

select * from final
