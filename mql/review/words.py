"""Figures, months and names as the page says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

UNKNOWN = "–"


def number(value: float | None) -> str:
    """`1,234`, or with one decimal where it is not whole."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def signed(value: float | None) -> str:
    """A difference with its sign."""
    if value is None:
        return UNKNOWN
    return (
        "no change"
        if value == 0
        else f"{'+' if value > 0 else '−'}{number(abs(value))}"
    )


def percent(share: float | None) -> str:
    """`48%`."""
    return UNKNOWN if share is None else f"{100 * share:.0f}%"


def with_bounds(row: dict, rate: str) -> str:
    """`48% (32–65%)`: a rate of a mart with its interval."""
    if row[rate] is None:
        return UNKNOWN
    low, high = row[f"{rate}_low"], row[f"{rate}_high"]
    return f"{percent(row[rate])} ({100 * low:.0f}–{100 * high:.0f}%)"


def dollars(amount: float | None) -> str:
    """`$46,850`."""
    return UNKNOWN if amount is None else f"${amount:,.0f}"


def month_name(month: date) -> str:
    """`May 2026`."""
    return f"{month:%B %Y}"


def short_month(month: date) -> str:
    """`May 26`."""
    return f"{month:%b %y}"


def named(code: str | None) -> str:
    """`capital_equipment` as `capital equipment`."""
    return UNKNOWN if code is None else str(code).replace("_", " ")


def capital(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def alert_name(code: str) -> str:
    """`sla_compliance_low` as `SLA compliance low`."""
    return capital(named(code).replace("sla ", "SLA ").replace("mqls", "MQLs"))


def count_of(count: int, thing: str) -> str:
    """`1 MQL`, `2 MQLs`."""
    return f"{number(count)} {thing}{'' if count == 1 else 's'}"


def listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
