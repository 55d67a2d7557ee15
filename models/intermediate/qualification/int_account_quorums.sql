{{ config(materialized='view_by_account', pre_hook='{{ touch_accounts() }}') }}

-- Who ever has as many engaged contacts at once as are asked for (C2). Heads are far
-- fewer rows than points, and where there are too few of them points decide nothing.
with account_timelines as (

    select * from {{ ref('int_account_timelines') }}
    {{ where_touched_key('account_id') }}

),

contributions as (

    select * from {{ ref('int_account_contributions') }}
    {{ where_touched_key('account_id') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

changes as (

    select
        definition_id,
        account_id,
        product_line,
        1 as heads,
        valid_from as changed_at
    from contributions
    where is_engaged

    union all

    select
        definition_id,
        account_id,
        product_line,
        -1 as heads,
        engaged_until as changed_at
    from contributions
    where is_engaged and engaged_until is not null

),

-- at an instant, who leaves is gone before anybody comes
counted as (

    select
        definition_id,
        account_id,
        product_line,
        sum(heads) over (
            partition by definition_id, account_id, product_line
            order by changed_at, heads
            rows between unbounded preceding and current row
        ) as heads
    from changes

),

most as (

    select
        definition_id,
        account_id,
        product_line,
        max(heads) as heads
    from counted
    group by definition_id, account_id, product_line

),

final as (

    select
        account_timelines.definition_id,
        account_timelines.account_id,
        account_timelines.product_line
    from account_timelines
    inner join product_lines
        on
            account_timelines.definition_id = product_lines.definition_id
            and account_timelines.product_line = product_lines.product_line
    left join most
        on
            account_timelines.definition_id = most.definition_id
            and account_timelines.account_id = most.account_id
            and account_timelines.product_line = most.product_line
    where coalesce(most.heads, 0) >= product_lines.account_min_contacts

)

select * from final
