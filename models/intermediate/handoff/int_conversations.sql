{{ config(materialized='table_by_contact') }}

-- One person is one conversation (H1): which hand-over each handed-over MQL belongs to.
-- An MQL joins the contact's hand-over while that is open, else it opens the next one.
--
-- Which MQL opens the next hand-over depends on which opened this one, and recursion is
-- not to be had on every engine. So each MQL first says who would be the next to open
-- one, had it opened one itself (`next_opening`); that needs no recursion. An MQL that
-- none before it reaches over opens one whatever came before. Between two such, the
-- others are found by following `next_opening`, a fixed number of steps. It takes one
-- for each time that an unanswered hand-over expires while another MQL has joined it; a
-- test (handoffs_are_complete) says so should they ever be too few.
{%- set steps = 8 %}

with handed_over_mqls as (

    select * from {{ ref('int_handed_over_mqls') }}

),

answers as (

    select * from {{ ref('int_contact_answers') }}

),

suppressions as (

    select * from {{ ref('int_suppressions') }}

),

definitions as (

    select * from {{ ref('definitions') }}

),

first_answers as (

    select
        mql_id,
        min(disposed_at) as answered_at
    from answers
    group by mql_id

),

first_suppressions as (

    select
        handed_over_mqls.mql_id,
        min(suppressions.valid_from) as suppressed_at
    from handed_over_mqls
    inner join suppressions
        on
            handed_over_mqls.definition_id = suppressions.definition_id
            and handed_over_mqls.contact_id = suppressions.contact_id
            and handed_over_mqls.product_line = suppressions.product_line
            and handed_over_mqls.handed_over_at < suppressions.valid_from
    group by handed_over_mqls.mql_id

),

closing as (

    select
        handed_over_mqls.*,
        first_answers.answered_at,
        first_suppressions.suppressed_at,
        {{ add_days('handed_over_mqls.known_at', 'definitions.handoff_open_days') }}
            as expires_at
    from handed_over_mqls
    inner join definitions
        on handed_over_mqls.definition_id = definitions.definition_id
    left join first_answers
        on handed_over_mqls.mql_id = first_answers.mql_id
    left join first_suppressions
        on handed_over_mqls.mql_id = first_suppressions.mql_id

),

-- the first MQL after each that its answer, or its end as a hand-over, comes before
after_closing as (

    select
        closing.contact_id,
        closing.sequence_number,
        min(
            case
                when later.handed_over_at >= closing.answered_at
                    then later.sequence_number
            end
        ) as next_after_answer,
        min(
            case
                when
                    later.handed_over_at >= closing.suppressed_at
                    or later.handed_over_at >= closing.expires_at
                    then later.sequence_number
            end
        ) as next_after_end
    from closing
    inner join closing as later
        on
            closing.contact_id = later.contact_id
            and closing.sequence_number < later.sequence_number
    group by closing.contact_id, closing.sequence_number

),

openings as (

    select
        closing.*,
        -- an answer to any MQL that has joined closes the hand-over
        least(
            coalesce(
                min(after_closing.next_after_answer) over (
                    partition by closing.contact_id
                    order by closing.sequence_number
                    rows between current row and unbounded following
                ),
                1000000000
            ),
            coalesce(after_closing.next_after_end, 1000000000)
        ) as next_opening
    from closing
    left join after_closing
        on
            closing.contact_id = after_closing.contact_id
            and closing.sequence_number = after_closing.sequence_number

),

reached as (

    select
        *,
        coalesce(
            max(next_opening) over (
                partition by contact_id
                order by sequence_number
                rows between unbounded preceding and 1 preceding
            ) <= sequence_number,
            true
        ) as opens_in_any_case
    from openings

),

-- one row for each MQL that opens a hand-over in any case, with those found from it
chains as (

    select
        {% for step in range(1, steps + 1) -%}
        step_{{ step }}.sequence_number as opener_{{ step }},
        {% endfor -%}
        step_0.sequence_number as opener_0,
        step_0.contact_id
    from reached as step_0
    {% for step in range(1, steps + 1) -%}
    left join reached as step_{{ step }}
        on
            step_0.contact_id = step_{{ step }}.contact_id
            and step_{{ step - 1 }}.next_opening = step_{{ step }}.sequence_number
            and not step_{{ step }}.opens_in_any_case
    {% endfor -%}
    where step_0.opens_in_any_case

),

steps as (

    {% for step in range(steps + 1) -%}
    select {{ step }} as step
    {% if not loop.last %}
    union all

    {% endif -%}
    {%- endfor %}

),

openers as (

    -- and not a union of selects: an engine that does not store a CTE would work the
    -- chains out for each of them
    select
        chains.contact_id,
        case steps.step
            {% for step in range(steps + 1) -%}
            when {{ step }} then chains.opener_{{ step }}
            {% endfor -%}
        end as sequence_number
    from chains
    cross join steps

),

numbered as (

    select
        reached.*,
        openers.sequence_number is not null as is_primary,
        max(openers.sequence_number) over (
            partition by reached.contact_id
            order by reached.sequence_number
            rows between unbounded preceding and current row
        ) as opened_by
    from reached
    left join openers
        on
            reached.contact_id = openers.contact_id
            and reached.sequence_number = openers.sequence_number

),

final as (

    -- a hand-over is named by the MQL that opened it
    select
        mql_id,
        max(case when is_primary then mql_id end) over (
            partition by contact_id, opened_by
        ) as handoff_id,
        definition_id,
        contact_id,
        product_line,
        account_id,
        owner_rep_id,
        end_reason,
        sequence_number,
        max(case when is_primary then next_opening end) over (
            partition by contact_id, opened_by
        ) as next_opening,
        is_primary,
        is_official,
        is_official and sequence_number = min(
            case when is_official then sequence_number end
        ) over (partition by contact_id, opened_by) as is_counted,
        is_requested,
        mql_at,
        ended_at,
        handed_over_at,
        known_at,
        answered_at,
        suppressed_at,
        expires_at
    from numbered
    where opened_by is not null

)

select * from final
