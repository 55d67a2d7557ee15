{{ config(materialized=projection()) }}

-- Who would enter and who would leave if another definition replaced the one in force
-- now, and because of which gate.
with scores as (

    select * from {{ ref('fct_contact_scores') }}

),

definitions as (

    select
        definition_id,
        coalesce(
            official_from <= {{ as_of() }}
            and {{ as_of() }} < {{ until('official_until') }},
            false
        ) as is_in_force
    from {{ ref('int_definitions') }}

),

official as (

    select scores.*
    from scores
    inner join definitions
        on scores.definition_id = definitions.definition_id
    where definitions.is_in_force

),

others as (

    select scores.*
    from scores
    inner join definitions
        on scores.definition_id = definitions.definition_id
    where not definitions.is_in_force

),

final as (

    select
        official.definition_id,
        others.definition_id as other_definition_id,
        others.contact_id,
        others.product_line,
        case when others.is_qualified then 'enters' else 'leaves' end as change,
        case
            when others.is_qualified
                then {{ gate_in_words('official') }}
            else {{ gate_in_words('others') }}
        end as because_of,
        official.fit_score,
        official.engagement_score,
        others.fit_score as other_fit_score,
        others.engagement_score as other_engagement_score
    from official
    inner join others
        on
            official.contact_id = others.contact_id
            and official.product_line = others.product_line
            and official.is_qualified <> others.is_qualified

)

select * from final
