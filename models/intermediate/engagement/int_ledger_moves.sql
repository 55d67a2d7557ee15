{{ config(materialized='view') }}

with scores as {{ inlined() }} (

    select * from {{ ref('int_ledger_activities') }}

),

runs as (

    select * from {{ ref('int_ledger_losses') }}

),

final as (

    {{ score_changes('scores', 'runs') | indent(4) }}

)

select * from final
