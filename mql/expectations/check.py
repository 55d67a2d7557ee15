"""A claim about the warehouse, and what came of checking it.

The checking is done in DuckDB, by a query that returns the rows that break the claim.
Only their number and a few examples ever reach Python, so a ledger of 50 million rows
takes no more memory here than one of fifty.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

# Enough to see a pattern; more would turn the page into a dump of the warehouse.
EXAMPLE_ROWS = 20

PASSED = "passed"
WARNED = "warned"
FAILED = "FAILED"


@dataclass(frozen=True)
class Check:
    """One expectation.

    `query` selects the violations, one row each. Up to `rows_allowed` of them are dirt
    that is reported (a warning); more are a broken contract (critical). A check that
    `only_warns` is never critical. A check `of_one_contact` compares rows of the same
    contact only, and is not asked anew of contacts whose rows are those of an earlier run.
    """

    name: str
    subject: str
    claim: str
    why: str
    remedy: str
    query: str
    rows_allowed: int = 0
    only_warns: bool = False
    of_one_contact: bool = False


@dataclass
class Finding:
    """What a check found: how many rows break it and a few of them.

    `error` is what the engine said where the query could not run at all; then
    `rows_violating` is None and the check has failed. `result` is the verdict of Great
    Expectations, set by `site.validate`.
    """

    door: str
    check: Check
    rows_violating: int | None
    examples: list[dict] = field(default_factory=list)
    error: str = ""
    result: str = ""


def examine(
    connection: duckdb.DuckDBPyConnection,
    door: str,
    check: Check,
    rows_violating: int | None = None,
) -> Finding:
    """Runs a check. A count that is known already is not counted again."""
    try:
        if rows_violating is None:
            (rows_violating,) = connection.execute(
                f"select count(*) from ({check.query}) as violations"
            ).fetchone()
        examples = example_rows(connection, check.query) if rows_violating else []
    except duckdb.Error as error:
        return Finding(door, check, None, error=first_line(error))
    return Finding(door, check, rows_violating, examples)


def example_rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    """The first violations, as dictionaries."""
    cursor = connection.execute(
        f"select * from ({query}) as violations limit {EXAMPLE_ROWS}"
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def first_line(error: Exception) -> str:
    """What an engine's message says before it explains."""
    return str(error).strip().splitlines()[0]
