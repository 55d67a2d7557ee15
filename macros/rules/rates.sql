{#- A share, 6 decimals; null where there is nothing to share. -#}
{% macro rate(successes, trials) -%}
    case
        when {{ trials }} > 0
            then {{ round_score(
                'cast(' ~ successes ~ ' as double precision) / ' ~ trials
            ) }}
    end
{%- endmacro %}

{#- One bound of a share at 95%, by Wilson; `sign` is - for the lower, + for the upper. -#}
{% macro wilson_bound(successes, trials, sign) -%}
    {%- set z = '1.959963984540054' -%}
    {%- set share = '(cast(' ~ successes ~ ' as double precision) / ' ~ trials ~ ')' -%}
    case
        when {{ trials }} > 0
            then {{ round_score(
                '(' ~ share ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (2.0 * ' ~ trials ~ ') '
                ~ sign ~ ' ' ~ z ~ ' * sqrt((' ~ share ~ ' * (1.0 - ' ~ share ~ ') + '
                ~ z ~ ' * ' ~ z ~ ' / (4.0 * ' ~ trials ~ ')) / ' ~ trials
                ~ ')) / (1.0 + ' ~ z ~ ' * ' ~ z ~ ' / ' ~ trials ~ ')'
            ) }}
    end
{%- endmacro %}

{#-
    The rate of a cohort with its bounds: three columns, null while the cohort is too young
    to tell, which is not the same as zero.
-#}
{% macro rate_with_bounds(name, successes, trials, is_mature='true') -%}
    case when {{ is_mature }} then {{ rate(successes, trials) }} end as {{ name }},
    case when {{ is_mature }} then {{ wilson_bound(successes, trials, '-') }} end
        as {{ name }}_low,
    case when {{ is_mature }} then {{ wilson_bound(successes, trials, '+') }} end
        as {{ name }}_high
{%- endmacro %}

{#- Fit scores in bands of so many points, as text: '30 to 39'. -#}
{% macro fit_band(fit_score) -%}
    {%- set width = var('fit_band_points') -%}
    case
        when {{ fit_score }} is not null
            then cast(
                cast(floor({{ fit_score }} / {{ width }}) * {{ width }} as integer)
                as {{ dbt.type_string() }}
            ) || ' to ' || cast(
                cast(
                    floor({{ fit_score }} / {{ width }}) * {{ width }} + {{ width - 1 }}
                    as integer
                ) as {{ dbt.type_string() }}
            )
    end
{%- endmacro %}

{#- The first day of a moment's month. -#}
{% macro month_of(moment) -%}
    cast({{ dbt.date_trunc('month', moment) }} as date)
{%- endmacro %}

{#- The day a month is over, so many days later. -#}
{% macro month_is_mature(month, days) -%}
    {{ add_days(
        'cast(' ~ dbt.dateadd('month', 1, month) ~ ' as timestamp)', days
    ) }} <= {{ as_of() }}
{%- endmacro %}

{#- The middle value of a group. -#}
{% macro median(value) -%}
    {{ return(adapter.dispatch('median', 'mql')(value)) }}
{%- endmacro %}

{% macro default__median(value) -%}
    percentile_cont(0.5) within group (order by {{ value }})
{%- endmacro %}
