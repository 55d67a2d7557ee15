{{ config(materialized='table_by_contact') }}

-- The only stored model with names, mail addresses and telephone numbers.
with versions as (

    select * from {{ ref('int_contacts_intake') }}
    where verdict = 'accepted'

),

profiles as (

    select * from {{ ref('int_contact_profiles') }}
    where valid_to is null

),

final as (

    select
        profiles.contact_id,
        profiles.account_id,
        versions.email,
        versions.first_name,
        versions.last_name,
        versions.phone,
        versions.job_title,
        versions.npi,
        profiles.specialty,
        profiles.role,
        profiles.state,
        profiles.country,
        profiles.version_number as version_count,
        profiles.known_from as created_at,
        profiles.version_at as updated_at
    from profiles
    inner join versions
        on
            profiles.contact_id = versions.contact_id
            and profiles.version_at = versions.updated_at

)

select * from final
