{{ config(materialized='view_by_contact') }}

-- Of most activities nothing could come: mails that were sent. They are neither counted
-- nor put in order here; fct_score_ledger shows them, too.
with activities as (

    select activities.*
    from {{ ref('int_classified_activities') }} as activities
    inner join {{ ref('int_activity_type_rules') }} as type_rules
        on
            activities.definition_id = type_rules.definition_id
            and activities.activity_type = type_rules.activity_type
    where type_rules.has_effect

),

final as (

    {{ counted_activities('activities') | indent(4) }}

)

select * from final
