-- An official account MQL is handed over, once, unless sales has somebody of the
-- account in hand for that line already.
with account_mqls as (

    select
        {{ mql_id('int_account_mqls', 'account_id') }} as account_mql_id,
        int_account_mqls.*
    from {{ ref('int_account_mqls') }} as int_account_mqls
    where int_account_mqls.is_official

),

contact_mqls as (

    select * from {{ ref('int_conversations') }}

),

contact_handoffs as (

    select * from {{ ref('int_contact_handoffs') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

definitions as (

    select * from {{ ref('definitions') }}

),

in_hand as (

    select distinct account_mqls.account_mql_id
    from account_mqls
    inner join contact_mqls
        on
            account_mqls.account_id = contact_mqls.account_id
            and account_mqls.product_line = contact_mqls.product_line
            and contact_mqls.handed_over_at <= account_mqls.mql_at
    inner join contact_handoffs
        on
            contact_mqls.handoff_id = contact_handoffs.handoff_id
            and account_mqls.mql_at < contact_handoffs.closes_at

),

known as (

    select
        account_mqls.account_mql_id,
        account_mqls.definition_id,
        account_mqls.account_id,
        account_mqls.product_line,
        account_profiles.owner_rep_id,
        account_profiles.facility_type,
        account_profiles.country,
        account_profiles.state,
        account_profiles.bed_count,
        account_mqls.end_reason,
        account_mqls.mql_at,
        account_mqls.ended_at,
        greatest(account_mqls.mql_at, account_profiles.loaded_at) as known_at
    from account_mqls
    inner join account_profiles
        on
            account_mqls.account_id = account_profiles.account_id
            and account_profiles.valid_from <= account_mqls.mql_at
            and account_mqls.mql_at < {{ until('account_profiles.valid_to') }}
    left join in_hand
        on account_mqls.account_mql_id = in_hand.account_mql_id
    where in_hand.account_mql_id is null

),

final as (

    select
        known.account_mql_id,
        known.definition_id,
        known.account_id,
        known.product_line,
        known.owner_rep_id,
        known.facility_type,
        known.country,
        known.state,
        {{ territory() }} as territory,
        known.bed_count,
        known.end_reason,
        known.mql_at,
        known.ended_at,
        known.known_at,
        {{ add_days('known.known_at', 'definitions.handoff_open_days') }}
            as expires_at
    from known
    inner join definitions
        on known.definition_id = definitions.definition_id
    {{ territory_joins('known') }}

)

select * from final
