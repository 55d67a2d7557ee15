{#- A share, 6 decimals; null where there is nothing to share. -#}
{% macro rate(successes, trials) -%}
    case
        when {{ trials }} > 0
            then {{ round_score(
                'cast(' ~ successes ~ ' as ' ~ type_double() ~ ') / ' ~ trials
            ) }}
    end
{%- endmacro %}

{#-
    One bound of a share at 95%, by Wilson; `sign` is - for the lower, + for the upper.
    With z = 1.959964 standard deviations, s successes of n:
    (s + z² / 2 ± z √(s (n - s) / n + z² / 4)) / (n + z²).
-#}
{% macro wilson_bound(successes, trials, sign) -%}
    {%- set z = '1.959963984540054' -%}
    {%- set z_squared = '3.841458820694124' -%}
    {%- set s = 'cast(' ~ successes ~ ' as ' ~ type_double() ~ ')' -%}
    {%- set n = 'cast(' ~ trials ~ ' as ' ~ type_double() ~ ')' -%}
    case
        when {{ trials }} > 0
            then {{ round_score(
                '(' ~ s ~ ' + ' ~ z_squared ~ ' / 2 ' ~ sign ~ ' ' ~ z ~ ' * sqrt(' ~ s
                ~ ' * (' ~ n ~ ' - ' ~ s ~ ') / ' ~ n ~ ' + ' ~ z_squared ~ ' / 4)) / ('
                ~ n ~ ' + ' ~ z_squared ~ ')'
            ) }}
    end
{%- endmacro %}

{#-
    A rate with its bounds: three columns, null while those counted are too young to tell,
    which is not the same as zero.
-#}
{% macro rate_with_bounds(name, successes, trials, is_mature='true') -%}
    case when {{ is_mature }} then {{ rate(successes, trials) }} end as {{ name }},
    case when {{ is_mature }} then {{ wilson_bound(successes, trials, '-') }} end
        as {{ name }}_low,
    case when {{ is_mature }} then {{ wilson_bound(successes, trials, '+') }} end
        as {{ name }}_high
{%- endmacro %}

{#- One share over another, such as that of some over that of all; 1 = no difference. -#}
{% macro lift(successes, trials, all_successes, all_trials) -%}
    case
        when {{ trials }} > 0 and {{ all_successes }} > 0
            then {{ round_score(
                'cast(' ~ successes ~ ' as ' ~ type_double() ~ ') / ' ~ trials
                ~ ' / (cast(' ~ all_successes ~ ' as ' ~ type_double() ~ ') / '
                ~ all_trials ~ ')'
            ) }}
    end
{%- endmacro %}

{#- Whether a figure is one that an alert of review_alerts is raised for. -#}
{% macro raises_alert(figure, comparison, alert_limit) -%}
    case {{ comparison }}
        when 'below' then {{ figure }} < {{ alert_limit }}
        when 'above' then {{ figure }} > {{ alert_limit }}
        when 'at_least' then {{ figure }} >= {{ alert_limit }}
    end
{%- endmacro %}

{#- Stages of one way that did not come in their order; null where they did. -#}
{% macro out_of_order(opportunity_at, accepted_at, rejected_at) -%}
    case
        when {{ opportunity_at }} is not null and {{ accepted_at }} is null
            then 'opportunity_without_acceptance'
        when {{ opportunity_at }} < {{ accepted_at }}
            then 'opportunity_before_acceptance'
        when {{ rejected_at }} < {{ accepted_at }} then 'accepted_after_rejection'
        when {{ accepted_at }} < {{ rejected_at }} then 'rejected_after_acceptance'
    end
{%- endmacro %}

{#- Fit scores in bands of so many points, as text: '30 to 39'. -#}
{% macro fit_band(fit_score) -%}
    {%- set width = var('fit_band_points') -%}
    {%- set lowest = 'floor(' ~ fit_score ~ ' / ' ~ width ~ ') * ' ~ width -%}
    case
        when {{ fit_score }} is not null
            then
                cast(cast({{ lowest }} as integer) as {{ dbt.type_string() }})
                || ' to '
                || cast(
                    cast({{ lowest }} + {{ width - 1 }} as integer)
                    as {{ dbt.type_string() }}
                )
    end
{%- endmacro %}

{#- The first day of a moment's month. -#}
{% macro month_of(moment) -%}
    cast({{ dbt.date_trunc('month', moment) }} as date)
{%- endmacro %}

{#- The middle value of a group. -#}
{% macro median(value) -%}
    {{ return(adapter.dispatch('median', 'mql')(value)) }}
{%- endmacro %}

{% macro default__median(value) -%}
    percentile_cont(0.5) within group (order by {{ value }})
{%- endmacro %}

{#-
    How many of a group of hand-overs reached each stage, over fct_handoff_outcomes. One
    definition for every mart that counts them.
-#}
{% macro stage_counts() -%}
    count(*) as mqls,
    count(first_response_at) as responded,
    count(accepted_at) as accepted,
    count(rejected_at) as rejected,
    count(opportunity_at) as opportunities,
    count(won_at) as won,
    count(out_of_order) as out_of_order,
    sum(won_deals) as won_deals,
    sum(open_amount_usd) as pipeline_usd,
    sum(won_amount_usd) as amount_won_usd
{%- endmacro %}

{#- The same where a group may have none. -#}
{% macro counts_or_zero(counted) -%}
    {%- for count in [
        'mqls', 'responded', 'accepted', 'rejected', 'opportunities', 'won',
        'out_of_order', 'won_deals',
    ] %}
    cast(coalesce({{ counted }}.{{ count }}, 0) as integer) as {{ count }},
    {%- endfor %}
    coalesce({{ counted }}.pipeline_usd, 0) as pipeline_usd,
    coalesce({{ counted }}.amount_won_usd, 0) as amount_won_usd
{%- endmacro %}

{#- What a deal brings on average: of deals whose amount is known, never of leads. -#}
{% macro average_deal(amount_won_usd, won_deals) -%}
    case
        when {{ won_deals }} > 0
            then {{ round_score(amount_won_usd ~ ' / ' ~ won_deals) }}
    end
{%- endmacro %}

{#-
    How the clocks of a group of hand-overs stand, over fct_handoff_outcomes; `judged` are
    those of which it is known whether they were kept.
-#}
{% macro sla_counts() -%}
    {%- for status in ['met', 'breached', 'overdue'] %}
    count(case when sla_status = '{{ status }}' then 1 end) as {{ status }},
    {%- endfor %}
    count(case when sla_status = 'open' then 1 end) as open_clocks,
    count(case when sla_status in ('met', 'breached', 'overdue') then 1 end) as judged
{%- endmacro %}

{#-
    One bound of the difference of two shares at 95%, by Newcombe from Wilson's bounds of
    the two; `sign` is - for the lower, + for the upper.
-#}
{% macro difference_bound(successes, trials, other_successes, other_trials, sign) -%}
    {%- set opposite = '+' if sign == '-' else '-' -%}
    {%- set share = rate(successes, trials) -%}
    {%- set other = rate(other_successes, other_trials) -%}
    {%- set bound = wilson_bound(successes, trials, sign) -%}
    {%- set other_bound = wilson_bound(other_successes, other_trials, opposite) -%}
    {{ round_score(
        share ~ ' - ' ~ other ~ ' ' ~ sign ~ ' sqrt(power(' ~ share ~ ' - ' ~ bound
        ~ ', 2) + power(' ~ other ~ ' - ' ~ other_bound ~ ', 2))'
    ) }}
{%- endmacro %}

{#- A share as a whole number of hundredths, as text. -#}
{% macro hundredths(value) -%}
    cast(cast(round(100 * {{ value }}) as integer) as {{ dbt.type_string() }})
{%- endmacro %}

{#- A share with its bounds for people to read: '40% (26 to 56%) of 35'. -#}
{% macro share_in_words(successes, trials) -%}
    coalesce(
        {{ hundredths(rate(successes, trials)) }} || '% ('
        || {{ hundredths(wilson_bound(successes, trials, '-')) }} || ' to '
        || {{ hundredths(wilson_bound(successes, trials, '+')) }} || '%) of '
        || cast({{ trials }} as {{ dbt.type_string() }}),
        'none'
    )
{%- endmacro %}

{#- What an interval of a difference says, in plain words. -#}
{% macro verdict(fewest, low, high, if_more, if_less) -%}
    case
        when coalesce({{ fewest }}, 0) < {{ var('enough_mqls') }} then 'too little data'
        when {{ low }} > 0 then 'likely: {{ if_more }}'
        when {{ high }} < 0 then 'likely: {{ if_less }}'
        else 'no difference to be seen'
    end
{%- endmacro %}
