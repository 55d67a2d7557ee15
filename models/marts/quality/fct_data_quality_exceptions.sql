-- Accepted rows that say something the rules have no word for: they count as far as
-- they can, and somebody should mend them at the source.
with dispositions as (

    select * from {{ ref('int_dispositions') }}

),

answers as (

    select distinct
        disposition_id,
        definition_id
    from {{ ref('int_mql_answers') }}

),

definitions as (

    select * from {{ ref('int_definitions') }}

),

reasons as (

    select * from {{ ref('rejection_reasons') }}
    where reason_code <> 'unspecified'

),

reps as (

    select * from {{ ref('int_sales_reps_intake') }}
    where verdict = 'accepted'

),

accounts as (

    select * from {{ ref('int_account_profiles') }}
    where valid_to is null

),

product_lines as (

    select distinct product_line
    from {{ ref('int_product_lines') }}

),

-- a reason is valid under the definition of the MQL it answers (H4); where it answers
-- none, under the one in force
judged_by as (

    select
        disposition_id,
        definition_id
    from answers

    union all

    select
        dispositions.disposition_id,
        definitions.definition_id
    from dispositions
    inner join definitions
        on
            definitions.official_from <= dispositions.disposed_at
            and dispositions.disposed_at < {{ until('definitions.official_until') }}
    left join answers
        on dispositions.disposition_id = answers.disposition_id
    where answers.disposition_id is null

),

-- one that answers two MQLs is one exception
invalid_reasons as (

    select distinct dispositions.disposition_id
    from dispositions
    inner join judged_by
        on dispositions.disposition_id = judged_by.disposition_id
    left join reasons
        on
            judged_by.definition_id = reasons.definition_id
            and dispositions.reason_code = reasons.reason_code
            and (reasons.reason_code <> 'other' or dispositions.reason_text is not null)
    where dispositions.outcome = 'rejected' and reasons.reason_code is null

),

final as (

    select
        'dispositions' as source_table,
        dispositions.disposition_id as record_key,
        'unknown_outcome' as exception,
        'outcome is ' || coalesce(dispositions.outcome, 'blank') as detail,
        dispositions.disposed_at as occurred_at
    from dispositions
    where
        coalesce(dispositions.outcome, '')
        not in ('contacted', 'accepted', 'rejected')

    union all

    select
        'dispositions' as source_table,
        dispositions.disposition_id as record_key,
        'rejection_without_valid_reason' as exception,
        case
            when dispositions.reason_code is null then 'no reason given'
            when dispositions.reason_code = 'other' and dispositions.reason_text is null
                then 'other without a text'
            else 'reason ' || dispositions.reason_code || ' is not on the list'
        end as detail,
        dispositions.disposed_at as occurred_at
    from dispositions
    inner join invalid_reasons
        on dispositions.disposition_id = invalid_reasons.disposition_id

    union all

    select
        'dispositions' as source_table,
        dispositions.disposition_id as record_key,
        'answer_without_handoff' as exception,
        'nothing had been handed over to answer' as detail,
        dispositions.disposed_at as occurred_at
    from dispositions
    left join answers
        on dispositions.disposition_id = answers.disposition_id
    where
        answers.disposition_id is null
        and dispositions.outcome in ('contacted', 'accepted', 'rejected')

    union all

    select
        'dispositions' as source_table,
        dispositions.disposition_id as record_key,
        'unknown_rep' as exception,
        coalesce('rep ' || dispositions.rep_id || ' is not known', 'no rep given')
            as detail,
        dispositions.disposed_at as occurred_at
    from dispositions
    left join reps
        on dispositions.rep_id = reps.rep_id
    where reps.rep_id is null

    union all

    select
        'dispositions' as source_table,
        dispositions.disposition_id as record_key,
        'unknown_product_line' as exception,
        'product line ' || dispositions.product_line || ' is not known' as detail,
        dispositions.disposed_at as occurred_at
    from dispositions
    left join product_lines
        on dispositions.product_line = product_lines.product_line
    where
        dispositions.product_line is not null
        and product_lines.product_line is null

    union all

    select
        'accounts' as source_table,
        accounts.account_id as record_key,
        'owner_cannot_take_leads' as exception,
        'owner ' || accounts.owner_rep_id
        || case
            when reps.rep_id is null then ' is not known' else ' is not active'
        end as detail,
        accounts.version_at as occurred_at
    from accounts
    left join reps
        on accounts.owner_rep_id = reps.rep_id
    where
        accounts.owner_rep_id is not null
        and not coalesce(reps.is_active, false)

)

select * from final
