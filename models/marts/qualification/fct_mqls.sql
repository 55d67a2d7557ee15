{{ config(materialized='table_by_contact') }}

with mqls as (

    select * from {{ ref('int_mqls') }}

),

standing as (

    select * from {{ ref('int_contact_standing') }}

),

fit_scores as (

    select * from {{ ref('int_fit_scores') }}

),

final as (

    -- everything about the contact is as it stood when the MQL began (M5)
    select
        {{ mql_id('mqls', 'contact_id') }} as mql_id,
        mqls.definition_id,
        mqls.contact_id,
        fit_scores.account_id,
        mqls.trigger_activity_id,
        mqls.product_line,
        mqls.trigger_type,
        mqls.end_reason,
        fit_scores.specialty,
        fit_scores.role,
        fit_scores.role_class,
        fit_scores.facility_type,
        fit_scores.country,
        fit_scores.state,
        fit_scores.bed_count,
        mqls.lapse_count,
        standing.fit_score,
        standing.engagement_score,
        {{ round_score('standing.fit_score + standing.engagement_score') }}
            as total_score,
        mqls.is_official,
        mqls.mql_at,
        mqls.ended_at
    from mqls
    inner join standing
        on
            mqls.definition_id = standing.definition_id
            and mqls.contact_id = standing.contact_id
            and mqls.product_line = standing.product_line
            and mqls.mql_at = standing.valid_from
    inner join fit_scores
        on
            standing.definition_id = fit_scores.definition_id
            and standing.contact_id = fit_scores.contact_id
            and standing.product_line = fit_scores.product_line
            and standing.segment_from = fit_scores.valid_from

)

select * from final
