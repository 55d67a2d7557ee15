{{ config(materialized='view') }}

with scores as (

    select * from {{ ref('int_ledger_activities') }}

),

final as (

    {{ inactivity_runs('scores') | indent(4) }}

)

select * from final
