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

in_blocks as (

    select
        definition_id,
        account_id,
        product_line,
        block as score_block,
        half_life_days,
        score_change,
        engaged_change,
        qualifying_change,
        gates_change,
        opportunity_change,
        false as is_run_in,
        changed_at
    from with_block

    union all

    -- only the score runs in; what is counted is counted over all of time
    select
        definition_id,
        account_id,
        product_line,
        block + 1 as score_block,
        half_life_days,
        score_change,
        0 as engaged_change,
        0 as qualifying_change,
        0 as gates_change,
        0 as opportunity_change,
        true as is_run_in,
        changed_at
    from with_block
    where
        half_life_days is not null
        and {{ runs_into_next_block('changed_at', 'half_life_days', 'block') }}

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

running as (

    select
        definition_id,
        account_id,
        product_line,
        half_life_days,
        is_run_in,
        sum(score_change * scale) over (
            partition by definition_id, account_id, product_line, score_block
            order by changed_at
            rows between unbounded preceding and current row
        ) / scale as score,
        {%- for kind in ['engaged', 'qualifying', 'gates', 'opportunity'] %}
        sum({{ kind }}_change) over (
            partition by definition_id, account_id, product_line
            order by changed_at, score_block
            rows between unbounded preceding and current row
        ) as {{ kind }}_count,
        {%- endfor %}
        changed_at
    from scaled

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
        lead(changed_at) over (
            partition by definition_id, account_id, product_line order by changed_at
        ) as valid_to
    from running
    where not is_run_in

)

select * from final
