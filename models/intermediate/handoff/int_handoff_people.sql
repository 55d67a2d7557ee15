-- Whom a hand-over is about: the contact, or everybody at the account when its MQL was
-- awarded; and up to when their activities belong to it.
with handoffs as (

    select * from {{ ref('int_handoffs') }}

),

contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

final as (

    select
        handoff_id,
        definition_id,
        contact_id,
        coalesce(closed_at, {{ as_of() }}) as told_until
    from handoffs
    where handoff_type = 'contact'

    union all

    select
        handoffs.handoff_id,
        handoffs.definition_id,
        contact_profiles.contact_id,
        coalesce(handoffs.closed_at, {{ as_of() }}) as told_until
    from handoffs
    inner join contact_profiles
        on
            handoffs.account_id = contact_profiles.account_id
            and contact_profiles.valid_from <= handoffs.handed_over_at
            and handoffs.handed_over_at < {{ until('contact_profiles.valid_to') }}
    where handoffs.handoff_type = 'account'

)

select * from final
