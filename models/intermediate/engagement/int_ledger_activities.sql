{{ config(materialized='view_by_contact') }}

-- A view: the scores of those one asks about are summed up again, over all that they
-- did, whether it could move a score or not.
with activities as {{ inlined() }} (

    select * from {{ ref('int_classified_activities') }}

),

counted as {{ inlined() }} (

    {{ counted_activities('activities') | indent(4) }}

),

timed as {{ inlined() }} (

    {{ timed_activities('counted') | indent(4) }}

),

moves as {{ inlined() }} (

    {{ line_activities('timed') | indent(4) }}

),

final as (

    {{ running_scores('moves', for_ledger=true) | indent(4) }}

)

select * from final
