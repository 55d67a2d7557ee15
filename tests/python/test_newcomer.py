"""A newcomer's path: the README's commands in a copy without anything built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import warehouse

README = (warehouse.ROOT / "README.md").read_text()


def command_line(folder: Path, *arguments: str, **settings: str):
    """`python -m mql ...` in a copy of the project. Returns the finished process."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MQL_", "DBT_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "mql", *arguments],
        check=False,
        cwd=folder,
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """The project as cloned: no sample, no warehouse."""
    folder = warehouse.copy_project(tmp_path_factory.mktemp("clone"))
    shutil.copytree(
        warehouse.ROOT / "mql",
        folder / "mql",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


@pytest.fixture(scope="module")
def first_build(clone):
    """What `make build` runs, with every dbt test."""
    return command_line(clone, "build")


def readme_block(first_words: str) -> str:
    """The fenced block of the README that begins with these words."""
    blocks = re.findall(r"```\w*\n(.*?)```", README, flags=re.DOTALL)
    (block,) = [block for block in blocks if block.startswith(first_words)]
    return block


def test_the_first_build_ends_with_what_the_readme_shows(first_build):
    assert first_build.returncode == 0, first_build.stdout + first_build.stderr
    shown = readme_block("As of 2026-06-30").splitlines()
    # but for the path of the file
    for line in shown:
        if "warehouse/marts.duckdb" not in line:
            assert line in first_build.stdout.splitlines()


def test_progress_is_visible(first_build):
    assert re.search(r"^ +\d+ done, last \w+", first_build.stdout, flags=re.MULTILINE)


def test_all_kinds_of_dbt_tests_ran(first_build):
    counted = re.search(
        r"(\d+) data tests and (\d+) unit tests passed", first_build.stdout
    )
    assert counted and min(int(counted[1]), int(counted[2])) >= 50


def test_the_readmes_ledger_is_the_one_built(clone, first_build):
    (query,) = re.findall(r'-m mql query "(\n.*?)"\n', README, flags=re.DOTALL)
    shown = command_line(clone, "query", query)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() == readme_block("┌─────────────────────┬──").strip()


def test_the_readmes_row_of_the_queue_is_the_one_built(clone, first_build):
    section = README.split("## What a rep gets")[1].split("\n## ")[0]
    shown = dict(re.findall(r"^\| (\w+) \| (.+) \|$", section, flags=re.MULTILINE))
    assert shown.pop("column") == "value"
    (row,) = warehouse.rows(
        clone / "warehouse/handoffs.duckdb",
        "select * from handoff.fct_handoff_queue"
        f" where handoff_id = '{shown['handoff_id']}'",
    )
    assert {name: str(row[name]) for name in shown} == shown
    assert f"The row of place {row['place']} there" in section
    (waiting,) = warehouse.rows(
        clone / "warehouse/handoffs.duckdb",
        "select count(*) as waiting from handoff.fct_courtesy_queue",
    )
    assert f"in the sample {waiting['waiting']} wait" in " ".join(section.split())


def test_the_documented_delivery_is_the_samples(clone, first_build):
    page = (warehouse.ROOT / "docs" / "delivery.md").read_text()
    (documented,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    (said,) = re.findall(r"```\n(Would deliver.*?)\n```", page, flags=re.DOTALL)
    rehearsed = command_line(clone, "deliver", "--dry-run")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert rehearsed.stderr.strip().replace(f"{clone}/", "") == said
    events = rehearsed.stdout.splitlines()
    assert json.loads(documented) in [json.loads(event) for event in events]
    # and from the command line, from published files, once
    (count,) = re.findall(r"Would deliver (\d+) events", said)
    for expected in (f"Delivered {count} events", "Delivered no events"):
        delivered = command_line(clone, "deliver")
        assert delivered.returncode == 0 and expected in delivered.stdout
    outbox = clone / "warehouse" / "outbox.jsonl"
    assert outbox.read_text().splitlines() == events


def test_a_queue_is_exported_whole(clone, first_build):
    """With names and numbers, from the file that has them."""
    done = command_line(clone, "export", "fct_handoff_queue", "--out", "queue.csv")
    assert done.returncode == 0, done.stderr
    header, *rows = (clone / "queue.csv").read_text().splitlines()
    assert '"phone"' in header and f": {len(rows)} rows" in done.stdout
    assert any("\"'+1-" in row for row in rows)


def test_a_build_without_its_folder_says_what_to_do(clone):
    failed = command_line(clone, "build", MQL_RAW_PATH="/nowhere/at/all")
    assert failed.returncode == 1
    assert "no raw files in '/nowhere/at/all'" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_second_run_at_once_is_told_so(clone, first_build):
    holder = (
        "import duckdb, sys; c = duckdb.connect('warehouse/mql.duckdb');"
        " print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=clone,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        failed = command_line(clone, "build")
        other.stdin.close()
    assert failed.returncode == 1
    assert "is in use by another process" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_query_that_is_wrong_is_one_message(clone, first_build):
    failed = command_line(clone, "query", "select * from nothing_there")
    assert failed.returncode == 1
    assert "nothing_there" in failed.stderr and "Traceback" not in failed.stderr


def test_a_summary_without_a_build_says_what_to_do(tmp_path):
    missing = tmp_path / "none.duckdb"
    failed = command_line(warehouse.ROOT, "summary", MQL_WAREHOUSE_PATH=str(missing))
    assert failed.returncode == 1
    assert "run `make build` first" in failed.stderr
