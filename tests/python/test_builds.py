"""What a build knows of the one before it: full or incremental, interrupted or refused.

A project of three models with the real macros: who is touched, an incremental count per
contact that follows docs/decisions/0007-write-audit-publish.md, and a sum of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import warehouse
from raw_files import DAY, START, RawFiles

TOUCHED = """
{{ config(materialized='table') }}
select distinct contact_id from {{ source('crm', 'activities') }}
where
    cast(loaded_at as timestamp) <= {{ as_of() }}
    and cast(loaded_at as timestamp)
        > coalesce({{ completed_as_of() }}, timestamp '1970-01-01')
{% if is_rerun() and load_relation(this) is not none %}
union
select contact_id from {{ this }}
{% endif %}
"""
COUNTED = """
-- depends_on: {{ ref('touched') }}
{{ config(
    materialized='incremental',
    pre_hook="{% if is_incremental() %}delete from {{ this }}"
    ~ " where contact_id in (select contact_id from {{ ref('touched') }})"
    ~ "{% endif %}"
) }}
select
    contact_id,
    count(*) as activities,
    {{ score('count(*)') }} as score,
    max('{{ "first" if not is_incremental() else "later" }}') as made_by
from {{ source('crm', 'activities') }}
where
    cast(loaded_at as timestamp) <= {{ as_of() }}
    {% if is_incremental() %}
    and contact_id in (select contact_id from {{ ref('touched') }})
    {% endif %}
group by contact_id
"""
# fails when told to, after the incremental model is done
SUMMED = """
select sum(activities) as activities from {{ ref('counted') }}
{% if var('fails', false) %}where no_such_column{% endif %}
{% if execute and var('replaces_raw_file', '') %}
{% do run_query("copy (select 1) to '" ~ var('replaces_raw_file') ~ "'") %}
{% endif %}
"""


class Project:
    """The small project, its raw files and its warehouse."""

    def __init__(self, folder: Path):
        self.folder = warehouse.copy_project(folder / "project")
        shutil.rmtree(self.folder / "models" / "marts")
        shutil.rmtree(self.folder / "models" / "intermediate")
        shutil.rmtree(self.folder / "tests")
        shutil.rmtree(self.folder / "analyses")
        for model in (self.folder / "models" / "staging").rglob("stg_*"):
            model.unlink()
        for seed in (self.folder / "seeds").rglob("*"):
            if seed.stem not in ("fit_points", "review_cadence") and seed.is_file():
                seed.unlink()
        self.write_model("touched", TOUCHED)
        self.write_model("counted", COUNTED)
        self.write_model("summed", SUMMED)
        (self.folder / "macros" / "score.sql").write_text(
            "{% macro score(count) %}{{ weight() }} * {{ count }}{% endmacro %}"
            "{% macro weight() %}2{% endmacro %}"
        )
        self.warehouse = folder / "warehouse.duckdb"
        self.as_first_built()
        self.files.write(self.raw)

    def as_first_built(self) -> Project:
        """The raw rows of the first build."""
        self.raw = self.folder.parent / "raw"
        self.files = RawFiles()
        self.files.account("A1", "hospital", "NY")
        for name in ("C1", "C2"):
            self.files.contact(name, "A1")
            self.files.activity(name, "email_open", START + DAY)
        return self

    def write_model(self, name: str, text: str) -> None:
        (self.folder / "models" / f"{name}.sql").write_text(text)

    def build(self, *arguments: str, day: int, **variables) -> None:
        """One `dbt build` with `as_of` that many days after the start."""
        given = {"as_of": str(START + day * DAY), **variables}
        warehouse.dbt(
            *(arguments or ("build",)),
            "--vars",
            str(given),
            raw=self.raw,
            warehouse=self.warehouse,
            project=self.folder,
        )

    def activity(self, contact: str, day: int) -> None:
        """One more activity, loaded when it happened."""
        self.files.activity(contact, "email_open", START + day * DAY)
        self.files.write(self.raw)

    def counted(self) -> dict[str, tuple]:
        """Contact -> number of activities, how the row was made."""
        found = warehouse.rows(self.warehouse, "select * from main.counted")
        return {row["contact_id"]: (row["activities"], row["made_by"]) for row in found}

    def last_started(self) -> dict:
        """The first row of the last build."""
        return warehouse.rows(
            self.warehouse,
            "select * from operations.builds where event = 'started'"
            " order by build_number desc limit 1",
        )[0]

    def events(self) -> list[str]:
        """What happened, in order."""
        found = warehouse.rows(
            self.warehouse, "select event from operations.builds order by build_number"
        )
        return [row["event"] for row in found]


@pytest.fixture(scope="module")
def first_build(tmp_path_factory) -> Project:
    """Built once, at day 10, and kept aside."""
    folder = tmp_path_factory.mktemp("builds")
    project = Project(folder / "work")
    project.build(day=10)
    shutil.copytree(folder / "work", folder / "kept")
    return project


@pytest.fixture
def project(first_build) -> Project:
    """The project as it was after its first build, at day 10, in the same place."""
    work = first_build.folder.parent
    shutil.rmtree(work)
    shutil.copytree(work.parent / "kept", work)
    return first_build.as_first_built()


def test_a_first_build_is_full_and_the_next_knows_what_it_saw(project):
    assert project.events() == ["seeding", "started", "seeded", "completed"]
    assert project.last_started()["is_full"]
    project.activity("C2", day=11)
    project.build(day=12)
    started = project.last_started()
    assert not started["is_full"] and not started["is_rerun"]
    assert started["completed_as_of"] == START + 10 * DAY
    assert project.counted() == {"C1": (1, "first"), "C2": (2, "later")}


def test_changed_rules_make_a_full_build(project):
    rules = project.folder / "seeds" / "definition" / "fit_points.csv"
    rules.write_text(rules.read_text().replace(",15,", ",16,"))
    project.build(day=12)
    assert project.last_started()["is_full"]
    # back to what was completed: nothing to make anew
    project.build(day=12)
    assert not project.last_started()["is_full"]


def test_changed_settings_make_a_full_build(project):
    """Stored rows were worked out with them."""
    project.build(day=12, sweep_below=30)
    assert project.last_started()["is_full"]
    project.build(day=12, sweep_below=30)
    assert not project.last_started()["is_full"]
    project.build("run", day=12)
    assert project.last_started()["is_full"]


def test_a_seed_may_gain_a_column(project):
    seed = project.folder / "seeds" / "definition" / "review_cadence.csv"
    header, *lines = seed.read_text().splitlines()
    seed.write_text("\n".join([header + ",place", *(f"{line},room" for line in lines)]))
    project.build(day=12)
    assert project.last_started()["is_full"]
    places = warehouse.rows(
        project.warehouse, "select distinct place from seeds.review_cadence"
    )
    assert places == [{"place": "room"}]


def test_seeds_loaded_by_themselves_count(project):
    """`dbt run` goes by the rules in the tables, not by those in the files."""
    rules = project.folder / "seeds" / "definition" / "fit_points.csv"
    rules.write_text(rules.read_text().replace(",15,", ",16,"))
    project.build("run", day=12)
    assert not project.last_started()["is_full"]
    project.build("seed", day=12)
    project.build("run", day=12)
    assert project.last_started()["is_full"]
    # some of the seeds: what the tables hold is nobody's whole set of rules
    project.build("seed", "--select", "fit_points", day=12)
    project.build("run", day=12)
    assert project.last_started()["is_full"]


@pytest.mark.parametrize("what", ["model", "parent", "macro", "macro of a macro"])
def test_changed_sql_behind_stored_rows_is_refused(project, what):
    if what == "macro":
        path = project.folder / "macros" / "score.sql"
        path.write_text(path.read_text().replace("* {{ count }}", "+ {{ count }}"))
    elif what == "macro of a macro":
        path = project.folder / "macros" / "score.sql"
        path.write_text(path.read_text().replace("%}2{%", "%}3{%"))
    else:
        name, text = {"model": ("counted", COUNTED), "parent": ("touched", TOUCHED)}[
            what
        ]
        project.write_model(name, text + "\n-- changed\n")
    events = project.events()
    with pytest.raises(warehouse.BuildFailed, match="Give --full-refresh"):
        project.build(day=12)
    assert [each for each in project.events() if each != "seeded"] == [
        each for each in events if each != "seeded"
    ]
    project.build("build", "--full-refresh", day=12)
    assert project.last_started()["is_full"]
    project.build(day=12)


def test_sql_that_is_run_anew_by_every_build_may_change(project):
    project.write_model("summed", SUMMED + "\n-- changed\n")
    project.build(day=12)
    assert not project.last_started()["is_full"]


def test_an_earlier_as_of_is_refused(project):
    with pytest.raises(warehouse.BuildFailed) as refusal:
        project.build(day=9)
    assert "as_of 2025-01-10 00:00:00.000000 is earlier than" in str(refusal.value)
    assert "2025-01-11 00:00:00.000000" in str(refusal.value)
    assert project.events() == ["seeding", "started", "seeded", "completed"]
    project.build("build", "--full-refresh", day=9)
    assert project.events()[-1] == "completed"
    project.build(day=9)


def test_an_interrupted_build_is_made_up_for(project):
    project.activity("C1", day=11)
    with pytest.raises(warehouse.BuildFailed, match="no_such_column"):
        project.build(day=12, fails=True)
    assert project.counted()["C1"] == (2, "later")
    # C1's new row is gone before the next build: only what the interrupted one noted
    # tells that its count is not what it was
    project.files.raw["activities"].pop()
    project.activity("C2", day=11)
    project.build(day=13)
    started = project.last_started()
    assert started["is_rerun"] and not started["is_full"]
    assert started["completed_as_of"] == START + 10 * DAY
    assert project.counted() == {"C1": (1, "later"), "C2": (2, "later")}
    project.build(day=14)
    assert not project.last_started()["is_rerun"]
    touched = warehouse.rows(project.warehouse, "select * from main.touched")
    assert touched == []


def test_an_as_of_before_an_interrupted_build_is_refused(project):
    with pytest.raises(warehouse.BuildFailed, match="no_such_column"):
        project.build(day=12, fails=True)
    with pytest.raises(warehouse.BuildFailed, match="as_of 2025-01-12"):
        project.build(day=11)


def test_after_an_interrupted_full_build_the_next_is_full(project):
    with pytest.raises(warehouse.BuildFailed, match="no_such_column"):
        project.build("build", "--full-refresh", day=12, fails=True)
    project.build(day=12)
    assert project.last_started()["is_full"]
    project.build(day=12)
    assert not project.last_started()["is_full"]


def test_a_build_of_selected_models_completes_nothing(project):
    project.activity("C1", day=11)
    project.build("run", "--select", "touched", "counted", day=12)
    assert project.events()[-1] == "started"
    project.build("run", day=12)
    assert project.last_started()["is_rerun"]
    assert project.last_started()["completed_as_of"] == START + 10 * DAY


def test_raw_files_that_change_under_a_build_do_not_complete_it(project):
    strange = str(project.raw / "strange.csv")
    with pytest.raises(warehouse.BuildFailed, match="raw files changed while"):
        project.build(day=12, replaces_raw_file=strange)
    assert project.events()[-1] == "seeded" or project.events()[-1] == "started"
    project.build(day=12)
    assert project.last_started()["is_rerun"]
    assert project.events()[-1] == "completed"


def test_other_raw_files_are_another_world(project):
    """The sample's marts go when the first files of one's own come, whatever its time."""
    project.raw = project.files.write(project.raw.parent / "other")
    project.build(day=5)
    assert project.last_started()["is_full"]


def test_tests_and_compiled_sql_are_no_builds(project):
    events = project.events()
    project.build("test", day=12)
    project.build("compile", day=12)
    project.build("docs", "generate", day=12)
    assert project.events() == events
