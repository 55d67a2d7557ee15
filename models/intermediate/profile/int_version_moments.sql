{{ config(materialized='view_by_contact') }}

-- When a version of a contact begins to hold, or one of the account it has then.
with contact_profiles as (

    select * from {{ ref('int_contact_profiles') }}

),

account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

versions as (

    select
        contact_id,
        version_at,
        case when version_number > 1 then 1 else 0 end as is_later
    from contact_profiles

    union all

    select
        contact_profiles.contact_id,
        account_profiles.version_at,
        1 as is_later
    from contact_profiles
    inner join account_profiles
        on
            contact_profiles.account_id = account_profiles.account_id
            and contact_profiles.valid_from <= account_profiles.version_at
            and account_profiles.version_at < {{ until('contact_profiles.valid_to') }}

),

final as (

    select
        contact_id,
        max(is_later) = 1 as is_later_version,
        version_at
    from versions
    group by contact_id, version_at

)

select * from final
