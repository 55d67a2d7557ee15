-- depends_on: {{ ref('int_definition_problems') }}
with definitions as (

    select
        *,
        lead(effective_from) over (
            partition by case when effective_from is null then 1 else 0 end
            order by effective_from
        ) as next_effective_from
    from {{ ref('definitions') }}

),

criteria as (

    select * from {{ ref('qualification_criteria') }}

),

final as (

    select
        definitions.definition_id,
        criteria.product_line,
        definitions.decay_method,
        criteria.allowed_role_classes,
        -- only the figures of the method the definition uses; the others are null
        case
            when definitions.decay_method = 'half_life' then definitions.half_life_days
        end as half_life_days,
        case
            when definitions.decay_method = 'inactivity'
                then definitions.inactivity_days
        end as inactivity_days,
        case
            when definitions.decay_method = 'inactivity'
                then definitions.inactivity_period_days
        end as inactivity_period_days,
        -- the seed gives the size of the loss; a minus sign there means the same
        case
            when definitions.decay_method = 'inactivity'
                then abs(definitions.inactivity_points)
        end as inactivity_points,
        definitions.machine_response_seconds,
        definitions.topic_depth_downloads,
        definitions.topic_depth_days,
        definitions.topic_depth_points,
        definitions.accepted_hold_days,
        definitions.closed_opportunity_hold_days,
        definitions.requalify_points,
        definitions.requalify_gap_days,
        criteria.min_fit_score,
        criteria.min_total_score,
        criteria.min_engagement_score,
        criteria.min_bed_count,
        criteria.service_window_days,
        criteria.direct_request_days,
        criteria.max_silence_days,
        criteria.account_min_engagement,
        criteria.account_min_contacts,
        -- blank asks nothing of a single contact, as a blank gate asks for nothing
        coalesce(criteria.account_contact_min_engagement, 0)
            as account_contact_min_engagement,
        coalesce(criteria.requires_specialty, false) as requires_specialty,
        coalesce(criteria.requires_target_facility, false) as requires_target_facility,
        coalesce(criteria.requires_covered_geography, false)
            as requires_covered_geography,
        coalesce(criteria.requires_service_signal, false) as requires_service_signal,
        definitions.effective_from as official_from,
        case
            when definitions.effective_from is not null
                then definitions.next_effective_from
        end as official_until
    from definitions
    inner join criteria
        on definitions.definition_id = criteria.definition_id
    {%- if var('definitions') == 'official' %}
    where definitions.effective_from is not null
    {%- endif %}

)

select * from final
