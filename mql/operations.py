"""What runs do to each other: the lock they take and the log they keep.

The log, `operations/runs.jsonl` beside the working database, is only ever appended to:
a line when a run starts, one for each phase, one at its end. It is a file of its own, so
that a run can be recorded whatever became of the databases, and read while one works.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import duckdb

from mql.json_lines import append_lines
from mql.project import ProjectError

# Columns of operations.runs and their types; a line of the log has some of them. JSON is
# text, because not every client has the type.
RUN_COLUMNS = {
    "run_id": "varchar",
    "status": "varchar",
    "phase": "varchar",
    "as_of": "timestamp",
    "started_at": "timestamp",
    "finished_at": "timestamp",
    "build_id": "varchar",
    "is_full": "boolean",
    "touched_contacts": "bigint",
    "rows_raw": "bigint",
    "rows_published": "bigint",
    "audit": "varchar",
    "error": "varchar",
    "rows_by_table": "varchar",
    "versions": "varchar",
    "definition_hashes": "varchar",
    "host": "varchar",
    "process_id": "bigint",
}
JSON_COLUMNS = ("rows_by_table", "versions", "definition_hashes")
PUBLISHED, FAILED, RUNNING, INTERRUPTED = (
    "published",
    "failed",
    "running",
    "interrupted",
)
# A look at the lock (`mql status`) holds it for a moment.
SECONDS_TO_WAIT_FOR_A_LOOK = 1.0


@dataclass
class Run:
    """A run as it is logged. Times are UTC; `rows_by_table` counts published rows."""

    run_id: str
    started_at: datetime
    host: str = ""
    process_id: int = 0
    status: str = RUNNING
    phase: str = ""
    as_of: datetime | None = None
    finished_at: datetime | None = None
    build_id: str = ""
    is_full: bool | None = None
    touched_contacts: int | None = None
    rows_raw: int | None = None
    rows_published: int | None = None
    audit: str = ""
    error: str = ""
    rows_by_table: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    definition_hashes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def new(cls) -> Run:
        """A run that starts now, in this process."""
        started_at = now()
        return cls(
            # the time first: names sort in the order of runs
            run_id=f"{started_at:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}",
            started_at=started_at,
            host=socket.gethostname(),
            process_id=os.getpid(),
            versions={
                "python": platform.python_version(),
                **{name: version(name) for name in ("dbt-core", "duckdb")},
            },
        )

    @classmethod
    def of(cls, row: dict) -> Run:
        """The run of a row of operations.runs."""
        return cls(
            **{
                name: json.loads(cell or "{}") if name in JSON_COLUMNS else cell
                for name, cell in row.items()
            }
        )

    def cells(self) -> tuple:
        """The run as a row of operations.runs."""
        cells = asdict(self)
        return tuple(
            json.dumps(cells[name]) if name in JSON_COLUMNS else cells[name]
            for name in RUN_COLUMNS
        )

    def line(self) -> str:
        """The run as one line of the log."""
        cells = {
            name: cell
            for name, cell in asdict(self).items()
            if cell not in (None, "", {})
        }
        return json.dumps({"at": now(), **cells}, default=str)


def now() -> datetime:
    """The time, UTC, without a zone, as all times here are."""
    return datetime.now(UTC).replace(tzinfo=None)


class RunLog:
    """The log of one warehouse's runs."""

    def __init__(self, path: Path):
        self.path = path

    def append(self, line: str) -> None:
        """Adds a line, on disk before this returns."""
        append_lines(self.path, [line.encode()])

    def query(self, running: str = "", unlogged: Path | None = None) -> str:
        """SQL for the runs, a row each, with the columns of RUN_COLUMNS.

        `running` is the id of the run at work; what else has no end was interrupted.
        `unlogged` is a file with a line that is not in the log yet.
        """
        paths = [path for path in (self.path, unlogged) if path and path.exists()]
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in RUN_COLUMNS.items())
        if paths:
            files = ", ".join(
                "'" + str(path).replace("'", "''") + "'" for path in paths
            )
            source = (
                f"read_json([{files}], format = 'newline_delimited',"
                f" columns = {{'at': 'timestamp', {columns}}}, ignore_errors = true)"
            )
        else:
            nothing = ", ".join(
                f"cast(null as {kind}) as {name}" for name, kind in RUN_COLUMNS.items()
            )
            source = f'(select cast(null as timestamp) as "at", {nothing} where false)'
        latest = ",\n".join(
            # arg_max passes over lines that do not have the column
            f'arg_max({name}, "at") as {name}'
            for name in RUN_COLUMNS
            if name not in ("run_id", "status")
        )
        return f"""
            select
                run_id,
                case
                    when max(finished_at) is not null then arg_max(status, "at")
                    when run_id = '{running}' then '{RUNNING}'
                    else '{INTERRUPTED}'
                end as status,
                {latest}
            from {source}
            where run_id is not null
            group by run_id
        """

    def last(self, condition: str = "true", running: str = "") -> dict | None:
        """The latest run for which an SQL condition holds, by column, or None."""
        connection = duckdb.connect()
        try:
            cursor = connection.execute(
                f"select * from ({self.query(running)}) where {condition}"
                " order by started_at desc, run_id desc limit 1"
            )
            names = [column[0] for column in cursor.description]
            row = cursor.fetchone()
        finally:
            connection.close()
        return dict(zip(names, row)) if row else None


@contextmanager
def one_run_at_a_time(path: Path, run: Run) -> Iterator[None]:
    """Holds the warehouse's lock.

    Raises ProjectError, naming the holder, where another run has it.
    """
    holder = (
        f"run {run.run_id}, process {run.process_id} on {run.host},"
        f" since {run.started_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    with lock(path, holder, "another run is at work on this warehouse"):
        yield


@contextmanager
def lock(path: Path, holder: str, refusal: str) -> Iterator[None]:
    """Holds a lock of the operating system's: gone with its process, however it ends.

    Raises ProjectError, with `refusal` and the holder, where another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        give_up_at = time.monotonic() + SECONDS_TO_WAIT_FOR_A_LOOK
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    raise ProjectError(
                        f"{refusal}: {read_holder(file)}. One at a time; this one did"
                        " nothing. Wait for that one to end, or stop its process, then"
                        " run again."
                    ) from None
                time.sleep(0.1)
        file.truncate(0)
        file.write(holder)
        file.flush()
        yield


def lock_holder(path: Path) -> str:
    """Who holds the warehouse's lock, in words; blank if nobody does."""
    if not path.exists():
        return ""
    with open(path, encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return read_holder(lock)
    return ""


def read_holder(lock) -> str:
    """What the holder wrote into the lock file."""
    lock.seek(0)
    return lock.read().strip() or "it has only just started"
