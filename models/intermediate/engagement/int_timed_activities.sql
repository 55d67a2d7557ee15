{{ config(materialized='table_by_contact') }}

-- Of most activities nothing could come: mails that were sent. They are not put in
-- order here; fct_score_ledger shows them, too.
with activities as (

    select * from {{ ref('int_counted_activities') }}
    where has_effect

),

final as (

    {{ timed_activities('activities') | indent(4) }}

)

select * from final
