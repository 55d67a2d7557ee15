{{ config(materialized='table_by_contact') }}

-- Who may at some time count for an account and line (C1), and with how many points.
with fit_scores as (

    select * from {{ ref('int_fit_scores') }}
    where account_id is not null and counts_for_account

),

line_scores as (

    select * from {{ ref('int_line_scores') }}

),

memberships as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        max(case when passes_gates and passes_fit then 1 else 0 end) = 1
            as passes_gates_and_fit
    from fit_scores
    group by definition_id, contact_id, product_line, account_id

),

final as (

    select
        memberships.definition_id,
        memberships.contact_id,
        memberships.product_line,
        memberships.account_id,
        coalesce(line_scores.positive_points, 0.0) as positive_points,
        memberships.passes_gates_and_fit
    from memberships
    left join line_scores
        on
            memberships.definition_id = line_scores.definition_id
            and memberships.contact_id = line_scores.contact_id
            and memberships.product_line = line_scores.product_line

)

select * from final
