"""A definition with a hole stops the run by name, before any score is built.

Each kind of hole has a dbt unit test at int_definition_problems; here the whole path
is walked: a changed seed file, a build, the message.
"""

from __future__ import annotations

import pytest

import reference
import warehouse
from raw_files import DAY, START, RawFiles

AS_OF = START + DAY


def set_cells(rows, changes, **which):
    """Changes the cells of the rows that match `which`."""
    matching = [
        row for row in rows if all(row[name] == cell for name, cell in which.items())
    ]
    assert matching, f"no row like {which}"
    for row in matching:
        row.update(changes)


def unpriced_type(seeds):
    seeds["activity_types"].append({"activity_type": "fax", "category": "paper"})


def out_of_reach(seeds):
    set_cells(
        seeds["qualification_criteria"],
        {"min_fit_score": "31"},
        definition_id="guide-2026",
        product_line="capital_equipment",
    )


def unsigned(seeds):
    set_cells(
        seeds["definitions"], {"approved_by_sales": ""}, definition_id="guide-2026"
    )


def overlapping(seeds):
    set_cells(
        seeds["definitions"],
        {
            "effective_from": "2023-01-01 00:00:00",
            "approved_by_marketing": "M",
            "approved_by_sales": "S",
        },
        definition_id="half-life-2026",
    )


def twice(seeds):
    seeds["fit_points"].append(dict(seeds["fit_points"][0]))


def unknown_specialty(seeds):
    seeds["target_specialties"][0]["specialty"] = "phrenology"


HOLES = {
    unpriced_type: "activity type fax has no points for line general",
    out_of_reach: "min_fit_score 31 can never be reached by the allowed role class"
    " influencer",
    unsigned: "guide-2026: official from 2023-01-01 00:00:00 but not approved by sales",
    overlapping: "its official interval overlaps that of guide-2026",
    twice: "two rows for one key: guide-2026",
    unknown_specialty: "unknown specialty 'phrenology'",
}


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.__name__)
def test_a_hole_in_a_definition_stops_the_run_by_name(hole, tmp_path):
    changed = reference.read_seeds(warehouse.ROOT)
    hole(changed)
    project = warehouse.project_with(changed)
    built = tmp_path / "warehouse.duckdb"
    with pytest.raises(warehouse.BuildFailed) as failure:
        warehouse.build_models(
            RawFiles().write(tmp_path / "raw"), built, AS_OF, project
        )
    assert HOLES[hole] in str(failure.value)
    scored = warehouse.rows(
        built,
        "select table_name from information_schema.tables"
        " where table_schema in ('scoring', 'qualification')"
        " and table_name <> 'dim_contacts'",
    )
    assert scored == []
