-- What every rate of the funnel counts: hand-overs, not lines (H1). One that holds several
-- official MQLs is described by the first of them and has what became of any of them.
with funnel as (

    select * from {{ ref('fct_mql_funnel') }}

),

handoffs as (

    select * from {{ ref('fct_mql_handoffs') }}
    where is_primary

),

outcomes as (

    select
        handoff_id,
        count(*) as mqls,
        min(first_response_at) as first_response_at,
        min(accepted_at) as accepted_at,
        min(rejected_at) as rejected_at,
        min(opportunity_at) as opportunity_at,
        min(won_at) as won_at,
        min(lost_at) as lost_at,
        sum(opportunities) as opportunities,
        sum(open_amount_usd) as open_amount_usd,
        sum(won_amount_usd) as won_amount_usd
    from funnel
    group by handoff_id

),

rejections as (

    select
        handoff_id,
        rejection_reason,
        row_number() over (
            partition by handoff_id
            order by rejected_at, {{ byte_order('mql_id') }}
        ) as place
    from funnel
    where rejected_at is not null

),

final as (

    select
        funnel.handoff_id,
        funnel.mql_id,
        funnel.definition_id,
        funnel.contact_id,
        funnel.account_id,
        handoffs.rep_id,
        funnel.product_line,
        funnel.handoff_type,
        funnel.trigger_type,
        funnel.specialty,
        funnel.role,
        funnel.role_class,
        funnel.facility_type,
        funnel.country,
        funnel.state,
        funnel.fit_band,
        funnel.first_campaign,
        funnel.first_channel,
        funnel.last_campaign,
        funnel.last_channel,
        handoffs.routed_by,
        handoffs.priority,
        handoffs.status,
        handoffs.sla_status,
        rejections.rejection_reason,
        cast(outcomes.mqls as integer) as mqls,
        cast(outcomes.opportunities as integer) as opportunities,
        funnel.fit_score,
        funnel.engagement_score,
        funnel.total_score,
        outcomes.open_amount_usd,
        outcomes.won_amount_usd,
        {{ days_between('handoffs.sla_started_at', 'outcomes.first_response_at') }} * 24.0
            as response_hours,
        {{ days_between('funnel.mql_at', 'outcomes.opportunity_at') }}
            as days_to_opportunity,
        funnel.had_webinar,
        funnel.had_content_download,
        funnel.had_event,
        funnel.had_direct_request,
        {{ month_is_mature(
            month_of('funnel.mql_at'), var('acceptance_mature_days')
        ) }} as is_acceptance_mature,
        {{ month_is_mature(
            month_of('funnel.mql_at'), var('outcome_mature_days')
        ) }} as is_outcome_mature,
        {{ month_of('funnel.mql_at') }} as month,
        funnel.mql_at,
        outcomes.first_response_at,
        outcomes.accepted_at,
        outcomes.rejected_at,
        outcomes.opportunity_at,
        outcomes.won_at,
        outcomes.lost_at
    from funnel
    inner join outcomes
        on funnel.handoff_id = outcomes.handoff_id
    inner join handoffs
        on funnel.handoff_id = handoffs.handoff_id
    left join rejections
        on
            funnel.handoff_id = rejections.handoff_id
            and rejections.place = 1
    where funnel.is_counted

)

select * from final
