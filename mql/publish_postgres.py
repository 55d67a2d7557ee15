"""Publishes the public marts of an audited warehouse on PostgreSQL.

dbt replaces its tables one after the other, so nobody reads those. A run that passed its
audit copies the marts into tables of its own, in a schema that is named for it; then one
transaction makes every view of the schemas `marts` and `handoffs` show the new tables.
Whoever reads sees all of one run. The functions are those of mql/publish.py.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from mql.delivery.log import deliveries_query
from mql.operations import PUBLISHED, RUN_COLUMNS, Run, RunLog, now
from mql.postgres import (
    ATTACHED,
    HANDOFFS,
    MARTS,
    connect,
    driver,
    last_run,
    opened,
    place,
)
from mql.project import ProjectError, Shelf
from mql.publish import Mart

# Schemas of the last few runs are named for them.
PREFIX = "published_"
# Any number that nobody else takes in this database.
LOCK = 7_205_759_403
# A reader in mid-transaction keeps the views it has read. To wait for longer than this
# at a time would keep those that come after it waiting, too, and from the second on the
# server might take the reader for the one to break off.
LOCK_TIMEOUT = "500ms"
SECONDS_TO_SWAP = 120


@contextmanager
def one_run_at_a_time(run: Run) -> Iterator[None]:
    """Holds the database's lock: runs may be started on several machines.

    Raises ProjectError where another run has it.
    """
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"set application_name = 'mql run {run.run_id}'")
            cursor.execute(f"select pg_try_advisory_lock({LOCK})")
            if not cursor.fetchone()[0]:
                cursor.execute(
                    "select application_name, client_addr, backend_start"
                    " from pg_stat_activity inner join pg_locks using (pid)"
                    " where locktype = 'advisory' and objid = %s and granted",
                    [LOCK & 0xFFFFFFFF],
                )
                holder = cursor.fetchone() or ("another", None, None)
                raise ProjectError(
                    f"another run is at work on the {place()}: {holder[0]} from"
                    f" {holder[1]}, since {holder[2]}. One at a time; this one did"
                    " nothing. Wait for that one to end, then run again."
                )
        yield
    finally:
        connection.close()


def publish(
    connection: duckdb.DuckDBPyConnection,
    marts: list[Mart],
    shelf: Shelf,
    run: Run,
    log: RunLog,
    keep: int,
) -> None:
    """Publishes the marts as they were audited, and logs the run's good end.

    `connection` is the audit's, `keep` how many runs' tables stay. `run` gets its end
    and the number of rows.
    """
    (audited,) = connection.execute(
        "select max(build_number) from operations.builds"
    ).fetchone()
    schema = f"{PREFIX}{run.run_id.replace('-', '_').lower()}"
    server = connect()
    try:
        with transaction(server) as cursor:
            cursor.execute("select max(build_number) from operations.builds")
            if cursor.fetchone()[0] != audited:
                raise ProjectError(
                    "another build began while this one was audited; nothing was"
                    " published. Run `mql run` again."
                )
            cursor.execute(f"create schema {schema}")
            for mart in marts:
                name = f"{mart.schema}.{mart.name}"
                run.rows_by_table[name] = copy(cursor, mart, schema)
            run.rows_published = sum(run.rows_by_table.values())
            run.status, run.finished_at = PUBLISHED, now()
            copy_logs(cursor, schema, shelf, run, log)
        swap(server, marts, schema)
        log.append(run.line())
        remove_old(server, keep)
    finally:
        server.close()


@contextmanager
def transaction(server):
    """One transaction that sees one moment. Gives its cursor."""
    server.autocommit = False
    server.set_session(isolation_level="REPEATABLE READ")
    try:
        with server, server.cursor() as cursor:
            yield cursor
    finally:
        # a lost connection has nothing left to set
        if not server.closed:
            server.set_session(isolation_level="DEFAULT", autocommit=True)


def is_handed_over(mart: Mart) -> bool:
    """Whether the hand-over process gets its personal columns."""
    return mart.schema == "handoff" and bool(mart.personal)


def listed(columns) -> str:
    """Column names as SQL."""
    return ", ".join(f'"{column}"' for column in columns)


def copy(cursor, mart: Mart, schema: str) -> int:
    """Copies a mart; personal columns only where somebody may read them. Returns the
    number of rows."""
    columns = mart.columns if is_handed_over(mart) else mart.impersonal
    cursor.execute(
        f"create table {schema}.{mart.name} as"
        f" select {listed(columns)} from {mart.schema}.{mart.name}"
    )
    count = cursor.rowcount
    cursor.execute(f"analyze {schema}.{mart.name}")
    return count


def copy_logs(cursor, schema: str, shelf: Shelf, run: Run, log: RunLog) -> None:
    """Writes the logs of runs, this one's end among them, and of deliveries."""
    reader = duckdb.connect()
    try:
        runs = reader.execute(log.query(run.run_id)).fetchall()
        deliveries = reader.sql(deliveries_query(shelf.deliveries))
        kinds = dict(zip(deliveries.columns, map(str, deliveries.types)))
        rows = deliveries.fetchall()
    finally:
        reader.close()
    # not in the file before it is true
    runs = [row for row in runs if row[0] != run.run_id]
    create(cursor, f"{schema}.runs", RUN_COLUMNS, [*runs, run.cells()])
    create(cursor, f"{schema}.deliveries", kinds, rows)


def create(cursor, table: str, kinds: dict[str, str], rows: list[tuple]) -> None:
    """A table of rows, by the names and types of its columns."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    cursor.execute(f"create table {table} ({columns})")
    marks = ", ".join(["%s"] * len(kinds))
    cursor.executemany(f"insert into {table} values ({marks})", rows)


def swap(server, marts: list[Mart], schema: str) -> None:
    """Makes all views show a run's tables, in one transaction.

    Waits for readers that are in the middle of a transaction; raises ProjectError where
    they take too long, or something of the reader's stands on a view that must go.
    """
    errors = driver().errors
    views = {
        f"{MARTS}.{mart.name}": f"select {listed(mart.impersonal)} from"
        f" {schema}.{mart.name}"
        for mart in marts
    } | {
        f"{HANDOFFS}.{mart.name}": f"select {listed(mart.columns)} from"
        f" {schema}.{mart.name}"
        for mart in marts
        if is_handed_over(mart)
    }
    for name in ("runs", "deliveries"):
        views[f"{MARTS}.{name}"] = f"select * from {schema}.{name}"
    give_up_at = time.monotonic() + SECONDS_TO_SWAP
    while True:
        try:
            with transaction(server) as cursor:
                cursor.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                replace_views(cursor, views)
                grant(cursor)
            return
        except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
            if time.monotonic() > give_up_at:
                raise ProjectError(
                    f"for {SECONDS_TO_SWAP} seconds a reader kept a transaction open on"
                    " the published views; nothing was published. End it (see"
                    " pg_stat_activity), then run again."
                ) from error
            # at another pace than whoever asks again and again
            time.sleep(random.uniform(0.1, 1.0))
        except errors.DependentObjectsStillExist as error:
            raise ProjectError(
                "the columns of a published view changed, and something else was built"
                f" on it ({str(error).strip()}). Drop that, run again, and make it anew."
            ) from error


def replace_views(cursor, views: dict[str, str]) -> None:
    """Creates the views, by name; removes those that are no more."""
    cursor.execute(f"create schema if not exists {MARTS}")
    cursor.execute(f"create schema if not exists {HANDOFFS}")
    cursor.execute(
        "select schemaname || '.' || viewname from pg_views where schemaname in (%s, %s)",
        [MARTS, HANDOFFS],
    )
    there = {name for (name,) in cursor.fetchall()}
    for name in sorted(there - views.keys()):
        cursor.execute(f"drop view {name}")
    errors = driver().errors
    for name, query in sorted(views.items()):
        cursor.execute("savepoint before_view")
        try:
            cursor.execute(f"create or replace view {name} as {query}")
        except errors.InvalidTableDefinition:
            # other columns than before: it cannot be replaced, only made anew
            cursor.execute("rollback to savepoint before_view")
            cursor.execute(f"drop view {name}")
            cursor.execute(f"create view {name} as {query}")


def grant(cursor) -> None:
    """Lets the roles of MQL_READER_ROLE and MQL_HANDOVER_ROLE read.

    Raises ProjectError where there is no such role.
    """
    for variable, schemas in (
        ("MQL_READER_ROLE", [MARTS]),
        ("MQL_HANDOVER_ROLE", [MARTS, HANDOFFS]),
    ):
        role = os.environ.get(variable, "").strip()
        if not role:
            continue
        cursor.execute(
            "select quote_ident(rolname) from pg_roles where rolname = %s", [role]
        )
        found = cursor.fetchone()
        if not found:
            raise ProjectError(
                f"{variable} is {role!r}, and the server has no such role; nothing was"
                f" published. Create it (docs/engines.md), then run again."
            )
        for schema in schemas:
            cursor.execute(f"grant usage on schema {schema} to {found[0]}")
            cursor.execute(
                f"grant select on all tables in schema {schema} to {found[0]}"
            )


def published_schemas(cursor) -> list[str]:
    """The schemas of runs, oldest first."""
    cursor.execute(
        "select nspname from pg_namespace where starts_with(nspname, %s) order by nspname",
        [PREFIX],
    )
    return [name for (name,) in cursor.fetchall()]


def drop(cursor, schema: str) -> None:
    """Drops a run's schema, unless somebody still reads it: the next run will."""
    errors = driver().errors
    try:
        cursor.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        # without cascade: a view that shows one of its tables keeps it
        cursor.execute(
            "select quote_ident(relname) from pg_class"
            " where relnamespace = %s::regnamespace and relkind = 'r'",
            [schema],
        )
        tables = ", ".join(f"{schema}.{name}" for (name,) in cursor.fetchall())
        if tables:
            cursor.execute(f"drop table {tables}")
        cursor.execute(f"drop schema {schema}")
    except (errors.LockNotAvailable, errors.DependentObjectsStillExist):
        pass


def remove_old(server, keep: int) -> None:
    """Removes the tables of all runs but the last few."""
    with server.cursor() as cursor:
        for schema in published_schemas(cursor)[:-keep]:
            drop(cursor, schema)


def finish_what_a_killed_run_began(shelf: Shelf, log: RunLog) -> None:
    """Removes tables that were never shown, and logs a run that was killed just after
    publishing."""
    latest = last_published(shelf)
    shown = latest["run_id"].replace("-", "_").lower() if latest else ""
    server = connect()
    try:
        with server.cursor() as cursor:
            for schema in published_schemas(cursor):
                if schema > f"{PREFIX}{shown}":
                    drop(cursor, schema)
    finally:
        server.close()
    if latest and not log.last(
        f"run_id = '{latest['run_id']}' and finished_at is not null"
    ):
        log.append(Run.of(latest).line())


def recall_reported_months(shelf: Shelf, working: object) -> None:
    """Gives the warehouse the months that were reported, and no others.

    A month is reported once it is published (mql/publish.py).
    """
    table = "fct_reported_months"
    server = connect()
    try:
        with transaction(server) as cursor:
            cursor.execute(
                "select to_regclass(%s), to_regclass(%s)",
                [f"{MARTS}.{table}", f"funnel.{table}"],
            )
            if None in cursor.fetchone():
                return
            cursor.execute(
                "select string_agg(quote_ident(attname), ', ' order by attnum)"
                " from pg_attribute"
                " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                [f"{MARTS}.{table}"],
            )
            (columns,) = cursor.fetchone()
            cursor.execute(f"delete from funnel.{table}")
            cursor.execute(
                f"insert into funnel.{table} ({columns})"
                f" select {columns} from {MARTS}.{table}"
            )
    finally:
        server.close()


def last_published(shelf: Shelf) -> dict | None:
    """The run whose marts are published, by column of operations.runs, or None."""
    with opened() as connection:
        found = connection.execute(
            "select 1 from information_schema.tables"
            f" where table_catalog = '{ATTACHED}' and table_schema = '{MARTS}'"
            " and table_name = 'runs'"
        ).fetchone()
        return last_run(connection) if found else None
