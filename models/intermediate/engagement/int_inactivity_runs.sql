{{ config(materialized='view_by_contact') }}

with scores as (

    select * from {{ ref('int_running_scores') }}

),

timelines as (

    select * from {{ ref('int_timelines') }}

),

final as (

    {{ inactivity_runs(
        'scores', ref('int_line_scores'), only='timelines'
    ) | indent(4) }}

)

select * from final
