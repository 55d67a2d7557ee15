{{ config(materialized=projection()) }}

-- Why not, and where qualified, how firmly: under the definition in force.
with scores as (

    select * from {{ ref('fct_contact_scores') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

email_moves as (

    select
        definition_id,
        contact_id,
        product_line,
        {{ round_score('score_after - score_before') }} as points_applied,
        occurred_at
    from {{ ref('int_running_scores') }}
    where activity_type in ('email_open', 'email_click') and score_after > score_before

),

holds as (

    select * from {{ ref('int_holds') }}
    where valid_from <= {{ as_of() }} and {{ as_of() }} < {{ until('valid_to') }}

),

opportunity_blocks as (

    select
        definition_id,
        contact_id,
        product_line,
        max({{ until('valid_to') }}) as valid_to
    from {{ ref('int_opportunity_blocks') }}
    where valid_from <= {{ as_of() }} and {{ as_of() }} < {{ until('valid_to') }}
    group by definition_id, contact_id, product_line

),

standing as (

    select * from {{ ref('int_contact_standing') }}
    where valid_to is null

),

-- only of the qualified: what of it is e-mail
email_points as (

    select
        scores.definition_id,
        scores.contact_id,
        scores.product_line,
        sum(
            case
                when definitions.half_life_days is null then email_moves.points_applied
                else {{ decayed(
                    'email_moves.points_applied',
                    'definitions.half_life_days',
                    'email_moves.occurred_at',
                    as_of(),
                ) }}
            end
        ) as points
    from scores
    inner join definitions
        on scores.definition_id = definitions.definition_id
    inner join email_moves
        on
            scores.definition_id = email_moves.definition_id
            and scores.contact_id = email_moves.contact_id
            and scores.product_line = email_moves.product_line
    where scores.is_qualified
    group by scores.definition_id, scores.contact_id, scores.product_line

),

joined as (

    select
        scores.*,
        standing.has_direct_request,
        product_lines.min_fit_score,
        product_lines.min_total_score,
        product_lines.min_engagement_score,
        holds.disposition_id as hold_disposition_id,
        case
            when scores.failing_gate = 'Q6' then holds.valid_to
            when
                scores.failing_gate = 'Q7'
                and opportunity_blocks.valid_to < {{ until('null') }}
                then opportunity_blocks.valid_to
        end as waiting_until,
        {{ round_score(
            'scores.engagement_score - coalesce(email_points.points, 0.0)'
        ) }} as engagement_without_email
    from scores
    inner join definitions
        on scores.definition_id = definitions.definition_id
    inner join product_lines
        on
            scores.definition_id = product_lines.definition_id
            and scores.product_line = product_lines.product_line
    left join standing
        on
            scores.definition_id = standing.definition_id
            and scores.contact_id = standing.contact_id
            and scores.product_line = standing.product_line
    left join holds
        on
            scores.definition_id = holds.definition_id
            and scores.contact_id = holds.contact_id
            and scores.product_line = holds.product_line
    left join opportunity_blocks
        on
            scores.definition_id = opportunity_blocks.definition_id
            and scores.contact_id = opportunity_blocks.contact_id
            and scores.product_line = opportunity_blocks.product_line
    left join email_points
        on
            scores.definition_id = email_points.definition_id
            and scores.contact_id = email_points.contact_id
            and scores.product_line = email_points.product_line

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        failing_gate,
        failing_detail,
        case failing_gate
            when 'Q1' then 'not known yet'
            when 'Q2' then 'fails the gate: ' || replace(failing_detail, '_', ' ')
            when 'Q3'
                then
                    'fit of ' || {{ points_text('fit_score') }}
                    || ' is below the minimum of '
                    || {{ points_text('min_fit_score') }}
            when 'Q4'
                then
                    'short of '
                    || {{ points_text('points_missing') }}
                    || ' engagement points'
            when 'Q5' then 'asked not to be contacted'
            when 'Q6'
                then case
                    when waiting_until is null
                        then 'held by an answer until the profile changes'
                    else 'held by an answer'
                end
            when 'Q7'
                then case
                    when waiting_until is null then 'has an open opportunity'
                    else 'had an opportunity that closed lately'
                end
            when 'Q8'
                then case failing_detail
                    when 'silent' then 'has not engaged lately'
                    else 'needs fresh interest since the last answer or deal'
                end
            else 'qualified'
        end as reason,
        fit_score,
        engagement_score,
        total_score,
        points_missing,
        engagement_without_email,
        is_qualified,
        (
            is_qualified
            and not has_direct_request
            and not (
                coalesce(engagement_without_email >= min_engagement_score, true)
                and coalesce(
                    {{ round_score('fit_score + engagement_without_email') }}
                    >= min_total_score,
                    true
                )
            )
        ) as is_fragile,
        waiting_until,
        last_engaged_at
    from joined

)

select * from final
