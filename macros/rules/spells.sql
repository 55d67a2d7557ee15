{#-
    Joins qualified intervals into spells (M2): an interval that ended by lapse and the
    next one that starts before the gap is over are one MQL. `who` names the column of
    whom they are; `always_new` is a condition on an interval that starts a new spell
    whatever the gap; `start_columns` are kept from a spell's first interval. One row
    per spell.
-#}
{% macro spells(intervals, who, always_new='false', start_columns=[]) -%}
    {%- set key = 'definition_id, ' ~ who ~ ', product_line' -%}
    select
        definition_id,
        {{ who }},
        product_line,
        official_from,
        official_until,
        {%- for column in start_columns %}
        max(case when interval_in_spell = 1 then {{ column }} end) as {{ column }},
        {%- endfor %}
        max(case when interval_from_end = 1 then end_reason end) as end_reason,
        cast(count(*) - 1 as integer) as lapse_count,
        min(started_at) as mql_at,
        max(case when interval_from_end = 1 then ended_at end) as ended_at
    from (
        select
            in_spells.*,
            row_number() over (
                partition by {{ key }}, spell_number order by started_at
            ) as interval_in_spell,
            row_number() over (
                partition by {{ key }}, spell_number order by started_at desc
            ) as interval_from_end
        from (
            select
                with_previous.*,
                sum(
                    case
                        when
                            previous_end_reason = 'lapsed'
                            and started_at
                            < {{ add_days('previous_ended_at', 'requalify_gap_days') }}
                            and not ({{ always_new }})
                            then 0
                        else 1
                    end
                ) over (
                    partition by {{ key }}
                    order by started_at
                    rows between unbounded preceding and current row
                ) as spell_number
            from (
                select
                    intervals.*,
                    product_lines.requalify_gap_days,
                    product_lines.official_from,
                    product_lines.official_until,
                    lag(intervals.end_reason) over (
                        partition by
                            intervals.definition_id,
                            intervals.{{ who }},
                            intervals.product_line
                        order by intervals.started_at
                    ) as previous_end_reason,
                    lag(intervals.ended_at) over (
                        partition by
                            intervals.definition_id,
                            intervals.{{ who }},
                            intervals.product_line
                        order by intervals.started_at
                    ) as previous_ended_at
                from {{ intervals }} as intervals
                inner join {{ ref('int_product_lines') }} as product_lines
                    on
                        intervals.definition_id = product_lines.definition_id
                        and intervals.product_line = product_lines.product_line
            ) as with_previous
        ) as in_spells
    ) as ranked
    group by {{ key }}, official_from, official_until, spell_number
{%- endmacro %}

{#-
    Which spells are official (V3): those that begin while their own definition is in
    force and while no official one of an earlier definition is still open. Whether an
    earlier one is official is asked of it first, so the definitions in force at the
    time are settled one after the other; each round settles one more.
-#}
{% macro official_spells(spells, who, rounds=4) -%}
    {%- for round in range(rounds + 1) %}
    official_round_{{ round }} as (

        select candidates.*
        from {{ spells }} as candidates
        {%- if round > 0 %}
        left join (
            select distinct
                later.definition_id,
                later.{{ who }},
                later.product_line,
                later.mql_at
            from {{ spells }} as later
            inner join official_round_{{ round - 1 }} as earlier
                on
                    later.{{ who }} = earlier.{{ who }}
                    and later.product_line = earlier.product_line
                    and earlier.official_from < later.official_from
                    and earlier.mql_at <= later.mql_at
                    and (earlier.ended_at is null or later.mql_at < earlier.ended_at)
        ) as in_hand
            on
                candidates.definition_id = in_hand.definition_id
                and candidates.{{ who }} = in_hand.{{ who }}
                and candidates.product_line = in_hand.product_line
                and candidates.mql_at = in_hand.mql_at
        {%- endif %}
        where
            candidates.official_from <= candidates.mql_at
            and (
                candidates.official_until is null
                or candidates.mql_at < candidates.official_until
            )
            {%- if round > 0 %}
            and in_hand.mql_at is null
            {%- endif %}

    ),
    {% endfor %}
    official as (

        select
            definition_id,
            {{ who }},
            product_line,
            mql_at
        from official_round_{{ rounds }}

    )
{%- endmacro %}
