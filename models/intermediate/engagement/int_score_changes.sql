{{ config(materialized='view_by_contact') }}

with scores as (

    select * from {{ ref('int_running_scores') }}

),

runs as (

    select * from {{ ref('int_inactivity_runs') }}

),

final as (

    {{ score_changes('scores', 'runs') | indent(4) }}

)

select * from final
