-- What every rate of the funnel counts: hand-overs, not lines (H1). One that holds
-- several official MQLs is described by the first of them and has what became of any of
-- them. Its answer is the one that decides: a lead is accepted or rejected, never both.
with funnel as (

    select * from {{ ref('fct_mql_funnel') }}

),

handoffs as (

    select * from {{ ref('int_handoffs') }}

),

handoff_reps as (

    select * from {{ ref('int_handoff_reps') }}

),

months as (

    select * from {{ ref('int_months') }}

),

outcomes as (

    select
        handoff_id,
        count(*) as mqls,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        sum(open_amount_usd) as open_amount_usd,
        sum(won_amount_usd) as won_amount_usd,
        min(opportunity_at) as opportunity_at,
        min(won_at) as won_at,
        min(lost_at) as lost_at
    from funnel
    group by handoff_id

),

final as (

    select
        funnel.handoff_id,
        funnel.mql_id,
        funnel.definition_id,
        funnel.contact_id,
        funnel.account_id,
        handoff_reps.rep_id,
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
        handoff_reps.routed_by,
        handoffs.priority,
        handoffs.status,
        handoffs.sla_status,
        handoffs.rejection_reason,
        {{ out_of_order(
            'outcomes.opportunity_at', 'handoffs.accepted_at', 'handoffs.rejected_at'
        ) }} as out_of_order,
        cast(outcomes.mqls as integer) as mqls,
        cast(outcomes.opportunities as integer) as opportunities,
        cast(outcomes.won_deals as integer) as won_deals,
        funnel.fit_score,
        funnel.engagement_score,
        funnel.total_score,
        outcomes.open_amount_usd,
        outcomes.won_amount_usd,
        {{ days_between('handoffs.sla_started_at', 'handoffs.first_response_at') }} * 24
            as response_hours,
        {{ days_between('funnel.mql_at', 'outcomes.opportunity_at') }}
            as days_to_opportunity,
        funnel.had_webinar,
        funnel.had_content_download,
        funnel.had_event,
        funnel.had_direct_request,
        months.is_acceptance_mature,
        months.is_outcome_mature,
        months.month,
        funnel.mql_at,
        handoffs.first_response_at,
        case when handoffs.status = 'accepted' then handoffs.accepted_at end
            as accepted_at,
        case when handoffs.status = 'rejected' then handoffs.rejected_at end
            as rejected_at,
        outcomes.opportunity_at,
        outcomes.won_at,
        outcomes.lost_at
    from funnel
    inner join outcomes
        on funnel.handoff_id = outcomes.handoff_id
    inner join handoffs
        on funnel.handoff_id = handoffs.handoff_id
    inner join handoff_reps
        on funnel.handoff_id = handoff_reps.handoff_id
    inner join months
        on {{ month_of('funnel.mql_at') }} = months.month
    where funnel.is_counted

)

select * from final
