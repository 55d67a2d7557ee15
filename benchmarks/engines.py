"""How long the same build takes on each engine, from the same raw files.

`make bench-engines`; servers are private ones on loopback, as for `make test-engines`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# the servers and the builds are those of the tests
sys.path[:0] = [
    str(ROOT),
    str(ROOT / "tests" / "python"),
    str(ROOT / "tests" / "engines"),
]

import warehouse

ENGINES = ("duckdb", "postgres", "spark")
MODELS = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]


@dataclass(frozen=True)
class Timing:
    """A build of everything, without tests: seconds, and what it was made from.

    `first` is the build of an empty warehouse, `again` the next one at the same moment;
    on Spark there is none that would not be full.
    """

    workload: str
    engine: str
    activities: int
    load: float
    first: float
    again: float | None


def measure(workload: str, engine: str, raw: Path, as_of: str) -> Timing:
    """Loads raw files into a new warehouse of an engine and builds it twice.

    Raises warehouse.BuildFailed where a build fails, postgres.NoServer or
    spark.NoCluster where there is no such engine here.
    """
    opened = {"duckdb": on_duckdb, "postgres": on_postgres, "spark": on_spark}[engine]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with opened(raw, as_of, Path(folder)) as (build, rows):
            load = time.perf_counter() - started
            first = seconds(build)
            again = None if engine == "spark" else seconds(build)
            (found,) = rows(
                "select rows_accepted from quality.fct_reconciliation"
                " where source_table = 'activities'"
            )
    return Timing(workload, engine, found["rows_accepted"], load, first, again)


def seconds(build) -> float:
    """How long a build takes, as a command of its own: dbt reads the project, too."""
    warehouse.PARSED.clear()
    started = time.perf_counter()
    build()
    return time.perf_counter() - started


@contextmanager
def on_duckdb(raw: Path, as_of: str, folder: Path) -> Iterator[tuple]:
    """A new DuckDB file: how to build it, how to ask it."""
    built = folder / "mql.duckdb"
    yield (
        lambda: warehouse.build_models(raw, built, as_of),
        lambda query: warehouse.rows(built, query),
    )


@contextmanager
def on_postgres(raw: Path, as_of: str, folder: Path) -> Iterator[tuple]:
    """A server with a database in it: how to build it, how to ask it."""
    import postgres
    from mql.postgres import variables_of

    with (
        postgres.private_server() as server,
        postgres.new_database(server.url) as database,
    ):
        postgres.load_raw(raw, database)
        settings = {"MQL_TARGET": "postgres", **variables_of(database)}
        yield (
            lambda: warehouse.build_models(None, folder / "none", as_of, **settings),
            lambda query: postgres.rows(database, query),
        )


@contextmanager
def on_spark(raw: Path, as_of: str, folder: Path) -> Iterator[tuple]:
    """A cluster of two workers: how to build on it, how to ask it."""
    import spark

    # a driver of 6 GB and workers of 4, for M
    with spark.private_cluster(memory=3) as cluster:
        spark.load_raw(raw, cluster)
        yield (
            lambda: spark.dbt(
                "build", *MODELS, cluster=cluster, folder=folder, as_of=as_of
            ),
            cluster.rows,
        )


def table(timings: list[Timing]) -> str:
    """Timings as a Markdown table."""
    lines = [
        "| workload | engine | activities | load, s | first build, s | again, s |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for one in timings:
        lines.append(
            f"| {one.workload} | {one.engine} | {one.activities:,} | {one.load:.0f}"
            f" | {one.first:.0f} | {'' if one.again is None else f'{one.again:.0f}'} |"
        )
    return "\n".join(lines)
