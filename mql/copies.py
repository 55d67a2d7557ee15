"""Copies of marts, seen under the marts' own names.

What is published is a copy, made before the audit, and the audit asks of the copies:
many marts are views, and each question would work one out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

# Schemas that people outside the project read.
PUBLIC_SCHEMAS = (
    "scoring",
    "qualification",
    "handoff",
    "funnel",
    "definition",
    "quality",
)
# The catalogues of the views: in memory, and gone with the connection.
EVERYBODY, TOUCHED_ONLY = "memory", "touched_only"
# Whose rows an incremental build made anew (macros/operations/touched.sql).
TOUCHED = """
    select contact_id from touched.contacts
    union all
    select contact_id from touched.others
"""


@contextmanager
def in_place_of_marts(
    connection: duckdb.DuckDBPyConnection,
    copies: dict[str, str] | None = None,
    in_part: bool = False,
) -> Iterator[str]:
    """Lets `schema.mart` mean the copy of it, as long as the context lasts.

    `copies` has for `schema.mart` the copy's name in SQL; of other marts those that are
    views are copied into memory. All else is as in the warehouse that the connection
    uses. Where copies were made `in_part`, gives the search path under which marts have
    the rows of touched contacts only; else blank.
    """
    (warehouse,) = connection.execute("select current_database()").fetchone()
    relations = connection.execute(
        "select table_schema, table_name, table_type from information_schema.tables"
        " where table_catalog = ? order by all",
        [warehouse],
    ).fetchall()
    public = (*PUBLIC_SCHEMAS, "operations")
    shown = [each for each in relations if each[0] in public]
    schemas = sorted({schema for schema, *_ in shown})
    private = [
        f'"{warehouse}".{schema}'
        for schema in sorted({schema for schema, *_ in relations}.difference(schemas))
    ]
    paths = {
        catalogue: ",".join([f"{catalogue}.{schema}" for schema in schemas] + private)
        for catalogue in (EVERYBODY, TOUCHED_ONLY)
    }
    for schema, name, kind in shown:
        mart = f"{schema}.{name}"
        copy = (copies or {}).get(mart, f'"{warehouse}".{mart}')
        is_written_out = kind == "VIEW" and mart not in (copies or {})
        connection.execute(f"create schema if not exists {EVERYBODY}.{schema}")
        connection.execute(
            f"create {'table' if is_written_out else 'view'} {EVERYBODY}.{mart} as"
            f" select * from {copy}"
        )
    if in_part:
        show_touched_rows(connection, [f"{schema}.{name}" for schema, name, _ in shown])
    try:
        look_at(connection, paths[EVERYBODY])
        yield paths[TOUCHED_ONLY] if in_part else ""
    finally:
        connection.execute(f'use "{warehouse}"')
        for schema in schemas:
            connection.execute(f"drop schema {EVERYBODY}.{schema} cascade")
        if in_part:
            connection.execute(f"detach {TOUCHED_ONLY}")


def show_touched_rows(connection: duckdb.DuckDBPyConnection, marts: list[str]) -> None:
    """Views of the marts with the rows of touched contacts only."""
    connection.execute(f"attach ':memory:' as {TOUCHED_ONLY}")
    touched = f"{TOUCHED_ONLY}.main.contacts"
    connection.execute(f"create table {touched} as {TOUCHED}")
    for mart in marts:
        place = f"{EVERYBODY}.{mart}"
        columns = [
            column for column, *_ in connection.execute(f"describe {place}").fetchall()
        ]
        rows = f"where contact_id in (select contact_id from {touched})"
        connection.execute(
            f"create schema if not exists {TOUCHED_ONLY}.{mart.partition('.')[0]}"
        )
        connection.execute(
            f"create view {TOUCHED_ONLY}.{mart} as select * from {place}"
            f" {rows if 'contact_id' in columns else ''}"
        )


def look_at(connection: duckdb.DuckDBPyConnection, search_path: str) -> None:
    """Sets where names are looked up."""
    quoted = search_path.replace("'", "''")
    connection.execute(f"set search_path = '{quoted}'")
