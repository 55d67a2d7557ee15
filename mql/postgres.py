"""A warehouse on PostgreSQL: how to reach it, and queries on it."""

from __future__ import annotations

import os

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


def driver():
    """The module psycopg2. Raises ProjectError where it is not installed."""
    try:
        import psycopg2
    except ImportError as error:
        raise ProjectError(
            "the target postgres needs requirements-postgres.txt: set MQL_TARGET=postgres"
            " for `make build` as well, which installs it."
        ) from error
    return psycopg2


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
    """Puts what MQL_POSTGRES_URL says, if it is set, where dbt reads it."""
    url = os.environ.get("MQL_POSTGRES_URL", "").strip()
    if url:
        os.environ.update(variables_of(url))


class Connection:
    """A read-only connection with the few methods that DuckDB's has and we use."""

    def __init__(self) -> None:
        hand_on_url()
        psycopg2 = driver()
        # the same defaults as profiles.yml; all else comes from the environment
        defaults = {"PGHOST": "localhost", "PGUSER": "mql", "PGDATABASE": "mql"}
        host, user, database = (
            os.environ.get(name) or default for name, default in defaults.items()
        )
        try:
            self.connection = psycopg2.connect(
                host=host, user=user, dbname=database, connect_timeout=10
            )
        except psycopg2.OperationalError as error:
            raise ProjectError(
                f"PostgreSQL cannot be reached: {str(error).strip()}\nSet"
                " MQL_POSTGRES_URL, or PGHOST, PGUSER, PGPASSWORD and PGDATABASE."
            ) from error
        self.connection.set_session(readonly=True, autocommit=True)

    def execute(self, query: str):
        """Runs a query. Returns its cursor, for fetchone and fetchall.

        Raises LookupError where a table it names is not there.
        """
        cursor = self.connection.cursor()
        try:
            cursor.execute(query)
        except driver().errors.UndefinedTable as error:
            raise LookupError(str(error)) from error
        return cursor

    def close(self) -> None:
        """Ends the connection."""
        self.connection.close()
