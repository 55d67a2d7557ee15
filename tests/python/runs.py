"""Runs of the command line as processes of their own, that can be killed.

They are forked from a server that has imported dbt and Great Expectations once, since
that takes longer than building a small world.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb

from mql.operations import RunLog
from mql.project import Shelf

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["dbt.cli.main", "dbt.adapters.duckdb", "mql.run", "mql.expectations.site"]
)
SECONDS_TO_WAIT = 300


def main(
    arguments: list[str],
    settings: dict[str, str],
    output: Path,
    largest_file: int | None,
) -> None:
    """What a process does: `python -m mql ...` with its output in a file."""
    with open(output, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(settings)
    if largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["mql", *arguments]
    from mql.__main__ import main as command_line

    sys.exit(command_line())


class Started:
    """A process at work, or what came of it."""

    def __init__(self, process, output: Path):
        self.process = process
        self.output = output

    @property
    def text(self) -> str:
        """What it has printed, errors among it."""
        return self.output.read_text(encoding="utf-8")

    def end(self) -> int:
        """Waits for it. Returns its exit code."""
        self.process.join(SECONDS_TO_WAIT)
        assert not self.process.is_alive(), f"still at work: {self.text}"
        return self.process.exitcode

    def kill(self) -> None:
        """SIGKILL: nothing of it gets a chance to tidy up."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


class Warehouse:
    """A folder with a working database, runs on it and what they published."""

    def __init__(self, folder: Path, raw: Path, target: Path, **settings: str):
        """`target` is where dbt keeps what it parsed; it may be shared. `settings` are
        further environment variables."""
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.raw = raw
        self.target = target
        self.working = folder / "mql.duckdb"
        self.shelf = Shelf(folder)
        self.log = RunLog(self.shelf.log)
        self.number = 0

    def copy(self, folder: Path) -> Warehouse:
        """The same in another folder, on the same raw files."""
        shutil.copytree(self.shelf.folder, folder)
        return Warehouse(folder, self.raw, self.target, **self.settings)

    def start(self, *arguments: str, largest_file: int | None = None) -> Started:
        """Starts `python -m mql` with arguments; no file may grow beyond a size."""
        self.number += 1
        output = self.shelf.folder / f"output-{self.number}.txt"
        output.touch()
        settings = {
            "MQL_RAW_PATH": str(self.raw),
            "MQL_WAREHOUSE_PATH": str(self.working),
            "MQL_TARGET": "duckdb",
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target / "logs"),
            **self.settings,
        }
        process = PROCESSES.Process(
            target=main, args=(list(arguments), settings, output, largest_file)
        )
        process.start()
        return Started(process, output)

    def run(
        self, as_of: datetime, *arguments: str, largest_file: int | None = None
    ) -> Started:
        """`mql run` to its end, good or bad."""
        started = self.start(
            "run", "--as-of", str(as_of), *arguments, largest_file=largest_file
        )
        started.end()
        return started

    def wait_for(self, phase: str, started: Started, run_before: str | None) -> None:
        """Waits until the run after `run_before` is in a phase."""
        give_up_at = time.monotonic() + SECONDS_TO_WAIT
        while time.monotonic() < give_up_at:
            last = self.log.last()
            if last and last["run_id"] != run_before and last["phase"] == phase:
                return
            assert started.process.is_alive(), f"ended before {phase}: {started.text}"
            time.sleep(0.01)
        raise AssertionError(f"no {phase} after {SECONDS_TO_WAIT} seconds")

    def seconds_in_phases(self) -> dict[str, float]:
        """Phase of the last run -> how long it took."""
        connection = duckdb.connect()
        lines = connection.execute(
            "select phase, min(\"at\") from read_json(?, format = 'newline_delimited')"
            ' where run_id = ? and phase is not null group by phase order by min("at")',
            [str(self.shelf.log), self.log.last()["run_id"]],
        ).fetchall()
        connection.close()
        ends = [at for _, at in lines[1:]] + [self.log.last()["finished_at"]]
        return {
            phase: (end - begin).total_seconds()
            for (phase, begin), end in zip(lines, ends)
        }


READER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("select 1 from duckdb_tables()")
print("open", flush=True)
for query in sys.stdin:
    print(connection.execute(query).fetchone()[0], flush=True)
"""


class Reader:
    """A BI tool: another process that has a DuckDB file open."""

    def __init__(self, path: Path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "open\n"

    def ask(self, query: str) -> str:
        """The one cell that a query on one line gives, as text."""
        self.process.stdin.write(query + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """Closes the file."""
        self.process.stdin.close()
        assert self.process.wait(60) == 0
        self.process.stdout.close()


def differences(one: Path, other: Path) -> list[str]:
    """The published tables that are not the same, row for row, in two files."""
    connection = duckdb.connect()
    connection.execute(f"attach '{one}' as one (read_only)")
    connection.execute(f"attach '{other}' as other (read_only)")
    names = {
        side: connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = ? and schema_name <> 'operations' order by all",
            [side],
        ).fetchall()
        for side in ("one", "other")
    }
    assert names["one"] and names["one"] == names["other"]
    found = []
    for (name,) in names["one"]:
        (count,) = connection.execute(f"""
            select
                (select count(*) from
                    (from one.{name} except all from other.{name}))
                + (select count(*) from
                    (from other.{name} except all from one.{name}))
        """).fetchone()
        if count:
            found.append(f"{name}: {count} rows")
    connection.close()
    return found


def assert_refused(
    finished: Started, warehouse: Warehouse, before: Warehouse, *words: str
) -> None:
    """A run failed with a message that has these words; what was published stayed."""
    assert finished.end() == 1, finished.text
    message = finished.text.partition("\nError: ")[2]
    for word in words:
        assert word in message
    assert "Traceback" not in finished.text
    assert not differences(warehouse.shelf.marts, before.shelf.marts)
    assert warehouse.log.last()["status"] == "failed"
    assert words[0] in warehouse.log.last()["error"]
