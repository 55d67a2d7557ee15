with account_versions as (

    select * from {{ ref('int_accounts_intake') }}
    where verdict = 'accepted'

),

facility_types as (

    select * from {{ ref('facility_types') }}

),

resolved as (

    select
        account_versions.account_id,
        account_versions.account_name,
        account_versions.parent_account_id,
        account_versions.owner_rep_id,
        account_versions.bed_count,
        account_versions.updated_at,
        account_versions.loaded_at,
        upper({{ trimmed('account_versions.country') }}) as country,
        upper({{ trimmed('account_versions.state') }}) as state,
        -- an unknown type stays visible as written; it is neutral (F3)
        coalesce(
            facility_types.facility_type,
            {{ match_key('account_versions.facility_type') }}
        ) as facility_type
    from account_versions
    left join facility_types
        on
            {{ match_key('account_versions.facility_type') }}
            = {{ match_key('facility_types.facility_type') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by account_id order by updated_at
        ) as version_number,
        lead(updated_at) over (
            partition by account_id order by updated_at
        ) as valid_to,
        lag(facility_type) over (
            partition by account_id order by updated_at
        ) as previous_facility_type,
        lag(bed_count) over (
            partition by account_id order by updated_at
        ) as previous_bed_count
    from resolved

),

final as (

    select
        account_id,
        parent_account_id,
        owner_rep_id,
        account_name,
        facility_type,
        country,
        state,
        bed_count,
        version_number,
        (
            version_number > 1
            and (
                coalesce(facility_type, '') <> coalesce(previous_facility_type, '')
                or coalesce(bed_count, -1) <> coalesce(previous_bed_count, -1)
            )
        ) as is_material_change,
        updated_at as version_at,
        case
            when version_number = 1 then {{ beginning_of_time() }}
            else updated_at
        end as valid_from,
        valid_to,
        loaded_at
    from numbered

)

select * from final
