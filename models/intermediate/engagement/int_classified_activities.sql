{{ config(materialized='view_by_contact') }}

with activities as (

    select * from {{ ref('int_activities') }}

),

final as (

    {{ classified_activities('activities') | indent(4) }}

)

select * from final
