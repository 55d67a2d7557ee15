"""The mart door's part about the funnel: counts that agree, rates within their bounds.

The meeting of marketing and sales believes what these marts say, so one of them must not
contradict another, nor claim what nobody can know.
"""

from __future__ import annotations

from mql.expectations.check import Check

# Every rate that has bounds, by the mart it is in.
RATES = {
    "funnel.fct_funnel_monthly": (
        "response_rate",
        "acceptance_rate",
        "rejection_rate",
        "opportunity_rate",
        "won_rate",
    ),
    "funnel.fct_mql_cohorts": ("acceptance_rate", "opportunity_rate", "won_rate"),
    "funnel.fct_mql_drivers": ("acceptance_rate", "opportunity_rate", "won_rate"),
    "funnel.fct_campaign_performance": (
        "acceptance_rate",
        "opportunity_rate",
        "won_rate",
    ),
    "funnel.fct_rejections_monthly": ("share",),
    "funnel.fct_sla_monthly": ("compliance_rate",),
    "funnel.fct_monthly_review": (
        "acceptance_rate",
        "mql_to_opportunity_rate",
        "sla_compliance_rate",
    ),
    "definition.fct_threshold_sweep": ("acceptance_rate", "opportunity_rate"),
    "definition.fct_definition_backtest": (
        "precision",
        "precision_handed_over",
        "precision_never_handed_over",
        "recall",
    ),
    "definition.fct_rule_audit": ("opportunity_share",),
}


def funnel_checks() -> list[Check]:
    """What the marts of `funnel` and `definition` claim (decision 0009)."""
    return [*count_checks(), *rate_checks(), *calibration_checks()]


def count_checks() -> list[Check]:
    """Every mart counts the same hand-overs, each once."""
    monthly, cohorts = "funnel.fct_funnel_monthly", "funnel.fct_mql_cohorts"
    return [
        Check(
            name="the_funnel_counts_every_hand_over_once",
            subject="funnel.fct_handoff_outcomes",
            claim="The monthly funnel and the review count, for each month, the"
            " hand-overs that hold an official MQL, each once",
            why="Two numbers for the MQLs of one month, and the meeting is about the"
            " numbers.",
            remedy="Compare the month's rows of fct_handoff_outcomes with those of"
            " fct_mql_handoffs: one is missing, or there twice.",
            query=f"""
                with handed_over as (
                    select date_trunc('month', mql_at) as month, count(*) as handoffs
                    from (
                        select handoff_id, min(mql_at) as mql_at
                        from handoff.fct_mql_handoffs
                        where is_official
                        group by handoff_id
                    )
                    group by all
                ),
                outcomes as (
                    select month, count(*) as outcomes
                    from funnel.fct_handoff_outcomes
                    group by all
                ),
                monthly as (
                    select month, sum(mqls) as monthly from {monthly} group by all
                )
                select month, handoffs, outcomes, monthly, review.mqls as review
                from handed_over
                full outer join outcomes using (month)
                full outer join monthly using (month)
                full outer join (select month, mqls from funnel.fct_monthly_review)
                    as review using (month)
                where
                    coalesce(handoffs, 0) <> coalesce(outcomes, 0)
                    or coalesce(handoffs, 0) is distinct from monthly
                    or coalesce(handoffs, 0) is distinct from review.mqls
            """,
        ),
        Check(
            name="funnel_stages_are_ordered",
            subject=monthly,
            claim="Of a month's MQLs no more were answered than there are, no more"
            " accepted and rejected together than answered, and no more won than had an"
            " opportunity",
            why="A lead that is accepted and rejected at once makes two rates of one"
            " answer.",
            remedy="Look at the month's rows of fct_handoff_outcomes: status says which"
            " answer decides.",
            query=f"""
                select month, product_line, mqls, responded, accepted, rejected,
                    opportunities, won
                from {monthly}
                where not coalesce(
                    responded <= mqls
                    and accepted + rejected <= responded
                    and opportunities <= mqls
                    and won <= opportunities,
                    false
                )
            """,
        ),
        Check(
            name="cohorts_never_shrink",
            subject=cohorts,
            claim="What has become of a month's MQLs only grows from month to month",
            why="A cohort counts what happened by then; what has happened stays so.",
            remedy="Look at the cohort's rows of fct_handoff_outcomes: a stage without"
            " its time is counted nowhere.",
            query=f"""
                select cohort_month, product_line, months_since, mqls, accepted,
                    opportunities, won
                from {cohorts}
                window by_age as (
                    partition by cohort_month, product_line order by months_since
                )
                qualify
                    mqls <> lag(mqls, 1, mqls) over by_age
                    or accepted < lag(accepted, 1, 0) over by_age
                    or opportunities < lag(opportunities, 1, 0) over by_age
                    or won < lag(won, 1, 0) over by_age
            """,
        ),
        Check(
            name="opportunities_are_credited_once",
            subject="funnel.fct_mql_funnel",
            claim="Each opportunity is credited to at most one MQL, and every credit is"
            " counted there",
            why="An opportunity counted twice is revenue that marketing reports and"
            " nobody finds in the books.",
            remedy="Compare int_mql_opportunities with the MQL's row.",
            query="""
                with credited as (
                    select mql_id, count(distinct opportunity_id) as credits
                    from intermediate.int_mql_opportunities
                    group by all
                )
                select mql_id, funnel.opportunity_id, opportunities, credits
                from funnel.fct_mql_funnel as funnel
                left join credited using (mql_id)
                where
                    opportunities <> coalesce(credits, 0)
                    or (opportunities > 0) <> (funnel.opportunity_id is not null)
                union all
                select min(mql_id), opportunity_id, count(*), null
                from intermediate.int_mql_opportunities
                group by opportunity_id
                having count(*) > 1
            """,
        ),
        Check(
            name="closed_months_are_frozen_once",
            subject="funnel.fct_reported_months",
            claim="Each month's figures are frozen at most once, after its end",
            why="Frozen figures are what was said; frozen too early they were never"
            " true, frozen twice nobody knows which was said.",
            remedy="Find the run of reported_at in operations.runs. A run takes what was"
            " reported from the published marts.duckdb; delete the row there only if"
            " nobody has seen its figures.",
            query="""
                select month, is_sample, reported_at
                from funnel.fct_reported_months
                where reported_at < month + interval 1 month
                union all
                select month, is_sample, max(reported_at)
                from funnel.fct_reported_months
                group by month, is_sample
                having count(*) > 1
            """,
        ),
    ]


def rate_checks() -> list[Check]:
    """Rates say what can be known, and how sure it is."""
    outside = "\nunion all\n".join(
        f"select '{mart}' as mart, '{rate}' as rate, {rate} as value,"
        f" {rate}_low as low, {rate}_high as high from {mart}"
        f" where not coalesce(0 <= {rate}_low and {rate}_low <= {rate}"
        f" and {rate} <= {rate}_high and {rate}_high <= 1,"
        f" {rate} is null and {rate}_low is null and {rate}_high is null)"
        for mart, rates in RATES.items()
        for rate in rates
    )
    young = "\nunion all\n".join(
        f"select '{mart}' as mart, month, '{rate}' as rate, {rate} as value"
        f" from {mart} where not {is_mature} and {rate} is not null"
        for mart, rate, is_mature in (
            ("funnel.fct_funnel_monthly", "response_rate", "is_acceptance_mature"),
            ("funnel.fct_funnel_monthly", "acceptance_rate", "is_acceptance_mature"),
            ("funnel.fct_funnel_monthly", "rejection_rate", "is_acceptance_mature"),
            ("funnel.fct_funnel_monthly", "opportunity_rate", "is_outcome_mature"),
            ("funnel.fct_funnel_monthly", "won_rate", "is_outcome_mature"),
            ("funnel.fct_monthly_review", "acceptance_rate", "is_acceptance_mature"),
            (
                "funnel.fct_monthly_review",
                "mql_to_opportunity_rate",
                "is_outcome_mature",
            ),
        )
    )
    return [
        Check(
            name="rates_are_within_their_bounds",
            subject="funnel.fct_monthly_review",
            claim="Every rate lies between 0 and 1 and between its own bounds, or all"
            " three are unknown",
            why="A rate without its bounds is a number that nobody can trust or doubt.",
            remedy="Look at the counts beside the rate; both come from the same macro,"
            " rate_with_bounds.",
            query=outside,
        ),
        Check(
            name="young_months_have_no_rates",
            subject="funnel.fct_funnel_monthly",
            claim="A month that is too young to tell has no rate",
            why="The leads of last week have not been answered yet. Shown as a rate they"
            " look like a collapse, every month anew.",
            remedy="Look at the vars acceptance_mature_days and outcome_mature_days, and"
            " at int_months.",
            query=young,
        ),
    ]


def calibration_checks() -> list[Check]:
    """The advice on definitions is one, and claims nothing unseen."""
    sweep = "definition.fct_threshold_sweep"
    return [
        Check(
            name="one_threshold_of_each_line_is_recommended",
            subject=sweep,
            claim="Of each definition and line one threshold is in force and one is"
            " recommended, with its reason",
            why="No advice, or two pieces of it, is no advice.",
            remedy="Look at the line's rows: the ranking in threshold_advice picks one"
            " per definition and line.",
            query=f"""
                select definition_id, product_line,
                    count(*) filter (where is_current) as current,
                    count(*) filter (where is_recommended) as recommended,
                    count(reason) as reasons
                from {sweep}
                group by all
                having current <> 1 or recommended <> 1 or reasons <> 1
            """,
        ),
        Check(
            name="what_was_never_seen_is_null",
            subject="definition.fct_definition_backtest",
            claim="Acceptance is unknown where nobody was handed over, and else lies"
            " between the bounds for all rejected and all accepted",
            why="Nobody handed over is not nobody accepted: a zero here would speak"
            " against a definition that was never tried.",
            remedy="Look at handed_over and never_handed_over of the row.",
            query=f"""
                select definition_id, product_line, handed_over as seen,
                    observed_acceptance_rate as rate, acceptance_rate_low as low,
                    acceptance_rate_high as high
                from definition.fct_definition_backtest
                where not coalesce(
                    case
                        when handed_over > 0
                            then
                                acceptance_rate_low <= observed_acceptance_rate
                                and observed_acceptance_rate <= acceptance_rate_high
                        else observed_acceptance_rate is null
                    end,
                    false
                )
                union all
                select definition_id, product_line, acceptance_mature_mqls,
                    acceptance_rate, acceptance_rate_low, acceptance_rate_high
                from {sweep}
                where (acceptance_rate is null) <> (acceptance_mature_mqls = 0)
            """,
        ),
    ]
