"""Measures what the project costs and writes a table (`make bench`).

Times are ratios as much as seconds: F is one DuckDB statement that sorts the
activities of L by contact and time into a table, G one that groups them by contact,
both measured here, in the same run, on the same machine. See docs/cost.md.

    .venv/bin/python benchmarks/bench.py S
    .venv/bin/python benchmarks/bench.py L --official
    .venv/bin/python benchmarks/bench.py S L XL --keep
    .venv/bin/python benchmarks/bench.py S M --engines duckdb postgres spark
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb

import engines

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "warehouse" / "benchmarks"
DBT = Path(sys.executable).with_name("dbt")
# Contacts to ask the sample generator for; it makes about 22 activities for each.
WORKLOADS = {"S": 10_000, "M": 100_000, "L": 1_000_000, "XL": 5_000_000}
DAILY_ACTIVITIES = 20_000
# Measured with the official definition alone: with both it takes an hour.
OFFICIAL_ONLY = ("XL",)
# What DuckDB may hold in memory where the default is not enough.
MEMORY = {"XL": "16GB"}
# Of these what a scheduled run takes is measured, too.
PUBLISHED = ("S", "M")
MODELS_ONLY = (
    "build",
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
)


@dataclass
class Measurement:
    """What one process cost: seconds, GiB."""

    what: str
    workload: str
    seconds: float
    cpu_seconds: float
    memory: float
    spill: float
    models_seconds: float | None = None


def measure(what: str, workload: str, command: list[str], settings: dict[str, str]):
    """Runs one process to its end and returns its Measurement.

    Raises SystemExit with what the process said where it failed.
    """
    warehouse = Path(settings["MQL_WAREHOUSE_PATH"])
    spilled = [0]
    done = threading.Event()

    def watch_spill() -> None:
        # DuckDB keeps what does not fit beside the database file
        while not done.wait(0.2):
            folder = warehouse.with_name(warehouse.name + ".tmp")
            sizes = [entry.stat().st_size for entry in folder.glob("*")]
            spilled[0] = max(spilled[0], sum(sizes))

    watcher = threading.Thread(target=watch_spill, daemon=True)
    log = FOLDER / "last.log"
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    if status != 0:
        raise SystemExit(f"{what} on {workload} failed:\n{log.read_text()[-3000:]}")
    return Measurement(
        what,
        workload,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 2**20,
        spilled[0] / 2**30,
    )


def dbt(
    what: str,
    workload: str,
    as_of: str,
    *arguments: str,
    raw: Path | None = None,
    definitions: str = "all",
) -> Measurement:
    """One dbt command on the workload's warehouse, with the seconds spent in models.

    The project has been read before, with the same variables: a scheduled run has none
    that change, and finds it read.
    """
    target = FOLDER / "target"
    variables = {"as_of": as_of, "definitions": definitions}
    options = [
        *("--vars", json.dumps(variables)),
        *("--target-path", str(target), "--quiet"),
    ]
    settings = {
        "MQL_RAW_PATH": str(raw or FOLDER / workload),
        "MQL_WAREHOUSE_PATH": str(FOLDER / f"{workload}.duckdb"),
        "MQL_TARGET": "duckdb",
        "MQL_MEMORY_LIMIT": MEMORY.get(workload, ""),
    }
    measure("reading the project", workload, [str(DBT), "parse", *options], settings)
    command = [str(DBT), *(arguments or MODELS_ONLY), *options]
    measured = measure(what, workload, command, settings)
    results = json.loads((target / "run_results.json").read_text())["results"]
    measured.models_seconds = sum(result["execution_time"] for result in results)
    print(
        f"{workload} {what}: {measured.seconds:.1f} s,"
        f" {measured.memory:.1f} GiB, {measured.spill:.1f} GiB spilled",
        flush=True,
    )
    return measured


def statement(what: str, workload: str, sql: str) -> Measurement:
    """One DuckDB statement in a process and a database of its own."""
    database = FOLDER / "statement.duckdb"
    database.unlink(missing_ok=True)
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute('set preserve_insertion_order = false');"
        "c.execute(sys.argv[2]).fetchall()"
    )
    measured = measure(
        what,
        workload,
        [sys.executable, "-c", code, str(database), sql],
        {"MQL_WAREHOUSE_PATH": str(database)},
    )
    database.unlink(missing_ok=True)
    print(f"{what} on {workload}: {measured.seconds:.1f} s", flush=True)
    return measured


def generate(workload: str) -> None:
    """Makes the raw files of a workload, once."""
    folder = FOLDER / workload
    if (folder / "sales_reps.parquet").exists():
        return
    print(f"making the raw files of {workload} ...", flush=True)
    subprocess.run(
        [sys.executable, "-m", "mql", "sample", "--format", "parquet"]
        + ["--contacts", str(WORKLOADS[workload]), "--out", str(folder)],
        cwd=ROOT,
        check=True,
    )


def moments(workload: str) -> tuple[str, str, int]:
    """Two moments with about DAILY_ACTIVITIES arrivals in between, and the number."""
    activities = f"read_parquet('{FOLDER / workload}/activities.parquet')"
    total, last = duckdb.sql(
        f"select count(*), max(loaded_at) from {activities}"
    ).fetchone()
    # the day before the last ones, when the tail of late arrivals has not begun
    until = last - timedelta(days=14)
    share = f"select loaded_at from {activities} where loaded_at <= '{until}'"
    since = duckdb.sql(
        f"select min(loaded_at) from ({share} order by loaded_at desc"
        f" limit {min(DAILY_ACTIVITIES, total // 10)})"
    ).fetchone()[0]
    since -= timedelta(microseconds=1)
    arrived = duckdb.sql(
        f"select count(*) from {activities}"
        f" where loaded_at > '{since}' and loaded_at <= '{until}'"
    ).fetchone()[0]
    return str(since), str(until), arrived


def run_workload(workload: str, keep: bool, official: bool) -> list[Measurement]:
    """All measurements on one workload, or without those of both definitions."""
    generate(workload)
    activities = f"read_parquet('{FOLDER / workload}/activities.parquet')"
    database = FOLDER / f"{workload}.duckdb"
    measured = [
        statement(
            "F: sort",
            workload,
            f"create table sorted as select * from {activities}"
            " order by contact_id, occurred_at",
        ),
        statement(
            "G: group by",
            workload,
            "create table grouped as select contact_id, count(*), min(occurred_at),"
            f" max(occurred_at) from {activities} group by contact_id",
        ),
    ]
    since, until, arrived = moments(workload)
    daily = f"daily run, {arrived:,} new activities"
    kinds = {"official": "official", "both": "all"}
    if official or workload in OFFICIAL_ONLY:
        del kinds["both"]
    for kind, definitions in kinds.items():
        database.unlink(missing_ok=True)
        for what, moment in (("full", since), (daily, until), ("unchanged run", until)):
            measured.append(
                dbt(f"{what}, {kind}", workload, moment, definitions=definitions)
            )
    if workload in PUBLISHED:
        measured += runs(workload, since, until, arrived)
    if not keep:
        database.unlink(missing_ok=True)
    return measured


def runs(workload: str, since: str, until: str, arrived: int) -> list[Measurement]:
    """`mql run`, with both audits and publishing: the first one, and a daily one."""
    folder = FOLDER / f"runs of {workload}"
    shutil.rmtree(folder, ignore_errors=True)
    settings = {
        "MQL_RAW_PATH": str(FOLDER / workload),
        "MQL_WAREHOUSE_PATH": str(folder / "mql.duckdb"),
        "MQL_TARGET": "duckdb",
    }
    measured = []
    for what, moment in (
        ("mql run, the first", since),
        (f"mql run, daily, {arrived:,} new activities", until),
    ):
        command = [sys.executable, "-m", "mql", "run", "--as-of", moment]
        measured.append(measure(what, workload, command, settings))
        print(f"{workload} {what}: {measured[-1].seconds:.1f} s", flush=True)
    shutil.rmtree(folder)
    return measured


def compare_engines(workloads: list[str], names: list[str]) -> list[engines.Timing]:
    """The same build, from the same raw files, on each engine."""
    timings = []
    for workload in workloads:
        generate(workload)
        _, until, _ = moments(workload)
        for name in names:
            timings.append(engines.measure(workload, name, FOLDER / workload, until))
            print(engines.table(timings[-1:]).splitlines()[-1], flush=True)
    return timings


def overhead() -> Measurement:
    """`dbt run` on the default sample: dbt's own start and models."""
    raw = FOLDER / "sample"
    if not (raw / "sales_reps.csv").exists():
        subprocess.run(
            [sys.executable, "-m", "mql", "sample", "--out", str(raw)],
            cwd=ROOT,
            check=True,
        )
    as_of = "2026-06-30 00:00:00"
    # what an earlier state of the models left would stop it
    (FOLDER / "sample.duckdb").unlink(missing_ok=True)
    dbt("seeds", "sample", as_of, "seed", raw=raw)
    dbt("first run", "sample", as_of, "run", raw=raw)
    return dbt("dbt run, default sample", "sample", as_of, "run", raw=raw)


def table(measured: list[Measurement]) -> str:
    """The measurements as a Markdown table, with ratios to F and G of the workload."""
    base = {
        (row.workload, row.what[0]): row.seconds
        for row in measured
        if row.what.startswith(("F: ", "G: "))
    }
    head = [
        "workload",
        "what",
        "seconds",
        "in F",
        "in G",
        "CPU seconds",
        "in models",
        "peak GiB",
        "spilled GiB",
    ]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * 7]
    for row in measured:
        ratios = [
            f"{row.seconds / base[row.workload, unit]:.1f}"
            if (row.workload, unit) in base
            else ""
            for unit in "FG"
        ]
        models = f"{row.models_seconds:.1f}" if row.models_seconds is not None else ""
        cells = [row.workload, row.what, f"{row.seconds:.1f}", *ratios]
        cells += [f"{row.cpu_seconds:.1f}", models]
        cells += [f"{row.memory:.1f}", f"{row.spill:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """The machine and the versions, one line."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("dbt-core", "dbt-duckdb", "duckdb")
    )
    return (
        f"{os.cpu_count()} cores, {gigabytes:.0f} GiB, {platform.system()},"
        f" Python {platform.python_version()}, {packages}"
    )


def main() -> int:
    """Measures the workloads asked for and writes benchmarks/results.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []], default=[])
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=engines.ENGINES,
        help="compare these on the workloads, and measure nothing else",
    )
    parser.add_argument(
        "--official", action="store_true", help="the official definition alone"
    )
    parser.add_argument("--keep", action="store_true", help="keep the warehouses")
    parser.add_argument("--out", help="the table; by default in warehouse/benchmarks")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if arguments.engines:
        written = engines.table(
            compare_engines(arguments.workloads or ["S"], arguments.engines)
        )
    else:
        measured = [overhead()]
        for workload in arguments.workloads or ["S", "L"]:
            measured += run_workload(workload, arguments.keep, arguments.official)
        written = table(measured)
    result = f"{machine()}\n\n{written}\n"
    name = "engines.md" if arguments.engines else "results.md"
    Path(arguments.out or FOLDER / name).write_text(result)
    print("\n" + result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
