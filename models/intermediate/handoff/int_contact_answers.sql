{{ config(materialized='table_by_contact') }}

-- Which MQL a rep's answer about a contact belongs to (H5): of its line, or of each
-- line where it names none, the one handed over last.
with dispositions as (

    select * from {{ ref('int_dispositions') }}
    where contact_id is not null and outcome in ('contacted', 'accepted', 'rejected')

),

handed_over_mqls as (

    select * from {{ ref('int_handed_over_mqls') }}

),

ranked as (

    select
        handed_over_mqls.mql_id,
        handed_over_mqls.definition_id,
        handed_over_mqls.contact_id,
        dispositions.disposition_id,
        dispositions.rep_id,
        dispositions.outcome,
        dispositions.reason_code,
        dispositions.reason_text,
        dispositions.disposed_at,
        row_number() over (
            partition by dispositions.disposition_id, handed_over_mqls.product_line
            order by handed_over_mqls.sequence_number desc
        ) as recency
    from dispositions
    inner join handed_over_mqls
        on
            dispositions.contact_id = handed_over_mqls.contact_id
            and coalesce(dispositions.product_line, handed_over_mqls.product_line)
            = handed_over_mqls.product_line
            and handed_over_mqls.handed_over_at <= dispositions.disposed_at

),

latest as (

    select * from ranked
    where recency = 1

),

final as (

    {{ with_valid_reason('latest', 'contact_id') }}

)

select * from final
