{{ config(materialized=projection()) }}

-- The way back of everybody sales has rejected: what each is waiting for, until when.
with dispositions as (

    select * from {{ ref('int_line_dispositions') }}
    where outcome = 'rejected' and next_disposed_at is null

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

holds as (

    select * from {{ ref('int_holds') }}

),

reasons as (

    select * from {{ ref('fct_qualification_reasons') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}
    where closed_at is not null

),

-- fresh interest counts from the answer, or from a later close of an opportunity (Q8)
restarts as (

    select
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        greatest(
            dispositions.disposed_at,
            coalesce(max(opportunities.closed_at), dispositions.disposed_at)
        ) as restarted_at
    from dispositions
    left join opportunities
        on
            dispositions.definition_id = opportunities.definition_id
            and dispositions.contact_id = opportunities.contact_id
            and dispositions.product_line = opportunities.product_line
    group by
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposed_at

),

moves as (

    select * from {{ ref('int_line_moves') }}
    where points_due > 0

),

fresh_points as (

    select
        restarts.definition_id,
        restarts.contact_id,
        restarts.product_line,
        sum(moves.points_due) as points
    from restarts
    inner join definitions
        on restarts.definition_id = definitions.definition_id
    inner join moves
        on
            restarts.definition_id = moves.definition_id
            and restarts.contact_id = moves.contact_id
            and restarts.product_line = moves.product_line
            and restarts.restarted_at < moves.occurred_at
    group by
        restarts.definition_id, restarts.contact_id, restarts.product_line

),

joined as (

    select
        dispositions.definition_id,
        dispositions.contact_id,
        dispositions.product_line,
        dispositions.disposition_id,
        dispositions.reason_code as rejection_reason,
        reasons.failing_gate,
        reasons.reason,
        dispositions.holds_until_profile_change,
        reasons.is_qualified,
        coalesce(holds.disposition_id is not null, false) as is_held,
        {{ round_score('coalesce(fresh_points.points, 0.0)') }} as fresh_points,
        {{ round_score(
            'greatest(product_lines.requalify_points'
            ~ ' - coalesce(fresh_points.points, 0.0), 0.0)'
        ) }} as fresh_points_missing,
        dispositions.disposed_at as rejected_at,
        holds.valid_to as held_until
    from dispositions
    inner join definitions
        on dispositions.definition_id = definitions.definition_id
    inner join product_lines
        on
            dispositions.definition_id = product_lines.definition_id
            and dispositions.product_line = product_lines.product_line
    inner join reasons
        on
            dispositions.definition_id = reasons.definition_id
            and dispositions.contact_id = reasons.contact_id
            and dispositions.product_line = reasons.product_line
    left join holds
        on
            dispositions.definition_id = holds.definition_id
            and dispositions.contact_id = holds.contact_id
            and dispositions.product_line = holds.product_line
            and holds.valid_from <= {{ as_of() }}
            and {{ as_of() }} < {{ until('holds.valid_to') }}
    left join fresh_points
        on
            dispositions.definition_id = fresh_points.definition_id
            and dispositions.contact_id = fresh_points.contact_id
            and dispositions.product_line = fresh_points.product_line

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        disposition_id,
        rejection_reason,
        case
            when is_qualified then 'back'
            when is_held and holds_until_profile_change then 'profile_change'
            when is_held then 'end_of_hold_or_direct_request'
            when fresh_points_missing > 0 then 'fresh_points'
            else 'other_gate'
        end as waiting_for,
        failing_gate,
        reason,
        fresh_points,
        fresh_points_missing,
        is_held,
        is_qualified,
        rejected_at,
        held_until
    from joined

)

select * from final
