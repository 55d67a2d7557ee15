{{ config(materialized='view_by_account') }}

with change_points as (

    select * from {{ ref('int_account_change_points') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

with_block as (

    select
        change_points.*,
        product_lines.half_life_days,
        case
            when product_lines.half_life_days is null then 0
            else {{ half_life_block(
                'change_points.changed_at', 'product_lines.half_life_days'
            ) }}
        end as block
    from change_points
    inner join product_lines
        on
            change_points.definition_id = product_lines.definition_id
            and change_points.product_line = product_lines.product_line

),

-- and not a union, for which an engine would keep every row to read it twice
pieces as (

    select false as is_run_in
    union all
    select true as is_run_in

),

in_blocks as (

    select
        with_block.definition_id,
        with_block.account_id,
        with_block.product_line,
        with_block.block + case when pieces.is_run_in then 1 else 0 end as score_block,
        with_block.half_life_days,
        with_block.score_change,
        with_block.engaged_change,
        with_block.qualifying_change,
        with_block.gates_change,
        with_block.opportunity_change,
        pieces.is_run_in,
        with_block.changed_at
    from with_block
    inner join pieces
        on
            not pieces.is_run_in
            or (
                with_block.half_life_days is not null
                and {{ runs_into_next_block(
                    'with_block.changed_at',
                    'with_block.half_life_days',
                    'with_block.block',
                ) }}
            )

),

scaled as (

    select
        *,
        case
            when half_life_days is null then 1.0
            else {{ half_life_scale('changed_at', 'half_life_days', 'score_block') }}
        end as scale
    from in_blocks

),

scored as (

    select
        *,
        sum(score_change * scale) over (
            partition by definition_id, account_id, product_line, score_block
            order by changed_at
            rows between unbounded preceding and current row
        ) / scale as score
    from scaled

),

-- only the score runs in; what is counted is counted over all of time
running as (

    select
        definition_id,
        account_id,
        product_line,
        half_life_days,
        score,
        {%- for kind in ['engaged', 'qualifying', 'gates', 'opportunity'] %}
        sum({{ kind }}_change) over (
            partition by definition_id, account_id, product_line
            order by changed_at
            rows between unbounded preceding and current row
        ) as {{ kind }}_count,
        {%- endfor %}
        changed_at,
        lead(changed_at) over (
            partition by definition_id, account_id, product_line
            order by changed_at
        ) as next_changed_at
    from scored
    where not is_run_in

),

final as (

    select
        definition_id,
        account_id,
        product_line,
        greatest(score, 0.0) as score_when_scored,
        half_life_days,
        cast(engaged_count as integer) as engaged_contacts,
        cast(qualifying_count as integer) as qualifying_contacts,
        gates_count > 0 as passes_gates,
        opportunity_count > 0 as has_opportunity,
        changed_at as scored_at,
        changed_at as valid_from,
        next_changed_at as valid_to
    from running

)

select * from final
