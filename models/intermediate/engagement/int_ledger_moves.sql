{{ config(materialized='view_by_contact') }}

with moves as {{ inlined() }} (

    select * from {{ ref('int_line_moves') }}

),

scores as {{ inlined() }} (

    {{ running_scores('moves') | indent(4) }}

),

runs as {{ inlined() }} (

    {{ inactivity_runs('scores', ref('int_line_scores')) | indent(4) }}

),

final as (

    {{ score_changes('scores', 'runs') | indent(4) }}

)

select * from final
