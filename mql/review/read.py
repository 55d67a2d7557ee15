"""Reads what the review shows from the marts; nothing is computed anew here."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from mql.project import ProjectError
from mql.summary import place_of, published

# A campaign may be named anything.
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Row = dict[str, object]
Marts = dict[str, list[Row]]

# Each part of the page by the query that feeds it: totals, and nobody's name or id but
# that of reps.
QUERIES = {
    "review": "select * from funnel.fct_monthly_review order by month",
    "alerts": "select * from funnel.fct_review_alerts order by month, alert",
    "as_reported": "select * from funnel.fct_as_reported order by month",
    "funnel": "select * from funnel.fct_funnel_monthly order by month, product_line",
    "cohorts": (
        "select * from funnel.fct_mql_cohorts"
        " order by cohort_month, months_since, product_line"
    ),
    "rejections": (
        "select * from funnel.fct_rejections_monthly"
        " order by month, product_line, reason"
    ),
    "sla": "select * from funnel.fct_sla_monthly order by month, rep_id, priority",
    "drivers": (
        "select * from funnel.fct_mql_drivers order by product_line, attribute, value"
    ),
    "campaigns": (
        "select * from funnel.fct_campaign_performance"
        " order by touch, campaign, channel"
    ),
    "sweep": (
        "select * from definition.fct_threshold_sweep"
        " order by definition_id, product_line, threshold"
    ),
    "backtest": (
        "select * from definition.fct_definition_backtest"
        " order by product_line, definition_id"
    ),
    "diff": (
        "select other_definition_id, product_line, change, because_of,"
        " count(*) as contacts from definition.fct_definition_diff"
        " group by other_definition_id, product_line, change, because_of"
        " order by other_definition_id, product_line, change, because_of"
    ),
    "as_of": "select as_of from scoring.fct_contact_scores limit 1",
}


def read_marts(warehouse: Path) -> Marts:
    """The rows behind each part of the page, by the part's name; null is None.

    warehouse: a DuckDB file with the public marts; on PostgreSQL those of its database
    are read, and no file. Raises ProjectError where it or a mart is missing.
    """
    with published(warehouse) as connection:
        try:
            return {part: rows(connection, query) for part, query in QUERIES.items()}
        except duckdb.CatalogException as error:
            raise ProjectError(
                f"{place_of(warehouse)} lacks a mart the review needs"
                f" ({str(error).splitlines()[0]}): run `make build`."
            ) from error


def rows(connection, query: str) -> list[Row]:
    """What a query gives, a dictionary for each row."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [
        dict(zip(names, map(printable, row), strict=True)) for row in cursor.fetchall()
    ]


def printable(value):
    """A text of the source without what no page can hold; other values as they are."""
    return NOT_IN_XML.sub(" ", value) if isinstance(value, str) else value
