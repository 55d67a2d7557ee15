{{ config(materialized='table_by_contact') }}

-- After an answer or a closed opportunity a contact must show fresh interest (Q8): the
-- time from there until enough positive points have come in strictly after.
with dispositions as (

    select * from {{ ref('int_line_dispositions') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}
    where closed_at is not null

),

product_lines as (

    select * from {{ ref('int_product_lines') }}
    where requalify_points > 0

),

restarts as (

    select
        definition_id,
        contact_id,
        product_line,
        disposed_at as restarted_at
    from dispositions

    union

    select
        definition_id,
        contact_id,
        product_line,
        closed_at as restarted_at
    from opportunities

),

moves as (

    select * from {{ ref('int_line_moves') }}
    where points_due > 0

),

windows as (

    select
        restarts.definition_id,
        restarts.contact_id,
        restarts.product_line,
        product_lines.requalify_points,
        restarts.restarted_at,
        lead(restarts.restarted_at) over (
            partition by
                restarts.definition_id, restarts.contact_id, restarts.product_line
            order by restarts.restarted_at
        ) as next_restarted_at
    from restarts
    inner join product_lines
        on
            restarts.definition_id = product_lines.definition_id
            and restarts.product_line = product_lines.product_line

),

fresh_points as (

    select
        windows.definition_id,
        windows.contact_id,
        windows.product_line,
        windows.requalify_points,
        windows.restarted_at,
        moves.occurred_at,
        sum(moves.points_due) over (
            partition by
                windows.definition_id,
                windows.contact_id,
                windows.product_line,
                windows.restarted_at
            order by moves.occurred_at
            range between unbounded preceding and current row
        ) as points_since
    from windows
    inner join moves
        on
            windows.definition_id = moves.definition_id
            and windows.contact_id = moves.contact_id
            and windows.product_line = moves.product_line
            and windows.restarted_at < moves.occurred_at
            and moves.occurred_at < {{ until('windows.next_restarted_at') }}

),

fresh_from as (

    select
        definition_id,
        contact_id,
        product_line,
        restarted_at,
        min(occurred_at) as fresh_at
    from fresh_points
    where {{ round_score('points_since') }} >= requalify_points
    group by definition_id, contact_id, product_line, restarted_at

),

final as (

    select
        windows.definition_id,
        windows.contact_id,
        windows.product_line,
        windows.restarted_at as valid_from,
        least(fresh_from.fresh_at, windows.next_restarted_at) as valid_to
    from windows
    left join fresh_from
        on
            windows.definition_id = fresh_from.definition_id
            and windows.contact_id = fresh_from.contact_id
            and windows.product_line = fresh_from.product_line
            and windows.restarted_at = fresh_from.restarted_at

)

select * from final
