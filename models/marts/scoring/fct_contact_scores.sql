{{ config(materialized=projection()) }}

with standing as (

    select * from {{ ref('int_current_standing') }}

),

product_lines as (

    select
        definition_id,
        product_line,
        official_from,
        official_until
    from {{ ref('int_product_lines') }}

),

-- those made while the contact qualified: the ones that hand over (H6)
direct_requests as (

    select
        activities.definition_id,
        activities.contact_id,
        activities.product_line,
        max(activities.occurred_at) as last_requested_at
    from {{ ref('int_line_activities') }} as activities
    inner join {{ ref('int_qualified_intervals') }} as intervals
        on
            activities.definition_id = intervals.definition_id
            and activities.contact_id = intervals.contact_id
            and activities.product_line = intervals.product_line
            and intervals.started_at <= activities.occurred_at
            and activities.occurred_at < {{ until('intervals.ended_at') }}
    where activities.is_direct_request
    group by
        activities.definition_id, activities.contact_id, activities.product_line

),

open_mqls as (

    select * from {{ ref('int_mqls') }}
    where ended_at is null

),

-- in the hands of sales, whatever the definition that put it there
handed_over as (

    select distinct
        contact_id,
        product_line
    from open_mqls
    where is_official

),

scored as (

    select
        standing.*,
        product_lines.official_from,
        (
            coalesce(product_lines.official_from <= {{ as_of() }}, false)
            and {{ as_of() }} < {{ until('product_lines.official_until') }}
            and handed_over.contact_id is null
            -- a direct request since then has handed the contact over (H6)
            and coalesce(
                direct_requests.last_requested_at
                < greatest(product_lines.official_from, open_mqls.mql_at),
                true
            )
        ) as is_official_but_not_handed_over
    from standing
    inner join product_lines
        on
            standing.definition_id = product_lines.definition_id
            and standing.product_line = product_lines.product_line
    left join direct_requests
        on
            standing.definition_id = direct_requests.definition_id
            and standing.contact_id = direct_requests.contact_id
            and standing.product_line = direct_requests.product_line
    left join open_mqls
        on
            standing.definition_id = open_mqls.definition_id
            and standing.contact_id = open_mqls.contact_id
            and standing.product_line = open_mqls.product_line
    left join handed_over
        on
            standing.contact_id = handed_over.contact_id
            and standing.product_line = handed_over.product_line

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        role_class,
        {{ first_failing_gate() }} as failing_gate,
        case
            when is_qualified or not is_known then null
            when not passes_gates then failing_criterion
            when
                not passes_fit
                or not (passes_score or has_direct_request)
                or is_suppressed
                or is_held
                or has_opportunity
                then null
            when is_stale then 'stale'
            when is_silent then 'silent'
        end as failing_detail,
        max_topic_downloads,
        target_specialty_points,
        target_facility_points,
        decision_maker_points,
        target_geography_points,
        current_customer_points,
        trainee_points,
        disqualified_facility_points,
        fit_score,
        engagement_score,
        {{ round_score('fit_score + engagement_score') }} as total_score,
        case
            when engagement_needed is not null
                then {{ round_score(
                    'greatest(engagement_needed - engagement_score, 0.0)'
                ) }}
        end as points_missing,
        is_qualified,
        is_suppressed,
        is_held,
        is_qualified and is_official_but_not_handed_over
            as is_qualified_not_handed_over,
        last_engaged_at,
        {{ as_of() }} as as_of
    from scored

)

select * from final
