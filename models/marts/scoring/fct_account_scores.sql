{{ config(materialized=projection()) }}

with account_lines as (

    select distinct
        definition_id,
        account_id,
        product_line
    from {{ ref('int_account_gates') }}

),

standing as (

    select * from {{ ref('int_current_standing') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

qualified as (

    select * from {{ ref('int_account_qualified_intervals') }}
    where ended_at is null

),

-- what the countable contacts (C1) add
sums as (

    select
        standing.definition_id,
        standing.account_id,
        standing.product_line,
        sum(standing.score) as score,
        sum(
            case
                when
                    standing.engagement_score
                    >= product_lines.account_contact_min_engagement
                    then 1
                else 0
            end
        ) as engaged_contacts
    from standing
    inner join product_lines
        on
            standing.definition_id = product_lines.definition_id
            and standing.product_line = product_lines.product_line
    where
        standing.is_known
        and not standing.is_suppressed
        and not standing.is_held
        and standing.counts_for_account
    group by standing.definition_id, standing.account_id, standing.product_line

),

final as (

    select
        account_lines.definition_id,
        account_lines.account_id,
        account_lines.product_line,
        {{ round_score('coalesce(sums.score, 0.0)') }} as engagement_score,
        cast(coalesce(sums.engaged_contacts, 0) as integer) as engaged_contacts,
        qualified.started_at is not null as is_qualified,
        {{ as_of() }} as as_of
    from account_lines
    left join sums
        on
            account_lines.definition_id = sums.definition_id
            and account_lines.account_id = sums.account_id
            and account_lines.product_line = sums.product_line
    left join qualified
        on
            account_lines.definition_id = qualified.definition_id
            and account_lines.account_id = qualified.account_id
            and account_lines.product_line = qualified.product_line

)

select * from final
