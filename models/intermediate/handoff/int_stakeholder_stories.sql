-- For accounts that sales has in hand: whoever calls there wants to know what everybody
-- at the account has read.
with handoffs as (

    select distinct account_id
    from {{ ref('int_handoffs') }}
    where
        account_id is not null
        and status in ('open', 'contacted', 'accepted')

),

contacts as (

    select * from {{ ref('int_contact_profiles') }}
    where valid_to is null

),

definitions as (

    select * from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and {{ as_of() }} < {{ until('official_until') }}

),

people as (

    select
        contacts.contact_id,
        definitions.definition_id,
        {{ as_of() }} as told_until
    from contacts
    inner join handoffs
        on contacts.account_id = handoffs.account_id
    cross join definitions

),

{{ stories('people', 'contact_id') }}

select * from final
