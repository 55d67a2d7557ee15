{{ config(materialized='view') }}

with intake as (

    select * from {{ ref('int_sales_reps_intake') }}

),

final as (

    select
        rep_id,
        monthly_capacity
    from intake
    where verdict = 'accepted' and is_active

)

select * from final
