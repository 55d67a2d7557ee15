{#-
    Whose something is (H3): the account's owner, else the first routing rule by priority
    that matches, among reps who are active. `subjects` has a `key`, a definition_id,
    owner_rep_id, territory, product_line and specialty. No row where there is nobody.
    Rules are looked up once for all that are alike, of which there are few.
-#}
{% macro routed(subjects, key) -%}
    {%- set matched_by = ['territory', 'product_line', 'specialty'] -%}
    select
        subjects.{{ key }},
        coalesce(owners.rep_id, ruled.rep_id) as rep_id,
        case when owners.rep_id is not null then 'account_owner' else 'rule' end
            as routed_by
    from {{ subjects }} as subjects
    left join {{ ref('int_active_reps') }} as owners
        on subjects.owner_rep_id = owners.rep_id
    left join (
        select
            alike.*,
            reps.rep_id,
            row_number() over (
                partition by
                    alike.definition_id,
                    alike.{{ matched_by | join(',\n                    alike.') }}
                order by routing_rules.priority
            ) as choice
        from (
            select distinct
                definition_id,
                {%- for column in matched_by %}
                coalesce({{ column }}, '') as {{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ subjects }}
        ) as alike
        inner join {{ ref('routing_rules') }} as routing_rules
            on
                alike.definition_id = routing_rules.definition_id
                {%- for column in matched_by %}
                and routing_rules.{{ column }} in ('*', alike.{{ column }})
                {%- endfor %}
        inner join {{ ref('int_active_reps') }} as reps
            on routing_rules.rep_id = reps.rep_id
    ) as ruled
        on
            subjects.definition_id = ruled.definition_id
            {%- for column in matched_by %}
            and coalesce(subjects.{{ column }}, '') = ruled.{{ column }}
            {%- endfor %}
            and ruled.choice = 1
    where owners.rep_id is not null or ruled.rep_id is not null
{%- endmacro %}

{#- Joins the coverage rules of a country and state (F4): of the state, else of all. -#}
{% macro territory_joins(subjects) -%}
    left join {{ ref('int_coverage_rules') }} as state_rules
        on
            {{ subjects }}.definition_id = state_rules.definition_id
            and {{ subjects }}.country = state_rules.country
            and {{ subjects }}.state = state_rules.state
    left join {{ ref('int_coverage_rules') }} as country_rules
        on
            {{ subjects }}.definition_id = country_rules.definition_id
            and {{ subjects }}.country = country_rules.country
            and country_rules.state = '*'
{%- endmacro %}

{#-
    The territory those rules give: the row that names the state wins as a whole, so that
    where nobody sells in a state no rep of the country may claim it.
-#}
{% macro territory() -%}
    case
        when state_rules.definition_id is not null then state_rules.territory
        else country_rules.territory
    end
{%- endmacro %}
