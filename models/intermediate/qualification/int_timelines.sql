{{ config(materialized='table_by_contact', pre_hook='{{ touch_others() }}') }}

-- What a timeline is made of must be there before the first one is:
-- depends_on: {{ ref('int_suppressions') }}
-- depends_on: {{ ref('int_holds') }}
-- depends_on: {{ ref('int_opportunity_blocks') }}
-- depends_on: {{ ref('int_stale_periods') }}
-- depends_on: {{ ref('int_contact_spans') }}
-- depends_on: {{ ref('int_topic_downloads') }}

-- Whose timeline is worked out, and for which lines: those who may ever be qualified
-- themselves, now or under a lower threshold, who asked directly, or who count for an
-- account that may ever be. For the others nothing could come of it; their scores are
-- in int_line_scores. No score is above the positive points, so nobody is missed.
with line_scores as (

    select * from {{ ref('int_line_scores') }}

),

direct_requests as (

    select
        definition_id,
        contact_id,
        product_line
    from {{ ref('int_line_activities') }}
    where is_direct_request

    union all

    -- the line a request is answered for may be none of those it counts for
    select
        definition_id,
        contact_id,
        product_line
    from {{ ref('int_direct_requests') }}

),

members as (

    select * from {{ ref('int_account_members') }}

),

account_timelines as (

    select * from {{ ref('int_account_timelines') }}

),

-- the least engagement that would do, over all the versions of a contact
bars as (

    select
        definition_id,
        contact_id,
        product_line,
        min(engagement_needed) as engagement_needed
    from {{ ref('int_fit_scores') }}
    where passes_gates and passes_fit
    group by definition_id, contact_id, product_line

),

found as (

    select
        bars.definition_id,
        bars.contact_id,
        bars.product_line,
        1 as qualifies
    from bars
    left join line_scores
        on
            bars.definition_id = line_scores.definition_id
            and bars.contact_id = line_scores.contact_id
            and bars.product_line = line_scores.product_line
    where
        -- fct_threshold_sweep asks what lower thresholds would have done
        {{ round_score('coalesce(line_scores.positive_points, 0.0)') }}
        >= bars.engagement_needed - {{ var('sweep_below') }}

    union all

    select
        definition_id,
        contact_id,
        product_line,
        1 as qualifies
    from direct_requests

    union all

    select
        members.definition_id,
        members.contact_id,
        members.product_line,
        0 as qualifies
    from members
    inner join account_timelines
        on
            members.definition_id = account_timelines.definition_id
            and members.account_id = account_timelines.account_id
            and members.product_line = account_timelines.product_line

),

final as (

    select
        definition_id,
        contact_id,
        product_line,
        max(qualifies) = 1 as may_qualify
    from found
    group by definition_id, contact_id, product_line

)

select * from final
