{{ config(materialized='table_by_contact') }}

with activities as (

    select * from {{ ref('int_counted_activities') }}

),

final as (

    {{ timed_activities('activities') | indent(4) }}

)

select * from final
