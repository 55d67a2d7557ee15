{{ config(materialized='table_by_contact', contact_key='contact_hash') }}

-- Deliveries of an activity that another contact has (A1), or nobody: whoever looks at
-- one of the contacts alone must see the rows of the other.
with refused as (

    select * from {{ ref('int_refused_activities') }}
    where verdict = 'duplicate'

),

activities as (

    select * from {{ ref('int_activities') }}

),

final as (

    select distinct
        refused.activity_id,
        refused.contact_hash
    from refused
    left join activities
        on
            refused.activity_id = activities.activity_id
            and refused.contact_id = activities.contact_id
    where refused.activity_id is not null and activities.activity_id is null

)

select * from final
