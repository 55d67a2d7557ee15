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
