"""The mart door: the scoring invariants, before anybody reads the marts.

Each is a query for the rows that break it, over the whole of the mart. Times are UTC,
scores are points rounded to 6 decimals.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml

from mql.copies import PUBLIC_SCHEMAS, look_at
from mql.expectations.check import Check, Finding, examine
from mql.expectations.funnel import funnel_checks
from mql.expectations.raw import FEW_ROWS, UNKNOWN_WORD_SHARE
from mql.project import ROOT

DOOR = "mart"
# A stored score is off by at most this much, because it has 6 decimals.
ROUNDING = 0.0000005
# What adding doubles may be off by: scores are thousands at most, and a double has 15
# digits.
DOUBLES = 0.000000001
# Column names that tell of a person whatever table they are in.
PERSONAL_NAMES = "(^|_)(email|phone|npi|first_name|last_name|full_name|contact_name)$"
FOREVER = "timestamp '9999-12-31 23:59:59.999999'"
KEY = "definition_id, contact_id, product_line"
ACCOUNT_KEY = "definition_id, account_id, product_line"


def examine_marts(
    connection: duckdb.DuckDBPyConnection,
    as_of: str,
    project: Path = ROOT,
    touched: str = "",
    only: str = "",
) -> list[Finding]:
    """Runs every check of the door. `as_of` is the run's, as an SQL expression.

    `touched` is a search path under which marts have the rows of touched contacts only,
    blank where all rows are to be looked at. `only` names one check.
    """
    checks = [
        check
        for check in mart_checks(connection, as_of, project)
        if only in ("", check.name)
    ]
    if not touched:
        return [examine(connection, DOOR, check) for check in checks]
    (everybody,) = connection.execute(
        "select current_setting('search_path')"
    ).fetchone()
    findings = []
    for check in checks:
        look_at(connection, touched if check.of_one_contact else everybody)
        findings.append(examine(connection, DOOR, check))
    look_at(connection, everybody)
    return findings


def mart_checks(
    connection: duckdb.DuckDBPyConnection, as_of: str, project: Path = ROOT
) -> list[Check]:
    """Every check of the door; which marts there are is read from the warehouse."""
    return [
        *ledger_checks(as_of),
        *score_checks(),
        *history_checks(as_of),
        *mql_checks(),
        *account_checks(),
        *handoff_checks(as_of),
        *request_checks(),
        *funnel_checks(),
        *intake_checks(),
        *quarantine_checks(),
        *privacy_checks(connection, project),
    ]


def decayed(score: str, since: str, at: str) -> str:
    """A score after half-life decay; unchanged under inactivity, which has no half-life.

    Asks for `half_life_days` of `lines` in the query.
    """
    return (
        f"case when lines.half_life_days is null then {score} else {score} * power("
        f"0.5, (epoch_us({at}) - epoch_us({since})) / 86400000000.0"
        " / lines.half_life_days) end"
    )


def ledger_checks(as_of: str) -> list[Check]:
    """The ledger explains every score (E1, E5)."""
    ledger = "scoring.fct_score_ledger"
    return [
        Check(
            name="ledger_scores_are_never_negative",
            of_one_contact=True,
            subject=ledger,
            claim="No ledger entry has a score below zero",
            why="Scores stop at zero (E1). Below it, somebody would have to earn back"
            " points that nobody can see.",
            remedy="Look at the entry's points_due and score_before, then at"
            " int_running_scores.",
            query=f"""
                select {KEY}, entry_type, activity_id, entry_at, score_before,
                    score_after
                from {ledger}
                where not coalesce(score_before >= 0 and score_after >= 0, false)
            """,
        ),
        Check(
            name="ledger_entries_apply_their_points",
            of_one_contact=True,
            subject=ledger,
            claim="Each ledger entry applies the points due, down to the floor at zero,"
            " and leads from score_before to score_after",
            why="An entry that does not add up explains nothing to the rep who asks"
            " where a score comes from (E1, E5).",
            remedy="Compare points_due, points_applied and the two scores of the"
            " examples; the floor is taken in int_running_scores.",
            query=f"""
                select {KEY}, entry_type, activity_id, entry_at, points_due,
                    points_applied, score_before, score_after
                from {ledger}
                where not coalesce(
                    abs(score_before + points_applied - score_after)
                    <= {3 * ROUNDING + DOUBLES}
                    and abs(greatest(points_due, -score_before) - points_applied)
                    <= {3 * ROUNDING + DOUBLES},
                    false
                )
            """,
        ),
        Check(
            name="ledger_entries_follow_one_another",
            of_one_contact=True,
            subject=ledger,
            claim="Each ledger entry starts from the score the one before left, the"
            " first from zero",
            why="A break in the chain is an entry that was lost, doubled or put in the"
            " wrong order, even where the last score looks right.",
            remedy="List the contact's entries by entry_at around the example; then"
            " rebuild with --full-refresh and compare.",
            query=f"""
                with ordered as (
                    select *,
                        lag(score_after) over in_time as previous_score,
                        lag(entry_at) over in_time as previous_at
                    from (
                        select {KEY}, entry_type, activity_id, entry_at, score_before,
                            score_after
                        from {ledger}
                    )
                    window in_time as (
                        partition by {KEY}
                        order by
                            entry_at,
                            -- at one instant the loss comes first (E2)
                            case entry_type when 'inactivity' then 0 else 1 end,
                            activity_id
                    )
                )
                select ordered.definition_id, ordered.contact_id, ordered.product_line,
                    entry_type, activity_id, entry_at, previous_score, score_before
                from ordered
                left join intermediate.int_product_lines as lines
                    using (definition_id, product_line)
                where not coalesce(
                    abs(score_before - coalesce(
                        {decayed("previous_score", "previous_at", "entry_at")}, 0.0
                    )) <= {2 * ROUNDING + DOUBLES},
                    false
                )
            """,
        ),
        Check(
            name="ledger_adds_up_to_the_score",
            subject=ledger,
            claim="What the ledger applied adds up to the current score of each contact"
            " and line (under a half-life after each entry is decayed to now)",
            why="This is the proof that people are ranked by what they did and by"
            " nothing else (E5).",
            remedy="Look for a missing or doubled entry of the contact; after late or"
            " restated activities rebuild with --full-refresh and report the"
            " difference as a bug.",
            # each entry is rounded once, and so is the score
            query=f"""
                with added_up as (
                    select {KEY},
                        sum({decayed("points_applied", "entry_at", as_of)}) as added_up,
                        count(*) as entries
                    from {ledger}
                    left join intermediate.int_product_lines as lines
                        using (definition_id, product_line)
                    group by all
                )
                select {KEY}, entries, added_up, scores.engagement_score
                from added_up
                full outer join scoring.fct_contact_scores as scores
                    using ({KEY})
                where not coalesce(
                    abs(scores.engagement_score - coalesce(added_up, 0.0))
                    <= {ROUNDING} * (coalesce(entries, 0) + 1) + {DOUBLES},
                    false
                )
            """,
        ),
        Check(
            name="ledger_has_every_accepted_activity",
            subject=ledger,
            claim="For line general the ledger has one entry for each accepted activity,"
            " under every definition",
            why="Line general counts every activity (section 3); one that is missing"
            " was accepted and then forgotten.",
            remedy="Find the activities of intermediate.int_activities that have no"
            " entry; then rebuild with --full-refresh.",
            query=f"""
                with entries as (
                    select definition_id, count(*) as entries
                    from {ledger}
                    where entry_type = 'activity' and product_line = 'general'
                    group by all
                ),
                accepted as (
                    select sum(rows_accepted) as rows_accepted
                    from quality.fct_reconciliation
                    where source_table = 'activities'
                )
                select lines.definition_id, coalesce(entries, 0) as entries,
                    rows_accepted
                from intermediate.int_product_lines as lines
                cross join accepted
                left join entries using (definition_id)
                where
                    lines.product_line = 'general'
                    and coalesce(entries, 0) <> coalesce(rows_accepted, 0)
            """,
        ),
    ]


def score_checks() -> list[Check]:
    """Current scores (sections 5 to 7)."""
    scores = "scoring.fct_contact_scores"
    return [
        Check(
            name="engagement_is_never_negative",
            subject=scores,
            claim="No engagement score is below zero, of a contact, in the history, of"
            " an account or of an MQL",
            why="Scores stop at zero (E1); a negative one was computed past the floor.",
            remedy="Read the contact's ledger up to the first score below zero.",
            query="\nunion all\n".join(
                f"""
                select '{mart}' as mart, definition_id, {who}, product_line,
                    engagement_score
                from {mart}
                where not coalesce(engagement_score >= 0, false)
                """
                for mart, who in (
                    (scores, "contact_id"),
                    ("scoring.fct_contact_score_history", "contact_id"),
                    ("qualification.fct_mqls", "contact_id"),
                    ("scoring.fct_account_scores", "account_id"),
                    ("qualification.fct_account_mqls", "account_id"),
                )
            ),
        ),
        Check(
            name="fit_is_within_its_bounds",
            subject=scores,
            claim="Every fit score lies between the sum of the negative and the sum of"
            " the positive fit points of its definition and line",
            why="Each criterion counts at most once (section 6); a score outside was"
            " counted twice, as when a join found two rules for one contact.",
            remedy="Look for a rule that is there twice for the contact's country,"
            " role or facility type in seeds/definition.",
            query=f"""
                with rules as (
                    select lines.definition_id, lines.product_line, points.points,
                        row_number() over (
                            partition by lines.definition_id, lines.product_line,
                                points.criterion
                            -- a row that names the line wins over '*' (V5)
                            order by case points.product_line when '*' then 1 else 0 end
                        ) as choice
                    from intermediate.int_product_lines as lines
                    inner join seeds.fit_points as points
                        on
                            lines.definition_id = points.definition_id
                            and points.product_line in (lines.product_line, '*')
                ),
                bounds as (
                    select definition_id, product_line,
                        sum(least(points, 0)) as lowest,
                        sum(greatest(points, 0)) as highest
                    from rules
                    where choice = 1
                    group by all
                ),
                scored as (
                    select 'current' as found_in, {KEY}, fit_score from {scores}
                    union all
                    select 'history', {KEY}, fit_score
                    from scoring.fct_contact_score_history
                    union all
                    select 'mqls', {KEY}, fit_score from qualification.fct_mqls
                )
                select scored.*, lowest, highest
                from scored
                left join bounds using (definition_id, product_line)
                where not coalesce(
                    fit_score between
                        coalesce(lowest, 0) - {ROUNDING + DOUBLES}
                        and coalesce(highest, 0) + {ROUNDING + DOUBLES},
                    false
                )
            """,
        ),
        Check(
            name="fit_is_the_sum_of_its_parts",
            subject=scores,
            claim="A fit score is the sum of the points shown for its criteria, and the"
            " total is fit and engagement together",
            why="A rep reads the parts to know why somebody fits; parts that do not"
            " make the whole mislead.",
            remedy="Compare the point columns of the example with int_fit_scores.",
            query=f"""
                select {KEY}, fit_score, engagement_score, total_score
                from {scores}
                where not coalesce(
                    abs(
                        fit_score - target_specialty_points - target_facility_points
                        - decision_maker_points - target_geography_points
                        - current_customer_points - trainee_points
                        - disqualified_facility_points
                    ) <= {ROUNDING + DOUBLES}
                    and abs(total_score - fit_score - engagement_score)
                    <= {3 * ROUNDING + DOUBLES},
                    false
                )
            """,
        ),
        Check(
            name="qualified_means_no_failing_gate",
            subject=scores,
            claim="A contact is qualified exactly where no gate fails, and never while"
            " it is suppressed or held",
            why="The failing gate is what a rep is told; it has to be the reason.",
            remedy="Compare the flags of the example with int_contact_standing.",
            query=f"""
                select {KEY}, is_qualified, failing_gate, is_suppressed, is_held
                from {scores}
                where
                    is_qualified is distinct from (failing_gate is null)
                    or (is_qualified and (is_suppressed or is_held))
            """,
        ),
    ]


def history_checks(as_of: str) -> list[Check]:
    """The history covers all time once and ends at the present."""
    history = "scoring.fct_contact_score_history"
    return [
        Check(
            name="history_intervals_meet",
            of_one_contact=True,
            subject=history,
            claim="The intervals of a contact and line neither overlap nor leave a gap,"
            " and the last one is open",
            why="At any moment there is exactly one score; an overlap counts a person"
            " twice, a gap hides one.",
            remedy="List the contact's intervals by valid_from; they are cut in"
            " int_contact_standing.",
            query=f"""
                select {KEY}, valid_from, valid_to, next_from
                from (
                    select {KEY}, valid_from, valid_to,
                        lead(valid_from) over (
                            partition by {KEY} order by valid_from
                        ) as next_from
                    from {history}
                )
                where
                    valid_from is null
                    or valid_to <= valid_from
                    or valid_to is distinct from next_from
            """,
        ),
        Check(
            name="history_agrees_with_current_scores",
            subject=history,
            claim="The open interval of each contact and line tells what the current"
            " score tells: fit, qualification and engagement (decayed to now)",
            why="Two tables that answer one question differently cannot both be"
            " trusted.",
            remedy="Both come from int_contact_standing; look at what stands between.",
            query=f"""
                with open_intervals as (
                    select {KEY}, history.fit_score, history.is_qualified,
                        {decayed("history.engagement_score", "history.valid_from", as_of)}
                            as engagement_score
                    from {history} as history
                    left join intermediate.int_product_lines as lines
                        using (definition_id, product_line)
                    where history.valid_to is null
                )
                select {KEY}, scores.fit_score, history.fit_score as fit_in_history,
                    scores.engagement_score,
                    history.engagement_score as engagement_in_history,
                    scores.is_qualified,
                    history.is_qualified as is_qualified_in_history
                from scoring.fct_contact_scores as scores
                full outer join open_intervals as history using ({KEY})
                where not coalesce(
                    scores.is_qualified = history.is_qualified
                    and abs(scores.fit_score - history.fit_score)
                    <= {2 * ROUNDING + DOUBLES}
                    and abs(scores.engagement_score - history.engagement_score)
                    <= {2 * ROUNDING + DOUBLES},
                    false
                )
            """,
        ),
    ]


def overlapping_spells(mart: str, spell_id: str, group_by: str, where: str) -> str:
    """Spells that end before they begin, or that are not over when the next begins."""
    return f"""
        select {group_by}, {spell_id}, mql_at, ended_at, next_at
        from (
            select {group_by}, {spell_id}, mql_at, ended_at,
                lead(mql_at) over (
                    partition by {group_by} order by mql_at, {spell_id}
                ) as next_at
            from {mart}
            where {where}
        )
        where
            mql_at is null
            or ended_at <= mql_at
            or next_at < coalesce(ended_at, {FOREVER})
    """


def qualified_during(periods: str, id_column: str) -> str:
    """Qualified times and MQLs that fall into a period of an intermediate table.

    An MQL that paused (M2) may have had such a period in its pause, so of those only
    the award is asked; that they qualify at no such moment is asked of the history.
    """
    return f"""
        with qualified as (
            select 'history' as found_in, {KEY}, valid_from as started_at,
                coalesce(valid_to, {FOREVER}) as ended_at
            from scoring.fct_contact_score_history
            where is_qualified
            union all
            select 'mqls', {KEY}, mql_at,
                case
                    when lapse_count = 0 then coalesce(ended_at, {FOREVER})
                    else mql_at + interval 1 microsecond
                end
            from qualification.fct_mqls
        )
        select qualified.*, periods.{id_column} as period_of, periods.valid_from,
            periods.valid_to
        from qualified
        inner join {periods} as periods
            on
                qualified.definition_id = periods.definition_id
                and qualified.contact_id = periods.contact_id
                and qualified.product_line = periods.product_line
                and qualified.started_at < coalesce(periods.valid_to, {FOREVER})
                and periods.valid_from < qualified.ended_at
        where periods.valid_from < coalesce(periods.valid_to, {FOREVER})
    """


def open_are_qualified(mqls: str, scores: str, key: str, mql_id: str) -> str:
    """Open MQLs of nobody that qualifies, and qualified ones without an open MQL."""
    who = key.split(", ")[1]
    return f"""
        select {key}, open_mqls.{mql_id}, qualified.{who} is not null as is_qualified
        from (select * from {scores} where is_qualified) as qualified
        full outer join (select * from {mqls} where ended_at is null) as open_mqls
            using ({key})
        where qualified.{who} is null or open_mqls.{who} is null
    """


def mql_checks() -> list[Check]:
    """The MQLs of people (sections 7 and 8)."""
    mqls = "qualification.fct_mqls"
    return [
        Check(
            name="mql_spells_never_overlap",
            subject=mqls,
            claim="The MQLs of one definition, contact and line never overlap",
            why="One person is one lead at a time; an overlap counts it twice in every"
            " rate.",
            remedy="List the contact's MQLs by mql_at; spells are made in int_mqls.",
            query=overlapping_spells(mqls, "mql_id", KEY, "true"),
        ),
        Check(
            name="official_mqls_never_overlap",
            subject=mqls,
            claim="At most one official MQL of any definition is open per contact and"
            " line at any time",
            why="Nobody is handed to sales twice because the definition changed (V3).",
            remedy="Compare the definitions of the two MQLs and their official"
            " intervals in int_definitions.",
            query=overlapping_spells(
                mqls, "mql_id", "contact_id, product_line", "is_official"
            ),
        ),
        Check(
            name="open_mqls_are_the_qualified_contacts",
            subject=mqls,
            claim="Whoever qualifies now has an open MQL, and whoever has one"
            " qualifies now",
            why="A rep works the open MQLs; each too many is a wasted call, each too"
            " few a lost one.",
            remedy="Compare the contact's history with int_qualified_intervals.",
            query=open_are_qualified(mqls, "scoring.fct_contact_scores", KEY, "mql_id"),
        ),
        Check(
            name="no_mql_while_suppressed",
            of_one_contact=True,
            subject=mqls,
            claim="Nobody qualifies while suppressed (Q5)",
            why="Somebody who unsubscribed must not be called: it is the law in most"
            " countries, not a matter of taste.",
            remedy="Do not publish. Compare the MQL with int_suppressions.",
            query=qualified_during("intermediate.int_suppressions", "contact_id"),
        ),
        Check(
            name="no_mql_while_held",
            of_one_contact=True,
            subject=mqls,
            claim="Nobody qualifies while held after an answer of sales (Q6)",
            why="Sales has just said no, or yes; asking again at once costs its trust.",
            remedy="Compare the MQL with int_holds and the disposition named.",
            query=qualified_during("intermediate.int_holds", "disposition_id"),
        ),
        Check(
            name="no_mql_with_an_open_opportunity",
            of_one_contact=True,
            subject=mqls,
            claim="Nobody qualifies with an opportunity that is open or just closed"
            " (Q7)",
            why="The conversation is going on already; a second one embarrasses.",
            remedy="Compare the MQL with int_opportunity_blocks and the opportunity"
            " named.",
            query=qualified_during(
                "intermediate.int_opportunity_blocks", "opportunity_id"
            ),
        ),
        Check(
            name="mqls_meet_their_thresholds",
            subject=mqls,
            claim="At its award every MQL has the line's minimum fit and either its"
            " scores or a direct request in reach",
            why="The threshold is what marketing and sales agreed on (Q3, Q4).",
            remedy="Compare the MQL with qualification_criteria.csv of its definition.",
            query=f"""
                with requested as (
                    select mqls.mql_id
                    from {mqls} as mqls
                    inner join intermediate.int_product_lines as lines
                        using (definition_id, product_line)
                    inner join intermediate.int_line_activities as requests
                        on
                            mqls.definition_id = requests.definition_id
                            and mqls.contact_id = requests.contact_id
                            and mqls.product_line = requests.product_line
                            and requests.is_direct_request
                            and requests.occurred_at <= mqls.mql_at
                            and epoch_us(mqls.mql_at) - epoch_us(requests.occurred_at)
                            < lines.direct_request_days * 86400000000.0
                    group by mqls.mql_id
                )
                select mqls.mql_id, mqls.definition_id, mqls.contact_id,
                    mqls.product_line, fit_score, engagement_score, total_score
                from {mqls} as mqls
                left join intermediate.int_product_lines as lines
                    using (definition_id, product_line)
                left join requested on mqls.mql_id = requested.mql_id
                where
                    lines.definition_id is null
                    or fit_score < lines.min_fit_score
                    or (
                        requested.mql_id is null
                        and not (
                            total_score >= coalesce(lines.min_total_score, total_score)
                            and engagement_score
                            >= coalesce(lines.min_engagement_score, engagement_score)
                            and coalesce(
                                lines.min_total_score, lines.min_engagement_score
                            ) is not null
                        )
                    )
            """,
        ),
        Check(
            name="mqls_agree_with_the_history",
            of_one_contact=True,
            subject=mqls,
            claim="At its award an MQL has the scores the history has at that moment,"
            " and the history says qualified",
            why="What an MQL is analysed by is what was true then, never later (M5).",
            remedy="Compare the MQL with the contact's history around mql_at.",
            query=f"""
                select mqls.mql_id, mqls.definition_id, mqls.contact_id,
                    mqls.product_line, mqls.mql_at, mqls.fit_score,
                    history.fit_score as fit_in_history, mqls.engagement_score,
                    history.engagement_score as engagement_in_history,
                    history.is_qualified
                from {mqls} as mqls
                inner join scoring.fct_contact_score_history as history
                    on
                        mqls.definition_id = history.definition_id
                        and mqls.contact_id = history.contact_id
                        and mqls.product_line = history.product_line
                        and history.valid_from <= mqls.mql_at
                        and mqls.mql_at < coalesce(history.valid_to, {FOREVER})
                where not coalesce(
                    history.is_qualified
                    and abs(mqls.fit_score - history.fit_score)
                    <= {2 * ROUNDING + DOUBLES}
                    -- the history has the score at the interval's start
                    and (
                        history.valid_from < mqls.mql_at
                        or abs(mqls.engagement_score - history.engagement_score)
                        <= {2 * ROUNDING + DOUBLES}
                    ),
                    false
                )
            """,
        ),
    ]


def account_checks() -> list[Check]:
    """The MQLs of accounts (section 9)."""
    mqls = "qualification.fct_account_mqls"
    scores = "scoring.fct_account_scores"
    return [
        Check(
            name="account_mql_spells_never_overlap",
            subject=mqls,
            claim="The MQLs of one definition, account and line never overlap",
            why="One hospital is one lead at a time.",
            remedy="List the account's MQLs by mql_at; they are made in"
            " int_account_mqls.",
            query=overlapping_spells(mqls, "account_mql_id", ACCOUNT_KEY, "true"),
        ),
        Check(
            name="official_account_mqls_never_overlap",
            subject=mqls,
            claim="At most one official account MQL of any definition is open per"
            " account and line at any time",
            why="No hospital is handed to sales twice because the definition changed"
            " (V3).",
            remedy="Compare the definitions of the two MQLs and their official"
            " intervals in int_definitions.",
            query=overlapping_spells(
                mqls, "account_mql_id", "account_id, product_line", "is_official"
            ),
        ),
        Check(
            name="open_account_mqls_are_the_qualified_accounts",
            subject=mqls,
            claim="Every account that qualifies now has an open MQL, and every account"
            " that has one qualifies now",
            why="A rep works the open ones.",
            remedy="Compare int_account_timeline with int_account_qualified_standing and"
            " int_account_qualified_intervals.",
            query=open_are_qualified(mqls, scores, ACCOUNT_KEY, "account_mql_id"),
        ),
        Check(
            name="account_mqls_have_their_number_of_people",
            subject=mqls,
            claim="An account MQL, at its award, and an account that qualifies now have"
            " the people and the engagement their line asks for",
            why="A hospital is ready when several of its people are; one eager person"
            " is an MQL of a person (C2).",
            remedy="Compare the account with account_min_contacts and"
            " account_min_engagement in qualification_criteria.csv.",
            query=f"""
                with claimed as (
                    select 'award' as found_in, {ACCOUNT_KEY}, mql_at,
                        engaged_contacts, engagement_score
                    from {mqls}
                    union all
                    select 'now', {ACCOUNT_KEY}, null, engaged_contacts,
                        engagement_score
                    from {scores}
                    where is_qualified
                )
                select claimed.*, account_min_contacts, account_min_engagement
                from claimed
                left join intermediate.int_product_lines as lines
                    using (definition_id, product_line)
                where not coalesce(
                    engaged_contacts >= account_min_contacts
                    and engagement_score >= account_min_engagement,
                    false
                )
            """,
        ),
        Check(
            name="account_scores_add_up",
            subject=scores,
            claim="An account's engagement is the sum of its countable contacts'"
            " scores, and its engaged contacts are those at or above the line's"
            " minimum",
            why="The account view must be explained by the people in it (C1, C2).",
            remedy="List the account's contacts in fct_contact_scores: who is"
            " suppressed, held, a trainee or no buyer does not count.",
            query=f"""
                with people as (
                    select {ACCOUNT_KEY}, sum(engagement_score) as added_up,
                        count(*) as contacts,
                        sum(case
                            when
                                engagement_score
                                >= lines.account_contact_min_engagement
                                then 1
                            else 0
                        end) as engaged
                    from scoring.fct_contact_scores
                    left join intermediate.int_product_lines as lines
                        using (definition_id, product_line)
                    where
                        not is_suppressed
                        and not is_held
                        and coalesce(failing_gate, '') <> 'Q1'
                        and role_class not in ('trainee', 'non_buyer')
                    group by all
                )
                select {ACCOUNT_KEY}, engagement_score, added_up, engaged_contacts,
                    engaged
                from {scores}
                left join people using ({ACCOUNT_KEY})
                where not coalesce(
                    abs(engagement_score - coalesce(added_up, 0.0))
                    <= {ROUNDING} * (coalesce(contacts, 0) + 1) + {DOUBLES}
                    and engaged_contacts = coalesce(engaged, 0),
                    false
                )
            """,
        ),
    ]


def handoff_checks(as_of: str) -> list[Check]:
    """What sales gets (section 10)."""
    handoffs = "handoff.fct_mql_handoffs"
    return [
        Check(
            name="every_official_mql_is_handed_over_once",
            subject=handoffs,
            claim="Each official MQL of a contact has exactly one row, and no other MQL"
            " has one unless its contact asked for it",
            why="An MQL without a row is a lead that sales never hears of; one with two"
            " is called twice (H1).",
            remedy="Compare the MQL with int_handed_over_mqls and int_conversations.",
            query=f"""
                with handed_over as (
                    select mql_id, count(*) as times, bool_and(is_official) as is_official,
                        min(handed_over_at) as handed_over_at
                    from {handoffs}
                    where handoff_type = 'contact'
                    group by all
                )
                select mql_id, mqls.contact_id, mqls.product_line, mqls.mql_at,
                    mqls.is_official, coalesce(times, 0) as times, handed_over_at
                from qualification.fct_mqls as mqls
                full outer join handed_over using (mql_id)
                where
                    mqls.contact_id is null
                    or times > 1
                    or (mqls.is_official and times is null)
                    or handed_over.is_official is distinct from case
                        when times is not null then mqls.is_official
                    end
                    or (mqls.is_official and handed_over_at <> mqls.mql_at)
                    or (not mqls.is_official and handed_over_at < mqls.mql_at)
            """,
        ),
        Check(
            name="account_mqls_are_handed_over_or_in_hand",
            subject=handoffs,
            claim="Each official account MQL is handed over once, unless a hand-over of"
            " somebody at the account for that line was open at its award; then never",
            why="A hospital that is ready as a whole must reach a rep, and must not"
            " reach a second one while the first is talking to it.",
            remedy="List the hand-overs of the account around the award; they are"
            " compared in int_account_handoffs.",
            query=f"""
                with in_hand as (
                    select distinct mqls.account_mql_id
                    from qualification.fct_account_mqls as mqls
                    inner join intermediate.int_conversations as conversations
                        on
                            mqls.account_id = conversations.account_id
                            and mqls.product_line = conversations.product_line
                            and conversations.handed_over_at <= mqls.mql_at
                    inner join {handoffs} as handoffs
                        on
                            conversations.handoff_id = handoffs.handoff_id
                            and handoffs.is_primary
                            and mqls.mql_at < coalesce(handoffs.closed_at, {FOREVER})
                ),
                handed_over as (
                    select mql_id as account_mql_id, count(*) as times
                    from {handoffs}
                    where handoff_type = 'account'
                    group by all
                )
                select account_mql_id, mqls.account_id, mqls.product_line, mqls.mql_at,
                    coalesce(times, 0) as times,
                    in_hand.account_mql_id is not null as is_in_hand
                from (
                    select * from qualification.fct_account_mqls where is_official
                ) as mqls
                full outer join handed_over using (account_mql_id)
                left join in_hand using (account_mql_id)
                where
                    mqls.account_id is null
                    or coalesce(times, 0)
                    <> case when in_hand.account_mql_id is null then 1 else 0 end
            """,
        ),
        Check(
            name="a_hand_over_has_one_primary_and_one_clock",
            subject=handoffs,
            claim="Each hand-over has exactly one primary MQL, which names it, and all"
            " its MQLs show the same rep, priority, state and clock",
            why="Counts and reports filter on is_primary; a hand-over with two is"
            " counted twice, one with none is not counted at all.",
            remedy="List the rows of the handoff_id; openers are found in"
            " int_conversations.",
            query=f"""
                select handoff_id, count(*) as mqls,
                    count(*) filter (where is_primary) as primary_mqls
                from {handoffs}
                group by handoff_id
                having
                    count(*) filter (where is_primary and mql_id = handoff_id) <> 1
                    or count(*) filter (where is_primary) <> 1
                    or count(distinct (
                        handoff_type, rep_id, priority, status, sla_status,
                        sla_started_at, sla_due_at, first_response_at, closed_at
                    )) <> 1
            """,
        ),
        Check(
            name="hand_overs_of_a_contact_never_overlap",
            subject=handoffs,
            claim="A contact's next hand-over begins only when the one before has"
            " closed, and an MQL joins only a hand-over that is open",
            why="One person is one conversation: two reps, or two clocks, for one"
            " surgeon are what the rule is against (H1).",
            remedy="List the contact's hand-overs by handed_over_at and look at"
            " closed_at; then at next_opening in int_conversations.",
            query=f"""
                select contact_id, handoff_id, mql_id, handed_over_at, closed_at,
                    opened_at, next_opened_at
                from (
                    select handoffs.*, openers.handed_over_at as opened_at,
                        openers.next_opened_at
                    from {handoffs} as handoffs
                    left join (
                        select handoff_id, handed_over_at,
                            lead(handed_over_at) over (
                                partition by contact_id
                                order by handed_over_at, coalesce(closed_at, {FOREVER}),
                                    handoff_id
                            ) as next_opened_at
                        from {handoffs}
                        where is_primary and handoff_type = 'contact'
                    ) as openers using (handoff_id)
                    where handoffs.handoff_type = 'contact'
                )
                where
                    opened_at is null
                    or next_opened_at < coalesce(closed_at, {FOREVER})
                    or handed_over_at < opened_at
                    or (
                        not is_primary
                        and handed_over_at >= coalesce(closed_at, {FOREVER})
                    )
            """,
        ),
        Check(
            name="hand_over_clocks_are_consistent",
            subject=handoffs,
            claim="Clocks start when the hand-over was known and no earlier, are due"
            " after that, are those of the escalation where there is one, and are met,"
            " breached, open or overdue as their times say",
            why="Reps are measured by these times; one that is wrong is an argument"
            " that cannot be won (H2, H6).",
            remedy="Compare the times of the example with int_handoffs and"
            " sla_policies.csv.",
            query=f"""
                select handoff_id, priority, status, sla_status, handed_over_at,
                    first_started_at, first_due_at, escalated_at, sla_started_at,
                    sla_due_at, first_response_at, withdrawn_at, closed_at
                from {handoffs}
                where
                    is_primary
                    and not coalesce(
                        handed_over_at <= first_started_at
                        and first_started_at < first_due_at
                        and sla_started_at < sla_due_at
                        and case
                            when escalated_at is null
                                then
                                    sla_started_at = first_started_at
                                    and sla_due_at = first_due_at
                            else
                                priority = 'high'
                                and handed_over_at < escalated_at
                                and escalated_at < coalesce(closed_at, {FOREVER})
                                and greatest(escalated_at, first_started_at)
                                <= sla_started_at
                        end
                        and coalesce(first_response_at >= handed_over_at, true)
                        and coalesce(withdrawn_at > handed_over_at, true)
                        and (status = 'open') = (closed_at is null)
                        and sla_status is not distinct from case
                            when first_response_at <= sla_due_at then 'met'
                            when first_response_at is not null then 'breached'
                            when status = 'open' and {as_of} <= sla_due_at then 'open'
                            when status = 'open' then 'overdue'
                            when withdrawn_at <= sla_due_at then null
                            else 'breached'
                        end,
                        false
                    )
            """,
        ),
        Check(
            name="the_queue_is_what_is_open",
            subject="handoff.fct_handoff_queue",
            claim="The queue has one row for each open hand-over and no other, in"
            " places 1, 2, 3 …",
            why="A rep calls whom the queue names; what is missing there is not called.",
            remedy="Compare the queue with the rows of fct_mql_handoffs whose status is"
            " open and that are primary.",
            query=f"""
                select handoff_id, queue.place, handoffs.status,
                    row_number() over (order by queue.place) as expected_place
                from handoff.fct_handoff_queue as queue
                full outer join (
                    select * from {handoffs} where is_primary and status = 'open'
                ) as handoffs using (handoff_id)
                qualify
                    queue.place is null
                    or handoffs.status is null
                    or queue.place <> expected_place
            """,
        ),
        Check(
            name="nobody_suppressed_is_in_hand",
            subject=handoffs,
            claim="No hand-over is open or merely contacted whose contact is suppressed"
            " now, under its definition and line",
            why="Who unsubscribed is withdrawn from the rep: a call now is against the"
            " law in most countries (H6, Q5).",
            remedy="Do not deliver. Compare the hand-over with int_suppressions.",
            query=f"""
                select handoffs.handoff_id, contact_id, product_line, handoffs.status
                from {handoffs} as handoffs
                inner join scoring.fct_contact_scores as scores using ({KEY})
                where
                    handoffs.is_primary
                    and handoffs.status in ('open', 'contacted')
                    and scores.is_suppressed
            """,
        ),
        Check(
            name="open_hand_overs_have_a_rep",
            subject=handoffs,
            claim="Every open hand-over has a rep",
            why="Routing found nobody: the clock runs and no one has been told (H3).",
            remedy="Give the account an active owner, or its territory, line and"
            " specialty a row in routing_rules.csv.",
            query=f"""
                select handoff_id, account_id, territory, product_line, specialty
                from {handoffs}
                where is_primary and status = 'open' and rep_id is null
            """,
            only_warns=True,
        ),
    ]


def request_checks() -> list[Check]:
    """No direct request is dropped (section 10)."""
    requests = "handoff.fct_direct_requests"
    return [
        Check(
            name="every_direct_request_is_handled",
            subject=requests,
            claim="Each direct request is listed once; it belongs to a hand-over that is"
            " there, or is a courtesy with a due time and a state",
            why="Somebody who asks for a demonstration and hears nothing buys elsewhere.",
            remedy="Compare int_direct_requests with the mart: a request that is missing"
            " was lost in a join.",
            query=f"""
                with listed as (
                    select activity_id, count(*) as times,
                        min(handled_by) as handled_by, min(handoff_id) as handoff_id,
                        min(courtesy_status) as courtesy_status,
                        min(courtesy_due_at) as courtesy_due_at
                    from {requests}
                    group by all
                ),
                made as (select activity_id from intermediate.int_direct_requests),
                handoffs as (
                    select handoff_id from handoff.fct_mql_handoffs where is_primary
                )
                select activity_id, times, handled_by, listed.handoff_id,
                    courtesy_status, courtesy_due_at
                from made
                full outer join listed using (activity_id)
                left join handoffs on listed.handoff_id = handoffs.handoff_id
                where
                    made.activity_id is null
                    or times is distinct from 1
                    or not coalesce(
                        case
                            when handled_by = 'courtesy'
                                then
                                    listed.handoff_id is null
                                    and courtesy_status is not null
                                    and courtesy_due_at is not null
                            else
                                handoffs.handoff_id is not null
                                and courtesy_status is null
                        end,
                        false
                    )
            """,
        ),
        Check(
            name="courtesy_responses_have_a_rep",
            subject=requests,
            claim="Every courtesy response that waits has a rep",
            why="The person asked for a call and nobody has been told to make it.",
            remedy="Give the territory a row in routing_rules.csv; where the person"
            " says no state or country, a row for any territory.",
            query=f"""
                select activity_id, contact_id, territory, product_line
                from {requests}
                where courtesy_status = 'open' and rep_id is null
            """,
            only_warns=True,
        ),
    ]


def intake_checks() -> list[Check]:
    """Nothing is lost (section 11)."""
    reconciliation = "quality.fct_reconciliation"
    verdicts = (
        "rows_accepted + rows_duplicate + rows_quarantined + rows_not_yet_visible"
        " + rows_erased"
    )
    return [
        Check(
            name="raw_rows_reconcile",
            subject=reconciliation,
            claim="Every raw row is accepted, a duplicate, in quarantine, not yet"
            " visible or erased",
            why="A row without a verdict is lost, and nobody would notice.",
            remedy="Compare rows_raw with the sum; the verdicts are given in"
            " models/intermediate/intake.",
            query=f"""
                select *, {verdicts} as rows_accounted_for
                from {reconciliation}
                where not coalesce(rows_raw = {verdicts}, false)
            """,
        ),
        Check(
            name="quarantine_equals_its_count",
            subject="quality.fct_quarantined_records",
            claim="The quarantine holds as many rows as were counted into it",
            why="What was refused must be there to be put right.",
            remedy="Count fct_quarantined_records by source_table.",
            query=f"""
                with quarantine as (
                    select source_table, count(*) as rows_in_quarantine
                    from quality.fct_quarantined_records
                    group by all
                )
                select source_table, rows_quarantined, rows_in_quarantine
                from {reconciliation}
                full outer join quarantine using (source_table)
                where
                    coalesce(rows_quarantined, 0) <> coalesce(rows_in_quarantine, 0)
            """,
        ),
    ]


def quarantine_checks() -> list[Check]:
    """What the intake made of the raw rows."""
    return [
        Check(
            name="quarantine_is_small",
            subject="quality.fct_reconciliation",
            claim=f"At most {UNKNOWN_WORD_SHARE:.0%} of a raw table's rows (or"
            f" {FEW_ROWS} rows) are in quarantine",
            why="A few refused rows are dirt; when a large part is refused, the marts"
            " tell about the rest and not about the business.",
            remedy="Count quality.fct_quarantined_records by source_table and reason,"
            " and put the commonest right first.",
            query=f"""
                select source_table, rows_raw, rows_quarantined
                from quality.fct_reconciliation
                where rows_quarantined
                    > greatest({FEW_ROWS}, {UNKNOWN_WORD_SHARE} * rows_raw)
            """,
        ),
        Check(
            name="quarantine_is_empty",
            subject="quality.fct_quarantined_records",
            claim="No raw row is in quarantine",
            why="Refused rows score nothing; somebody should put them right.",
            remedy="Read quality.fct_quarantined_records; a row leaves when its cause"
            " does.",
            query="""
                select source_table, reason, loaded_at
                from quality.fct_quarantined_records
            """,
            only_warns=True,
        ),
        Check(
            name="required_tables_have_rows",
            subject="quality.fct_reconciliation",
            claim="The required raw tables (contacts, accounts, activities) have rows",
            why="An empty table is allowed, for a first day; later it is a failed"
            " export.",
            remedy="Look at the file's size.",
            query="""
                select source_table, rows_raw
                from quality.fct_reconciliation
                where
                    source_table in ('contacts', 'accounts', 'activities')
                    and rows_raw = 0
            """,
            only_warns=True,
        ),
    ]


def privacy_checks(connection: duckdb.DuckDBPyConnection, project: Path) -> list[Check]:
    """Personal data only where it belongs, and nothing of who was erased."""
    tagged = {
        f"{table}.{column}"
        for table, column in personal_columns(project / "models" / "marts")
    }
    sources = personal_columns(project / "models" / "staging" / "crm")
    names = {column for _, column in sources} | {"raw_record"}
    columns = f"""
        select schema_name || '.' || table_name as mart, column_name, data_type,
            table_name || '.' || column_name as tag
        from duckdb_columns()
        where
            database_name = current_database()
            and schema_name in ({quoted((*PUBLIC_SCHEMAS, "operations"))})
    """
    # not the ids: some companies use the mail address for one, knowing what they do
    texts = connection.execute(f"""
        select mart, column_name from ({columns})
        where
            data_type = 'VARCHAR'
            and not ends_with(column_name, '_id')
            and tag not in ({quoted(tagged)})
        order by all
    """).fetchall()
    texts_by_mart: dict[str, list[str]] = {}
    for mart, column in texts:
        texts_by_mart.setdefault(mart, []).append(column)
    with_contacts = connection.execute(
        f"select mart from ({columns}) where column_name = 'contact_id' order by all"
    ).fetchall()
    return [
        Check(
            name="personal_columns_are_where_they_belong",
            subject="all marts",
            claim="No mart has a personal column that is not tagged as one in its YAML"
            " file",
            why="Access, masking and erasure go by the tag; a name or telephone number"
            " in an untagged column escapes all three.",
            remedy="Drop the column, or tag it `meta: {pii: true}` and see who may"
            " read that mart.",
            query=f"""
                select mart, column_name
                from ({columns})
                where
                    -- a measure or a flag may be about mail, and is nobody's address
                    data_type not in ('DOUBLE', 'BOOLEAN')
                    and (
                        column_name in ({quoted(names)})
                        or regexp_matches(column_name, '{PERSONAL_NAMES}')
                    )
                    and tag not in ({quoted(tagged)})
            """,
        ),
        Check(
            name="no_mail_address_in_an_untagged_column",
            subject="all marts",
            claim="No contact's mail address or telephone number stands in a column"
            " that is not tagged as personal",
            why="Personal data travels in free text and misused columns, whatever they"
            " are called.",
            remedy="Find out which model copies it there.",
            query="with personal as ("
            " select email as cell from scoring.dim_contacts where email is not null"
            " union"
            " select phone from scoring.dim_contacts where phone is not null),"
            " cells as ("
            + "\nunion all\n".join(
                # one pass over a mart, whatever the number of its columns
                f" select '{mart}' as mart, unnest([{names_of(columns)}]) as cell,"
                f" unnest([{quoted(columns)}]) as column_name from {mart}"
                for mart, columns in texts_by_mart.items()
            )
            # one join for all: each has to have the personal cells at hand
            + ") select mart, column_name from cells"
            " where cell in (select cell from personal)",
        ),
        Check(
            name="erased_contacts_leave_no_trace",
            subject="all marts",
            claim="No mart has a row of a contact that was erased",
            why="Erasure is a right; a forgotten copy breaks it.",
            remedy="Do not publish. Rebuild that mart with --full-refresh.",
            query="with erased as ("
            " select contact_id from intermediate.int_contacts_intake where is_erased)"
            + "\nunion all\n".join(
                f" select '{mart}' as mart from {mart}"
                " where contact_id in (select contact_id from erased)"
                for (mart,) in with_contacts
            ),
        ),
    ]


def personal_columns(folder: Path) -> set[tuple[str, str]]:
    """(table, column) of what the YAML files under a folder tag as personal."""
    found = set()
    for path in sorted(folder.rglob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        tables = list(document.get("models") or [])
        for source in document.get("sources") or []:
            tables += source.get("tables") or []
        for table in tables:
            for column in table.get("columns") or []:
                config = column.get("config") or {}
                meta = config.get("meta") or column.get("meta") or {}
                if meta.get("pii"):
                    found.add((table["name"], column["name"]))
    return found


def names_of(columns) -> str:
    """Column names as SQL, in the order `quoted` gives them as literals."""
    return ", ".join(f'"{column}"' for column in sorted(columns))


def quoted(texts) -> str:
    """Texts as SQL literals, for an `in` list; never empty."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in sorted(texts)) or (
        "''"
    )
