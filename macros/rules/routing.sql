{#-
    Whose something is (H3): the account's owner, else the first routing rule by priority
    that matches, among reps who are active. `subjects` has a `key`, a definition_id,
    owner_rep_id, territory, product_line and specialty. No row where there is nobody.
-#}
{% macro routed(subjects, key) -%}
    select
        {{ key }},
        rep_id,
        routed_by
    from (
        select
            candidates.*,
            row_number() over (
                partition by {{ key }} order by precedence, priority
            ) as choice
        from (
            select
                {{ subjects }}.{{ key }},
                reps.rep_id,
                'account_owner' as routed_by,
                1 as precedence,
                0 as priority
            from {{ subjects }}
            inner join {{ ref('int_active_reps') }} as reps
                on {{ subjects }}.owner_rep_id = reps.rep_id

            union all

            select
                {{ subjects }}.{{ key }},
                reps.rep_id,
                'rule' as routed_by,
                2 as precedence,
                routing_rules.priority
            from {{ subjects }}
            inner join {{ ref('routing_rules') }} as routing_rules
                on
                    {{ subjects }}.definition_id = routing_rules.definition_id
                    and routing_rules.territory in ('*', {{ subjects }}.territory)
                    and routing_rules.product_line in ('*', {{ subjects }}.product_line)
                    and routing_rules.specialty in ('*', {{ subjects }}.specialty)
            inner join {{ ref('int_active_reps') }} as reps
                on routing_rules.rep_id = reps.rep_id
        ) as candidates
    ) as ranked
    where choice = 1
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
