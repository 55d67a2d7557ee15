{{ config(materialized='table_by_contact') }}

-- The answers that hold a contact back, per line (Q6): accepted or rejected; one
-- without a line is for all lines, one of any line also for `general`.
with dispositions as (

    select * from {{ ref('int_dispositions') }}
    {{ where_touched_key('contact_id') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

reasons as (

    select * from {{ ref('rejection_reasons') }}

),

ranked as (

    select
        product_lines.definition_id,
        dispositions.contact_id,
        product_lines.product_line,
        dispositions.disposition_id,
        dispositions.outcome,
        dispositions.reason_code,
        product_lines.accepted_hold_days,
        dispositions.disposed_at,
        row_number() over (
            partition by
                product_lines.definition_id,
                dispositions.contact_id,
                product_lines.product_line,
                dispositions.disposed_at
            order by {{ byte_order('dispositions.disposition_id') }} desc
        ) as instant_rank
    from dispositions
    inner join product_lines
        on {{ counts_for_line(
            'dispositions.product_line', 'product_lines.product_line'
        ) }}
    where
        dispositions.outcome in ('accepted', 'rejected')
        and dispositions.contact_id is not null

),

final as (

    select
        ranked.definition_id,
        ranked.contact_id,
        ranked.product_line,
        ranked.disposition_id,
        ranked.outcome,
        coalesce(reasons.reason_code, unspecified.reason_code) as reason_code,
        case
            when ranked.outcome = 'accepted' then ranked.accepted_hold_days
            else coalesce(reasons.hold_days, unspecified.hold_days)
        end as hold_days,
        ranked.outcome = 'rejected' as is_lifted_by_direct_request,
        (
            ranked.outcome = 'rejected'
            and coalesce(reasons.until_profile_change, false)
        ) as holds_until_profile_change,
        ranked.disposed_at,
        lead(ranked.disposed_at) over (
            partition by ranked.definition_id, ranked.contact_id, ranked.product_line
            order by ranked.disposed_at
        ) as next_disposed_at
    from ranked
    left join reasons
        on
            ranked.definition_id = reasons.definition_id
            and ranked.outcome = 'rejected'
            and ranked.reason_code = reasons.reason_code
    left join reasons as unspecified
        on
            ranked.definition_id = unspecified.definition_id
            and ranked.outcome = 'rejected'
            and unspecified.reason_code = 'unspecified'
    where ranked.instant_rank = 1

)

select * from final
