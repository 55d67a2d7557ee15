{{ config(materialized='table_by_contact') }}

-- The maximal intervals on which a contact qualifies for a line (M1), with how each
-- began (M4) and how it ended (M3).
with standing as (

    select * from {{ ref('int_contact_standing') }}
    where is_qualified

),

scores as (

    select * from {{ ref('int_running_scores') }}

),

line_activities as (

    select * from {{ ref('int_line_activities') }}
    where is_direct_request

),

versions as (

    select * from {{ ref('int_version_moments') }}

),

suppressions as (

    select * from {{ ref('int_suppressions') }}

),

dispositions as (

    select * from {{ ref('int_line_dispositions') }}

),

opportunities as (

    select * from {{ ref('int_line_opportunities') }}

),

with_previous as (

    select
        *,
        lag(valid_to) over (
            partition by definition_id, contact_id, product_line order by valid_from
        ) as previous_valid_to
    from standing

),

numbered as (

    select
        *,
        sum(case when valid_from = previous_valid_to then 0 else 1 end) over (
            partition by definition_id, contact_id, product_line
            order by valid_from
            rows between unbounded preceding and current row
        ) as interval_number
    from with_previous

),

intervals as (

    select
        definition_id,
        contact_id,
        product_line,
        interval_number,
        max(
            case
                when
                    has_direct_request
                    and coalesce(valid_from <> previous_valid_to, true)
                    then 1
                else 0
            end
        ) = 1 as has_direct_request,
        min(valid_from) as started_at,
        case when count(valid_to) = count(*) then max(valid_to) end as ended_at
    from numbered
    group by definition_id, contact_id, product_line, interval_number

),

-- what the contact did at the instants the intervals start
activities_at_start as (

    select
        intervals.definition_id,
        intervals.contact_id,
        intervals.product_line,
        intervals.started_at,
        scores.activity_id,
        row_number() over (
            partition by
                intervals.definition_id,
                intervals.contact_id,
                intervals.product_line,
                intervals.started_at
            order by {{ byte_order('scores.activity_id') }} desc
        ) as activity_rank
    from intervals
    inner join scores
        on
            intervals.definition_id = scores.definition_id
            and intervals.contact_id = scores.contact_id
            and intervals.product_line = scores.product_line
            and intervals.started_at = scores.occurred_at
            and scores.points_due > 0

),

requests_at_start as (

    select distinct
        definition_id,
        contact_id,
        product_line,
        occurred_at
    from line_activities

),

opened as (

    select distinct
        definition_id,
        contact_id,
        product_line,
        created_at
    from opportunities

),

final as (

    select
        intervals.definition_id,
        intervals.contact_id,
        intervals.product_line,
        activities_at_start.activity_id as trigger_activity_id,
        case
            when requests_at_start.occurred_at is not null then 'direct_request'
            when activities_at_start.activity_id is not null then 'engagement'
            when versions_at_start.version_at is not null then 'profile_change'
            else 'eligibility'
        end as trigger_type,
        case
            when intervals.ended_at is null then null
            when suppressions.valid_from is not null then 'suppressed'
            when dispositions.outcome is not null then dispositions.outcome
            when opened.created_at is not null then 'opportunity_opened'
            when versions_at_end.version_at is not null then 'profile_changed'
            else 'lapsed'
        end as end_reason,
        intervals.has_direct_request,
        intervals.started_at,
        intervals.ended_at
    from intervals
    left join activities_at_start
        on
            intervals.definition_id = activities_at_start.definition_id
            and intervals.contact_id = activities_at_start.contact_id
            and intervals.product_line = activities_at_start.product_line
            and intervals.started_at = activities_at_start.started_at
            and activities_at_start.activity_rank = 1
    left join requests_at_start
        on
            intervals.definition_id = requests_at_start.definition_id
            and intervals.contact_id = requests_at_start.contact_id
            and intervals.product_line = requests_at_start.product_line
            and intervals.started_at = requests_at_start.occurred_at
    left join versions as versions_at_start
        on
            intervals.contact_id = versions_at_start.contact_id
            and intervals.started_at = versions_at_start.version_at
            and versions_at_start.is_later_version
    left join versions as versions_at_end
        on
            intervals.contact_id = versions_at_end.contact_id
            and intervals.ended_at = versions_at_end.version_at
    left join suppressions
        on
            intervals.definition_id = suppressions.definition_id
            and intervals.contact_id = suppressions.contact_id
            and intervals.product_line = suppressions.product_line
            and suppressions.valid_from <= intervals.ended_at
            and intervals.ended_at < {{ until('suppressions.valid_to') }}
    left join dispositions
        on
            intervals.definition_id = dispositions.definition_id
            and intervals.contact_id = dispositions.contact_id
            and intervals.product_line = dispositions.product_line
            and intervals.ended_at = dispositions.disposed_at
    left join opened
        on
            intervals.definition_id = opened.definition_id
            and intervals.contact_id = opened.contact_id
            and intervals.product_line = opened.product_line
            and intervals.ended_at = opened.created_at

)

select * from final
