"""Copies the public marts on PostgreSQL, and publishes what passed its audit.

dbt replaces its tables one after the other, so nobody reads those. A run copies the marts
into tables of its own, in a schema that is named for it, and audits these; then one
transaction makes every view of the schemas `marts` and `handoffs` show them. Whoever
reads sees all of one run. The functions are those of mql/publish.py.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from mql.audit import bounded
from mql.copies import TOUCHED, in_place_of_marts
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
from mql.publish import Copies, Mart

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


@contextmanager
def copied(
    connection: duckdb.DuckDBPyConnection, marts: list[Mart], shelf: Shelf, run: Run
) -> Iterator[Copies]:
    """Copies the marts into tables of a schema of the run's own.

    Unless they are published while the context lasts, they are removed. `run` gets the
    number of rows. Raises ProjectError where the marts are not those of the build that
    the connection sees.
    """
    (noted,) = connection.execute(
        "select max(build_number) from operations.builds"
    ).fetchone()
    schema = schema_of(run.run_id)
    server = connect()
    try:
        with transaction(server) as cursor:
            cursor.execute("select max(build_number) from operations.builds")
            if cursor.fetchone()[0] != noted:
                raise ProjectError(
                    "another build began while this one was at work; nothing was"
                    " published. Run `mql run` again."
                )
            cursor.execute(f"create schema {schema}")
            before = published_before(cursor, marts, shelf)
            for mart in marts:
                run.rows_by_table[str(mart)] = copy(cursor, mart, schema, before)
            run.rows_published = sum(run.rows_by_table.values())
        # a session that began earlier would not see them
        with opened() as session, bounded(session):
            copies = {
                str(mart): f"{ATTACHED}.{schema}.{mart.name}"
                for mart in marts
                if not mart.personal or is_handed_over(mart)
            }
            with in_place_of_marts(session, copies):
                yield Copies(session, schema, touched="")
    except BaseException:
        # a lost server keeps them until the next run
        with suppress(driver().Error, ProjectError):
            discard(schema)
        raise
    finally:
        server.close()


def publish(
    copies: Copies, marts: list[Mart], shelf: Shelf, run: Run, log: RunLog, keep: int
) -> None:
    """Makes readers see the copies, and logs the run's good end.

    `keep` is how many runs' tables stay. `run` gets its end.
    """
    server = connect()
    try:
        with transaction(server) as cursor:
            run.status, run.finished_at = PUBLISHED, now()
            copy_logs(cursor, copies.place, shelf, run, log)
        swap(server, marts, copies.place)
        log.append(run.line())
        remove_old(server, keep)
    finally:
        server.close()


def discard(schema: str) -> None:
    """Drops the schema of a run that is not published."""
    server = connect()
    try:
        with server.cursor() as cursor:
            if schema in published_schemas(cursor):
                drop(cursor, schema)
    finally:
        server.close()


def schema_of(run_id: str) -> str:
    """The schema of a run's tables."""
    return f"{PREFIX}{run_id.replace('-', '_').lower()}"


def published_before(cursor, marts: list[Mart], shelf: Shelf) -> dict[str, str]:
    """Marts of which only the rows of touched contacts have to be copied, and the tables
    of the run before that have the others: `schema.mart` -> table.

    None after a full build, and none where what is published is not of the build before.
    """
    cursor.execute(
        "select build_id, is_full from operations.builds where event = 'completed'"
        " order by build_number desc limit 2"
    )
    builds = cursor.fetchall()
    published = last_published(shelf)
    if (
        len(builds) < 2
        or builds[0][1]
        or not published
        or published.get("build_id") != builds[1][0]
    ):
        return {}
    schema = schema_of(published["run_id"])
    return {
        str(mart): f"{schema}.{mart.name}"
        for mart in marts
        if mart.in_part and columns_of(cursor, schema, mart) == list(mart.impersonal)
    }


def columns_of(cursor, schema: str, mart: Mart) -> list[str]:
    """The columns of a mart's table of a run; none where it is not there."""
    cursor.execute(
        "select column_name from information_schema.columns"
        " where table_schema = %s and table_name = %s order by ordinal_position",
        [schema, mart.name],
    )
    return [name for (name,) in cursor.fetchall()]


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


def copy(cursor, mart: Mart, schema: str, before: dict[str, str]) -> int:
    """Copies a mart; personal columns only where somebody may read them. Returns the
    number of rows."""
    columns = listed(mart.columns if is_handed_over(mart) else mart.impersonal)
    query = f"select {columns} from {mart}"
    if str(mart) in before:
        query = (
            f"select {columns} from {before[str(mart)]}"
            f" where contact_id not in ({TOUCHED})"
            f" union all select {columns} from touched.{mart.name}"
            f" where contact_id in ({TOUCHED})"
        )
    cursor.execute(f"create table {schema}.{mart.name} as {query}")
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
    shown = schema_of(latest["run_id"]) if latest else PREFIX
    server = connect()
    try:
        with server.cursor() as cursor:
            for schema in published_schemas(cursor):
                if schema > shown:
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
