-- Whose doings a story tells, and up to when they belong to it. Of a hand-over: the
-- contact's, or those of everybody at the account when its MQL was awarded. Of a
-- contact at an account that sales has in hand: whoever calls there wants to know what
-- everybody has read.
with handoffs as (

    select * from {{ ref('int_handoffs') }}

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

definitions_in_force as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

accounts_in_hand as (

    select distinct account_id
    from handoffs
    where
        account_id is not null
        and status in ('open', 'contacted', 'accepted')

),

final as (

    select
        {{ story_id('handoff', 'handoff_id') }} as story_id,
        definition_id,
        contact_id,
        closed_at
    from handoffs
    where handoff_type = 'contact'

    union all

    select
        {{ story_id('handoff', 'handoffs.handoff_id') }} as story_id,
        handoffs.definition_id,
        contact_profiles.contact_id,
        handoffs.closed_at
    from handoffs
    inner join contact_profiles
        on
            handoffs.account_id = contact_profiles.account_id
            and contact_profiles.valid_from <= handoffs.handed_over_at
            and handoffs.handed_over_at < {{ until('contact_profiles.valid_to') }}
    where handoffs.handoff_type = 'account'

    union all

    select
        {{ story_id('contact', 'contact_profiles.contact_id') }} as story_id,
        definitions_in_force.definition_id,
        contact_profiles.contact_id,
        cast(null as timestamp) as closed_at
    from contact_profiles
    inner join accounts_in_hand
        on contact_profiles.account_id = accounts_in_hand.account_id
    cross join definitions_in_force
    where contact_profiles.valid_to is null

)

select * from final
