"""Where things lie, and how a dbt command is run from Python."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Where the sample lies when MQL_RAW_PATH is unset; macros/engine/raw_sources.sql reads
# it from here.
SAMPLE_FOLDER = ROOT / "warehouse" / "sample"
# Where the definition documents are written.
DEFINITION_FOLDER = ROOT / "warehouse" / "definition"
# Where the monthly review is written.
REVIEW_FOLDER = ROOT / "warehouse" / "review"
DEFAULT_WAREHOUSE = "warehouse/mql.duckdb"
# The same as in profiles.yml.
DEFAULT_MEMORY_LIMIT = "6GB"


class ProjectError(Exception):
    """Something the user can mend; the text says what and how."""


def raw_path() -> Path | None:
    """The folder of the user's raw files, or None where the sample is used."""
    given = os.environ.get("MQL_RAW_PATH", "").strip()
    return Path(given) if given else None


def warehouse_path() -> Path:
    """The DuckDB file that dbt builds."""
    given = os.environ.get("MQL_WAREHOUSE_PATH", "").strip()
    return ROOT / (given or DEFAULT_WAREHOUSE)


@dataclass(frozen=True)
class Shelf:
    """Where runs put what they make: in the folder of the working database."""

    folder: Path

    @property
    def marts(self) -> Path:
        """What BI reads."""
        return self.folder / "marts.duckdb"

    @property
    def handoffs(self) -> Path:
        """Hand-overs with personal columns, for the hand-over process alone.

        Not `handoff`: a file's name is a name in SQL, and that is the schema's.
        """
        return self.folder / "handoffs.duckdb"

    @property
    def kept(self) -> Path:
        """The last few runs' files, a folder each."""
        return self.folder / "published"

    @property
    def audit(self) -> Path:
        """The pages of the last audit."""
        return self.folder / "audit"

    @property
    def log(self) -> Path:
        """The log of runs."""
        return self.folder / "operations" / "runs.jsonl"

    @property
    def lock(self) -> Path:
        """What a run holds while it works."""
        return self.folder / "run.lock"

    @property
    def deliveries(self) -> Path:
        """The log of deliveries."""
        return self.folder / "operations" / "deliveries.jsonl"

    @property
    def delivery_lock(self) -> Path:
        """What a delivery holds while it works."""
        return self.folder / "delivery.lock"

    @property
    def outbox(self) -> Path:
        """Where hand-over events go without a webhook."""
        return self.folder / "outbox.jsonl"


def shelf() -> Shelf:
    """Where the runs of this warehouse put what they make."""
    return Shelf(warehouse_path().parent)


def memory_limit() -> str:
    """What DuckDB may hold in memory, as profiles.yml gives it to a build."""
    return os.environ.get("MQL_MEMORY_LIMIT", "").strip() or DEFAULT_MEMORY_LIMIT


def target() -> str:
    """The dbt target: which engine the warehouse is on."""
    return os.environ.get("MQL_TARGET", "").strip() or "duckdb"


class Progress:
    """Shows how far a dbt command is, from the events it fires.

    On a terminal one line that changes; elsewhere (a log, CI) a line every few
    seconds. Nothing about a node that succeeded is worth a line of its own.
    """

    def __init__(self, seconds_between_lines: float = 3.0):
        self.seconds_between_lines = seconds_between_lines
        self.is_terminal = sys.stdout.isatty()
        self.last_line_at = 0.0
        self.done = 0
        # dbt fires events from each of its threads
        self.lock = threading.Lock()

    def __call__(self, event) -> None:
        """Takes one dbt event; anything but a finished node is passed over."""
        if event.info.name != "NodeFinished":
            return
        with self.lock:
            self.done += 1
            text = f"  {self.done:4d} done, last {event.data.node_info.node_name}"
            now = time.monotonic()
            if self.is_terminal:
                print(f"\r{text[:100]:<100}", end="", flush=True)
            elif now - self.last_line_at >= self.seconds_between_lines:
                print(text, flush=True)
                self.last_line_at = now

    def finish(self) -> None:
        """Ends the changing line."""
        if self.is_terminal and self.done:
            print(f"\r{'':<100}\r", end="", flush=True)


def run_dbt(arguments: list[str], on_event: Callable | None = None) -> list:
    """Runs one dbt command in this process, from the project's root.

    Returns dbt's results, one for each node.
    Raises ProjectError with what dbt said, shortest useful form, if anything failed.
    """
    # imported late: dbt takes seconds to import, and `mql --help` should not
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    if target() == "postgres":
        from mql.postgres import hand_on_url

        hand_on_url()
    os.chdir(ROOT)
    warehouse_path().parent.mkdir(parents=True, exist_ok=True)
    quietly = ["--quiet", "--no-use-colors", "--log-level", "none"]
    quietly += ["--log-level-file", "info"]
    manifest = None
    if "--vars" in arguments:
        # with other vars dbt would read the whole project anew; it depends on none
        read = dbtRunner().invoke(["parse", *quietly])
        if not read.success:
            raise ProjectError(plain_message(str(read.exception or "dbt failed")))
        manifest = read.result
    runner = dbtRunner(manifest, callbacks=[on_event] if on_event else [])
    outcome = runner.invoke([*arguments, *quietly])
    # the adapter keeps the file open, and nobody else can read it, until told
    DuckDBConnectionManager.close_all_connections()
    results = getattr(outcome.result, "results", None) or []
    failures = [result for result in results if result.status in ("error", "fail")]
    if outcome.success and not failures:
        return list(results)
    if failures:
        messages = [explain(result) for result in failures[:10]]
        # a lost server is one thing to tell, however many models felt it
        lost = [message_of_server(result.message or "") for result in failures]
        raise ProjectError(next(filter(None, lost), "\n\n".join(messages)))
    raise ProjectError(plain_message(str(outcome.exception or "dbt failed")))


def explain(result) -> str:
    """One failed dbt result as a few lines: which node, what it said, where to look."""
    node = result.node
    message = plain_message(result.message or "")
    if node.resource_type in ("test", "unit_test"):
        return f"{node.name}: {message}\n  ({node.original_file_path})"
    return f"{node.name}: {message}"


def message_of_server(text: str) -> str | None:
    """What to tell of a server that was lost or broke a statement off; None else."""
    if target() != "postgres":
        return None
    from mql.postgres import plain_message as plain

    return plain(text)


def plain_message(text: str) -> str:
    """dbt's message without the wrapping that says the same thing again."""
    if told := message_of_server(text):
        return told
    if "Conflicting lock is held" in text or "Could not set lock on file" in text:
        return (
            f"{warehouse_path()} is in use by another process: another run, or a tool"
            " that has it open. Wait for it to end, or close it, then run again."
        )
    if re.search("No space left on device|File too large", text):
        first = text.strip().splitlines()[0]
        return f"the disk is full ({first}). Make room, then run again."
    # DuckDB follows a broken row with every option of its reader, the file among them
    broken_file = re.search(r"^\s*file = (.+)$", text, flags=re.MULTILINE)
    text = re.split(r"\n\s*(?:Possible [fF]ixes|Possible Solution)", text)[0]
    if broken_file and "CSV Error" in text:
        text += f"\nin {broken_file[1]}; mend or remove that row, then run again."
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [
        line
        for line in lines
        if line.strip()
        and not line.strip().startswith(("> in macro", "> called by", "compiled code"))
    ]
    return "\n".join(kept)
