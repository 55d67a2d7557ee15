"""Runs at one moment after the other leave what a single run at the last leaves.

The random worlds of the differential test, hostile rows and all. One world again, or
many, with the number of relations that differ:

    PYTHONPATH=. .venv/bin/python tests/python/test_incremental.py 7 8 9
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import reference
import warehouse
import worlds
from mql.audit import opened
from mql.operations import Run, RunLog
from mql.project import Shelf
from mql.publish import copied, public_marts, publish
from mql.sample import generate
from raw_files import DAY, START, RawFiles

WORLDS = int(os.environ.get("MQL_WORLDS", "4"))
MAY_DIFFER = {
    # what an earlier run froze is what was said then
    "fct_reported_months",
    "fct_as_reported",
    # pages that only people viewed who have been erased since are still classed
    "int_page_classes",
}
# How many days before the world's end it is looked at.
LOOKED_AT = (400, 150, 31, 7, 1, 0.01)


def moments(world: worlds.World, rng: random.Random) -> list[datetime]:
    """When runs look at a world, the last at its own end."""
    days = [*sorted(rng.sample(LOOKED_AT, 3), reverse=True), 0]
    return [world.as_of - timedelta(days=number) for number in days]


def delivered_by(raw: reference.Raw, moment: datetime) -> reference.Raw:
    """The raw rows without those that say they were loaded later."""

    def is_there(row: dict) -> bool:
        loaded_at = reference.t1_timestamp(row["loaded_at"])
        return loaded_at is None or loaded_at <= moment

    return {
        table: [row for row in rows if is_there(row)] for table, rows in raw.items()
    }


def relations(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The project's tables and views, intermediate ones and marts."""
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in"
        " ('crm', 'seeds', 'staging', 'operations', 'touched', 'main') order by all"
    )
    return [
        (schema, name) for schema, name in found.fetchall() if name not in MAY_DIFFER
    ]


def cell(column: str, kind: str) -> str:
    """A column as it is compared: sums of doubles depend on the order of their terms,
    and so, by a microsecond, does when a half-life crosses a threshold."""
    if kind == "DOUBLE":
        return f"round({column}, 5) as {column}"
    if kind == "TIMESTAMP":
        return f"date_trunc('second', {column} + interval '0.5' second) as {column}"
    return column


def fail_near_the_end(
    raw: Path, stepwise: Path, moment: datetime, project: Path
) -> None:
    """A build that stops at a mart after everything by contact, account and story."""
    mart = project / "models" / "marts" / "funnel" / "fct_review_alerts.sql"
    sound = mart.read_text(encoding="utf-8")
    mart.write_text(f"{sound} where", encoding="utf-8")
    with pytest.raises(warehouse.BuildFailed, match="fct_review_alerts"):
        warehouse.build_models(raw, stepwise, moment, project)
    mart.write_text(sound, encoding="utf-8")


def publish_marts(working: Path, project: Path) -> list[tuple[str, str]]:
    """Publishes a build as a run would. Returns the marts of which only the rows of
    touched contacts are copied after the first."""
    manifest = json.loads((working.parent / "target" / "manifest.json").read_text())
    marts = public_marts(list(manifest["nodes"].values()))
    shelf, run = Shelf(working.parent), Run.new()
    (build,) = warehouse.rows(
        working,
        "select build_id from operations.builds order by build_number desc limit 1",
    )
    run.build_id = build["build_id"]
    with opened(working) as connection, copied(connection, marts, shelf, run) as copies:
        publish(copies, marts, shelf, run, RunLog(shelf.log), keep=1)
    return [(mart.schema, mart.name) for mart in marts if mart.in_part]


def differences(
    one: Path,
    other: Path,
    folder: Path,
    published: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """The relations that are not the same in two warehouses, row for row.

    Of the first one these marts are looked at in what it published, where asked for.
    """
    found = []
    names = published
    if published:
        one = Shelf(one.parent).marts
    else:
        with duckdb.connect(str(one), read_only=True) as connection:
            names = relations(connection)
    for schema, name in names:
        files = []
        for side in (one, other):
            with duckdb.connect(str(side), read_only=True) as connection:
                columns = connection.execute(f"describe {schema}.{name}").fetchall()
                cells = ", ".join(cell(column, kind) for column, kind, *_ in columns)
                files.append(folder / f"{len(files)}.parquet")
                connection.execute(
                    f"copy (select {cells} from {schema}.{name}) to '{files[-1]}'"
                )
        only = [
            duckdb.sql(f"from '{a}' except all from '{b}'").fetchall()
            for a, b in (files, files[::-1])
        ]
        if any(only):
            counts = f"{len(only[0])} and {len(only[1])} rows"
            found.append(f"{schema}.{name}: {counts}, such as {(only[0] + only[1])[0]}")
    return found


def two_warehouses(folder: Path) -> list[Path]:
    """The files of two warehouses, one built step by step and one at once."""
    folders = [folder / "stepwise", folder / "at-once"]
    for each in folders:
        each.mkdir()
    return [each / "warehouse.duckdb" for each in folders]


def compare(number: int, folder: Path, contacts: int = 60) -> list[str]:
    """Builds a world moment by moment and at once, and compares.

    Odd worlds have all their raw rows from the beginning, in even ones rows turn up when
    they were loaded. Every third has changed rules. In two of five the third build fails
    near its end, and the last one has to make good what it left.
    """
    rng = random.Random(number)
    stepwise, at_once = two_warehouses(folder)
    seeds = reference.read_seeds(warehouse.ROOT)
    world = worlds.make_world(
        number, contacts, seeds=seeds, change_rules=number % 3 == 0
    )
    project = warehouse.copy_project(folder / "project")
    worlds.write_seeds(world.seed_changes, project)
    raw = dict(world.raw)
    for index, moment in enumerate(moments(world, rng)):
        if number % 2 == 0:
            raw = delivered_by(world.raw, moment)
        worlds.write_world(
            worlds.World(number, moment, raw, world.seed_changes), folder / "raw"
        )
        if index == 2 and number % 5 in (0, 2):
            fail_near_the_end(folder / "raw", stepwise, moment, project)
            continue
        warehouse.build_models(folder / "raw", stepwise, moment, project)
        published = publish_marts(stepwise, project)
    warehouse.build_models(folder / "raw", at_once, world.as_of, project)
    is_full = warehouse.rows(
        stepwise,
        "select is_full from operations.builds where event = 'completed'"
        " order by build_number",
    )
    failed = number % 5 in (0, 2)
    assert [row["is_full"] for row in is_full] == [True] + [False] * (
        2 if failed else 3
    )
    return [
        *differences(stepwise, at_once, folder),
        *differences(stepwise, at_once, folder, published),
    ]


# By default one world; MQL_WORLDS asks for more. In this one rows turn up as they are
# loaded, a build fails, rules are changed, an account comes to be one that may qualify
# while its member has answers, and a delivery of somebody erased is another's as well.
@pytest.mark.parametrize("number", sorted({12, *range(2, 2 + WORLDS // 10)}))
def test_runs_one_after_the_other_leave_what_a_full_refresh_leaves(number, tmp_path):
    assert not compare(number, tmp_path)


def test_an_account_that_only_time_takes_an_mql_from_is_touched(tmp_path):
    """Between two runs nothing arrives and no contact crosses anything: the score that
    contacts add up to at a hospital halves until it is below what is asked."""
    raw = tmp_path / "raw"
    stepwise, at_once = two_warehouses(tmp_path)
    generate(raw, contacts=1)
    before, after = datetime(2026, 5, 21, 17, 45, 10), datetime(2026, 5, 21, 17, 45, 30)
    warehouse.build_models(raw, stepwise, before)
    warehouse.build_models(raw, stepwise, after)
    warehouse.build_models(raw, at_once, after)
    ended = warehouse.rows(
        at_once,
        "select distinct account_id from qualification.fct_account_mqls"
        f" where ended_at between '{before}' and '{after}'",
    )
    assert ended == [{"account_id": "F-PLANT-IN-HAND"}]
    assert not differences(stepwise, at_once, tmp_path)


def test_news_of_every_kind_touches_somebody(tmp_path):
    """Each contact has one reason to be touched, and none of the others; and so has an
    account that a suppressed colleague makes one that may ever qualify: what the others
    have added all along is then to be seen."""
    raw = tmp_path / "raw"
    stepwise, at_once = two_warehouses(tmp_path)
    seeds = reference.read_seeds(warehouse.ROOT)
    silence_days = 170  # not at the instant of a loss, which touches a contact, too
    for row in seeds["qualification_criteria"]:
        row["max_silence_days"] = str(silence_days)
    project = warehouse.project_with(seeds)
    first, last = START + 10 * DAY, START + 12 * DAY
    files = RawFiles()
    for reason in (
        *("came", "announced", "silent", "had_it", "has_it_now"),
        *("no_time", "no_id", "no_arrival"),
    ):
        # an account each: colleagues are touched where theirs may qualify
        files.account(f"of_{reason}", "hospital", "NY")
        files.contact(
            *(reason, f"of_{reason}"),
            specialty="orthopaedic_surgery",
            job_title="Surgeon",
        )
    files.activity(
        *("announced", "webinar_attendance", first + DAY / 2),
        loaded_at=first - DAY / 4,
        asset_name="webinar",
    )
    # so many days after its last engagement a contact is silent (Q8)
    for activity in ("webinar_attendance", "content_download", "booth_visit"):
        files.activity(
            "silent", activity, first + DAY - silence_days * DAY, asset_name="it"
        )
    # what it had is told to sales, and then is not
    files.activity("had_it", "demo_request", START)
    restated = files.activity("had_it", "content_download", START, asset_name="it")
    files.account("A1", "hospital", "NY")
    for contact in ("C1", "C2", "C3"):
        files.contact(
            contact, "A1", specialty="orthopaedic_surgery", job_title="Surgeon"
        )
    for contact in ("C1", "C2"):
        for activity in ("webinar_attendance", "content_download"):
            files.activity(contact, activity, START + 2 * DAY, asset_name=activity)
    files.activity("C3", "unsubscribe", START + DAY)
    files.write(raw)
    warehouse.build_models(raw, stepwise, first, project)
    publish_marts(stepwise, project)
    for activity in ("webinar_attendance", "booth_visit"):
        files.activity("C3", activity, first + DAY)
    files.activity("came", "content_download", first + DAY, asset_name="it")
    files.add(
        "activities",
        **restated | {"contact_id": "has_it_now", "loaded_at": first + DAY},
    )
    # what can never be accepted is refused at once, whenever it says that it was loaded
    broken = {"activity_type": "email_open", "occurred_at": START}
    later = {"loaded_at": last + 5 * DAY}
    for reason, cells in (
        ("no_time", broken | later | {"activity_id": "x1", "occurred_at": "soon"}),
        ("no_id", broken | later),
        ("no_arrival", broken | {"activity_id": "x2", "loaded_at": "never"}),
    ):
        files.add("activities", contact_id=reason, **cells)
    files.write(raw)
    for built in (stepwise, at_once):
        warehouse.build_models(raw, built, last, project)
    assert not differences(stepwise, at_once, tmp_path)
    published = publish_marts(stepwise, project)
    assert not differences(stepwise, at_once, tmp_path, published)
    # and there was something to be found of each
    assert warehouse.rows(
        at_once,
        "select count(distinct contact_id) as engaged"
        " from intermediate.int_account_contributions where is_engaged",
    ) == [{"engaged": 2}]
    counted = warehouse.rows(
        at_once,
        "select contact_id, count(distinct activity_id) as activities"
        " from scoring.fct_score_ledger"
        " where activity_id is not null and contact_id not in ('C1', 'C2', 'C3')"
        " group by all",
    )
    assert {row["contact_id"]: row["activities"] for row in counted} == {
        "came": 1,
        "announced": 1,
        "silent": 3,
        "had_it": 1,
        "has_it_now": 1,
    }
    assert warehouse.rows(
        at_once,
        "select count(*) as rows from quality.fct_quarantined_records"
        " where source_table = 'activities'",
    ) == [{"rows": 3}]
    assert warehouse.rows(
        at_once,
        "select distinct valid_from as since from intermediate.int_contact_standing"
        " where contact_id = 'silent' and is_silent and valid_to is null",
    ) == [{"since": first + DAY}]


def main(numbers: Sequence[str]) -> int:
    """Compares the worlds asked for. Returns how many differ."""
    failed = 0
    for number in map(int, numbers):
        with tempfile.TemporaryDirectory() as folder:
            found = compare(number, Path(folder))
        print(f"world {number}: {len(found)} relations differ", flush=True)
        print("\n".join(text[:500] for text in found[:40]))
        failed += bool(found)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
