"""A warehouse on PostgreSQL: how to reach it, and its tables seen through DuckDB.

The audit, the summary, the review and deliveries are queries of DuckDB. They run on
PostgreSQL unchanged: DuckDB's own extension attaches the database, read-only, and reads
the columns a query names.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from mql.project import ProjectError

# What a URL may say, and the variable in which dbt and every client read it.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
# As in profiles.yml; a lost server is noticed, and does not keep a run for ever.
DEFAULTS = {
    "PGHOST": "localhost",
    "PGUSER": "mql",
    "PGDATABASE": "mql",
    "PGCONNECT_TIMEOUT": "10",
}
# The database's name in the DuckDB session.
ATTACHED = "warehouse"
# The schemas that readers see: every mart without personal columns; the marts of
# hand-overs with them. As marts.duckdb and handoffs.duckdb on DuckDB.
MARTS, HANDOFFS = "marts", "handoffs"

# What the server or its client says where the one cannot be reached by the other.
LOST = re.compile(
    "server closed the connection|terminating connection|connection (?:to server|not open"
    "|already closed|has been closed|refused|timed out)|could not (?:connect|receive data|"
    "send data|translate host)|the database system is|SSL SYSCALL|no connection to the"
    " server|[Uu]nable to connect",
    flags=re.IGNORECASE,
)
TOO_SLOW = re.compile("canceling statement due to (statement|lock) timeout")


def driver():
    """The module psycopg2. Raises ProjectError where it is not installed."""
    try:
        import psycopg2
    except ImportError as error:
        raise not_installed() from error
    return psycopg2


def extension() -> Path:
    """The file of DuckDB's extension. Raises ProjectError where it is not installed."""
    try:
        import duckdb_extension_postgres_scanner as package
    except ImportError as error:
        raise not_installed() from error
    return next(Path(package.__file__).parent.rglob("*.duckdb_extension"))


def not_installed() -> ProjectError:
    """What to do about a missing package."""
    return ProjectError(
        "the target postgres needs requirements-postgres.txt: set MQL_TARGET=postgres"
        " for `make` as well, which installs it."
    )


def variables_of(url: str) -> dict[str, str]:
    """A connection URL (or key=value text) as environment variables.

    Raises ProjectError where it is not one, without repeating it: it holds a password.
    """
    psycopg2 = driver()
    try:
        given = psycopg2.extensions.parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        raise ProjectError(
            "MQL_POSTGRES_URL is no connection URL; write"
            " postgresql://user:password@host:5432/database."
        ) from error
    unknown = given.keys() - VARIABLES.keys()
    if unknown:
        raise ProjectError(
            f"MQL_POSTGRES_URL says {', '.join(sorted(unknown))}, and only"
            f" {', '.join(VARIABLES)} are handed on to dbt."
        )
    return {VARIABLES[name]: value for name, value in given.items()}


def hand_on_url() -> None:
    """Puts what MQL_POSTGRES_URL says, and the defaults, where every client looks."""
    url = os.environ.get("MQL_POSTGRES_URL", "").strip()
    if url:
        os.environ.update(variables_of(url))
    for name, default in DEFAULTS.items():
        os.environ[name] = os.environ.get(name) or default


def place() -> str:
    """Where the warehouse is, in words."""
    hand_on_url()
    return f"database {os.environ['PGDATABASE']} on {os.environ['PGHOST']}"


def marts_place() -> str:
    """Where the published marts are, in words."""
    return f"the {place()}, schemas {MARTS} and {HANDOFFS}"


def connect():
    """A connection in which every statement is a transaction until told otherwise.

    Raises ProjectError where the server cannot be reached.
    """
    hand_on_url()
    psycopg2 = driver()
    try:
        # all else comes from the environment
        connection = psycopg2.connect(application_name="mql", keepalives_idle=30)
    except psycopg2.OperationalError as error:
        raise unreachable(error) from error
    connection.autocommit = True
    return connection


def unreachable(error: Exception) -> ProjectError:
    """A refused or lost connection as a message."""
    return ProjectError(
        f"PostgreSQL cannot be reached: {str(error).strip()}\nSet MQL_POSTGRES_URL, or"
        " PGHOST, PGUSER, PGPASSWORD and PGDATABASE."
    )


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB session on the database, read-only, which sees one moment of it.

    Raises ProjectError where the server cannot be reached.
    """
    hand_on_url()
    connection = duckdb.connect()
    try:
        connection.execute(f"load '{extension()}'")
        connection.execute("set TimeZone = 'UTC'")
        try:
            # blank: the client reads the environment, and no password is in a query
            connection.execute(f"attach '' as {ATTACHED} (type postgres, read_only)")
        except duckdb.Error as error:
            raise unreachable(error) from error
        connection.execute(f"use {ATTACHED}")
        # one transaction, so one snapshot
        connection.execute("begin")
        yield connection
    finally:
        # at once, whoever still holds a result: it keeps locks on the server
        with suppress(duckdb.Error):
            connection.execute("rollback")
            connection.execute("use memory")
            connection.execute(f"detach {ATTACHED}")
        connection.close()


@contextmanager
def opened_published() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB session with the published marts under their names, schema.mart.

    Personal columns are there for whoever may read them. Raises ProjectError where
    nothing was published.
    """
    with opened() as connection:
        found = [
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select table_schema, table_name from information_schema.tables"
                f" where table_catalog = '{ATTACHED}'"
            ).fetchall()
        ]
        run = last_run(connection) if f"{MARTS}.runs" in found else None
        if run is None:
            raise ProjectError(
                f"nothing is published in the {place()}: run `make build`."
            )
        connection.execute("use memory")
        for mart in json.loads(run["rows_by_table"]):
            schema, name = mart.split(".")
            connection.execute(f"create schema if not exists {schema}")
            whole = f"{HANDOFFS}.{name}"
            source = whole if whole in found and may_read(connection, whole) else None
            connection.execute(
                f"create view {mart} as"
                f" select * from {ATTACHED}.{source or f'{MARTS}.{name}'}"
            )
        connection.execute("create schema operations")
        for log in ("runs", "deliveries"):
            connection.execute(
                f"create view operations.{log} as"
                f" select * from {ATTACHED}.{MARTS}.{log}"
            )
        yield connection


def may_read(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether this user may read a table of the attached database."""
    schema, table = name.split(".")
    found = connection.execute(
        f"""
        select * from postgres_query('{ATTACHED}', '
            select 1 from pg_class inner join pg_namespace
                on pg_class.relnamespace = pg_namespace.oid
            where
                nspname = ''{schema}'' and relname = ''{table}''
                and has_schema_privilege(pg_namespace.oid, ''usage'')
                and has_table_privilege(pg_class.oid, ''select'')
        ')
        """
    ).fetchone()
    return found is not None


def last_run(connection: duckdb.DuckDBPyConnection) -> dict | None:
    """The run whose marts are published, by column of operations.runs, or None."""
    cursor = connection.execute(
        f"select * from {ATTACHED}.{MARTS}.runs where status = 'published'"
        " order by finished_at desc limit 1"
    )
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return dict(zip(names, row)) if row else None


def plain_message(text: str) -> str | None:
    """What to tell of a lost connection or a time-out; None for any other message."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    if TOO_SLOW.search(text):
        return (
            f"a statement took longer than the server lets it ({first}). Raise"
            " statement_timeout or lock_timeout for this user, for example with"
            " PGOPTIONS='-c statement_timeout=1h', then run again."
        )
    if LOST.search(text):
        return (
            f"the connection to the {place()} was lost or refused ({first}). See that the"
            " server is up and reachable, then run again: what was published stays, and"
            " the next run makes good what this one left."
        )
    return None
