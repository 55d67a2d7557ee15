{#- Scores are doubles, compared and shown with 6 decimals; never minus zero. -#}
{% macro round_score(score) -%}
    {{ return(adapter.dispatch('round_score', 'mql')(score)) }}
{%- endmacro %}

{% macro duckdb__round_score(score) -%}
    (round({{ score }}, 6) + 0.0)
{%- endmacro %}

{#- Halves away from zero, as everywhere else: PostgreSQL does so with numerics only. -#}
{% macro postgres__round_score(score) -%}
    (cast(round(cast(({{ score }}) * 1000000 as numeric)) as double precision) / 1000000)
{%- endmacro %}

{% macro spark__round_score(score) -%}
    (round(({{ score }}) * 1000000) / 1000000 + 0.0)
{%- endmacro %}

{#-
    What is left of a score after some days of half-life decay (E3). After 500 half-lives
    no decimal of it is left; a longer time would be a number too small for a double,
    which PostgreSQL takes for an error.
-#}
{% macro decayed(score, half_life_days, since, at) -%}
    ({{ score }} * power(
        cast(0.5 as {{ type_double() }}),
        least({{ days_between(since, at) }} / {{ half_life_days }}, 500)
    ))
{%- endmacro %}

{#-
    A half-life is scored by running sums of points scaled by 2 ^ (time / half-life).
    A double ends at 2 ^ 1023, so time is cut into blocks of 500 half-lives, each with
    its own zero; the last 100 of a block are repeated at the head of the next, where
    they let the score run in: after 100 half-lives nothing older than they are is left.
-#}
{% macro half_life_block(at, half_life_days) -%}
    cast(floor({{ epoch_days(at) }} / {{ half_life_days }} / 500) as integer)
{%- endmacro %}

{% macro half_life_scale(at, half_life_days, block) -%}
    power(
        cast(2 as {{ type_double() }}),
        {{ epoch_days(at) }} / {{ half_life_days }} - 500 * {{ block }}
    )
{%- endmacro %}

{% macro runs_into_next_block(at, half_life_days, block) -%}
    {{ epoch_days(at) }} / {{ half_life_days }} - 500 * {{ block }} >= 400
{%- endmacro %}

{#- A scaled sum as the next block, with a zero 500 half-lives later, has it. -#}
{% macro into_next_block(scaled) -%}
    {{ scaled }} / power(cast(2 as {{ type_double() }}), 500)
{%- endmacro %}

{#-
    The first microsecond, not before `from_at`, at which a decaying score, rounded, is
    below a threshold; null where it never is. At `from_at` it must not be below yet.
-#}
{% macro falls_below_at(score, threshold, half_life_days, since, from_at) -%}
    case
        when {{ score }} > 0 and {{ threshold }} - 0.0000005 > 0
            then greatest(
                {{ from_at }},
                {{ add_microseconds(
                    since,
                    'ceil(' ~ half_life_days ~ ' * 86400000000.0 * greatest(ln('
                    ~ score ~ ' / (' ~ threshold ~ ' - 0.0000005)) / ln(2.0), 0.0))'
                ) }}
            )
    end
{%- endmacro %}

{#- Losses due to inactivity between an engagement and a later moment (E2). -#}
{% macro inactivity_steps(engaged_at, moment, first_days, period_days) -%}
    case
        when {{ moment }} >= {{ add_days(engaged_at, first_days) }}
            then 1 + cast(floor(
                ({{ epoch_us(moment) }} - {{ epoch_us(add_days(engaged_at, first_days)) }})
                / ({{ period_days }} * 86400000000.0)
            ) as integer)
        else 0
    end
{%- endmacro %}

{#- When the nth loss of a silence happens. -#}
{% macro inactivity_step_at(engaged_at, step, first_days, period_days) -%}
    {{ add_days(
        engaged_at, first_days ~ ' + (' ~ step ~ ' - 1) * ' ~ period_days
    ) }}
{%- endmacro %}

{#- Before everything: where the first version of a contact or account starts to hold. -#}
{% macro beginning_of_time() -%}
    cast('0001-01-01 00:00:00' as timestamp)
{%- endmacro %}

{#-
    An end that may be open, as a moment to compare with. A comparison and not
    "is null or": joins that overlap in time then stay hash joins with a filter, while a
    left join on an "or" compares every row with every other.
-#}
{% macro until(moment) -%}
    coalesce({{ moment }}, cast('9999-12-31 23:59:59.999999' as timestamp))
{%- endmacro %}

{#- The row numbers 1 .. `count_column` of each row of a relation, as `number`. -#}
{% macro numbered(relation, count_column) -%}
    {{ return(adapter.dispatch('numbered', 'mql')(relation, count_column)) }}
{%- endmacro %}

{% macro duckdb__numbered(relation, count_column) -%}
    select
        {{ relation }}.*,
        unnest(range(1, cast({{ count_column }} as bigint) + 1)) as number
    from {{ relation }}
    where {{ count_column }} > 0
{%- endmacro %}

{% macro postgres__numbered(relation, count_column) -%}
    select
        {{ relation }}.*,
        generate_series(1, cast({{ count_column }} as bigint)) as number
    from {{ relation }}
    where {{ count_column }} > 0
{%- endmacro %}

{% macro spark__numbered(relation, count_column) -%}
    select
        {{ relation }}.*,
        explode(
            sequence(cast(1 as bigint), cast({{ count_column }} as bigint))
        ) as number
    from {{ relation }}
    where {{ count_column }} > 0
{%- endmacro %}

{#-
    The engagement score of a timeline row at a moment within it: as it stood when it
    last changed, less what a half-life has taken since. Not rounded.
-#}
{% macro score_at(moment) -%}
    case
        when half_life_days is null or scored_at is null then score_when_scored
        else {{ decayed('score_when_scored', 'half_life_days', 'scored_at', moment) }}
    end
{%- endmacro %}
