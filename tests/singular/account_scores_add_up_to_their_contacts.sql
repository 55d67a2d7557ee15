-- An account's score is the sum of its countable contacts' scores (C1, C2).
with scores as (

    select * from {{ ref('fct_contact_scores') }}
    where
        not is_suppressed
        and not is_held
        and coalesce(failing_gate, '') <> 'Q1'
        and role_class not in ('trainee', 'non_buyer')

),

account_scores as (

    select * from {{ ref('fct_account_scores') }}

),

added_up as (

    select
        definition_id,
        account_id,
        product_line,
        sum(engagement_score) as engagement_score
    from scores
    group by definition_id, account_id, product_line

)

select
    account_scores.definition_id,
    account_scores.account_id,
    account_scores.product_line,
    account_scores.engagement_score,
    added_up.engagement_score as added_up
from account_scores
left join added_up
    on
        account_scores.definition_id = added_up.definition_id
        and account_scores.account_id = added_up.account_id
        and account_scores.product_line = added_up.product_line
where
    abs(account_scores.engagement_score - coalesce(added_up.engagement_score, 0.0))
    > 0.001
