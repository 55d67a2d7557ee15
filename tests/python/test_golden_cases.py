"""The golden cases of the table interface, from raw files through the whole build.

They pin the figures that ship; a user who changes a seed changes these, and only
these, with it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

import reference
import warehouse
from raw_files import DAY, START, RawFiles

AS_OF = START + 400 * DAY
SURGEON = {"specialty": "orthopaedic_surgery", "role": "chief_of_surgery"}
WEBINAR = ["webinar_registration", "webinar_attendance"]
HOUR = timedelta(hours=1)

# name: (profile, facility, state, activities, days of silence before as_of,
#        fit, engagement, total, failing gate)
CASES = {
    "registration": (SURGEON, "hospital", "NY", ["webinar_registration"], 1,
                     45, 5, 50, None),
    "four_opens": (SURGEON, "hospital", "NY", ["email_open"] * 4, 1,
                   45, 4, 49, "Q4"),
    "dermatology_chair": (
        {"specialty": "dermatology", "role": "department_chair"}, "hospital", "NY",
        ["content_download"] * 10, 1, 30, 100, 130, "Q2"),
    "resident": (
        {"specialty": "orthopaedic_surgery", "role": "resident"}, "hospital", "NY",
        [*WEBINAR, "content_download", "content_download", "high_intent_page_view"], 1,
        5, 50, 55, "Q3"),
    "no_fit": ({}, "physician_office", "KY", ["demo_request"], 1, 0, 50, 50, "Q3"),
    "territory_only": ({}, "physician_office", "NY", ["email_open"] * 50, 1,
                       5, 50, 55, "Q3"),
    "staff_surgeon": (
        {"specialty": "orthopaedic_surgery", "role": "staff_surgeon"}, "hospital", "NY",
        [*WEBINAR, "high_intent_page_view"], 1, 30, 30, 60, None),
    "procurement_director": (
        {"role": "procurement_director"}, "hospital", "NY",
        ["high_intent_page_view"] * 2, 1, 30, 20, 50, None),
    "disqualified_facility": (SURGEON, "veterinary_clinic", "NY", ["demo_request"], 1,
                              20, 50, 70, "Q3"),
    "silent_89_days": (SURGEON, "hospital", "NY", [*WEBINAR, *WEBINAR, *WEBINAR], 89,
                       45, 60, 105, None),
    "silent_90_days": (SURGEON, "hospital", "NY", [*WEBINAR, *WEBINAR, *WEBINAR], 90,
                       45, 50, 95, None),
    "silent_240_days": (SURGEON, "hospital", "NY", [*WEBINAR, *WEBINAR, *WEBINAR], 240,
                        45, 0, 45, "Q4"),
    "unsubscribed": (SURGEON, "hospital", "NY",
                     [*WEBINAR, "high_intent_page_view", "unsubscribe"], 1,
                     45, 10, 55, "Q5"),
    "back_with_a_demo": (
        SURGEON, "hospital", "NY",
        [*WEBINAR, "high_intent_page_view", "unsubscribe", "demo_request"], 1,
        45, 60, 105, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def files() -> RawFiles:
    """The cases as raw tables: one contact, at an account of its own, for each."""
    files = RawFiles()
    for name, case in CASES.items():
        profile, facility_type, state, types, silent_days, *_ = case
        files.account(f"at-{name}", facility_type, state)
        files.contact(name, f"at-{name}", **profile)
        last_engagement = max(
            i for i, kind in enumerate(types) if kind != "unsubscribe"
        )
        for number, kind in enumerate(types):
            # every message and paper is another one, all on one day
            at = AS_OF - silent_days * DAY + (number - last_engagement) * HOUR / 10
            own = f"{name}-{number}"
            files.activity(name, kind, at, message_id=own, asset_name=own)
    return files


def expected(name: str) -> dict:
    *_, fit, engagement, total, failing_gate = CASES[name]
    return {
        "fit_score": fit,
        "engagement_score": engagement,
        "total_score": total,
        "failing_gate": failing_gate,
        "is_qualified": failing_gate is None,
    }


def outcomes(scores: list[dict]) -> dict[str, dict]:
    """The cases' rows of fct_contact_scores, by case."""
    return {
        row["contact_id"]: {name: row[name] for name in expected("registration")}
        for row in scores
        if row["definition_id"] == "guide-2026" and row["product_line"] == "general"
    }


def test_the_warehouse_gives_the_golden_cases(files, tmp_path):
    built = tmp_path / "warehouse.duckdb"
    warehouse.build_models(files.write(tmp_path / "raw"), built, AS_OF)
    found = outcomes(warehouse.rows(built, "select * from scoring.fct_contact_scores"))
    assert found == {name: expected(name) for name in CASES}


def test_the_reference_gives_the_golden_cases(files, seeds):
    found = outcomes(reference.build(files.raw, seeds, AS_OF)["fct_contact_scores"])
    assert found == {name: expected(name) for name in CASES}
