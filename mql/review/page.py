"""What the page says: alerts first, headline figures, then sections of charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mql.definition.document import Table
from mql.review.read import Marts, Row
from mql.review.words import (
    UNKNOWN,
    alert_name,
    capital,
    count_of,
    dollars,
    month_name,
    named,
    number,
    percent,
    signed,
    with_bounds,
)


@dataclass(frozen=True)
class Picture:
    """A chart with what stands under it."""

    svg: str
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    says: what the charts show, in a sentence each; tables: the same figures, folded
    away, each with its name; note: how the figures are defined.
    """

    key: str
    title: str
    says: Sequence[str]
    pictures: Sequence[Picture] = ()
    tables: Sequence[tuple[str, Table]] = ()
    note: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it takes the whole width of a wide screen."""
        return len(self.pictures) > 1


@dataclass(frozen=True)
class Alarm:
    """A raised alert: its figure against its limit, and what to do."""

    name: str
    figure: str
    limit: str
    remedy: str
    month: str
    key: str


@dataclass(frozen=True)
class Card:
    """A headline figure.

    details: how it compares with the month before and with what was reported;
    title: its definition.
    """

    key: str
    name: str
    figure: str
    details: Sequence[str]
    title: str


@dataclass(frozen=True)
class Period:
    """The months of a review.

    months: the complete ones, oldest first, at least one; reviewed: the last of them;
    before: the one before it; running: the month not complete yet.
    """

    as_of: datetime
    months: Sequence[Row]

    @property
    def reviewed(self) -> Row:
        return self.months[-1]

    @property
    def before(self) -> Row | None:
        return self.months[-2] if len(self.months) > 1 else None

    def last(self, flag: str) -> Row | None:
        """The last complete month for which a flag of the mart holds."""
        return next((row for row in reversed(self.months) if row[flag]), None)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def period(marts: Marts) -> Period | None:
    """The months to review; None while no month with an MQL in or before it is over."""
    if not marts["as_of"] or not marts["review"]:
        return None
    as_of = marts["as_of"][0]["as_of"]
    complete = [
        row for row in marts["review"] if month_after(row["month"]) <= as_of.date()
    ]
    return Period(as_of, complete) if complete else None


# How each metric of fct_review_alerts is said, its unit, and what it counts.
METRICS = {
    "acceptance_rate": ("of the MQLs were accepted by sales", percent, "MQL"),
    "rejection_share": (
        "of the rejections give the reason “{reason}”",
        percent,
        "rejection",
    ),
    "mqls_per_rep": ("MQLs for each active rep", number, "MQL"),
    "sla_compliance_rate": ("of the follow-ups came in time", percent, "follow-up"),
    "unrouted_handoffs": ("hand-overs had no owner", number, "hand-over"),
}
LIMITS = {
    "below": "Limit: not below {limit}",
    "above": "Limit: not above {limit}",
    "at_least": "Limit: below {limit}",
}


def judged(marts: Marts, months: Period) -> list[Row]:
    """Each alert as of the last month for which it can be told.

    That is the reviewed month, but for acceptance, which waits until sales has had the
    time to answer.
    """
    answered = months.last("is_acceptance_mature")
    chosen = []
    for row in marts["alerts"]:
        month = months.reviewed["month"]
        if row["metric"] == "acceptance_rate" and answered is not None:
            month = answered["month"]
        if row["month"] == month:
            chosen.append(row)
    return sorted(chosen, key=lambda row: (not row["is_raised"], row["alert"]))


def reasons(marts: Marts) -> dict[str, str]:
    """Rejection reasons in words, by their code."""
    return {row["reason"]: row["label"] or row["reason"] for row in marts["rejections"]}


def figure_in_words(row: Row, labels: dict[str, str]) -> tuple[str, str]:
    """The figure of an alert with what it rests on, and its limit."""
    words, unit, counted = METRICS[row["metric"]]
    reason = labels.get(row["reason_code"], named(row["reason_code"]))
    limit = LIMITS[row["comparison"]].format(limit=unit(row["limit_value"]))
    said = f"{unit(row['figure'])} {words.format(reason=reason)}"
    return said, f"{limit}; counted: {count_of(row['counted_on'], counted)}"


def alarms(marts: Marts, months: Period) -> list[Alarm]:
    """The raised alerts."""
    labels = reasons(marts)
    made = []
    for row in judged(marts, months):
        if row["is_raised"]:
            said, limit = figure_in_words(row, labels)
            made.append(
                Alarm(
                    name=alert_name(row["alert"]),
                    figure=said,
                    limit=limit,
                    remedy=row["remedy"],
                    month=month_name(row["month"]),
                    key=row["alert"],
                )
            )
    return made


def alert_table(marts: Marts, months: Period) -> Table:
    """Every alert, raised or not."""
    labels = reasons(marts)
    lines = []
    for row in judged(marts, months):
        said, limit = figure_in_words(row, labels)
        if row["is_raised"]:
            state = "raised"
        elif row["figure"] is None:
            state = "cannot be told yet"
        elif row["counted_on"] < row["minimum_count"]:
            state = f"too few to judge: {row['counted_on']} of {row['minimum_count']}"
        else:
            state = "in order"
        lines.append(
            [
                alert_name(row["alert"]),
                state,
                month_name(row["month"]),
                capital(said),
                limit,
                row["remedy"],
            ]
        )
    head = ["Alert", "State", "Month", "Figure", "Limit", "Remedy"]
    return Table(head, lines)


def cards(marts: Marts, months: Period) -> list[Card]:
    """The headline figures of the reviewed month."""
    now, before = months.reviewed, months.before
    reported = next(
        (row for row in marts["as_reported"] if row["month"] == now["month"]), None
    )
    labels = reasons(marts)

    def earlier(text: str) -> list[str]:
        return [f"{month_name(before['month'])}: {text}"] if before else []

    def at_close(name: str) -> list[str]:
        if reported is None:
            return ["Not reported yet"]
        said, moved = reported[f"{name}_reported"], reported[f"{name}_difference"]
        unit = dollars if name.endswith("usd") else number
        return [f"Reported at the close: {unit(said)} ({signed(moved)} since)"]

    made = [
        Card(
            "mqls",
            "MQLs",
            number(now["mqls"]),
            [
                *earlier(
                    f"{number(before['mqls'])} ({signed(now['mqls'] - before['mqls'])})"
                    if before
                    else ""
                ),
                *at_close("mqls"),
                (
                    f"{percent(now['mqls_vs_capacity'])} of the"
                    f" {number(now['capacity'])} leads a month the reps can work"
                ),
            ],
            "Hand-overs to sales that hold an official MQL, one per conversation, by"
            " the month of the MQL.",
        ),
        rate_card(
            months,
            ("acceptance_rate", "accepted", "is_acceptance_mature"),
            "Accepted by sales",
            at_close("accepted"),
            "MQLs accepted by sales, of all MQLs of the month; in brackets the 95%"
            " interval (Wilson).",
        ),
        rate_card(
            months,
            ("mql_to_opportunity_rate", "opportunities", "is_outcome_mature"),
            "Became an opportunity",
            at_close("opportunities"),
            "MQLs credited with an opportunity, of all MQLs of the month; in brackets"
            " the 95% interval (Wilson).",
        ),
        Card(
            "sla_compliance_rate",
            "Followed up in time",
            percent(now["sla_compliance_rate"]),
            earlier(percent(before["sla_compliance_rate"]) if before else ""),
            "Follow-ups in time, of those answered or due.",
        ),
        Card(
            "amount_won_usd",
            "Won so far",
            dollars(now["amount_won_usd"]),
            [
                f"{number(now['won'])} won, on average {dollars(now['average_deal_usd'])}",
                *earlier(
                    f"{dollars(before['amount_won_usd'])}, on average"
                    f" {dollars(before['average_deal_usd'])}"
                    if before
                    else ""
                ),
                *at_close("amount_won_usd"),
            ],
            "US dollars of the won opportunities of the month's MQLs, whenever won: a"
            " younger month has had less time.",
        ),
        Card(
            "top_rejection_reason",
            "Most frequent rejection",
            labels.get(now["top_rejection_reason"], named(now["top_rejection_reason"])),
            [
                f"{number(now['rejected'])} MQLs rejected",
                *earlier(
                    labels.get(
                        before["top_rejection_reason"],
                        named(before["top_rejection_reason"]),
                    )
                    if before
                    else ""
                ),
                *at_close("rejected"),
            ],
            "The reason most rejections of the month's MQLs give.",
        ),
    ]
    return made


def rate_card(
    months: Period,
    columns: tuple[str, str, str],
    name: str,
    at_close: Sequence[str],
    title: str,
) -> Card:
    """A rate of the reviewed month, or of the last one old enough to be told."""
    rate, count, flag = columns
    now = months.reviewed
    counted = f"{number(now[count])} of {number(now['mqls'])} MQLs so far"
    if now[flag] or months.last(flag) is None:
        told, details = now, [] if now[flag] else ["Too young to be told"]
    else:
        told = months.last(flag)
        details = [
            f"In {month_name(told['month'])}, the last month old enough to be told"
        ]
    place = months.months.index(told)
    earlier = months.months[place - 1] if place else None
    if earlier is not None and earlier[flag]:
        details.append(f"{month_name(earlier['month'])}: {with_bounds(earlier, rate)}")
    details += [f"{month_name(now['month'])}: {counted}", *at_close]
    return Card(
        rate, name, with_bounds(told, rate) if told[flag] else UNKNOWN, details, title
    )
