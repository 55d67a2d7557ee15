"""Publishes the public marts of an audited working database.

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

from mql.delivery.log import deliveries_query
from mql.operations import PUBLISHED, Run, RunLog, now
from mql.project import Shelf

PUBLIC_SCHEMAS = (
    "scoring",
    "qualification",
    "handoff",
    "funnel",
    "definition",
    "quality",
)
# The first release whose files every later one reads: BI tools bring a client of their
# own, and it is seldom the newest.
STORAGE_VERSION = "v1.0.0"
IN_THE_MAKING = ".making"
# The run's own line of the log, beside the files it published.
RUN_LINE = "run.jsonl"


@dataclass(frozen=True)
class Mart:
    """A public model: its columns, and those among them that are personal."""

    schema: str
    name: str
    columns: tuple[str, ...]
    personal: frozenset[str]

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
            )
        )
    return sorted(marts, key=lambda mart: (mart.schema, mart.name))


def publish(
    connection: duckdb.DuckDBPyConnection,
    marts: list[Mart],
    shelf: Shelf,
    run: Run,
    log: RunLog,
    keep: int,
) -> None:
    """Publishes the marts as the connection sees them, and logs the run's good end.

    `run` gets its end and the number of rows. `keep` is how many runs' files stay, this
    one's among them.
    """
    made = shelf.kept / f"{run.run_id}{IN_THE_MAKING}"
    # for the owner alone: hand-overs are in it before they have their own mode
    shelf.kept.mkdir(mode=0o700, exist_ok=True)
    made.mkdir(mode=0o700)
    with new_database(connection, made / shelf.marts.name) as database:
        for mart in marts:
            name = f"{mart.schema}.{mart.name}"
            run.rows_by_table[name] = copy(connection, mart, mart.impersonal, database)
        run.rows_published = sum(run.rows_by_table.values())
        run.status, run.finished_at = PUBLISHED, now()
        # not in the log before it is true, but in the file that says it is
        line = made / RUN_LINE
        line.write_text(run.line() + "\n", encoding="utf-8")
        connection.execute(f"create schema {database}.operations")
        connection.execute(
            f"create table {database}.operations.runs as"
            f" {log.query(run.run_id, unlogged=line)}"
        )
        connection.execute(
            f"create table {database}.operations.deliveries as"
            f" {deliveries_query(shelf.deliveries)}"
        )
    with new_database(connection, made / shelf.handoffs.name) as database:
        connection.execute(f"create schema {database}.handoff")
        for mart in marts:
            if mart.schema == "handoff" and mart.personal:
                copy(connection, mart, mart.columns, database)
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
def new_database(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[str]:
    """A new DuckDB file that old clients read, attached. Gives its name in SQL."""
    name = "in_the_making"
    quoted = str(path).replace("'", "''")
    connection.execute(
        f"attach '{quoted}' as {name} (storage_version '{STORAGE_VERSION}')"
    )
    try:
        yield name
        # what is left in the write-ahead log would stay behind at a rename
        connection.execute(f"checkpoint {name}")
    finally:
        connection.execute(f"detach {name}")


def copy(
    connection: duckdb.DuckDBPyConnection,
    mart: Mart,
    columns: tuple[str, ...],
    database: str,
) -> int:
    """Copies some columns of a mart, in the engine. Returns the number of rows."""
    connection.execute(f"create schema if not exists {database}.{mart.schema}")
    listed = ", ".join(f'"{column}"' for column in columns)
    (count,) = connection.execute(
        f"create table {database}.{mart.schema}.{mart.name} as"
        f" select {listed} from {mart.schema}.{mart.name}"
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
    """The run whose marts are published, by column of operations.runs, or None."""
    if not shelf.marts.exists():
        return None
    connection = duckdb.connect(str(shelf.marts), read_only=True)
    try:
        cursor = connection.execute(
            f"select * from operations.runs where status = '{PUBLISHED}'"
            " order by finished_at desc limit 1"
        )
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
    finally:
        connection.close()
    return dict(zip(names, row)) if row else None
