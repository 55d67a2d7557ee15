"""The planted cases of the hand-over, in the marts as they are built.

Of the sample only its planted rows: what docs/sample-data.md says of each is looked up
where a rep or a manager would look.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

import warehouse
from mql.sample import AS_OF, generate


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The working database of the planted rows."""
    folder = tmp_path_factory.mktemp("planted")
    generate(folder / "raw", contacts=1)
    warehouse.build_models(folder / "raw", folder / "mql.duckdb", AS_OF)
    return folder / "mql.duckdb"


def handoffs(built: Path, who: str) -> list[dict]:
    """The hand-overs of a contact or of a facility as a whole, in order of time."""
    return warehouse.rows(
        built,
        "select * from handoff.fct_mql_handoffs"
        f" where coalesce(contact_id, account_id) = '{who}'"
        " order by handed_over_at, product_line",
    )


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_a_web_form_without_a_hospital_gets_a_courtesy_response(built):
    assert handoffs(built, "C-PLANT-FORM") == []
    (waiting,) = warehouse.rows(built, "select * from handoff.fct_courtesy_queue")
    assert (waiting["contact_id"], waiting["activity_id"]) == (
        "C-PLANT-FORM",
        "A-PLANT-FORM-01",
    )
    assert (waiting["rep_id"], waiting["routed_by"]) == ("R-05", "rule")
    assert waiting["territory"] == "South Central"
    assert waiting["failing_gate"] == "Q3"
    assert waiting["sla_due_at"] == at("2026-06-29 20:00:00")
    assert waiting["sla_status"] == "overdue"
    (reason,) = warehouse.rows(
        built,
        "select reason from handoff.fct_qualification_reasons"
        " where contact_id = 'C-PLANT-FORM' and product_line = 'general'",
    )
    assert reason["reason"] == "fit of 20.0 is below the minimum of 25.0"


def test_every_planted_request_is_handled(built):
    found = warehouse.rows(
        built, "select contact_id, handled_by from handoff.fct_direct_requests"
    )
    assert {row["contact_id"]: row["handled_by"] for row in found} == {
        "C-PLANT-FORM": "courtesy",
        "C-PLANT-DEMO": "escalation",
        "C-PLANT-BACK": "mql",
        **{f"C-PLANT-SILENT-{days}": "mql" for days in (89, 90, 119, 120)},
    }


def test_a_request_escalates_a_standard_hand_over(built):
    (demo,) = handoffs(built, "C-PLANT-DEMO")
    assert (demo["trigger_type"], demo["priority"]) == ("engagement", "high")
    assert demo["escalated_at"] == at("2026-06-20 09:30:00")
    # loaded an hour after it was made, and four hours from there
    assert demo["sla_due_at"] == at("2026-06-20 14:30:00")
    assert demo["first_due_at"] == at("2026-06-11 16:00:00")
    assert (demo["sla_status"], demo["first_sla_status"]) == ("overdue", "overdue")


def test_a_second_mql_joins_the_conversation(built):
    opener, joined = handoffs(built, "C-PLANT-JOINS")
    assert (opener["product_line"], joined["product_line"]) == ("general", "consumable")
    assert opener["handoff_id"] == joined["handoff_id"] == opener["mql_id"]
    assert (opener["is_primary"], joined["is_primary"]) == (True, False)
    assert opener["sla_due_at"] == joined["sla_due_at"] == at("2026-06-23 11:00:00")
    (queued,) = warehouse.rows(
        built,
        "select mqls, total_score from handoff.fct_handoff_queue"
        " where contact_id = 'C-PLANT-JOINS'",
    )
    assert queued == {"mqls": 2, "total_score": 85}


def test_an_account_is_handed_over_only_where_nobody_is_in_hand(built):
    awarded = warehouse.rows(
        built,
        "select account_id, product_line from qualification.fct_account_mqls"
        " where is_official",
    )
    assert {(row["account_id"], row["product_line"]) for row in awarded} == {
        (facility, line)
        for facility in ("F-PLANT-COMMITTEE", "F-PLANT-IN-HAND")
        for line in ("general", "consumable")
    }
    committee = handoffs(built, "F-PLANT-COMMITTEE")
    assert [row["product_line"] for row in committee] == ["consumable", "general"]
    assert {row["handoff_type"] for row in committee} == {"account"}
    assert {(row["rep_id"], row["routed_by"]) for row in committee} == {
        ("R-05", "account_owner")
    }
    # a colleague was in hand for `general`, and so not for consumables
    (surgeon,) = handoffs(built, "C-PLANT-IN-HAND-1")
    assert surgeon["product_line"] == "general"
    assert surgeon["first_response_at"] == at("2026-05-18 09:00:00")
    (account,) = handoffs(built, "F-PLANT-IN-HAND")
    assert account["product_line"] == "consumable"
    assert account["handed_over_at"] == at("2026-05-17 12:00:00")
    # both are followed up together, by one rep
    for column in ("follow_up_group", "lead_rep_id"):
        assert surgeon[column] == account[column] is not None
    people = warehouse.rows(
        built,
        "select * from handoff.fct_account_stakeholders"
        " where account_id = 'F-PLANT-IN-HAND'",
    )
    assert {row["missing_role_classes"] for row in people} == {"decision_maker user"}
    assert len(people) == 3


def test_rejections_that_the_data_speak_against_are_named(built):
    found = warehouse.rows(
        built,
        "select contact_id, contradiction from handoff.fct_rejection_contradictions",
    )
    assert {row["contact_id"]: row["contradiction"] for row in found} == {
        "C-PLANT-REASON-SPECIALTY": (
            "specialty orthopaedic_surgery is a target of the line"
        ),
        "C-PLANT-REASON-FACILITY": (
            "facility ambulatory_surgery_center is a target of the line"
        ),
        "C-PLANT-REASON-CUSTOMER": "the account has no contract with us",
    }


def test_what_the_source_should_mend_is_listed(built):
    found = warehouse.rows(built, "select * from quality.fct_data_quality_exceptions")
    assert {(row["record_key"], row["exception"]) for row in found} == {
        ("D-PLANT-REASON-BLANK-01", "rejection_without_valid_reason"),
        ("D-PLANT-REASON-UNKNOWN-01", "rejection_without_valid_reason"),
        ("D-PLANT-REASON-OTHER-01", "rejection_without_valid_reason"),
        ("F-PLANT-INACTIVE-OWNER", "owner_cannot_take_leads"),
    }


def test_an_inactive_owner_is_passed_over(built):
    (mql,) = handoffs(built, "C-PLANT-INACTIVE-OWNER")
    # R-03 owns the account and has the territory's first rule, and has left
    assert (mql["rep_id"], mql["routed_by"]) == ("R-02", "rule")


def test_who_unsubscribes_is_withdrawn_and_may_come_back(built):
    (gone,) = handoffs(built, "C-PLANT-UNSUBSCRIBED")
    assert gone["status"] == "withdrawn"
    assert gone["withdrawn_at"] == at("2026-06-08 10:00:00")
    first, *again = handoffs(built, "C-PLANT-BACK")
    assert (first["status"], first["priority"]) == ("withdrawn", "standard")
    assert {(row["status"], row["priority"]) for row in again} == {("open", "high")}


def test_the_rejected_wait_for_their_way_back(built):
    found = warehouse.rows(
        built,
        "select contact_id, waiting_for, held_until from handoff.fct_recycled_contacts"
        " where product_line = 'general'",
    )
    assert {row["contact_id"]: row["waiting_for"] for row in found} == {
        "C-PLANT-REASON-BLANK": "fresh_points",
        "C-PLANT-REASON-UNKNOWN": "fresh_points",
        "C-PLANT-REASON-OTHER": "fresh_points",
        "C-PLANT-REASON-SPECIALTY": "profile_change",
        "C-PLANT-REASON-FACILITY": "profile_change",
        "C-PLANT-REASON-CUSTOMER": "end_of_hold_or_direct_request",
    }
