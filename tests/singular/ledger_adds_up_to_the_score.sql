-- The ledger explains the score (E5): what its entries applied adds up to the current
-- score of the contact and line; under a half-life after each is decayed to now.
with ledger as (

    select * from {{ ref('fct_score_ledger') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

scores as (

    select * from {{ ref('fct_contact_scores') }}

),

added_up as (

    select
        ledger.definition_id,
        ledger.contact_id,
        ledger.product_line,
        sum(
            case
                when product_lines.half_life_days is null then ledger.points_applied
                else {{ decayed(
                    'ledger.points_applied',
                    'product_lines.half_life_days',
                    'ledger.entry_at',
                    as_of(),
                ) }}
            end
        ) as score
    from ledger
    inner join product_lines
        on
            ledger.definition_id = product_lines.definition_id
            and ledger.product_line = product_lines.product_line
    group by ledger.definition_id, ledger.contact_id, ledger.product_line

)

select
    scores.definition_id,
    scores.contact_id,
    scores.product_line,
    scores.engagement_score,
    added_up.score
from scores
left join added_up
    on
        scores.definition_id = added_up.definition_id
        and scores.contact_id = added_up.contact_id
        and scores.product_line = added_up.product_line
-- each entry is rounded to 6 decimals, and a contact may have a thousand of them
where abs(scores.engagement_score - coalesce(added_up.score, 0.0)) > 0.001
