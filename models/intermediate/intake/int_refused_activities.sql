{{ config(materialized='table_by_contact', contact_key='contact_hash') }}

-- What became of the activities that are not in int_activities.
with final as (

    {{ refused_rows(ref('int_activities_intake'), 'activity_id') | indent(4) }}

)

select * from final
