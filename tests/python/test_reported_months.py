"""A month's figures are frozen once, when it closes, whatever comes after.

A project of the two real models over a review that counts raw activities by month.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime

import pytest

import warehouse
from raw_files import RawFiles

REAL = ("fct_reported_months", "fct_as_reported")
MONTHS = """
select
    *,
    ends_at <= {{ as_of() }} as is_over
from (
    select cast('2025-01-01' as date) as month, timestamp '2025-02-01' as ends_at
    union all
    select cast('2025-02-01' as date) as month, timestamp '2025-03-01' as ends_at
) as months
"""
ACTIVITIES = """
select
    cast(occurred_at as timestamp) as occurred_at,
    cast(loaded_at as timestamp) as loaded_at
from {{ source('crm', 'activities') }}
where cast(loaded_at as timestamp) <= {{ as_of() }}
"""
REVIEW = """
select
    cast(date_trunc('month', occurred_at) as date) as month,
    {% for name in ['mqls', 'responded', 'accepted', 'rejected', 'opportunities', 'won'] -%}
    cast(count(*) as integer) as {{ name }},
    {% endfor -%}
    cast(0 as double precision) as amount_won_usd
from {{ ref('int_activities') }}
group by 1
"""


class Reports:
    """The small project, its raw files and its warehouse."""

    def __init__(self, folder):
        self.project = warehouse.copy_project(folder / "project")
        models = self.project / "models"
        for file in models.rglob("*"):
            if file.is_file() and file.stem not in (*REAL, "_crm__sources"):
                file.unlink()
        for part in ("tests/singular", "analyses"):
            shutil.rmtree(self.project / part)
        for seed in (self.project / "seeds").rglob("*"):
            if seed.is_file() and seed.stem != "review_cadence":
                seed.unlink()
        self.stubs = models / "intermediate"
        self.write("int_months", MONTHS)
        self.write("int_activities", ACTIVITIES)
        self.write("fct_monthly_review", REVIEW)
        self.files = RawFiles()
        self.files.account("A1", "hospital", "NY")
        self.files.contact("C1", "A1")
        self.raw = folder / "raw"
        self.warehouse = folder / "warehouse.duckdb"

    def write(self, name: str, text: str) -> None:
        """Writes a model of the small project."""
        (self.stubs / f"{name}.sql").write_text(text)

    def happened(self, *days: str) -> None:
        """An MQL on each day, to be known at once."""
        for day in days:
            self.files.activity("C1", "email_open", datetime.fromisoformat(day))

    def known_later(self, day: str, loaded_at: str) -> None:
        """An MQL that the warehouse hears of later."""
        at = datetime.fromisoformat(day)
        self.files.activity("C1", "email_open", at, loaded_at=loaded_at)

    def build(self, as_of: str, *options: str) -> None:
        """One `dbt build`."""
        self.files.write(self.raw)
        warehouse.dbt(
            "build",
            *options,
            "--exclude-resource-type",
            "unit_test",
            raw=self.raw,
            warehouse=self.warehouse,
            project=self.project,
            as_of=as_of,
        )

    def frozen(self) -> dict[date, tuple]:
        """Month -> the MQLs that were reported, and when."""
        found = warehouse.rows(
            self.warehouse, "select * from funnel.fct_reported_months"
        )
        assert len({row["month"] for row in found}) == len(found)
        return {row["month"]: (row["mqls"], row["reported_at"]) for row in found}

    def differences(self) -> dict[date, int]:
        """Month -> MQLs known today less those that were reported."""
        found = warehouse.rows(self.warehouse, "select * from funnel.fct_as_reported")
        return {row["month"]: row["mqls_difference"] for row in found}


JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)


@pytest.fixture
def reports(tmp_path) -> Reports:
    return Reports(tmp_path)


def test_a_closed_month_is_frozen_once_and_outlives_every_build(reports):
    reports.happened("2025-01-05", "2025-01-06", "2025-02-03")
    reports.build("2025-02-10")
    first = {JANUARY: (2, datetime(2025, 2, 10))}
    assert reports.frozen() == first
    assert reports.differences() == {JANUARY: 0}

    # again, with news of January, as it comes and from the ground up
    reports.known_later("2025-01-20", "2025-02-11")
    reports.build("2025-02-12")
    assert reports.frozen() == first
    assert reports.differences() == {JANUARY: 1}
    reports.build("2025-02-12", "--full-refresh")
    assert reports.frozen() == first
    assert reports.differences() == {JANUARY: 1}

    # a new month closes; SQL that makes the figures may change without a full refresh
    reports.happened("2025-03-02")
    reports.write("fct_monthly_review", REVIEW.replace("count(*)", "2 * count(*)"))
    reports.build("2025-03-05")
    assert reports.frozen() == {**first, FEBRUARY: (2, datetime(2025, 3, 5))}
    assert reports.differences() == {JANUARY: 4, FEBRUARY: 0}

    # a replay knows nothing of what was reported after it
    reports.build("2025-02-20", "--full-refresh")
    assert reports.frozen() == {**first, FEBRUARY: (2, datetime(2025, 3, 5))}
    assert reports.differences() == {JANUARY: 4}


def test_a_month_is_not_closed_before_its_source_delivered_beyond_it(reports):
    """Neither by a loader that stands still nor by a look into the future."""
    reports.happened("2025-01-05", "2025-01-31")
    reports.build("2025-02-10")
    assert reports.frozen() == {}
    reports.happened("2025-02-01")
    reports.build("2026-02-10")
    assert reports.frozen() == {JANUARY: (2, datetime(2026, 2, 10))}
