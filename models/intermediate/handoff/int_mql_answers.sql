with contact_answers as (

    select * from {{ ref('int_contact_answers') }}

),

account_answers as (

    select * from {{ ref('int_account_answers') }}

),

conversations as (

    select * from {{ ref('int_conversations') }}

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

final as (

    select
        contact_answers.disposition_id,
        contact_answers.mql_id,
        conversations.handoff_id,
        conversations.definition_id,
        contact_answers.contact_id,
        cast(null as {{ dbt.type_string() }}) as account_id,
        conversations.product_line,
        contact_answers.rep_id,
        contact_answers.outcome,
        contact_answers.reason_code,
        conversations.mql_at,
        contact_answers.disposed_at
    from contact_answers
    inner join conversations
        on contact_answers.mql_id = conversations.mql_id

    union all

    select
        account_answers.disposition_id,
        account_answers.mql_id,
        account_answers.mql_id as handoff_id,
        account_handoffs.definition_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        account_answers.account_id,
        account_handoffs.product_line,
        account_answers.rep_id,
        account_answers.outcome,
        account_answers.reason_code,
        account_handoffs.mql_at,
        account_answers.disposed_at
    from account_answers
    inner join account_handoffs
        on account_answers.mql_id = account_handoffs.account_mql_id

)

select * from final
