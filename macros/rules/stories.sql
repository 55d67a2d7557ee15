{#- The id of a story: of a hand-over, or of a contact. -#}
{% macro story_id(kind, id) -%}
    '{{ kind }}:' || {{ id }}
{%- endmacro %}

{#-
    The newest items of a kind as a list, each with how often and, where asked for, when
    last; an aggregate over rows with item, times, last_at and recency.
-#}
{% macro told_items(named, with_days=false) -%}
    max(case when recency = 1 then {{ told_item(with_days) }} end)
    {%- for place in range(2, named + 1) %}
        || coalesce(
            max(
                case
                    when recency = {{ place }}
                        then '{{ ", " if with_days else "; " }}' || {{ told_item(with_days) }}
                end
            ),
            ''
        )
    {%- endfor %}
{%- endmacro %}

{% macro told_item(with_days) -%}
    item
    || case
        when times > 1 then ' x' || cast(times as {{ dbt.type_string() }}) else ''
    end
    {%- if with_days %} || ' (' || {{ spoken_day('last_at') }} || ')'{% endif %}
{%- endmacro %}

{#- All of it: a sentence for each kind, and the mails as numbers. -#}
{% macro told_sentences(named) -%}
    {%- for kind, opening in [
        ('request', 'Asked for: '),
        ('complaint', 'Complained: '),
        ('download', 'Downloaded: '),
        ('event', 'Attended: '),
        ('registration', 'Registered for: '),
        ('page', 'Viewed: '),
    ] %}
    {{ '|| ' if not loop.first }}case
        when {{ kind }}s > 0
            then '{{ opening }}' || {{ kind }}_story
                || case
                    when {{ kind }}_names > {{ named }}
                        then ' and ' || cast(
                            {{ kind }}_names - {{ named }} as {{ dbt.type_string() }}
                        ) || ' more'
                    else ''
                end
                || '. '
        else ''
    end
    {%- endfor %}
    || case
        when opens + clicks > 0
            then 'E-mails: ' || cast(opens as {{ dbt.type_string() }})
                || ' opened, ' || cast(clicks as {{ dbt.type_string() }})
                || ' clicked.'
        else ''
    end
{%- endmacro %}
