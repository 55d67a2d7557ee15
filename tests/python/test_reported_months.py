"""What was reported of a month stays reported, whatever is learnt later."""

from __future__ import annotations

from datetime import timedelta

import reference
import warehouse
import worlds

REPORTED = "select * from funnel.fct_reported_months order by month"


def test_a_closed_month_is_frozen_once_and_survives_a_full_refresh(tmp_path):
    seeds = reference.read_seeds(warehouse.ROOT)
    world = worlds.make_world(8, 40, seeds=seeds)
    raw, built = tmp_path / "raw", tmp_path / "warehouse.duckdb"
    worlds.write_world(world, raw)
    earlier = world.as_of - timedelta(days=120)
    warehouse.build_models(raw, built, earlier)
    first = warehouse.rows(built, REPORTED)
    assert any(month["accepted"] for month in first), "nothing to change our mind about"
    # sales takes back all it said
    (raw / "dispositions.csv").unlink()
    warehouse.dbt("run", "--full-refresh", raw=raw, warehouse=built, as_of=world.as_of)
    then = warehouse.rows(built, REPORTED)
    assert then[: len(first)] == first
    assert len(then) > len(first)
    assert {month["reported_at"] for month in then[len(first) :]} == {world.as_of}
    compared = warehouse.rows(built, "select * from funnel.fct_as_reported")
    assert all(month["accepted_restated"] == 0 for month in compared)
    assert any(month["accepted_difference"] < 0 for month in compared)
