{{ config(materialized='table_by_contact') }}

with contact_versions as (

    select * from {{ ref('int_contacts_intake') }}
    where verdict = 'accepted'

),

specialty_keys as (

    select * from {{ ref('int_specialty_keys') }}

),

roles as (

    select * from {{ ref('roles') }}

),

title_roles as (

    select * from {{ ref('int_title_roles') }}

),

resolved as (

    select
        contact_versions.contact_id,
        contact_versions.account_id,
        contact_versions.created_at,
        contact_versions.updated_at,
        contact_versions.loaded_at,
        specialty_keys.specialty,
        coalesce(raw_roles.role, title_roles.role) as role,
        upper({{ trimmed('contact_versions.country') }}) as country,
        upper({{ trimmed('contact_versions.state') }}) as state,
        contact_versions.job_title
    from contact_versions
    left join specialty_keys
        on {{ match_key('contact_versions.specialty') }} = specialty_keys.match_key
    left join roles as raw_roles
        on {{ match_key('contact_versions.role') }} = {{ match_key('raw_roles.role') }}
    left join title_roles
        on contact_versions.job_title = title_roles.job_title

),

numbered as (

    select
        *,
        row_number() over (
            partition by contact_id order by updated_at
        ) as version_number,
        lead(updated_at) over (
            partition by contact_id order by updated_at
        ) as valid_to,
        lag(account_id) over (
            partition by contact_id order by updated_at
        ) as previous_account_id,
        lag(specialty) over (
            partition by contact_id order by updated_at
        ) as previous_specialty,
        lag(role) over (
            partition by contact_id order by updated_at
        ) as previous_role,
        lag(job_title) over (
            partition by contact_id order by updated_at
        ) as previous_job_title
    from resolved

),

first_versions as (

    select
        contact_id,
        created_at as known_from
    from numbered
    where version_number = 1

),

final as (

    select
        numbered.contact_id,
        numbered.account_id,
        numbered.specialty,
        numbered.role,
        numbered.country,
        numbered.state,
        numbered.version_number,
        coalesce(roles.is_clinical, false) as is_clinical,
        -- what a rejection for the profile waits for (Q6), by meaning: another way to
        -- write the same specialty or role is no change
        (
            numbered.version_number > 1
            and (
                coalesce(numbered.specialty, '')
                <> coalesce(numbered.previous_specialty, '')
                or coalesce(numbered.role, '')
                <> coalesce(numbered.previous_role, '')
                or coalesce(numbered.job_title, '')
                <> coalesce(numbered.previous_job_title, '')
                or coalesce(numbered.account_id, '')
                <> coalesce(numbered.previous_account_id, '')
            )
        ) as is_material_change,
        first_versions.known_from,
        numbered.updated_at as version_at,
        case
            when numbered.version_number = 1 then {{ beginning_of_time() }}
            else numbered.updated_at
        end as valid_from,
        numbered.valid_to,
        numbered.loaded_at
    from numbered
    inner join first_versions
        on numbered.contact_id = first_versions.contact_id
    left join roles
        on numbered.role = roles.role

)

select * from final
