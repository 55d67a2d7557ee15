-- The MQL an opportunity is credited to, at most one (H5): the latest official one of
-- its own contact, else of its account.
with opportunities as (

    select * from {{ ref('int_opportunities') }}

),

conversations as (

    select * from {{ ref('int_conversations') }}
    where is_official

),

account_handoffs as (

    select * from {{ ref('int_account_handoffs') }}

),

definitions as (

    select * from {{ ref('definitions') }}

),

mqls as (

    select
        conversations.mql_id,
        'contact' as handoff_type,
        conversations.contact_id,
        conversations.account_id,
        conversations.product_line,
        conversations.mql_at,
        {{ add_days('conversations.mql_at', 'definitions.opportunity_link_days') }}
            as credited_until
    from conversations
    inner join definitions
        on conversations.definition_id = definitions.definition_id

    union all

    select
        account_handoffs.account_mql_id as mql_id,
        'account' as handoff_type,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        account_handoffs.account_id,
        account_handoffs.product_line,
        account_handoffs.mql_at,
        {{ add_days('account_handoffs.mql_at', 'definitions.opportunity_link_days') }}
            as credited_until
    from account_handoffs
    inner join definitions
        on account_handoffs.definition_id = definitions.definition_id

),

candidates as (

    select
        opportunities.opportunity_id,
        mqls.mql_id,
        'contact' as link_type,
        1 as precedence,
        mqls.handoff_type,
        mqls.contact_id,
        mqls.product_line,
        mqls.mql_at
    from opportunities
    inner join mqls
        on
            opportunities.contact_id = mqls.contact_id
            and coalesce(opportunities.product_line, mqls.product_line)
            = mqls.product_line
            and mqls.mql_at <= opportunities.created_at
            and opportunities.created_at <= {{ until('mqls.credited_until') }}

    union all

    select
        opportunities.opportunity_id,
        mqls.mql_id,
        'account' as link_type,
        2 as precedence,
        mqls.handoff_type,
        mqls.contact_id,
        mqls.product_line,
        mqls.mql_at
    from opportunities
    inner join mqls
        on
            opportunities.account_id = mqls.account_id
            and opportunities.product_line = mqls.product_line
            and mqls.mql_at <= opportunities.created_at
            and opportunities.created_at <= {{ until('mqls.credited_until') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by opportunity_id
            order by
                precedence,
                mql_at desc,
                case when handoff_type = 'contact' then 1 else 2 end,
                {{ byte_order('product_line') }},
                {{ byte_order('contact_id') }}
        ) as choice
    from candidates

),

final as (

    select
        opportunities.opportunity_id,
        ranked.mql_id,
        ranked.link_type,
        opportunities.amount_usd,
        opportunities.is_won,
        opportunities.created_at,
        case
            when opportunities.closed_at <= {{ as_of() }}
                then greatest(opportunities.closed_at, opportunities.created_at)
        end as closed_at,
        row_number() over (
            partition by ranked.mql_id
            order by
                opportunities.created_at,
                {{ byte_order('opportunities.opportunity_id') }}
        ) as opportunity_number
    from ranked
    inner join opportunities
        on ranked.opportunity_id = opportunities.opportunity_id
    where ranked.choice = 1

)

select * from final
