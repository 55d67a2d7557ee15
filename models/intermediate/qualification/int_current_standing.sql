{{ config(materialized='view') }}

-- How every contact stands now, for every line: asked of the moment of the run alone,
-- so those without a timeline have an answer, too.
with fit_scores as (

    select * from {{ ref('int_fit_scores') }}
    where valid_from <= {{ as_of() }} and {{ as_of() }} < {{ until('valid_to') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

line_scores as (

    select * from {{ ref('int_line_scores') }}

),

clocks as (

    select * from {{ ref('int_contact_clocks') }}

),

{%- for period in [
    'suppressions', 'holds', 'opportunity_blocks', 'stale_periods'
] %}

{{ period }} as (

    select distinct
        definition_id,
        contact_id,
        product_line
    from {{ ref('int_' ~ period) }}
    where valid_from <= {{ as_of() }} and {{ as_of() }} < {{ until('valid_to') }}

),
{%- endfor %}

direct_requests as (

    select
        definition_id,
        contact_id,
        product_line,
        max(occurred_at) as requested_at
    from {{ ref('int_line_activities') }}
    where is_direct_request
    group by definition_id, contact_id, product_line

),

joined as (

    select
        fit_scores.*,
        product_lines.max_silence_days,
        clocks.max_topic_downloads,
        clocks.last_engaged_at,
        clocks.known_from <= {{ as_of() }} as is_known,
        coalesce(
            {{ as_of() }} < {{ add_days(
                'direct_requests.requested_at', 'product_lines.direct_request_days'
            ) }},
            false
        ) as has_direct_request,
        suppressions.contact_id is not null as is_suppressed,
        holds.contact_id is not null as is_held,
        opportunity_blocks.contact_id is not null as has_opportunity,
        stale_periods.contact_id is not null as is_stale,
        -- before its first engagement a contact is silent, too
        (
            product_lines.max_silence_days is not null
            and coalesce(
                {{ add_days(
                    'clocks.last_engaged_at', 'product_lines.max_silence_days'
                ) }} <= {{ as_of() }},
                true
            )
        ) as is_silent,
        -- as it stood after the last activity, less what time has taken since
        case
            when line_scores.score is null then 0.0
            when product_lines.half_life_days is not null
                then {{ decayed(
                    'line_scores.score',
                    'product_lines.half_life_days',
                    'line_scores.last_activity_at',
                    as_of(),
                ) }}
            else greatest(
                0.0,
                line_scores.score
                - (clocks.steps_ended + clocks.steps_in_silence - line_scores.steps_due)
                * product_lines.inactivity_points
            )
        end as score
    from fit_scores
    inner join product_lines
        on
            fit_scores.definition_id = product_lines.definition_id
            and fit_scores.product_line = product_lines.product_line
    inner join clocks
        on
            fit_scores.definition_id = clocks.definition_id
            and fit_scores.contact_id = clocks.contact_id
    left join line_scores
        on
            fit_scores.definition_id = line_scores.definition_id
            and fit_scores.contact_id = line_scores.contact_id
            and fit_scores.product_line = line_scores.product_line
    {%- for relation in [
        'direct_requests', 'suppressions', 'holds', 'opportunity_blocks',
        'stale_periods',
    ] %}
    left join {{ relation }}
        on
            fit_scores.definition_id = {{ relation }}.definition_id
            and fit_scores.contact_id = {{ relation }}.contact_id
            and fit_scores.product_line = {{ relation }}.product_line
    {%- endfor %}

),

scored as (

    select
        *,
        {{ round_score('score') }} as engagement_score,
        coalesce({{ round_score('score') }} >= engagement_needed, false) as passes_score
    from joined

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        account_id,
        role_class,
        failing_criterion,
        max_topic_downloads,
        target_specialty_points,
        target_facility_points,
        decision_maker_points,
        target_geography_points,
        current_customer_points,
        trainee_points,
        disqualified_facility_points,
        fit_score,
        engagement_needed,
        score,
        engagement_score,
        is_known,
        passes_gates,
        passes_fit,
        passes_score,
        counts_for_account,
        has_direct_request,
        is_suppressed,
        is_held,
        has_opportunity,
        is_stale,
        is_silent,
        {{ qualifies() }} as is_qualified,
        last_engaged_at
    from scored

)

select * from final
