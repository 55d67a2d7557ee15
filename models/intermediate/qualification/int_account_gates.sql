-- The account's own gates (section 9): facility class, beds and coverage, by its own
-- country and state.
with account_profiles as (

    select * from {{ ref('int_account_profiles') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

facility_rules as (

    select * from {{ ref('int_facility_rules') }}

),

coverage_rules as (

    select * from {{ ref('int_coverage_rules') }}

),

final as (

    select
        product_lines.definition_id,
        account_profiles.account_id,
        product_lines.product_line,
        (
            (
                not product_lines.requires_target_facility
                or coalesce(facility_rules.facility_class, 'neutral') = 'target'
            )
            and (
                product_lines.min_bed_count is null
                or coalesce(
                    account_profiles.bed_count >= product_lines.min_bed_count, false
                )
            )
            and (
                not product_lines.requires_covered_geography
                or coalesce(
                    state_rules.coverage, country_rules.coverage, 'uncovered'
                ) in ('target', 'covered')
            )
        ) as passes_gates,
        account_profiles.valid_from,
        account_profiles.valid_to
    from account_profiles
    cross join product_lines
    left join facility_rules
        on
            product_lines.definition_id = facility_rules.definition_id
            and product_lines.product_line = facility_rules.product_line
            and account_profiles.facility_type = facility_rules.facility_type
    left join coverage_rules as state_rules
        on
            product_lines.definition_id = state_rules.definition_id
            and account_profiles.country = state_rules.country
            and account_profiles.state = state_rules.state
    left join coverage_rules as country_rules
        on
            product_lines.definition_id = country_rules.definition_id
            and account_profiles.country = country_rules.country
            and country_rules.state = '*'

)

select * from final
