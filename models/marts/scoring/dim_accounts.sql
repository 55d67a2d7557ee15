with profiles as (

    select * from {{ ref('int_account_profiles') }}
    where valid_to is null

),

official_definition as (

    select definition_id
    from {{ ref('int_definitions') }}
    where
        official_from <= {{ as_of() }}
        and (official_until is null or {{ as_of() }} < official_until)

),

coverage_rules as (

    select coverage_rules.*
    from {{ ref('int_coverage_rules') }} as coverage_rules
    inner join official_definition
        on coverage_rules.definition_id = official_definition.definition_id

),

final as (

    select
        profiles.account_id,
        profiles.parent_account_id,
        profiles.owner_rep_id,
        profiles.account_name,
        profiles.facility_type,
        profiles.state,
        profiles.country,
        -- the row that names the state wins as a whole: where nobody sells in a state,
        -- no territory of the country may claim it
        case
            when state_rules.definition_id is not null then state_rules.territory
            else country_rules.territory
        end as territory,
        coalesce(state_rules.coverage, country_rules.coverage, 'uncovered') as coverage,
        profiles.bed_count,
        profiles.version_number as version_count,
        profiles.version_at as updated_at
    from profiles
    left join coverage_rules as state_rules
        on
            profiles.country = state_rules.country
            and profiles.state = state_rules.state
    left join coverage_rules as country_rules
        on
            profiles.country = country_rules.country
            and country_rules.state = '*'

)

select * from final
