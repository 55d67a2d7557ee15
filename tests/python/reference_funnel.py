"""What the funnel counts, in plain Python: H5, M5 and decision 0009.

The second, independent reading of docs/decisions/0009-what-the-funnel-counts.md and of
the column descriptions of the `funnel` marts. Shapes and units are those of `reference`;
it starts from its marts and from those of `reference_handoffs`:

    marts = reference.build(raw, seeds, as_of)
    marts |= reference_handoffs.build(raw, seeds, as_of, marts)
    marts |= reference_funnel.build(raw, seeds, as_of, marts, settings)

`settings` are the vars of dbt_project.yml. A share is compared with SciPy's own Wilson
interval. Months are dates, the first day of each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import floor
from statistics import median
from typing import Any

from scipy.stats import binomtest

from reference import (
    ACCEPTED,
    DAY,
    MICROSECOND,
    Facts,
    Mart,
    Opportunity,
    Raw,
    Rules,
    ScoredActivity,
    Seeds,
    boolean,
    byte_order,
    days,
    number,
    raw_number,
    section_3_counts_for,
    section_4_activities,
    section_11_intake,
    t2_facts,
    v1_definitions,
)

Row = dict[str, Any]
COMMON_ATTRIBUTES = ("handoff_type", "trigger_type", "facility_type", "state")
PERSONAL_ATTRIBUTES = (
    "specialty",
    "role",
    "role_class",
    "fit_band",
    "first_campaign",
    "last_campaign",
    "first_channel",
    "last_channel",
)
TOUCHES = ("had_webinar", "had_content_download", "had_event", "had_direct_request")
TOLD = ("met", "breached", "overdue")


# --------------------------------------------------------------------------------
# Shares
# --------------------------------------------------------------------------------


def share(part: int, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def bounds(name: str, part: int, whole: int, is_told: bool = True) -> Row:
    """A rate with its Wilson bounds, as three cells; None where it is not told."""
    rate = low = high = None
    if whole and is_told:
        interval = binomtest(part, whole).proportion_ci(0.95, method="wilson")
        rate, low, high = part / whole, interval.low, interval.high
    return {name: rate, f"{name}_low": low, f"{name}_high": high}


def average_deal(rows: Iterable[Row]) -> float | None:
    """What was won per deal whose amount is known."""
    rows = list(rows)
    return share(
        sum(row["won_amount_usd"] for row in rows),
        sum(row["won_deals"] for row in rows),
    )


def having(rows: Iterable[Row], name: str) -> int:
    """How many rows have a cell that is not empty."""
    return sum(1 for row in rows if row[name] is not None)


def counts(rows: list[Row]) -> Row:
    """How many hand-overs reached each stage."""
    return {
        "mqls": len(rows),
        "responded": having(rows, "first_response_at"),
        "accepted": having(rows, "accepted_at"),
        "rejected": having(rows, "rejected_at"),
        "opportunities": having(rows, "opportunity_at"),
        "won": having(rows, "won_at"),
        "out_of_order": having(rows, "out_of_order"),
        "pipeline_usd": sum(row["open_amount_usd"] for row in rows),
        "amount_won_usd": sum(row["won_amount_usd"] for row in rows),
    }


def grouped(rows: Iterable[Row], *names: str) -> dict[tuple, list[Row]]:
    """Rows by some of their cells."""
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def listed(codes: Iterable[str]) -> str:
    """Codes in byte order, separated by commas."""
    return ", ".join(sorted(codes, key=byte_order))


# --------------------------------------------------------------------------------
# Months
# --------------------------------------------------------------------------------


def month_of(t: datetime) -> date:
    """The first day of the month of `t`."""
    return t.date().replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


class Month:
    """A month, and how far what became of its MQLs can be told at `as_of`."""

    def __init__(
        self, first_day: date, as_of: datetime, definitions: list[Rules], settings: Row
    ) -> None:
        def is_told(name: str) -> bool:
            return self.ends_at + timedelta(days=settings[name]) <= as_of

        self.first_day = first_day
        after = next_month(first_day)
        self.ends_at = datetime(after.year, after.month, after.day)
        self.is_over = self.ends_at <= as_of
        self.is_acceptance_mature = is_told("acceptance_mature_days")
        self.is_outcome_mature = is_told("outcome_mature_days")
        last = min(self.ends_at - MICROSECOND, as_of)
        (self.rules,) = [one for one in definitions if one.v2_is_official_at(last)]

    @property
    def cells(self) -> Row:
        """What marts show of a month's maturity."""
        return {
            "is_acceptance_mature": self.is_acceptance_mature,
            "is_outcome_mature": self.is_outcome_mature,
        }


def months_until(
    mqls: Mart, as_of: datetime, definitions: list[Rules], settings: Row
) -> dict[date, Month]:
    """Every month from the first MQL to `as_of`, those without one among them."""
    found: dict[date, Month] = {}
    if mqls:
        month = month_of(min(row["mql_at"] for row in mqls))
        while month <= as_of.date():
            found[month] = Month(month, as_of, definitions, settings)
            month = next_month(month)
    return found


# --------------------------------------------------------------------------------
# H5: opportunities
# --------------------------------------------------------------------------------


class Credited:
    """An opportunity with the MQL it is credited to."""

    def __init__(self, one: Opportunity, link_type: str, as_of: datetime) -> None:
        self.opportunity_id = one.opportunity_id
        self.link_type = link_type
        self.amount_usd = one.amount_usd
        self.created_at = one.created_at
        is_closed = one.closed_at is not None and one.closed_at <= as_of
        # a close before the opening counts as at the opening
        self.closed_at = max(one.closed_at, one.created_at) if is_closed else None
        self.is_won = one.is_won and is_closed
        self.is_lost = not one.is_won and is_closed


def key_of(row: Row) -> tuple:
    """What tells the rows of fct_mql_handoffs apart."""
    names = ("handoff_type", "definition_id", "contact_id", "product_line", "mql_at")
    who = row["account_id"] if row["handoff_type"] == "account" else None
    return (*(row[name] for name in names), who)


def h5_mql_of(
    one: Opportunity, mqls: Mart, link_days: dict[str, timedelta | None]
) -> tuple[Row, str] | None:
    """H5: the MQL an opportunity belongs to, and how; None where to none.

    The latest official one at or before its creation, within the link days: of its own
    contact (its line, or none given), else of its account and line.
    """

    def in_time(row: Row) -> bool:
        within = link_days[row["definition_id"]]
        return row["mql_at"] <= one.created_at and (
            within is None or one.created_at <= row["mql_at"] + within
        )

    def latest(rows: list[Row]) -> Row:
        # of several at one instant: a person's, then by line, then by person
        return min(
            rows,
            key=lambda row: (
                -row["mql_at"].timestamp(),
                row["handoff_type"] == "account",
                byte_order(row["product_line"]),
                byte_order(row["contact_id"]),
            ),
        )

    own = [
        row
        for row in mqls
        if one.contact_id is not None
        and row["contact_id"] == one.contact_id
        and one.product_line in (None, row["product_line"])
        and in_time(row)
    ]
    if own:
        return latest(own), "contact"
    accounts = [
        row
        for row in mqls
        if one.account_id is not None
        and row["account_id"] == one.account_id
        and one.product_line == row["product_line"]
        and in_time(row)
    ]
    return (latest(accounts), "account") if accounts else None


def h5_credits(
    facts: Facts, mqls: Mart, link_days: dict[str, timedelta | None]
) -> dict[tuple, list[Credited]]:
    """Each MQL's opportunities, the first created first."""
    every = {
        one.opportunity_id: one
        for groups in (facts.contact_opportunities, facts.account_opportunities)
        for ones in groups.values()
        for one in ones
    }
    found: dict[tuple, list[Credited]] = defaultdict(list)
    for one in every.values():
        mql = h5_mql_of(one, mqls, link_days)
        if mql:
            row, link_type = mql
            found[key_of(row)].append(Credited(one, link_type, facts.as_of))
    for ones in found.values():
        ones.sort(key=lambda one: (one.created_at, byte_order(one.opportunity_id)))
    return found


# --------------------------------------------------------------------------------
# What describes an MQL
# --------------------------------------------------------------------------------


class Touches:
    """What contacts had done in the days that describe an MQL (M5)."""

    def __init__(self, facts: Facts, seeds: Seeds) -> None:
        self.facts = facts
        self.categories = {
            row["activity_type"]: row["category"] for row in seeds["activity_types"]
        }
        self.days = {
            row["definition_id"]: days(row["touch_days"])
            for row in seeds["definitions"]
        }
        self.scored: dict[tuple, list[ScoredActivity]] = {}

    def of(self, rules: Rules, row: Row) -> list[ScoredActivity]:
        """Human-made activities up to `mql_at`, both ends of the days included."""
        key = (rules.definition_id, row["contact_id"])
        if key not in self.scored:
            theirs = self.facts.activities.get(row["contact_id"], [])
            self.scored[key] = section_4_activities(rules, theirs)
        within = self.days[rules.definition_id]
        return [
            one
            for one in self.scored[key]
            if not one.is_machine
            and one.at <= row["mql_at"]
            and (within is None or row["mql_at"] - within <= one.at)
        ]

    def cells(self, rules: Rules, row: Row) -> Row:
        """The cells of a person's MQL; None for an account's."""
        cells: Row = dict.fromkeys((*PERSONAL_ATTRIBUTES[4:], *TOUCHES))
        if row["handoff_type"] == "account":
            return cells
        touches = self.of(rules, row)
        # a campaign touches whom it engages (E2)
        engaged = [
            one
            for one in touches
            if one.activity.campaign is not None
            and one.activity_type in rules.engagement_types
        ]
        for name, some in (("first", engaged[:1]), ("last", engaged[-1:])):
            for one in some:
                cells[f"{name}_campaign"] = one.activity.campaign
                cells[f"{name}_channel"] = self.categories[one.activity_type]
        types = {one.activity_type for one in touches}
        return cells | {
            "had_webinar": "webinar_attendance" in types,
            "had_content_download": "content_download" in types,
            "had_event": any(self.categories[each] == "event" for each in types),
            "had_direct_request": any(
                section_3_counts_for(row["product_line"], one)
                and rules.v5_points(
                    row["product_line"], one.activity_type
                ).is_direct_request
                for one in touches
            ),
        }


def fit_band(fit_score: float | None, width: int) -> str | None:
    """`30 to 39`."""
    if fit_score is None:
        return None
    lowest = floor(fit_score / width) * width
    return f"{lowest} to {lowest + width - 1}"


def out_of_order(
    opportunity_at: datetime | None,
    accepted_at: datetime | None,
    rejected_at: datetime | None,
) -> str | None:
    """Which stages did not come in their order."""
    if opportunity_at and not accepted_at:
        return "opportunity_without_acceptance"
    if opportunity_at and opportunity_at < accepted_at:
        return "opportunity_before_acceptance"
    if accepted_at and rejected_at and accepted_at != rejected_at:
        is_turned = rejected_at < accepted_at
        return "accepted_after_rejection" if is_turned else "rejected_after_acceptance"
    return None


# --------------------------------------------------------------------------------
# fct_mql_funnel and fct_handoff_outcomes
# --------------------------------------------------------------------------------


def funnel_rows(
    facts: Facts, seeds: Seeds, marts: dict[str, Mart], settings: Row
) -> Mart:
    """fct_mql_funnel: the way of every official MQL."""
    rules_of = {one.definition_id: one for one in v1_definitions(seeds)}
    link_days = {
        row["definition_id"]: days(row["opportunity_link_days"])
        for row in seeds["definitions"]
    }
    mqls = [row for row in marts["fct_mql_handoffs"] if row["is_official"]]
    credits = h5_credits(facts, mqls, link_days)
    touches = Touches(facts, seeds)
    known_since = {
        row["contact_id"]: row["created_at"] for row in marts["dim_contacts"]
    }
    answers: dict[tuple, list[Row]] = defaultdict(list)
    for row in marts["int_mql_answers"]:
        kind = "account" if row["contact_id"] is None else "contact"
        answers[key_of({**row, "handoff_type": kind})].append(row)
    counted = {
        key_of(
            min(
                rows,
                key=lambda row: (
                    row["handed_over_at"],
                    byte_order(row["product_line"]),
                ),
            )
        )
        for rows in grouped(mqls, "primary_key").values()
    }
    described = (
        "primary_key",
        "definition_id",
        "contact_id",
        "account_id",
        "product_line",
        "handoff_type",
        "trigger_type",
        "specialty",
        "role",
        "role_class",
        "facility_type",
        "country",
        "state",
        "bed_count",
        "fit_score",
        "engagement_score",
        "total_score",
        "mql_at",
    )
    rows = []
    for mql in mqls:
        given = answers[key_of(mql)]
        at = {
            outcome: min(
                (one["disposed_at"] for one in given if one["outcome"] in outcomes),
                default=None,
            )
            for outcome, outcomes in {
                "first_response_at": ("contacted", "accepted", "rejected"),
                "accepted_at": ("accepted",),
                "rejected_at": ("rejected",),
            }.items()
        }
        first_rejections = sorted(
            (
                one
                for one in given
                if one["outcome"] == "rejected"
                and one["disposed_at"] == at["rejected_at"]
            ),
            key=lambda one: byte_order(one["disposition_id"]),
        )
        deals = credits[key_of(mql)]
        first = deals[0] if deals else None
        won = [one for one in deals if one.is_won]
        rows.append(
            {name: mql[name] for name in described}
            | touches.cells(rules_of[mql["definition_id"]], mql)
            | at
            | {
                "fit_band": fit_band(mql["fit_score"], settings["fit_band_points"]),
                "rejection_reason": first_rejections[-1]["reason_code"]
                if first_rejections
                else None,
                "opportunity_id": first and first.opportunity_id,
                "link_type": first and first.link_type,
                "amount_usd": first and first.amount_usd,
                "opportunity_at": first and first.created_at,
                "opportunities": len(deals),
                "won_deals": having(map(vars, won), "amount_usd"),
                "open_amount_usd": sum(
                    one.amount_usd or 0 for one in deals if one.closed_at is None
                ),
                "won_amount_usd": sum(one.amount_usd or 0 for one in won),
                "won_at": min((one.closed_at for one in won), default=None),
                "lost_at": min(
                    (one.closed_at for one in deals if one.is_lost), default=None
                ),
                "out_of_order": out_of_order(
                    first and first.created_at, at["accepted_at"], at["rejected_at"]
                ),
                "is_counted": key_of(mql) in counted,
                "contact_created_at": known_since.get(mql["contact_id"]),
            }
        )
    return rows


def outcome_rows(funnel: Mart, handoffs: Mart, months: dict[date, Month]) -> Mart:
    """fct_handoff_outcomes: what every rate counts."""
    primaries = {row["primary_key"]: row for row in handoffs if row["is_primary"]}
    rows = []
    for members in grouped(funnel, "primary_key").values():
        (counted,) = [row for row in members if row["is_counted"]]
        handoff = primaries[counted["primary_key"]]
        response = handoff["first_response_at"]

        def first(name: str, among: list[Row] = members) -> datetime | None:
            return min((row[name] for row in among if row[name]), default=None)

        bought = first("opportunity_at")
        month = month_of(counted["mql_at"])
        of_the_mql = counted.keys() - {
            "is_counted",
            "bed_count",
            "opportunity_id",
            "link_type",
            "amount_usd",
            "contact_created_at",
        }
        rows.append(
            {name: counted[name] for name in of_the_mql}
            | {
                name: handoff[name]
                for name in (
                    "rep_id",
                    "routed_by",
                    "priority",
                    "status",
                    "sla_status",
                    "first_response_at",
                    "rejection_reason",
                )
            }
            | {
                name: sum(row[name] for row in members)
                for name in (
                    "opportunities",
                    "won_deals",
                    "open_amount_usd",
                    "won_amount_usd",
                )
            }
            | months[month].cells
            | {
                "month": month,
                "mqls": len(members),
                "accepted_at": handoff["accepted_at"]
                if handoff["status"] == "accepted"
                else None,
                "rejected_at": handoff["rejected_at"]
                if handoff["status"] == "rejected"
                else None,
                "opportunity_at": bought,
                "won_at": first("won_at"),
                "lost_at": first("lost_at"),
                "out_of_order": out_of_order(
                    bought, handoff["accepted_at"], handoff["rejected_at"]
                ),
                "response_hours": response
                and (response - handoff["sla_started_at"]) / timedelta(hours=1),
                "days_to_opportunity": bought and (bought - counted["mql_at"]) / DAY,
            }
        )
    return rows


# --------------------------------------------------------------------------------
# Month by month
# --------------------------------------------------------------------------------


def monthly_rows(
    outcomes: Mart, months: dict[date, Month], lines: set[str], contacts: Mart, few: int
) -> Mart:
    """fct_funnel_monthly."""
    created = Counter(month_of(row["created_at"]) for row in contacts)
    groups = grouped(outcomes, "month", "product_line")
    rows = []
    for first_day, month in months.items():
        for line in lines:
            cells = counts(groups[first_day, line])
            mqls = cells["mqls"]
            rows.append(
                cells
                | month.cells
                | {"month": first_day, "product_line": line}
                | {"contacts_created": created[first_day]}
                | {"is_enough_data": mqls >= few}
                | bounds(
                    "response_rate",
                    cells["responded"],
                    mqls,
                    month.is_acceptance_mature,
                )
                | bounds(
                    "acceptance_rate",
                    cells["accepted"],
                    mqls,
                    month.is_acceptance_mature,
                )
                | bounds(
                    "rejection_rate",
                    cells["rejected"],
                    mqls,
                    month.is_acceptance_mature,
                )
                | bounds(
                    "opportunity_rate",
                    cells["opportunities"],
                    mqls,
                    month.is_outcome_mature,
                )
                | bounds("won_rate", cells["won"], mqls, month.is_outcome_mature)
            )
    return rows


def cohort_rows(outcomes: Mart, months: dict[date, Month], few: int) -> Mart:
    """fct_mql_cohorts: what had become of a month's MQLs by the end of later ones."""
    rows = []
    for (cohort, line), members in grouped(outcomes, "month", "product_line").items():
        later = [month for first_day, month in months.items() if first_day >= cohort]
        for months_since, until in enumerate(later):
            accepted, bought, won = (
                sum(1 for row in members if row[name] and row[name] < until.ends_at)
                for name in ("accepted_at", "opportunity_at", "won_at")
            )
            mqls = len(members)
            rows.append(
                {
                    "cohort_month": cohort,
                    "product_line": line,
                    "months_since": months_since,
                    "mqls": mqls,
                    "accepted": accepted,
                    "opportunities": bought,
                    "won": won,
                    "is_mature": until.is_over,
                    "is_enough_data": mqls >= few,
                }
                | bounds("acceptance_rate", accepted, mqls, until.is_over)
                | bounds("opportunity_rate", bought, mqls, until.is_over)
                | bounds("won_rate", won, mqls, until.is_over)
            )
    return rows


def is_raised(alert: Row, figure: float | None, counted_on: int) -> bool:
    """Whether an alert is raised by a figure that rests on so many."""
    limit = number(alert["limit"])
    if figure is None or counted_on < int(alert["minimum_count"]):
        return False
    # a limit is reached at equality of 6 decimals
    figure = round(figure, 6)
    return {
        "below": figure < limit,
        "above": figure > limit,
        "at_least": figure >= limit,
    }[alert["comparison"]]


def rejection_rows(
    outcomes: Mart, months: dict[date, Month], seeds: Seeds, few: int
) -> Mart:
    """fct_rejections_monthly."""
    rows = []
    for (first_day, line), members in grouped(
        outcomes, "month", "product_line"
    ).items():
        rejected = [row for row in members if row["rejected_at"]]
        definition = months[first_day].rules.definition_id
        labels = {
            row["reason_code"]: row["label"]
            for row in seeds["rejection_reasons"]
            if row["definition_id"] == definition
        }
        for (reason,), theirs in grouped(rejected, "rejection_reason").items():
            part = share(len(theirs), len(rejected))
            raised = {
                alert["alert"]: alert["remedy"]
                for alert in seeds["review_alerts"]
                if alert["definition_id"] == definition
                and alert["metric"] == "rejection_share"
                and alert["reason_code"] == reason
                and is_raised(alert, part, len(rejected))
            }
            rows.append(
                {
                    "month": first_day,
                    "product_line": line,
                    "reason": reason,
                    "label": labels.get(reason),
                    "alert": listed(raised) or None,
                    "remedy": " ".join(
                        raised[name] for name in sorted(raised, key=byte_order)
                    )
                    or None,
                    "rejections": len(theirs),
                    "line_rejections": len(rejected),
                    "mqls": len(members),
                    "is_enough_data": len(rejected) >= few,
                }
                | bounds("share", len(theirs), len(rejected))
            )
    return rows


def clocks(rows: list[Row]) -> tuple[Counter, int]:
    """How clocks stand, and of how many it is known whether they were kept."""
    standing = Counter(row["sla_status"] for row in rows)
    return standing, sum(standing[status] for status in TOLD)


def sla_rows(outcomes: Mart, few: int) -> Mart:
    """fct_sla_monthly."""
    rows = []
    for (month, rep_id, priority), members in grouped(
        outcomes, "month", "rep_id", "priority"
    ).items():
        standing, judged = clocks(members)
        hours = [row["response_hours"] for row in members if row["first_response_at"]]
        rows.append(
            {
                "month": month,
                "rep_id": rep_id or "unrouted",
                "priority": priority,
                "handoffs": len(members),
                "median_response_hours": median(hours) if hours else None,
                "is_enough_data": judged >= few,
            }
            | {name: standing[name] for name in (*TOLD, "open")}
            | bounds("compliance_rate", standing["met"], judged)
        )
    return rows


# --------------------------------------------------------------------------------
# The review
# --------------------------------------------------------------------------------


class Capacity:
    """What the active reps can work under the alerts of one definition."""

    def __init__(self, reps: list[float | None], alerts: list[Row]) -> None:
        most = [
            number(row["limit"])
            for row in alerts
            if row["metric"] == "mqls_per_rep" and row["comparison"] == "above"
        ]
        usual = max(most, default=None)
        each = [usual if own is None else own for own in reps]
        self.reps = len(reps)
        self.leads = sum(each) if reps and None not in each else None
        # in usual reps; heads where nobody says what a usual one can work
        self.usual_reps = self.leads / usual if self.leads and usual else len(reps)
        if self.leads == 0 and usual:
            self.usual_reps = 0


def alert_rows(
    outcomes: Mart, months: dict[date, Month], seeds: Seeds, reps: list[float | None]
) -> Mart:
    """fct_review_alerts."""
    groups = grouped(outcomes, "month")
    rows = []
    for first_day, month in months.items():
        members = groups[(first_day,)]
        alerts = [
            row
            for row in seeds["review_alerts"]
            if row["definition_id"] == month.rules.definition_id
        ]
        capacity = Capacity(reps, alerts)
        rejected = [row for row in members if row["rejected_at"]]
        standing, judged = clocks(members)
        unrouted = sum(1 for row in members if row["routed_by"] == "unrouted")
        for alert in alerts:
            of_reason = [
                row
                for row in rejected
                if row["rejection_reason"] == alert["reason_code"]
            ]
            figure, counted_on = {
                "acceptance_rate": (
                    share(having(members, "accepted_at"), len(members))
                    if month.is_acceptance_mature
                    else None,
                    len(members),
                ),
                "rejection_share": (
                    share(len(of_reason), len(rejected)),
                    len(rejected),
                ),
                "mqls_per_rep": (
                    share(len(members), capacity.usual_reps) if month.is_over else None,
                    capacity.reps,
                ),
                "sla_compliance_rate": (share(standing["met"], judged), judged),
                "unrouted_handoffs": (unrouted, len(members)),
            }[alert["metric"]]
            rows.append(
                {
                    "month": first_day,
                    "definition_id": month.rules.definition_id,
                    "alert": alert["alert"],
                    "metric": alert["metric"],
                    "reason_code": alert["reason_code"] or None,
                    "comparison": alert["comparison"],
                    "remedy": alert["remedy"],
                    "counted_on": counted_on,
                    "minimum_count": int(alert["minimum_count"]),
                    "figure": figure,
                    "limit_value": number(alert["limit"]),
                    "is_raised": is_raised(alert, figure, counted_on),
                }
            )
    return rows


def review_rows(
    outcomes: Mart,
    months: dict[date, Month],
    alerts: Mart,
    seeds: Seeds,
    reps: list[float | None],
    few: int,
) -> Mart:
    """fct_monthly_review."""
    groups = grouped(outcomes, "month")
    rows = []
    for first_day, month in months.items():
        members = groups[(first_day,)]
        cells = counts(members)
        standing, judged = clocks(members)
        reasons = Counter(
            row["rejection_reason"] for row in members if row["rejected_at"]
        )
        own = [
            row
            for row in seeds["review_alerts"]
            if row["definition_id"] == month.rules.definition_id
        ]
        capacity = Capacity(reps, own).leads if reps else None
        rows.append(
            cells
            | month.cells
            | {
                "month": first_day,
                "top_rejection_reason": min(
                    reasons,
                    key=lambda reason: (-reasons[reason], byte_order(reason)),
                    default=None,
                ),
                "alerts": listed(
                    row["alert"]
                    for row in alerts
                    if row["month"] == first_day and row["is_raised"]
                ),
                "won_deals": sum(row["won_deals"] for row in members),
                "average_deal_usd": average_deal(members),
                "unrouted": sum(1 for row in members if row["routed_by"] == "unrouted"),
                "capacity": capacity,
                "mqls_vs_capacity": share(len(members), capacity or 0),
                "is_enough_data": len(members) >= few,
            }
            | bounds(
                "acceptance_rate",
                cells["accepted"],
                len(members),
                month.is_acceptance_mature,
            )
            | bounds(
                "mql_to_opportunity_rate",
                cells["opportunities"],
                len(members),
                month.is_outcome_mature,
            )
            | bounds("sla_compliance_rate", standing["met"], judged)
        )
    return rows


# --------------------------------------------------------------------------------
# Drivers and campaigns
# --------------------------------------------------------------------------------


def driver_rows(outcomes: Mart, few: int) -> Mart:
    """fct_mql_drivers."""
    mature = [row for row in outcomes if row["is_outcome_mature"]]
    whole = grouped(mature, "product_line")

    def value_of(row: Row, attribute: str) -> str:
        if attribute not in COMMON_ATTRIBUTES and row["handoff_type"] == "account":
            return "account"
        if attribute in TOUCHES:
            return "yes" if row[attribute] else "no"
        return "none" if row[attribute] is None else row[attribute]

    rows = []
    for attribute in (*COMMON_ATTRIBUTES, *PERSONAL_ATTRIBUTES, *TOUCHES):
        groups: dict[tuple, list[Row]] = defaultdict(list)
        for row in mature:
            groups[value_of(row, attribute), row["product_line"]].append(row)
        for (value, line), members in groups.items():
            cells = counts(members)
            bought = [row for row in members if row["opportunity_at"]]
            of_line = counts(whole[(line,)])
            average = share(of_line["opportunities"], of_line["mqls"])
            rows.append(
                {
                    name: cells[name]
                    for name in ("mqls", "accepted", "opportunities", "won")
                }
                | {
                    "attribute": attribute,
                    "value": value,
                    "product_line": line,
                    "won_deals": sum(row["won_deals"] for row in members),
                    "lift": share(len(bought) / len(members), average)
                    if average
                    else None,
                    "median_days_to_opportunity": median(
                        row["days_to_opportunity"] for row in bought
                    )
                    if bought
                    else None,
                    "average_deal_usd": average_deal(members),
                    "is_enough_data": len(members) >= few,
                }
                | bounds("acceptance_rate", cells["accepted"], len(members))
                | bounds("opportunity_rate", cells["opportunities"], len(members))
                | bounds("won_rate", cells["won"], len(members))
            )
    return rows


def campaign_rows(outcomes: Mart, few: int) -> Mart:
    """fct_campaign_performance: people handed over, by first and by last touch."""
    people = [row for row in outcomes if row["handoff_type"] == "contact"]
    rows = []
    for touch in ("first", "last"):
        for (campaign, channel), members in grouped(
            people, f"{touch}_campaign", f"{touch}_channel"
        ).items():
            answered = [row for row in members if row["is_acceptance_mature"]]
            told = [row for row in members if row["is_outcome_mature"]]
            cells = counts(members)
            rows.append(
                {
                    name: cells[name]
                    for name in (
                        "mqls",
                        "accepted",
                        "opportunities",
                        "won",
                        "pipeline_usd",
                        "amount_won_usd",
                    )
                }
                | {
                    "touch": touch,
                    "campaign": campaign or "none",
                    "channel": channel or "none",
                    "people": len({row["contact_id"] for row in members}),
                    "acceptance_mature_mqls": len(answered),
                    "outcome_mature_mqls": len(told),
                    "is_enough_data": min(len(answered), len(told)) >= few,
                }
                | bounds(
                    "acceptance_rate", having(answered, "accepted_at"), len(answered)
                )
                | bounds("opportunity_rate", having(told, "opportunity_at"), len(told))
                | bounds("won_rate", having(told, "won_at"), len(told))
            )
    return rows


def build(
    raw: Raw, seeds: Seeds, as_of: datetime, marts: dict[str, Mart], settings: Row
) -> dict[str, Mart]:
    """The marts of the funnel, as a run at `as_of` must give them.

    raw, seeds, as_of: as for `reference.build`. marts: what that and
    `reference_handoffs.build` gave of them. settings: the vars of dbt_project.yml.
    """
    seen = section_11_intake(raw, seeds, as_of)
    facts = t2_facts(seen, as_of)
    official = [one for one in v1_definitions(seeds) if one.effective_from is not None]
    lines = {line for one in official for line in one.lines}
    reps = [
        raw_number(row.cells.get("monthly_capacity"))
        for row in seen["sales_reps"]
        if row.status == ACCEPTED and boolean(row.cells.get("is_active"))
    ]
    few = settings["enough_mqls"]
    funnel = funnel_rows(facts, seeds, marts, settings)
    months = months_until(funnel, as_of, official, settings)
    outcomes = outcome_rows(funnel, marts["fct_mql_handoffs"], months)
    alerts = alert_rows(outcomes, months, seeds, reps)
    contacts = marts["dim_contacts"]
    return {
        "fct_mql_funnel": funnel,
        "fct_handoff_outcomes": outcomes,
        "fct_funnel_monthly": monthly_rows(outcomes, months, lines, contacts, few),
        "fct_mql_cohorts": cohort_rows(outcomes, months, few),
        "fct_rejections_monthly": rejection_rows(outcomes, months, seeds, few),
        "fct_sla_monthly": sla_rows(outcomes, few),
        "fct_review_alerts": alerts,
        "fct_monthly_review": review_rows(outcomes, months, alerts, seeds, reps, few),
        "fct_mql_drivers": driver_rows(outcomes, few),
        "fct_campaign_performance": campaign_rows(outcomes, few),
    }
