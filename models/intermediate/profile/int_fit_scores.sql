{{ config(materialized='table_by_contact') }}

with segments as (

    select * from {{ ref('int_contact_segments') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

fit_rules as (

    select * from {{ ref('int_fit_rules') }}

),

target_specialties as (

    select * from {{ ref('int_target_specialties') }}

),

role_rules as (

    select * from {{ ref('int_role_rules') }}

),

facility_rules as (

    select * from {{ ref('int_facility_rules') }}

),

coverage_rules as (

    select * from {{ ref('int_coverage_rules') }}

),

classified as (

    select
        segments.*,
        coalesce(role_rules.role_class, 'unknown') as role_class,
        coalesce(facility_rules.facility_class, 'neutral') as facility_class,
        coalesce(state_rules.coverage, country_rules.coverage, 'uncovered') as coverage,
        target_specialties.specialty is not null as is_target_specialty
    from segments
    left join target_specialties
        on
            segments.definition_id = target_specialties.definition_id
            and segments.product_line = target_specialties.product_line
            and segments.specialty = target_specialties.specialty
    left join role_rules
        on
            segments.definition_id = role_rules.definition_id
            and segments.product_line = role_rules.product_line
            and segments.role = role_rules.role
    left join facility_rules
        on
            segments.definition_id = facility_rules.definition_id
            and segments.product_line = facility_rules.product_line
            and segments.facility_type = facility_rules.facility_type
    left join coverage_rules as state_rules
        on
            segments.definition_id = state_rules.definition_id
            and segments.country = state_rules.country
            and segments.state = state_rules.state
    left join coverage_rules as country_rules
        on
            segments.definition_id = country_rules.definition_id
            and segments.country = country_rules.country
            and country_rules.state = '*'

),

scored as (

    select
        classified.*,
        case
            when classified.is_target_specialty then fit_rules.target_specialty_points
            else 0
        end as target_specialty_points,
        case
            when classified.facility_class = 'target'
                then fit_rules.target_facility_points
            else 0
        end as target_facility_points,
        case
            when classified.role_class = 'decision_maker'
                then fit_rules.decision_maker_points
            else 0
        end as decision_maker_points,
        case
            when classified.coverage = 'target'
                then fit_rules.target_geography_points
            else 0
        end as target_geography_points,
        case
            when classified.is_current_customer
                then fit_rules.current_customer_points
            else 0
        end as current_customer_points,
        case
            when classified.role_class = 'trainee'
                then fit_rules.trainee_points
            else 0
        end as trainee_points,
        case
            when classified.facility_class = 'disqualified'
                then fit_rules.disqualified_facility_points
            else 0
        end as disqualified_facility_points
    from classified
    inner join fit_rules
        on
            classified.definition_id = fit_rules.definition_id
            and classified.product_line = fit_rules.product_line

),

gated as (

    select
        scored.*,
        {{ round_score(
            'target_specialty_points + target_facility_points + decision_maker_points'
            ~ ' + target_geography_points + current_customer_points + trainee_points'
            ~ ' + disqualified_facility_points'
        ) }} as fit_score,
        product_lines.min_fit_score,
        product_lines.min_total_score,
        product_lines.min_engagement_score,
        -- the first gate the line asks for and the segment fails (Q2)
        case
            when
                product_lines.requires_covered_geography
                and scored.coverage not in ('target', 'covered')
                then 'geography'
            when
                product_lines.requires_specialty
                and scored.is_clinical
                and not scored.is_target_specialty
                then 'specialty'
            when
                product_lines.requires_target_facility
                and scored.facility_class <> 'target'
                then 'facility'
            -- unknown beds fail: nobody has said that the facility is large enough
            when
                product_lines.min_bed_count is not null
                and coalesce(scored.bed_count < product_lines.min_bed_count, true)
                then 'beds'
            when
                product_lines.allowed_role_classes is not null
                and not {{ role_class_is_listed(
                    'product_lines.allowed_role_classes', 'scored.role_class'
                ) }}
                then 'role'
            when
                product_lines.requires_service_signal
                and not scored.has_service_signal
                then 'service_signal'
        end as failing_criterion
    from scored
    inner join product_lines
        on
            scored.definition_id = product_lines.definition_id
            and scored.product_line = product_lines.product_line

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        specialty,
        role,
        role_class,
        facility_type,
        facility_class,
        country,
        state,
        coverage,
        failing_criterion,
        bed_count,
        target_specialty_points,
        target_facility_points,
        decision_maker_points,
        target_geography_points,
        current_customer_points,
        trainee_points,
        disqualified_facility_points,
        fit_score,
        -- the engagement that qualifies with this fit; null where no score does (Q4).
        -- Rounded, or 50 - 44.9 would ask for a trifle more than the 5.1 it means.
        {{ round_score(
            'case'
            ~ ' when min_total_score is not null and min_engagement_score is not null'
            ~ ' then greatest(min_engagement_score, min_total_score - fit_score)'
            ~ ' when min_total_score is not null then min_total_score - fit_score'
            ~ ' else min_engagement_score'
            ~ ' end'
        ) }} as engagement_needed,
        failing_criterion is null as passes_gates,
        coalesce(fit_score >= min_fit_score, true) as passes_fit,
        role_class not in ('trainee', 'non_buyer') as counts_for_account,
        valid_from,
        valid_to
    from gated

)

select * from final
