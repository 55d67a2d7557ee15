{{ config(materialized='table_by_contact') }}

-- Changes of the kind that a rejection for the profile waits for (Q6): of the contact
-- itself, or of the account it then has.
with contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

final as (

    select
        contact_id,
        version_at as changed_at
    from contact_profiles
    where is_material_change

    union

    select
        contact_profiles.contact_id,
        account_profiles.version_at as changed_at
    from contact_profiles
    inner join account_profiles
        on
            contact_profiles.account_id = account_profiles.account_id
            and contact_profiles.valid_from <= account_profiles.version_at
            and account_profiles.version_at < {{ until('contact_profiles.valid_to') }}
    where account_profiles.is_material_change

)

select * from final
