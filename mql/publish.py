"""Copies the public marts of a working database, and publishes what passed its audit.

New files are made under other names, on the same disk, and take the place of the old
ones by a rename: whoever has an old one open keeps it, whoever opens one gets all of the
old or all of the new. See docs/decisions/0007-write-audit-publish.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mql.copies import PUBLIC_SCHEMAS, TOUCHED, in_place_of_marts
from mql.delivery.log import deliveries_query
from mql.operations import PUBLISHED, Run, RunLog, now
from mql.project import Shelf

# The first release whose files every later one reads: BI tools bring a client of their
# own, and it is seldom the newest.
STORAGE_VERSION = "v1.0.0"
IN_THE_MAKING = ".making"
# The attached database that the marts are copied to.
COPY = "in_the_making"
# The run's own line of the log, beside the files it published.
RUN_LINE = "run.jsonl"


@dataclass(frozen=True)
class Mart:
    """A public model: its columns, and those among them that are personal.

    Of one that is published `in_part`, only the rows of touched contacts are copied where
    all others are as they were published by the run before.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    personal: frozenset[str]
    in_part: bool = False

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def impersonal(self) -> tuple[str, ...]:
        """The columns that everybody may read."""
        return tuple(name for name in self.columns if name not in self.personal)


def public_marts(nodes: list[dict]) -> list[Mart]:
    """The public models among dbt's nodes, with the columns their YAML files list."""
    marts = []
    for node in nodes:
        if node["resource_type"] != "model" or node["schema"] not in PUBLIC_SCHEMAS:
            continue
        columns = node["columns"].values()
        marts.append(
            Mart(
                schema=node["schema"],
                name=node["alias"],
                columns=tuple(column["name"] for column in columns),
                personal=frozenset(
                    column["name"] for column in columns if column["meta"].get("pii")
                ),
                in_part=bool(node["config"].get("touched_rows_are_published")),
            )
        )
    return sorted(marts, key=lambda mart: (mart.schema, mart.name))


@dataclass(frozen=True)
class Copies:
    """Copies of the marts, under the marts' names: what is audited, and then published.

    `touched` is the search path under which marts have the rows of touched contacts only,
    where the others' come from the run before; blank where all were copied.
    """

    connection: duckdb.DuckDBPyConnection
    place: str
    touched: str


@contextmanager
def copied(
    connection: duckdb.DuckDBPyConnection, marts: list[Mart], shelf: Shelf, run: Run
) -> Iterator[Copies]:
    """Copies the marts, without personal columns, into a new file beside the published.

    Unless it is published while the context lasts, the file is removed. `run` gets the
    number of rows.
    """
    made = shelf.kept / f"{run.run_id}{IN_THE_MAKING}"
    # for the owner alone: hand-overs are in it before they have their own mode
    shelf.kept.mkdir(mode=0o700, exist_ok=True)
    made.mkdir(mode=0o700)
    file = made / shelf.marts.name
    try:
        kept = rows_to_keep(connection, marts, shelf)
        if kept:
            shutil.copyfile(shelf.marts, file)
        with database(connection, file):
            forget_all_but(connection, kept)
            for mart in marts:
                run.rows_by_table[str(mart)] = (
                    copy_touched(connection, mart)
                    if mart in kept
                    else copy(connection, mart, mart.impersonal)
                )
            run.rows_published = sum(run.rows_by_table.values())
            copies = {
                str(mart): f"{COPY}.{mart}" for mart in marts if not mart.personal
            }
            with in_place_of_marts(connection, copies, bool(kept)) as touched:
                yield Copies(connection, str(made), touched)
    finally:
        # renamed by now where it was published
        shutil.rmtree(made, ignore_errors=True)


def publish(
    copies: Copies, marts: list[Mart], shelf: Shelf, run: Run, log: RunLog, keep: int
) -> None:
    """Publishes the copies, and logs the run's good end.

    `run` gets its end. `keep` is how many runs' files stay, this one's among them.
    """
    connection, made = copies.connection, Path(copies.place)
    run.status, run.finished_at = PUBLISHED, now()
    # not in the log before it is true, but in the file that says it is
    line = made / RUN_LINE
    line.write_text(run.line() + "\n", encoding="utf-8")
    connection.execute(f"create schema if not exists {COPY}.operations")
    connection.execute(
        f"create table {COPY}.operations.runs as {log.query(run.run_id, unlogged=line)}"
    )
    connection.execute(
        f"create table {COPY}.operations.deliveries as"
        f" {deliveries_query(shelf.deliveries)}"
    )
    close(connection)
    with database(connection, made / shelf.handoffs.name):
        for mart in marts:
            if mart.schema == "handoff" and mart.personal:
                copy(connection, mart, mart.columns)
        close(connection)
    os.chmod(made / shelf.handoffs.name, 0o600)
    for path in (*made.iterdir(), made):
        sync(path)
    kept = shelf.kept / run.run_id
    made.rename(kept)
    # hand-overs first: they are what a rep waits for, and each file is whole by itself
    for file in (shelf.handoffs, shelf.marts):
        replace(file, kept / file.name)
    sync(shelf.kept)
    sync(shelf.folder)
    log.append(run.line())
    remove_old(shelf, keep)


@contextmanager
def database(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """A DuckDB file that old clients read, attached as COPY until it is closed."""
    quoted = str(path).replace("'", "''")
    connection.execute(
        f"attach '{quoted}' as {COPY} (storage_version '{STORAGE_VERSION}')"
    )
    try:
        yield
    finally:
        connection.execute(f"detach database if exists {COPY}")


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Writes everything to the attached file and detaches it."""
    # what is left in the write-ahead log would stay behind at a rename
    connection.execute(f"checkpoint {COPY}")
    connection.execute(f"detach {COPY}")


def rows_to_keep(
    connection: duckdb.DuckDBPyConnection, marts: list[Mart], shelf: Shelf
) -> list[Mart]:
    """The marts of which only the rows of touched contacts have to be copied.

    None after a full build, none where what is published is not of the build before this
    one, and none where somebody was erased: of whom not a byte may stay in the file.
    """
    builds = connection.execute(
        "select build_id, is_full from operations.builds where event = 'completed'"
        " order by build_number desc limit 2"
    ).fetchall()
    if len(builds) < 2 or builds[0][1]:
        return []
    published = last_published(shelf)
    if not published or published.get("build_id") != builds[1][0]:
        return []
    quoted = str(shelf.marts).replace("'", "''")
    connection.execute(f"attach '{quoted}' as published (read_only)")
    try:
        if connection.execute(
            "select 1 from published.scoring.dim_contacts where md5(contact_id) in ("
            " select contact_hash from intermediate.int_erased_contacts) limit 1"
        ).fetchone():
            return []
        return [
            mart
            for mart in marts
            if mart.in_part
            and columns_of(connection, "published", mart) == list(mart.impersonal)
        ]
    finally:
        connection.execute("detach published")


def columns_of(
    connection: duckdb.DuckDBPyConnection, catalogue: str, mart: Mart
) -> list[str]:
    """The columns a mart has in an attached file; none where it is not there."""
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = ?"
        " and schema_name = ? and table_name = ? order by column_index",
        [catalogue, mart.schema, mart.name],
    )
    return [name for (name,) in found.fetchall()]


def forget_all_but(connection: duckdb.DuckDBPyConnection, kept: list[Mart]) -> None:
    """Drops every table of the attached file but those of some marts."""
    tables = connection.execute(
        f"select schema_name, table_name from duckdb_tables() where database_name = '{COPY}'"
    ).fetchall()
    for schema, table in tables:
        if f"{schema}.{table}" not in map(str, kept):
            connection.execute(f"drop table {COPY}.{schema}.{table}")


def copy_touched(connection: duckdb.DuckDBPyConnection, mart: Mart) -> int:
    """Copies the rows of touched contacts over those they had. Returns how many rows
    the mart has."""
    listed = ", ".join(f'"{column}"' for column in mart.impersonal)
    connection.execute(f"delete from {COPY}.{mart} where contact_id in ({TOUCHED})")
    connection.execute(
        f"insert into {COPY}.{mart} ({listed}) select {listed} from touched.{mart.name}"
        f" where contact_id in ({TOUCHED})"
    )
    (count,) = connection.execute(f"select count(*) from {COPY}.{mart}").fetchone()
    return count


def copy(
    connection: duckdb.DuckDBPyConnection, mart: Mart, columns: tuple[str, ...]
) -> int:
    """Copies some columns of a mart, in the engine. Returns the number of rows."""
    connection.execute(f"create schema if not exists {COPY}.{mart.schema}")
    listed = ", ".join(f'"{column}"' for column in columns)
    (count,) = connection.execute(
        f"create table {COPY}.{mart} as select {listed} from {mart}"
    ).fetchone()
    return count


def sync(path: Path) -> None:
    """Waits until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, new: Path) -> None:
    """Puts a file in the place of another, at once, and keeps it under its own name."""
    link = path.with_name(f".{path.name}.new")
    link.unlink(missing_ok=True)
    os.link(new, link)
    os.replace(link, path)


@contextmanager
def one_run_at_a_time(run: Run) -> Iterator[None]:
    """Nothing more: the lock beside the file is enough."""
    yield


def finish_what_a_killed_run_began(shelf: Shelf, log: RunLog) -> None:
    """Removes half-made files, and logs a run that was killed just after publishing."""
    for folder in shelf.kept.glob(f"*{IN_THE_MAKING}"):
        shutil.rmtree(folder)
    latest = last_published(shelf)
    if latest and not log.last(
        f"run_id = '{latest['run_id']}' and finished_at is not null"
    ):
        line = shelf.kept / latest["run_id"] / RUN_LINE
        log.append(line.read_text(encoding="utf-8").strip())


def recall_reported_months(shelf: Shelf, working: Path) -> None:
    """Gives the working database the months that were reported, and no others.

    A month is reported once it is published. So what a build froze and no audit passed
    is forgotten, and what was in a database that is gone is not.
    """
    if not shelf.marts.exists():
        return
    table = "funnel.fct_reported_months"
    connection = duckdb.connect(str(working))
    try:
        quoted = str(shelf.marts).replace("'", "''")
        connection.execute(f"attach '{quoted}' as published (read_only)")
        connection.execute("create schema if not exists funnel")
        connection.execute(f"create or replace table {table} as from published.{table}")
    except duckdb.Error:
        # no such table in it yet, or no file one can read: then what is here stands
        pass
    finally:
        connection.close()


def remove_old(shelf: Shelf, keep: int) -> None:
    """Removes the files of all runs but the last few."""
    # names begin with the time
    for folder in sorted(shelf.kept.iterdir())[:-keep]:
        shutil.rmtree(folder)


def last_published(shelf: Shelf) -> dict | None:
    """The run whose marts are published, by column of operations.runs.

    None where there is no file, or none that one can read: a run puts one in its place.
    """
    if not shelf.marts.exists():
        return None
    try:
        connection = duckdb.connect(str(shelf.marts), read_only=True)
    except duckdb.Error:
        return None
    try:
        cursor = connection.execute(
            f"select * from operations.runs where status = '{PUBLISHED}'"
            " order by finished_at desc limit 1"
        )
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
    except duckdb.Error:
        return None
    finally:
        connection.close()
    return dict(zip(names, row)) if row else None
