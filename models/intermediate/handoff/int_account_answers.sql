-- Which account MQL a rep's answer about an account belongs to (H1, H5): of its line,
-- or of each line where it names none, the one handed over last.
with dispositions as (

    select * from {{ ref('int_dispositions') }}
    where
        contact_id is null
        and account_id is not null
        and outcome in ('contacted', 'accepted', 'rejected')

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

ranked as (

    select
        account_handoffs.account_mql_id as mql_id,
        account_handoffs.definition_id,
        account_handoffs.account_id,
        dispositions.disposition_id,
        dispositions.rep_id,
        dispositions.outcome,
        dispositions.reason_code,
        dispositions.reason_text,
        dispositions.disposed_at,
        row_number() over (
            partition by dispositions.disposition_id, account_handoffs.product_line
            order by account_handoffs.mql_at desc
        ) as recency
    from dispositions
    inner join account_handoffs
        on
            dispositions.account_id = account_handoffs.account_id
            and coalesce(dispositions.product_line, account_handoffs.product_line)
            = account_handoffs.product_line
            and account_handoffs.mql_at <= dispositions.disposed_at

),

latest as (

    select * from ranked
    where recency = 1

),

final as (

    {{ with_valid_reason('latest', 'account_id') }}

)

select * from final
