{#-
    Whether a row tagged with a product line counts for another: `general` counts
    everything, untagged rows count for every line (section 3; Q6 and Q7 for
    dispositions and opportunities).
-#}
{% macro counts_for_line(tag, product_line) -%}
    ({{ tag }} is null or {{ tag }} = {{ product_line }} or {{ product_line }} = 'general')
{%- endmacro %}

{#-
    The rows of a rule seed as they hold for each product line (V5): a row naming the
    line wins over the row of '*'. One row per definition, line and `key`.
-#}
{% macro rules_by_line(seed, key) -%}
    select *
    from (
        select
            lines.product_line as for_product_line,
            {{ seed }}.*,
            row_number() over (
                partition by
                    {{ seed }}.definition_id, lines.product_line, {{ seed }}.{{ key }}
                order by case when {{ seed }}.product_line = '*' then 1 else 0 end
            ) as precedence
        from {{ ref(seed) }} as {{ seed }}
        inner join {{ ref('qualification_criteria') }} as lines
            on
                {{ seed }}.definition_id = lines.definition_id
                and {{ seed }}.product_line in ('*', lines.product_line)
    ) as ranked
    where precedence = 1
{%- endmacro %}

{#- The points of one fit criterion, 0 where a line asks for none; over `line_rules`. -#}
{% macro points_of(criterion) -%}
    sum(
        case
            when line_rules.criterion = '{{ criterion }}' then line_rules.points
            else 0
        end
    )
{%- endmacro %}

{#- The first gate of Q1 to Q8 that a contact fails, null where it qualifies. -#}
{% macro first_failing_gate() -%}
    case
        when not is_known then 'Q1'
        when not passes_gates then 'Q2'
        when not passes_fit then 'Q3'
        when not (passes_score or has_direct_request) then 'Q4'
        when is_suppressed then 'Q5'
        when is_held then 'Q6'
        when has_opportunity then 'Q7'
        when is_stale or is_silent then 'Q8'
    end
{%- endmacro %}

{#- A failing gate with what in it fails, as text: 'Q2 specialty', 'Q4 score'. -#}
{% macro gate_in_words(scores) -%}
    {{ scores }}.failing_gate || ' '
    || coalesce(
        replace({{ scores }}.failing_detail, '_', ' '),
        case {{ scores }}.failing_gate
            when 'Q1' then 'not known'
            when 'Q3' then 'minimum fit'
            when 'Q4' then 'score'
            when 'Q5' then 'suppressed'
            when 'Q6' then 'held'
            when 'Q7' then 'opportunity'
        end
    )
{%- endmacro %}

{#- The fit criteria that give points (section 6). -#}
{% macro fit_criteria() -%}
    {{ return([
        'target_specialty', 'target_facility', 'decision_maker', 'target_geography',
        'current_customer', 'trainee', 'disqualified_facility',
    ]) }}
{%- endmacro %}

{#- Whether a contact qualifies (section 7), on the columns that say how it stands. -#}
{% macro qualifies() -%}
    (
            is_known
            and passes_gates
            and passes_fit
            and (passes_score or has_direct_request)
            and not is_suppressed
            and not is_held
            and not has_opportunity
            and not is_stale
            and not is_silent
        )
{%- endmacro %}
