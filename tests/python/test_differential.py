"""The SQL and the plain Python reference of the rules agree on random worlds."""

from __future__ import annotations

import copy
import os

import pytest

import differential
import odd_rules
import reference
import warehouse
import worlds

# The default keeps `make test` quick; a nightly run sets hundreds: MQL_WORLDS=300.
WORLDS = int(os.environ.get("MQL_WORLDS", "4"))
FIRST_WORLD = int(os.environ.get("MQL_FIRST_WORLD", "100"))


@pytest.mark.parametrize("seed", range(FIRST_WORLD, FIRST_WORLD + WORLDS))
def test_every_mart_equals_the_reference(seed, tmp_path):
    """Odd seeds run under changed rules, too."""
    differences = differential.run_world(seed, tmp_path)
    assert not differences, (
        f"world {seed}: {len(differences)} differences; replay it with"
        f" `.venv/bin/python tests/python/differential.py {seed}`\n"
        + "\n".join(differences[:5])
    )


@pytest.mark.parametrize(
    "change",
    [odd_rules.fractions, odd_rules.zeros, odd_rules.blanks_and_strange_types],
    ids=lambda change: change.__name__,
)
def test_odd_rules_are_scored_as_they_say(change, tmp_path, seeds):
    """What the definition checks do not refuse, they let mean what it says."""
    rules = copy.deepcopy(seeds)
    change(rules)
    world = worlds.make_world(FIRST_WORLD, 20, seeds=rules)
    differences = differential.differences_of(world, rules, tmp_path)
    assert not differences, "\n".join(differences[:5])


def all_marts(built) -> dict[str, set]:
    """Every mart as a set of rows; sets, because order carries no meaning."""
    return {
        mart: {
            tuple(sorted(row.items(), key=lambda item: item[0]))
            for row in warehouse.rows(built, f"select * from {schema}.{mart}")
        }
        for mart, schema in differential.SCHEMAS.items()
    }


def test_a_past_as_of_gives_what_that_day_gave(tmp_path, seeds):
    """Rows that came later, whatever they say, do not show in a replay."""
    world = worlds.make_world(12, seeds=seeds)
    cutoff = world.as_of - 60 * worlds.DAY
    known_then = {
        table: [
            row
            for row in table_rows
            if (loaded := reference.t1_timestamp(row["loaded_at"])) is None
            or loaded <= cutoff
        ]
        for table, table_rows in world.raw.items()
    }
    worlds.write_world(world, tmp_path / "now")
    worlds.write_world(
        worlds.World(world.seed, cutoff, known_then), tmp_path / "known-then"
    )
    marts = {}
    for name in ("now", "known-then"):
        built = tmp_path / f"built-{name}" / "warehouse.duckdb"
        built.parent.mkdir()
        warehouse.build_models(tmp_path / name, built, cutoff)
        marts[name] = all_marts(built)
    for mart in marts["now"]:
        # the count of rows that are not yet visible is the one thing that differs
        if mart != "fct_reconciliation":
            assert marts["now"][mart] == marts["known-then"][mart], mart
