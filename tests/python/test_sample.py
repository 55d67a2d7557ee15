"""The sample data: the same bytes again, believable shares, planted cases in place.

What a planted case should look like in the marts is asked of the plain Python reference
of the rules, on a sample that holds nothing but the planted rows.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import reference
from mql.sample import AS_OF, generate, words
from mql.sample.catalogue import (
    COMPANY_SITE,
    HIGH_INTENT_PAGES,
    LOW_INTENT_PAGES,
    PAGES,
    POINTS,
    SERVICE_PAGES,
)
from mql.sample.facilities import _KINDS_BY_BEDS, _OTHER_KINDS, Facility
from mql.sample.writer import TABLES

ROOT = Path(__file__).resolve().parents[2]
AS_OF_MOMENT = datetime.fromisoformat(AS_OF)

Rows = list[dict[str, str]]


def rows_of(folder: Path, table: str) -> Rows:
    with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def guide_seeds() -> reference.Seeds:
    """The project's seeds, of the guide's definition only."""
    return {
        name: [
            row
            for row in rows
            if row.get("definition_id", "guide-2026") == "guide-2026"
        ]
        for name, rows in reference.read_seeds(ROOT).items()
    }


@pytest.fixture(scope="module")
def default_sample(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder)
    return folder


@pytest.fixture(scope="module")
def small_sample(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    generate(folder, contacts=300)
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> dict[str, reference.Mart]:
    """The marts of the planted rows alone, by the reference."""
    folder = tmp_path_factory.mktemp("planted")
    generate(folder, contacts=1)
    raw = reference.read_csv_folder(folder)
    return reference.build(raw, guide_seeds(), AS_OF_MOMENT)


# What is written


def test_the_same_seed_gives_the_same_bytes(tmp_path, small_sample):
    generate(tmp_path / "again", contacts=300)
    generate(tmp_path / "other", contacts=300, seed=8)
    again, other = bytes_of(tmp_path / "again"), bytes_of(tmp_path / "other")
    assert again == bytes_of(small_sample)
    assert again["activities.csv"] != other["activities.csv"]


def test_the_chunk_size_does_not_show(tmp_path, small_sample):
    generate(tmp_path / "csv", contacts=300, chunk_rows=7)
    assert bytes_of(tmp_path / "csv") == bytes_of(small_sample)
    generate(tmp_path / "parquet", 300, file_format="parquet", chunk_rows=1500)
    generate(tmp_path / "whole", 300, file_format="parquet")
    for table in TABLES:
        chunked, whole = (
            duckdb.sql(f"from '{tmp_path / folder / table}.parquet'").fetchall()
            for folder in ("parquet", "whole")
        )
        assert chunked == whole, table


def test_columns_are_those_of_the_contract(small_sample):
    assert set(TABLES) == set(reference.CONTRACT)
    for table, columns in reference.CONTRACT.items():
        header = (small_sample / f"{table}.csv").read_text().splitlines()[0]
        assert header == ",".join(columns)


def test_parquet_says_what_csv_says(tmp_path, small_sample):
    generate(tmp_path, contacts=300, file_format="parquet")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{table}.parquet" for table in TABLES
    }
    for table, columns in TABLES.items():
        cast = ", ".join(
            f"try_cast({name} as {kind}) as {name}" for name, kind in columns.items()
        )
        from_csv = duckdb.sql(
            f"select {cast} from read_csv('{small_sample / table}.csv', header = true,"
            " all_varchar = true, delim = ',', quote = '\"', escape = '\"')"
        )
        from_parquet = duckdb.sql(f"from '{tmp_path / table}.parquet'")
        assert from_parquet.types == from_csv.types, table
        assert (
            from_parquet.order("all").fetchall() == from_csv.order("all").fetchall()
        ), table
        loaded = [moment for (moment,) in from_parquet.select("loaded_at").fetchall()]
        known = [moment for moment in loaded if moment is not None]
        assert known == sorted(known), table


def test_times_are_text_that_every_engine_reads(default_sample):
    pattern = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?")
    for table, columns in TABLES.items():
        times = [name for name, kind in columns.items() if kind == "timestamp"]
        for row in rows_of(default_sample, table):
            if "PLANT" in str(row):
                continue
            for name in times:
                assert pattern.fullmatch(row[name]) or name == "closed_at", row


def test_another_format_replaces_the_first(tmp_path):
    generate(tmp_path, contacts=1)
    generate(tmp_path, contacts=1, file_format="parquet")
    generate(tmp_path, contacts=1)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv"}


def test_a_failure_leaves_the_files_that_were_there(tmp_path, monkeypatch):
    generate(tmp_path, contacts=60)
    before = bytes_of(tmp_path)
    monkeypatch.setattr(Facility, "account_lines", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate(tmp_path, contacts=90)
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize("wrong", [{"contacts": 0}, {"file_format": "xlsx"}])
def test_a_senseless_wish_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError):
        generate(tmp_path / "nothing", **wrong)
    assert not (tmp_path / "nothing").exists()


# What it is like


def test_size(default_sample):
    contacts = {row["contact_id"] for row in rows_of(default_sample, "contacts")}
    accounts = {row["account_id"] for row in rows_of(default_sample, "accounts")}
    assert len(contacts) == 2000
    assert 380 <= len(accounts) <= 460


def test_a_good_quarter_of_hospitals_is_large(default_sample):
    vocabulary = reference.read_seeds(ROOT)["facility_types"]
    hospitals = {
        row["facility_type"] for row in vocabulary if row["is_hospital"] == "true"
    }
    beds = {
        row["account_id"]: int(row["bed_count"])
        for row in rows_of(default_sample, "accounts")
        if row["facility_type"].lower() in hospitals and row["bed_count"].isdigit()
    }
    large = sum(count >= 200 for count in beds.values()) / len(beds)
    assert len(beds) > 150
    assert large == pytest.approx(0.27, abs=0.03)


def test_three_fifths_of_activities_name_no_line(default_sample):
    activities = rows_of(default_sample, "activities")
    untagged = sum(not row["product_line"] for row in activities) / len(activities)
    assert untagged == pytest.approx(0.6, abs=0.04)
    assert len(activities) == pytest.approx(44_000, rel=0.1)


def test_every_kind_of_activity_happens(default_sample):
    seen = Counter(
        row["activity_type"] for row in rows_of(default_sample, "activities")
    )
    known = {
        row["activity_type"] for row in reference.read_seeds(ROOT)["activity_types"]
    }
    by_page = {name for name in known if name.endswith("_intent_page_view")}
    assert known - by_page <= set(seen)
    assert set(seen) - known == {"fax_received", "webinar_replay"}


def test_nobody_is_real(default_sample):
    for row in rows_of(default_sample, "contacts"):
        assert row["email"] == "" or row["email"].endswith(".example")
        assert row["phone"] == "" or "-555-" in row["phone"]
        # real identifiers begin with 1 or 2
        assert row["npi"] == "" or re.fullmatch(r"9\d{9}", row["npi"])


def test_funnel_rates(tmp_path):
    generate(tmp_path, contacts=500)
    raw = reference.read_csv_folder(tmp_path)
    marts = reference.build(raw, guide_seeds(), AS_OF_MOMENT)
    mqls = [
        mql
        for mql in marts["fct_mqls"]
        if mql["is_official"] and "PLANT" not in mql["contact_id"]
    ]
    generated = {
        row["contact_id"] for row in raw["contacts"] if "PLANT" not in row["contact_id"]
    }
    share = len({mql["contact_id"] for mql in mqls}) / len(generated)
    assert share == pytest.approx(0.20, abs=0.05)
    ends = Counter(mql["end_reason"] for mql in mqls)
    assert ends["accepted"] / len(mqls) == pytest.approx(0.55, abs=0.1)
    assert ends["rejected"] / len(mqls) == pytest.approx(0.38, abs=0.1)

    # sales answers MQLs, not anybody: each answer follows an award for its line
    awards = defaultdict(list)
    for mql in mqls:
        awards[mql["contact_id"]].append(mql)
    for row in raw["dispositions"]:
        if row["contact_id"] not in generated:
            continue
        disposed_at = datetime.fromisoformat(row["disposed_at"])
        assert any(
            mql["mql_at"] <= disposed_at
            and row["product_line"] in ("", mql["product_line"])
            for mql in awards[row["contact_id"]]
        ), row


# The words are those of the vocabularies


def test_codes_are_in_the_vocabularies():
    seeds = reference.read_seeds(ROOT)
    specialties = {row["specialty"]: row for row in seeds["specialties"]}
    for code, specialty in words.SPECIALTIES.items():
        assert specialties[code]["specialty_name"] == specialty.name
        assert specialties[code]["nucc_code"] == specialty.nucc_code
    roles = {row["role"]: row for row in seeds["roles"]}
    for code, role in words.ROLES.items():
        assert (roles[code]["is_clinical"] == "true") == role.is_clinical, code
    kinds = {row["facility_type"] for row in seeds["facility_types"]}
    for table in (_OTHER_KINDS, *(table for _, table in _KINDS_BY_BEDS)):
        assert set(table[0]) <= kinds
    types = {row["activity_type"] for row in seeds["activity_types"]}
    assert set(POINTS) - {"high_intent"} <= types


def test_a_title_alone_gives_the_role():
    patterns = reference.read_seeds(ROOT)["role_title_patterns"]
    patterns.sort(key=lambda row: int(row["priority"]))

    def role_of(title: str) -> str | None:
        text = reference.f2_title_words(title)
        for row in patterns:
            if reference.like(row["title_pattern"], text):
                return row["role"]
        return None

    for code, role in words.ROLES.items():
        for title in role.titles:
            assert role_of(title) == code, title
    for title in words.UNKNOWN_TITLES:
        assert role_of(title) is None, title


def test_pages_are_of_the_class_meant():
    rules = guide_seeds()["page_rules"]
    rules.sort(key=lambda row: int(row["priority"]))
    classes = {
        "page_view": "page_view",
        "low": "low_intent_page_view",
        "high_intent": "high_intent_page_view",
        "service_page": "service_intent_page_view",
    }
    lines = ("", *words.LINES[1:])
    for path, kind, line in (
        PAGES + LOW_INTENT_PAGES + HIGH_INTENT_PAGES + SERVICE_PAGES
    ):
        url = re.split("[?#]", (COMPANY_SITE + path).lower())[0]
        matching = [row for row in rules if reference.like(row["url_pattern"], url)]
        found = matching[0] if matching else {"activity_type": "page_view"}
        assert found["activity_type"] == classes[kind], path
        assert (found.get("product_line") or "") == lines[line], path


# The planted cases


def score(planted, contact_id: str, line: str = "general") -> dict:
    (row,) = (
        row
        for row in planted["fct_contact_scores"]
        if row["contact_id"] == contact_id and row["product_line"] == line
    )
    return row


def mqls_of(planted, contact_id: str, line: str = "general") -> list[tuple]:
    """(award, end, end reason, trigger) of a contact's MQLs on a line."""
    return [
        (
            str(row["mql_at"]),
            str(row["ended_at"] or ""),
            row["end_reason"] or "",
            row["trigger_type"],
        )
        for row in sorted(planted["fct_mqls"], key=lambda row: row["mql_at"])
        if row["contact_id"] == contact_id and row["product_line"] == line
    ]


def test_planted_machines_and_scanners_score_little(planted):
    assert score(planted, "C-PLANT-MACHINE")["engagement_score"] == 0
    ledger = [
        row
        for row in planted["fct_score_ledger"]
        if row["contact_id"] == "C-PLANT-MACHINE" and row["product_line"] == "general"
    ]
    opens = [row for row in ledger if row["activity_type"] == "email_open"]
    assert [row["is_machine"] for row in opens] == [True, True, True, False]
    scans = [
        row["points_due"]
        for row in planted["fct_score_ledger"]
        if row["contact_id"] == "C-PLANT-BADGES"
        and row["product_line"] == "general"
        and row["entry_type"] == "activity"
    ]
    assert len(scans) == 300
    assert sum(scans) == 5


def test_planted_profile_changes(planted):
    assert mqls_of(planted, "C-PLANT-RESIDENT") == [
        ("2025-07-01 08:00:00", "2025-07-01 15:00:00", "accepted", "profile_change")
    ]
    assert mqls_of(planted, "C-PLANT-MOVER", "capital_equipment") == [
        ("2025-10-15 08:00:00", "2025-10-15 12:00:00", "accepted", "profile_change")
    ]
    assert mqls_of(planted, "C-PLANT-BEDS", "capital_equipment") == [
        ("2026-01-21 12:00:00", "2026-02-01 06:00:00", "profile_changed", "engagement")
    ]


def test_planted_sales_turns(planted):
    deal = score(planted, "C-PLANT-DEAL")
    assert (deal["total_score"], deal["failing_gate"]) == (105, "Q7")
    # the demo request changes nothing about the MQL that is open
    assert mqls_of(planted, "C-PLANT-DEMO") == [
        ("2026-06-10 15:00:00", "", "", "engagement")
    ]
    assert mqls_of(planted, "C-PLANT-TWICE") == [
        ("2025-01-15 17:00:00", "2025-04-15 17:00:00", "lapsed", "engagement"),
        ("2025-09-02 10:00:00", "2025-12-01 10:00:00", "lapsed", "engagement"),
    ]
    assert len(mqls_of(planted, "C-PLANT-INACTIVE-OWNER")) == 1


def test_planted_repeats_and_suppression(planted):
    assert score(planted, "C-PLANT-THRICE")["engagement_score"] == 10
    assert mqls_of(planted, "C-PLANT-TOPIC")[0][0] == "2025-12-04 10:00:00"
    assert score(planted, "C-PLANT-UNSUBSCRIBED")["failing_gate"] == "Q5"
    assert mqls_of(planted, "C-PLANT-BACK") == [
        ("2026-06-01 15:00:00", "2026-06-08 10:00:00", "suppressed", "engagement"),
        ("2026-06-15 10:00:00", "", "", "direct_request"),
    ]


def test_planted_late_rows(planted):
    assert score(planted, "C-PLANT-LATE")["engagement_score"] == 15
    assert mqls_of(planted, "C-PLANT-LATECOMER")[0][::3] == (
        "2026-04-20 09:00:00",
        "eligibility",
    )
    assert _reconciled(planted, "activities")["rows_not_yet_visible"] == 1


@pytest.mark.parametrize(
    ("days", "engagement"), [(89, 60), (90, 50), (119, 50), (120, 40)]
)
def test_planted_silences(planted, days, engagement):
    row = score(planted, f"C-PLANT-SILENT-{days}")
    assert row["engagement_score"] == engagement
    assert AS_OF_MOMENT - row["last_engaged_at"] == timedelta(days=days)


def test_planted_accounts(planted):
    found = [
        (row["account_id"], row["product_line"], row["has_individual_mql"])
        for row in planted["fct_account_mqls"]
    ]
    assert sorted(found) == [
        ("F-PLANT-COMMITTEE", "consumable", False),
        ("F-PLANT-COMMITTEE", "general", False),
        ("F-PLANT-IN-HAND", "consumable", False),
        ("F-PLANT-IN-HAND", "general", True),
    ]
    people = {row["contact_id"] for row in planted["fct_mqls"]}
    assert not any("COMMITTEE" in who or "PAIR" in who for who in people)
    assert {who for who in people if "IN-HAND" in who} == {"C-PLANT-IN-HAND-1"}


def test_planted_gates(planted):
    for name in ("NOBEDS", "WORDBEDS"):
        who = f"C-PLANT-{name}"
        assert mqls_of(planted, who, "general")
        assert not mqls_of(planted, who, "capital_equipment")
    assert score(planted, "C-PLANT-UNCOVERED")["failing_gate"] == "Q2"
    assert mqls_of(planted, "C-PLANT-NOSTATE")
    assert mqls_of(planted, "C-PLANT-RENEWAL-179", "service_software") == [
        ("2026-06-29 00:00:00", "", "", "eligibility")
    ]
    assert not mqls_of(planted, "C-PLANT-RENEWAL-181", "service_software")


def _reconciled(planted, table: str) -> dict:
    (row,) = (
        row for row in planted["fct_reconciliation"] if row["source_table"] == table
    )
    return row


def test_planted_bad_rows(planted):
    reasons = {
        (row["record_key"], row["reason"]) for row in planted["fct_quarantined_records"]
    }
    assert reasons == {
        ("A-PLANT-NOBODY-01", "unknown_contact"),
        ("A-PLANT-NOBODY-02", "unknown_contact"),
        ("A-PLANT-BADTIME-WORD", "bad_timestamp"),
        ("A-PLANT-BADTIME-DAY", "bad_timestamp"),
        ("A-PLANT-BADTIME-BLANK", "bad_timestamp"),
        ("A-PLANT-BADTIME-US", "bad_timestamp"),
        ("A-PLANT-BADLOAD", "bad_timestamp"),
        ("A-PLANT-FAX", "unknown_activity_type"),
        ("A-PLANT-REPLAY", "unknown_activity_type"),
        (None, "missing_key"),
        ("A-PLANT-NOCONTACT", "missing_key"),
        ("A-PLANT-FUTURE", "occurred_in_future"),
        ("C-PLANT-BADROWS", "bad_timestamp"),
        ("D-PLANT-BADROWS-01", "bad_timestamp"),
    }
    assert _reconciled(planted, "activities")["rows_duplicate"] == 2
    assert score(planted, "C-PLANT-DUPLICATE")["engagement_score"] == 25


def test_planted_rejections_and_erasure(planted):
    for name in ("BLANK", "UNKNOWN", "SPECIALTY", "CUSTOMER", "OTHER", "FACILITY"):
        (mql,) = mqls_of(planted, f"C-PLANT-REASON-{name}")
        assert mql[2] == "rejected"
    known = {row["contact_id"] for row in planted["fct_contact_scores"]}
    assert "C-PLANT-ERASED" not in known
    assert _reconciled(planted, "contacts")["rows_erased"] == 2
    assert _reconciled(planted, "activities")["rows_erased"] == 3


def test_every_planted_contact_is_in_the_docs(small_sample):
    page = (ROOT / "docs" / "sample-data.md").read_text(encoding="utf-8")
    planted_ids = {
        row["contact_id"]
        for table in ("contacts", "activities")
        for row in rows_of(small_sample, table)
        if "PLANT" in row["contact_id"]
    }
    assert len(planted_ids) > 35
    for contact_id in planted_ids:
        assert f"`{contact_id}`" in page, contact_id
