{#-
    A rep's answers with the reason that counts (H4): one of the definition's codes, and
    `other` only with a text; any other rejection is `unspecified`.
-#}
{% macro with_valid_reason(answers, whose) -%}
    select
        {{ answers }}.mql_id,
        {{ answers }}.{{ whose }},
        {{ answers }}.disposition_id,
        {{ answers }}.rep_id,
        {{ answers }}.outcome,
        case
            when {{ answers }}.outcome = 'rejected'
                then coalesce(reasons.reason_code, 'unspecified')
        end as reason_code,
        {{ answers }}.disposed_at
    from {{ answers }}
    left join {{ ref('rejection_reasons') }} as reasons
        on
            {{ answers }}.definition_id = reasons.definition_id
            and {{ answers }}.reason_code = reasons.reason_code
            and (reasons.reason_code <> 'other' or {{ answers }}.reason_text is not null)
{%- endmacro %}
