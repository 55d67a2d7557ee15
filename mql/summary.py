"""What a run published, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mql.project import ProjectError, target

COUNTS = """
select
    (select count(*) from scoring.dim_contacts) as contacts,
    (select count(*) from scoring.dim_accounts) as accounts,
    (
        select sum(rows_accepted) from quality.fct_reconciliation
        where source_table = 'activities'
    ) as activities,
    (select max(as_of) from scoring.fct_contact_scores) as as_of
"""

MQLS_BY_LINE = """
select
    product_line,
    count(*) as mqls,
    count(distinct contact_id) as contacts,
    count(*) filter (where ended_at is null) as open
from qualification.fct_mqls
where is_official
group by product_line
order by mqls desc, product_line
"""

ACCOUNT_MQLS_BY_LINE = """
select
    product_line,
    count(*) as mqls,
    count(*) filter (where not has_individual_mql) as without_individual,
    count(*) filter (where ended_at is null) as open
from qualification.fct_account_mqls
where is_official
group by product_line
order by mqls desc, product_line
"""

PEOPLE = """
select count(distinct contact_id) as contacts
from qualification.fct_mqls
where is_official
"""

HANDOFFS = """
select
    count(*) as open,
    count(*) filter (where handoff_type = 'account') as of_accounts,
    count(*) filter (where sla_status = 'overdue') as overdue,
    count(*) filter (where rep_id is null) as unrouted
from handoff.fct_handoff_queue
"""

COURTESIES = """
select count(*) as waiting, count(*) filter (where sla_status = 'overdue') as overdue
from handoff.fct_courtesy_queue
"""

QUARANTINE = """
select source_table, reason, count(*) as row_count
from quality.fct_quarantined_records
group by source_table, reason
order by source_table, reason
"""

RECONCILIATION = """
select
    sum(rows_raw) as rows_raw,
    sum(
        rows_accepted + rows_duplicate + rows_quarantined + rows_not_yet_visible
        + rows_erased
    ) as rows_accounted_for
from quality.fct_reconciliation
"""

MARTS = """
select table_schema, string_agg(table_name, ', ' order by table_name) as tables
from information_schema.tables
where table_catalog = current_database() and table_schema <> 'operations'
group by table_schema
order by table_schema
"""


@contextmanager
def published(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published marts, read-only.

    warehouse: the DuckDB file they are in; on PostgreSQL those of its database are
    read, and no file. Raises ProjectError if there are none.
    """
    if target() == "postgres":
        # imported late: its driver is an extra
        from mql.postgres import opened_published

        with opened_published() as connection:
            yield connection
        return
    if not warehouse.exists():
        raise ProjectError(f"{warehouse} does not exist yet: run `make build` first.")
    try:
        connection = duckdb.connect(str(warehouse), read_only=True)
    except duckdb.IOException as error:
        raise ProjectError(
            f"{warehouse} cannot be opened ({str(error).splitlines()[0]})."
        ) from error
    try:
        yield connection
    finally:
        connection.close()


def place_of(warehouse: Path) -> str:
    """Where the published marts are, in words."""
    if target() == "postgres":
        from mql.postgres import marts_place

        return marts_place()
    return str(warehouse)


def summary(warehouse: Path) -> str:
    """The summary as text, of what `published` opens. Raises ProjectError as it does."""
    with published(warehouse) as connection:
        return summary_of(connection, place_of(warehouse))


def summary_of(connection: duckdb.DuckDBPyConnection, place: str) -> str:
    """The summary of the marts that a connection has; `place` is where they are."""
    try:
        contacts, accounts, activities, as_of = connection.execute(COUNTS).fetchone()
        (people,) = connection.execute(PEOPLE).fetchone()
        mqls = connection.execute(MQLS_BY_LINE).fetchall()
        account_mqls = connection.execute(ACCOUNT_MQLS_BY_LINE).fetchall()
        handed = connection.execute(HANDOFFS).fetchone()
        waiting, waiting_overdue = connection.execute(COURTESIES).fetchone()
        quarantine = connection.execute(QUARANTINE).fetchall()
        rows_raw, rows_accounted_for = connection.execute(RECONCILIATION).fetchone()
        marts = connection.execute(MARTS).fetchall()
    except duckdb.CatalogException as error:
        raise ProjectError(
            f"{place} has no marts ({str(error).splitlines()[0]}): run `make build`."
        ) from error

    lines = [
        (
            f"As of {as_of} UTC: {contacts:,} contacts at {accounts:,} accounts,"
            f" {activities or 0:,} activities."
        ),
        "",
        (
            f"Official MQLs: {sum(row[1] for row in mqls):,}"
            f" ({people:,} people, {sum(row[3] for row in mqls):,} open now)"
        ),
    ]
    for line, count, who, is_open in mqls:
        lines.append(f"  {line:<20} {count:6,} of {who:,} people, {is_open:,} open")
    lines.append(
        f"Official account MQLs: {sum(row[1] for row in account_mqls):,}"
        f" ({sum(row[3] for row in account_mqls):,} open now)"
    )
    for line, count, without, is_open in account_mqls:
        lines.append(
            f"  {line:<20} {count:6,}, {without:,} with no individual MQL,"
            f" {is_open:,} open"
        )
    is_open, of_accounts, overdue, unrouted = handed
    lines += [
        (
            f"Open hand-overs: {is_open:,} ({of_accounts:,} of accounts; {overdue:,}"
            f" overdue, {unrouted:,} without a rep)"
        ),
        f"Courtesy responses waiting: {waiting:,} ({waiting_overdue:,} overdue)",
    ]
    lines.append(f"Rows in quarantine: {sum(row[2] for row in quarantine):,}")
    for table, reason, count in quarantine:
        lines.append(f"  {table:<20} {count:6,} {reason}")
    lines += [
        f"Raw rows: {rows_raw:,}, accounted for: {rows_accounted_for:,}",
        "",
        f"The marts are in {place}:",
    ]
    lines += [f"  {schema}: {tables}" for schema, tables in marts]
    query = ".venv/bin/python -m mql query"
    lines += [
        f'Look at them: {query} "select * from qualification.fct_mqls limit 5"',
        (
            f'Who to call first: {query} "select place, priority, sla_status,'
            " account_name, product_line, total_score, rep_id"
            ' from handoff.fct_handoff_queue order by place limit 5"'
        ),
    ]
    return "\n".join(lines)
