"""Builds the project on raw files, in this process, and reads what it left.

A dbt command takes seconds to start and most of that is imports, so tests that build
share one process; each warehouse is one DuckDB file. Files of one name in folders of
their own let dbt read the project once for all of them (`parsed`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from reference import Seeds
from worlds import write_seeds

ROOT = Path(__file__).resolve().parents[2]
PROJECT_PARTS = [
    "dbt_project.yml",
    "profiles.yml",
    "models",
    "seeds",
    "macros",
    "tests/generic",
    "tests/singular",
    "analyses",
]


class BuildFailed(Exception):
    """A dbt command that did not succeed; the text is what it said."""


@contextmanager
def environment(**settings: str | None):
    """Sets environment variables (None removes one) and puts the old ones back."""
    before = {name: os.environ.get(name) for name in settings}
    try:
        for name, value in settings.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def copy_project(folder: Path) -> Path:
    """Copies what dbt reads, so that a test may change seeds. Returns the copy."""
    for part in PROJECT_PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, dirs_exist_ok=True)
        elif source.exists():
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / part)
    return folder


SHARED = tempfile.TemporaryDirectory(prefix="mql-project-")


def project_with(seeds: Seeds) -> Path:
    """The project with these seeds in place of its own: one copy for all worlds of a
    process, since of a project that stays where it is dbt reads only what changed."""
    project = copy_project(Path(SHARED.name))
    write_seeds(seeds, project)
    return project


# What dbt has read, by what it read it from, and where it keeps that for the next time.
PARSED: dict[tuple, Manifest] = {}
KEPT = tempfile.TemporaryDirectory(prefix="mql-read-")


def parsed(project: Path, warehouse: Path) -> Manifest | None:
    """The project as dbt reads it: once for the same files, since that takes longer than
    to build a small world, and only what changed of a project that stays where it is.
    None where it cannot be read: then the command says why."""
    files = sorted(
        (str(file), file.stat().st_mtime_ns, file.stat().st_size)
        for part in PROJECT_PARTS
        for file in [project / part, *(project / part).rglob("*.*")]
        if file.is_file()
    )
    engine = {name: os.environ.get(name) for name in ("MQL_TARGET", "PGDATABASE")}
    # dbt calls a DuckDB database by the name of its file
    key = (*files, *engine.values(), warehouse.stem)
    if key not in PARSED:
        kept = Path(KEPT.name) / str(project.resolve()).replace("/", "-")
        # settings that differ would let it read everything
        file = kept / warehouse.name
        with environment(MQL_WAREHOUSE_PATH=str(file), MQL_RAW_PATH=None):
            read = dbtRunner().invoke(["parse", *options(project, kept)])
        if not read.success:
            return None
        PARSED[key] = read.result
    return PARSED[key].deepcopy()


def options(project: Path, target: Path) -> list[str]:
    """Which project, and where dbt writes what it has to say."""
    return [
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(target)),
        *("--log-path", str(target)),
        "--quiet",
    ]


def dbt(
    *arguments: str,
    raw: Path | None,
    warehouse: Path,
    as_of: datetime | str | None = None,
    project: Path = ROOT,
    **settings: str,
) -> None:
    """Runs one dbt command; `settings` are environment variables it is to see.

    Raises BuildFailed with the errors dbt gave, one a line, where it did not succeed.
    """
    command = [*arguments, *options(project, warehouse.parent / "target")]
    if as_of is not None:
        command += ["--vars", f'{{as_of: "{as_of}"}}']
    with environment(
        **{
            "MQL_RAW_PATH": str(raw) if raw else None,
            "MQL_WAREHOUSE_PATH": str(warehouse),
            "MQL_TARGET": "duckdb",
            # a tenth of a small build goes into dbt's log, which nobody reads here
            "DBT_LOG_LEVEL_FILE": "none",
            **settings,
        }
    ):
        # `parse` itself has to write down what it reads
        read = None if "parse" in arguments else parsed(project, warehouse)
        result = dbtRunner(read).invoke(command)
        # the adapter keeps the file open, and nobody else can read it, until told
        DuckDBConnectionManager.close_all_connections()
    if not result.success:
        messages = [str(result.exception)] if result.exception else []
        for run in getattr(result.result, "results", None) or []:
            if run.status in ("error", "fail"):
                messages.append(f"{run.node.name}: {run.message}")
        raise BuildFailed("\n".join(messages))


def build_models(
    raw: Path | None, warehouse: Path, as_of, project: Path = ROOT, **settings: str
) -> None:
    """Seeds and models without their tests; `settings` as for `dbt`."""
    dbt(
        "build",
        "--exclude-resource-type",
        "test",
        "--exclude-resource-type",
        "unit_test",
        # the other core has tests of its own; runs of mql have the profile's threads
        "--threads",
        "1",
        raw=raw,
        warehouse=warehouse,
        as_of=as_of,
        project=project,
        **settings,
    )


def rows(warehouse: Path, query: str) -> list[dict]:
    """What a query gives, as dictionaries; times are naive UTC."""
    connection = duckdb.connect(str(warehouse), read_only=True)
    try:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()
