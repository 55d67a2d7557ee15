"""The reference itself: golden cases of tables.md, and laws no reading may break."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reference import (
    MICROSECOND,
    Person,
    Seeds,
    Standing,
    build,
    e3_decay,
    like,
    read_csv_folder,
    read_seeds,
    section_11_intake,
    t1_timestamp,
    t2_facts,
    v1_definitions,
)
from worlds import World, change_seeds, make_world, write_seeds, write_world

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 3, 2, 12)
DAY = timedelta(days=1)
WORLDS = range(4)


@pytest.fixture(scope="module")
def seeds() -> Seeds:
    """The rule seeds and vocabulary that ship."""
    return read_seeds(ROOT)


@pytest.fixture(scope="module")
def worlds(seeds: Seeds) -> list[World]:
    """A few small worlds, every other one under changed rules."""
    return [
        make_world(seed, contacts=12, seeds=seeds, change_rules=seed % 2 == 1)
        for seed in WORLDS
    ]


# --------------------------------------------------------------------------------
# Golden cases
# --------------------------------------------------------------------------------

FULL_FIT = {
    "specialty": "orthopaedic_surgery",
    "role": "chief_of_surgery",
    "facility_type": "hospital",
    "state": "NY",
}
NO_FIT = {"specialty": "", "role": "", "facility_type": "urgent_care_center"}
WEBINAR = ["webinar_registration", "webinar_attendance"]
SIXTY = ["webinar_attendance"] * 4


def one_person(
    seeds: Seeds, profile: dict[str, str], kinds: list[str], as_of: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Marts row of line general, definition guide-2026, and all marts, of one contact.

    kinds: activity types, one each minute up to NOON; pages are pricing pages.
    """
    loaded = {"loaded_at": str(NOON - 30 * DAY)}
    born = {"updated_at": str(NOON - 40 * DAY), "created_at": str(NOON - 40 * DAY)}
    contact = {"contact_id": "c", "account_id": "a", "is_deleted": "false"}
    contact |= {key: profile[key] for key in ("specialty", "role")}
    account = {"account_id": "a", "country": "US", "bed_count": "300"}
    account |= {key: profile[key] for key in ("facility_type", "state")}
    activities = [
        {
            "activity_id": f"{number:03}",
            "contact_id": "c",
            "activity_type": "page_view" if kind == "pricing" else kind,
            "page_url": "https://med.example/pricing" if kind == "pricing" else "",
            "message_id": f"m{number}" if kind == "email_open" else "",
            "asset_name": f"asset {number}",
            "occurred_at": str(NOON - (len(kinds) - 1 - number) * timedelta(minutes=1)),
            "loaded_at": str(NOON),
        }
        for number, kind in enumerate(kinds)
    ]
    raw = {
        "contacts": [contact | born | loaded],
        "accounts": [account | born | loaded],
        "activities": activities,
    }
    marts = build(raw, seeds, as_of)
    row = next(
        row
        for row in marts["fct_contact_scores"]
        if (row["definition_id"], row["product_line"]) == ("guide-2026", "general")
    )
    return row, marts


GOLDEN = {
    "one webinar registration": (
        (FULL_FIT, ["webinar_registration"], 0),
        (45, 5, None),
    ),
    "four opens of four messages": ((FULL_FIT, ["email_open"] * 4, 0), (45, 4, "Q4")),
    "dermatology chair": (
        (
            FULL_FIT | {"specialty": "Dermatology", "role": "department_chair"},
            ["content_download"] * 10,
            0,
        ),
        (30, 100, "Q2"),
    ),
    "orthopaedic resident": (
        (
            FULL_FIT | {"role": "resident"},
            [*WEBINAR, "content_download", "content_download", "pricing"],
            0,
        ),
        (5, 50, "Q3"),
    ),
    "no fit, covered state": (
        (NO_FIT | {"state": "ME"}, ["demo_request"], 0),
        (0, 50, "Q3"),
    ),
    "target territory only": (
        (NO_FIT | {"state": "NY"}, ["email_open"] * 50, 0),
        (5, 50, "Q3"),
    ),
    "surgeon without a decision role": (
        (FULL_FIT | {"role": "staff_surgeon"}, [*WEBINAR, "pricing"], 0),
        (30, 30, None),
    ),
    "procurement director": (
        (
            FULL_FIT | {"specialty": "", "role": "procurement_director"},
            ["pricing", "pricing"],
            0,
        ),
        (30, 20, None),
    ),
    "disqualified facility": (
        (FULL_FIT | {"facility_type": "nursing_home"}, ["demo_request"], 0),
        (20, 50, "Q3"),
    ),
    "silent for 89 days": ((FULL_FIT, SIXTY, 89), (45, 60, None)),
    "silent for 90 days": ((FULL_FIT, SIXTY, 90), (45, 50, None)),
    "silent for 240 days": ((FULL_FIT, SIXTY, 240), (45, 0, "Q4")),
    "unsubscribed": (
        (FULL_FIT, ["pricing", "pricing", "pricing", "unsubscribe"], 0),
        (45, 10, "Q5"),
    ),
    "unsubscribed, then a demo request": (
        (
            FULL_FIT,
            ["pricing", "pricing", "pricing", "unsubscribe", "demo_request"],
            0,
        ),
        (45, 60, None),
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_cases(seeds: Seeds, name: str) -> None:
    """The golden cases of tables.md come out."""
    (profile, kinds, silent_days), (fit, engagement, gate) = GOLDEN[name]
    row, _ = one_person(seeds, profile, kinds, NOON + silent_days * DAY)
    assert row["fit_score"] == fit
    assert row["engagement_score"] == engagement
    assert row["total_score"] == fit + engagement
    assert row["failing_gate"] == gate
    assert row["is_qualified"] is (gate is None)


def test_a_lapse_and_a_run_of_inactivity(seeds: Seeds) -> None:
    """240 days of silence: one ledger row of six steps, and an MQL that lapsed."""
    _, marts = one_person(seeds, FULL_FIT, SIXTY, NOON + 240 * DAY)
    runs = [
        row
        for row in marts["fct_score_ledger"]
        if row["entry_type"] == "inactivity" and row["product_line"] == "general"
    ]
    assert len(runs) == 1
    assert runs[0]["entry_at"] == NOON + 240 * DAY
    assert runs[0]["points_due"] == runs[0]["points_applied"] == -60
    (mql,) = [
        row
        for row in marts["fct_mqls"]
        if (row["definition_id"], row["product_line"]) == ("guide-2026", "general")
    ]
    assert mql["trigger_type"] == "engagement"
    assert mql["is_official"]
    # Max silence (180 days) ends it, before the points fall below 50 at 240 days.
    assert mql["ended_at"] == NOON + 180 * DAY
    assert mql["end_reason"] == "lapsed"


# --------------------------------------------------------------------------------
# Cells
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-02", datetime(2026, 3, 2)),
        ("2026-03-02 12:00", NOON),
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T12:00:00.000001", NOON + MICROSECOND),
        ("2026-03-02 17:30:00+05:30", NOON),
        ("2026-03-02T05:00:00.5-07:00", NOON + timedelta(milliseconds=500)),
        ("2026-02-30", None),
        ("2026-3-2", None),
        ("infinity", None),
        ("", None),
        (None, None),
    ],
)
def test_timestamps(cell: str | None, moment: datetime | None) -> None:
    """T1: what parses, and what does not."""
    assert t1_timestamp(cell) == moment


def test_titles_are_matched_as_words(seeds: Seeds) -> None:
    """F2: `% cto %` matches neither director nor doctor."""
    (rules, *_) = v1_definitions(seeds)
    roles = rules.vocabulary
    assert roles.f2_role("", "CTO") == "chief_technology_officer"
    assert roles.f2_role("wizard", "Doctor") != "chief_technology_officer"
    assert roles.f2_role(" Resident ", "CTO") == "resident"
    assert like("% cto %", " the cto himself ")
    assert not like("% cto %", " director ")


def test_the_latest_version_is_the_contact_and_the_first_says_since_when(
    seeds: Seeds,
) -> None:
    """dim_contacts: raw words resolved, the rest as written."""
    first = {
        "contact_id": "c",
        "created_at": str(NOON),
        "updated_at": str(NOON),
        "loaded_at": str(NOON),
        "phone": "1",
        "specialty": "Dermatology",
        "job_title": "CTO",
        "state": " ny",
    }
    later = {"updated_at": str(NOON + DAY), "created_at": str(NOON + DAY), "phone": "2"}
    unseen = {"updated_at": str(NOON + 3 * DAY), "phone": "3"}
    raw = {"contacts": [first | later, first | unseen, first]}
    (row,) = build(raw, seeds, NOON + 2 * DAY)["dim_contacts"]
    assert row == {
        **dict.fromkeys(["account_id", "email", "first_name", "last_name", "npi"]),
        "contact_id": "c",
        "phone": "2",
        "job_title": "CTO",
        "specialty": "dermatology",
        "role": "chief_technology_officer",
        "state": "NY",
        "country": None,
        "version_count": 2,
        "created_at": NOON,
        "updated_at": NOON + DAY,
    }


def test_an_account_lies_where_the_definition_official_then_says(
    seeds: Seeds,
) -> None:
    """dim_accounts: the territory of a row that names the state, or of the country."""
    first, second = (
        {**seeds["definitions"][0], "definition_id": name, "effective_from": str(since)}
        for name, since in (("first", NOON), ("second", NOON + 2 * DAY))
    )
    rules = {"definition_id": "first", "country": "us", "coverage": "covered"}
    changed = {
        **seeds,
        "definitions": [first, second],
        "geographies": [
            rules | {"state": "*", "territory": "National"},
            rules | {"state": "NY", "territory": "East", "coverage": "target"},
            rules | {"state": "AK", "territory": "", "coverage": "uncovered"},
            rules | {"definition_id": "second", "state": "NY", "territory": "New East"},
        ],
    }
    loaded = {"updated_at": str(NOON - DAY), "loaded_at": str(NOON - DAY)}
    raw = {
        "accounts": [
            {"account_id": state, "country": "US", "state": state, **loaded}
            for state in ("Ny ", "AK", "TX")
        ]
    }

    def places(as_of: datetime) -> list[tuple]:
        rows = build(raw, changed, as_of)["dim_accounts"]
        return [(row["state"], row["coverage"], row["territory"]) for row in rows]

    nowhere = "uncovered", None
    assert places(NOON + DAY) == [
        ("AK", *nowhere),
        ("NY", "target", "East"),
        ("TX", "covered", "National"),
    ]
    assert places(NOON + 2 * DAY) == [
        ("AK", *nowhere),
        ("NY", "covered", "New East"),
        ("TX", *nowhere),
    ]
    assert places(NOON - MICROSECOND) == [
        ("AK", *nowhere),
        ("NY", *nowhere),
        ("TX", *nowhere),
    ]


# --------------------------------------------------------------------------------
# Laws
# --------------------------------------------------------------------------------


def standings(world: World, seeds: Seeds) -> Iterator[Standing]:
    """Every contact on every line under every definition of a world."""
    under = world.with_seeds(seeds)
    facts = t2_facts(section_11_intake(world.raw, under, world.as_of), world.as_of)
    for rules in v1_definitions(under):
        for contact_id in facts.contacts:
            person = Person(facts, rules, contact_id)
            for line in rules.lines:
                yield Standing(person, line)


def test_q_changes_only_where_the_reference_looks(
    worlds: list[World], seeds: Seeds
) -> None:
    """M1: at random moments, and a microsecond beside events, q is as it says."""
    rng = random.Random(1)
    asked = 0
    for world in worlds:
        for standing in standings(world, seeds):
            if not standing.q_changes:
                continue
            instants = [at for at, _ in standing.q_changes]
            moments = [at + rng.choice([-1, 1]) * MICROSECOND for at in instants]
            moments = rng.sample(moments, k=min(12, len(moments)))
            whole = world.as_of - instants[0]
            moments += [instants[0] + whole * rng.random() for _ in range(12)]
            for t in moments:
                if instants[0] <= t <= world.as_of:
                    index = bisect_right(instants, t) - 1
                    assert standing.q(t) == standing.q_changes[index][1]
                    asked += 1
    assert asked > 1000


def test_the_ledger_adds_up(worlds: list[World], seeds: Seeds) -> None:
    """E5: applied points, decayed to `as_of` under a half-life, add up to S."""
    for world in worlds:
        for standing in standings(world, seeds):
            score = standing.engagement_score(world.as_of)
            total = sum(
                entry.points_applied * e3_decay(standing.rules, entry.at, world.as_of)
                for entry in standing.ledger.entries
            )
            assert total == pytest.approx(score, abs=1e-5)
            for entry in standing.ledger.entries:
                after = entry.score_before + entry.points_applied
                assert entry.score_after == pytest.approx(after, abs=1e-9)
                assert entry.score_after >= 0


def test_marts_hold_together(worlds: list[World], seeds: Seeds) -> None:
    """Rows reconcile, histories have no gaps, MQLs of one key do not overlap."""
    for world in worlds:
        marts = build(world.raw, world.with_seeds(seeds), world.as_of)
        for row in marts["fct_reconciliation"]:
            parts = [value for key, value in row.items() if key.startswith("rows_")]
            assert parts[0] == sum(parts[1:])

        histories = defaultdict(list)
        for row in marts["fct_contact_score_history"]:
            key = (row["definition_id"], row["contact_id"], row["product_line"])
            histories[key].append(row)
        current = {
            (row["definition_id"], row["contact_id"], row["product_line"]): row
            for row in marts["fct_contact_scores"]
        }
        assert histories.keys() == current.keys()
        for key, rows in histories.items():
            for row, following in pairwise(rows):
                assert row["valid_from"] < row["valid_to"] == following["valid_from"]
            assert rows[-1]["valid_to"] is None
            assert rows[-1]["is_qualified"] == current[key]["is_qualified"]
            assert rows[-1]["fit_score"] == current[key]["fit_score"]

        for mart in ("fct_mqls", "fct_account_mqls"):
            ends: dict[tuple, datetime | None] = {}
            for row in marts[mart]:
                who = row.get("contact_id") or row["account_id"]
                key = (row["definition_id"], who, row["product_line"])
                if key in ends:
                    assert ends[key] is not None
                    assert ends[key] < row["mql_at"]
                ends[key] = row["ended_at"]


def test_a_world_survives_its_files(
    worlds: list[World], seeds: Seeds, tmp_path: Path
) -> None:
    """Written and read back, a world and its seeds are the same."""
    world = worlds[1]
    write_world(world, tmp_path / "raw")
    assert read_csv_folder(tmp_path / "raw") == world.raw
    under = world.with_seeds(seeds)
    write_seeds(under, tmp_path)
    assert read_seeds(tmp_path) == under


def test_a_world_is_made_again_from_its_number(seeds: Seeds) -> None:
    """Same number, same world; and changing the rules leaves the given ones alone."""
    before = repr(seeds)
    first = make_world(5, contacts=8, seeds=seeds, change_rules=True)
    assert first == make_world(5, contacts=8, seeds=seeds, change_rules=True)
    assert change_seeds(seeds, random.Random(3)) != seeds
    assert repr(seeds) == before
