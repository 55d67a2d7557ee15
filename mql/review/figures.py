"""Sums and shares over the rows of a mart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scipy.stats import binomtest

from mql.review.page import Period
from mql.review.read import Marts, Row
from mql.review.words import (
    UNKNOWN,
    percent,
)

COUNTED = "MQLs are hand-overs to sales that hold one, by the month of the MQL."
BOUNDS = (
    "Bars and bands around a rate are its 95% interval (Wilson): where two overlap"
    " widely, the difference may be chance."
)


def interval(part: int, whole: int) -> tuple[float, float, float] | None:
    """A share of counts added up over rows of a mart, with its Wilson bounds."""
    if not whole:
        return None
    bounds = binomtest(part, whole).proportion_ci(0.95, method="wilson")
    return part / whole, bounds.low, bounds.high


def said_with_bounds(share: tuple[float, float, float] | None) -> str:
    """`48% (32–65%)`."""
    if share is None:
        return UNKNOWN
    return f"{percent(share[0])} ({100 * share[1]:.0f}–{100 * share[2]:.0f}%)"


def total(rows: Iterable[Row], name: str) -> int | float:
    """The sum of a column."""
    return sum(row[name] for row in rows)


def limit_of(marts: Marts, months: Period, metric: str) -> float | None:
    """The limit an alert sets on a metric in the reviewed month; None where none does."""
    month = months.reviewed["month"]
    limits = [
        row["limit_value"]
        for row in marts["alerts"]
        if (row["month"], row["metric"]) == (month, metric)
    ]
    return limits[0] if limits else None


def in_force(marts: Marts, months: Period) -> str | None:
    """The definition in force at the end of the reviewed month."""
    month = months.reviewed["month"]
    found = [row["definition_id"] for row in marts["alerts"] if row["month"] == month]
    return found[0] if found else None


def product_lines(rows: Iterable[Row]) -> list[str]:
    """The product lines among rows, the one with most MQLs first."""
    counts: dict[str, float] = defaultdict(float)
    for row in rows:
        counts[row["product_line"]] += row["mqls"]
    return sorted(counts, key=lambda line: (-counts[line], line))


def line_order(marts: Marts):
    """A key that sorts product lines by their MQLs, most first."""
    lines = product_lines(marts["funnel"])
    return lambda line: (lines.index(line) if line in lines else len(lines), line)
