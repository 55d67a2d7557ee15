"""`mql run` and `mql status`: what is published, and what is not."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import timedelta

import duckdb
import pytest

from mql.definition.read import definition_hashes
from mql.expectations.marts import personal_columns
from mql.project import ROOT
from runs import Warehouse, assert_refused
from warehouse import rows


def test_what_is_published_is_what_was_built(good_run):
    """Every public mart but its personal columns; views and tables alike."""
    personal = personal_columns(ROOT / "models" / "marts")
    connection = duckdb.connect()
    connection.execute(f"attach '{good_run.working}' as mql (read_only)")
    connection.execute(f"attach '{good_run.shelf.marts}' as marts (read_only)")
    columns = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where database_name = 'mql' and schema_name in ('scoring', 'qualification',"
        " 'handoff', 'funnel', 'definition', 'quality') order by all"
    ).fetchall()
    public: dict[str, list[str]] = {}
    for schema, table, column in columns:
        public.setdefault(f"{schema}.{table}", [])
        if (table, column) not in personal:
            public[f"{schema}.{table}"].append(column)
    published = connection.execute(
        "select schema_name || '.' || table_name as name, table_name, column_name"
        " from duckdb_columns()"
        " where database_name = 'marts' and schema_name <> 'operations' order by all"
    ).fetchall()
    assert {name for name, *_ in published} == public.keys() and len(public) > 10
    assert not [each for each in published if each[1:] in personal]
    assert "raw_record" not in {column for *_, column in published}
    for name, names in public.items():
        listed = ", ".join(names)
        (count,) = connection.execute(
            f"select count(*) from (from (select {listed} from mql.{name})"
            f" except all (select {listed} from marts.{name}))"
        ).fetchone()
        assert count == 0, name
    handoffs = rows(
        good_run.shelf.handoffs, "select table_name from duckdb_tables() order by all"
    )
    assert {"table_name": "fct_mql_handoffs"} in handoffs
    assert (
        "email"
        in rows(good_run.shelf.handoffs, "select * from handoff.fct_mql_handoffs")[0]
    )


def test_the_log_says_what_was_done(good_run):
    (run,) = rows(good_run.shelf.marts, "select * from operations.runs")
    built = rows(
        good_run.shelf.marts,
        "select sum(rows_raw) as n from quality.fct_reconciliation",
    )
    assert run["status"] == "published" and run["error"] is None
    assert run["is_full"] and run["rows_raw"] == built[0]["n"]
    assert run["started_at"] < run["finished_at"]
    assert json.loads(run["definition_hashes"]) == definition_hashes(ROOT)
    assert json.loads(run["versions"]).keys() == {"python", "dbt-core", "duckdb"}
    counts = json.loads(run["rows_by_table"])
    assert sum(counts.values()) == run["rows_published"]
    assert counts["scoring.dim_contacts"] == run["touched_contacts"] > 0
    assert "0 FAILED" in run["audit"]


def test_status_of_a_good_run_and_of_none(good_run, tmp_path):
    status = good_run.start("status")
    assert status.end() == 0
    assert f"run {good_run.log.last()['run_id']}; audit: " in status.text
    assert "Last attempt: that one.\nAt work: nobody." in status.text
    warehouse = Warehouse(tmp_path, good_run.raw, good_run.target)
    nothing = warehouse.start("status")
    assert nothing.end() == 0
    assert "nothing yet; run `make build`" in nothing.text
    warehouse.shelf.marts.write_bytes(b"no database")
    unreadable = warehouse.start("status")
    assert unreadable.end() == 0
    assert "marts.duckdb cannot be read; run `make run`" in unreadable.text


def raw_with_more_activities(good_run, folder, **cells) -> None:
    """A copy of the raw files with 300 more activities, loaded at the start."""
    shutil.copytree(good_run.raw, folder)
    with open(folder / "activities.csv", newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))
    with open(folder / "activities.csv", "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        for number in range(300):
            writer.writerow({"activity_id": f"more-{number}", **cells})


def test_raw_tables_that_break_their_contract_stop_the_run(
    warehouse, good_run, world, tmp_path
):
    warehouse.raw = tmp_path / "raw"
    raw_with_more_activities(
        good_run,
        warehouse.raw,
        contact_id="C1",
        activity_type="email_open",
        occurred_at="the other day",
        loaded_at="2025-01-02",
    )
    stopped = warehouse.run(world.as_of)
    assert_refused(
        stopped,
        warehouse,
        good_run,
        "the audit of the raw tables failed",
        "activities_occurred_at_parses",
        "the other day",
        "What to do",
    )
    assert warehouse.log.last()["phase"] == "raw audit"
    assert "1 FAILED" in warehouse.log.last()["audit"]
    status = warehouse.start("status")
    status.end()
    assert f"run {good_run.log.last()['run_id']}; audit" in status.text
    assert "failed in phase 'raw audit'" in status.text


def test_marts_that_fail_their_audit_are_not_published(
    warehouse, good_run, world, tmp_path
):
    warehouse.raw = tmp_path / "raw"
    raw_with_more_activities(
        good_run,
        warehouse.raw,
        contact_id="nobody we know",
        activity_type="email_open",
        occurred_at="2025-01-01",
        loaded_at="2025-01-02",
    )
    stopped = warehouse.run(world.as_of)
    assert_refused(
        stopped,
        warehouse,
        good_run,
        "the audit of the marts failed",
        "quarantine_is_small",
    )
    assert warehouse.log.last()["phase"] == "mart audit"
    # and what was right again is published again
    warehouse.raw = good_run.raw
    assert warehouse.run(world.as_of).end() == 0
    last = rows(
        warehouse.shelf.marts,
        "select status, audit from operations.runs order by run_id",
    )
    assert [run["status"] for run in last] == ["published", "failed", "published"]


def test_a_run_for_the_past_is_refused(warehouse, good_run, world):
    refused = warehouse.run(world.as_of - timedelta(days=21))
    assert_refused(
        refused,
        warehouse,
        good_run,
        "is earlier than that of the last build of this warehouse",
        "--full-refresh",
        "MQL_WAREHOUSE_PATH",
    )


@pytest.mark.parametrize("given", ["0", "many"])
def test_a_number_to_keep_that_is_none(warehouse, monkeypatch, given):
    from mql.project import ProjectError
    from mql.run import published_files_to_keep

    monkeypatch.setenv("MQL_KEEP_PUBLISHED", given)
    with pytest.raises(ProjectError, match="MQL_KEEP_PUBLISHED is"):
        published_files_to_keep()
