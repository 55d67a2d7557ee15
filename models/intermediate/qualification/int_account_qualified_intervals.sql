{{ config(materialized='table_by_account') }}

with standing as (

    select * from {{ ref('int_account_qualified_standing') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

opened as (

    select distinct
        product_lines.definition_id,
        opportunities.account_id,
        product_lines.product_line,
        opportunities.created_at
    from {{ ref('int_opportunities') }} as opportunities
    inner join product_lines
        on {{ counts_for_line(
            'opportunities.product_line', 'product_lines.product_line'
        ) }}

),

with_previous as (

    select
        *,
        lag(valid_to) over (
            partition by definition_id, account_id, product_line order by valid_from
        ) as previous_valid_to
    from standing

),

numbered as (

    select
        *,
        sum(case when valid_from = previous_valid_to then 0 else 1 end) over (
            partition by definition_id, account_id, product_line
            order by valid_from
            rows between unbounded preceding and current row
        ) as interval_number
    from with_previous

),

intervals as (

    select
        definition_id,
        account_id,
        product_line,
        min(valid_from) as started_at,
        case when count(valid_to) = count(*) then max(valid_to) end as ended_at
    from numbered
    group by definition_id, account_id, product_line, interval_number

),

final as (

    select
        intervals.definition_id,
        intervals.account_id,
        intervals.product_line,
        case
            when intervals.ended_at is null then null
            when opened.created_at is not null then 'opportunity_opened'
            else 'lapsed'
        end as end_reason,
        intervals.started_at,
        intervals.ended_at
    from intervals
    left join opened
        on
            intervals.definition_id = opened.definition_id
            and intervals.account_id = opened.account_id
            and intervals.product_line = opened.product_line
            and intervals.ended_at = opened.created_at

)

select * from final
