"""The reference of section 10 itself: small stories whose end is known."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

import reference
import reference_handoffs
from reference import MICROSECOND, Mart, Seeds
from worlds import make_world

NOON = datetime(2026, 3, 2, 12)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONG_AGO = NOON - 400 * DAY
LATER = NOON + 60 * DAY
REPS = ["R-01", "R-02", "R-03", "R-07"]


class Story:
    """One surgeon "c" who fits every line, at account "a" of rep R-03 in New York.

    Everything reaches the warehouse at once unless a call says otherwise. One webinar
    registration makes her an MQL of line `general` by her score, a request of a line
    one of that line (and of `general`) at once.
    """

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = copy.deepcopy(seeds)
        self.raw: reference.Raw = {table: [] for table in reference.CONTRACT}
        self.account()
        self.contact()
        for rep_id in REPS:
            self.rep(rep_id)

    def add(self, table: str, at: datetime, time: str, cells: dict[str, Any]) -> None:
        """One raw row of a moment, loaded then unless `loaded_at` says otherwise."""
        row = {time: at, "loaded_at": at, **cells}
        self.raw[table].append({name: str(cell) for name, cell in row.items()})

    def account(self, at: datetime = LONG_AGO, **cells: Any) -> None:
        """A version of account "a"."""
        cells = {
            "account_id": "a",
            "facility_type": "hospital",
            "bed_count": 300,
            "state": "NY",
            "country": "US",
            "owner_rep_id": "R-03",
            **cells,
        }
        self.add("accounts", at, "updated_at", cells)

    def contact(self, at: datetime = LONG_AGO, **cells: Any) -> None:
        """A version of contact "c", or of another."""
        cells = {
            "contact_id": "c",
            "created_at": LONG_AGO,
            "specialty": "orthopaedic_surgery",
            "role": "chief_of_surgery",
            "account_id": "a",
            **cells,
        }
        self.add("contacts", at, "updated_at", cells)

    def rep(self, rep_id: str, at: datetime = LONG_AGO, is_active: str = "yes") -> None:
        """What is known of a rep from a moment on."""
        cells = {"rep_id": rep_id, "is_active": is_active}
        self.add("sales_reps", at, "loaded_at", cells)

    def does(
        self, kind: str, at: datetime, line: str = "general", **cells: Any
    ) -> Story:
        """An activity of contact "c", or of another, for one line."""
        number = len(self.raw["activities"])
        cells = {
            "activity_id": f"act-{number:03}",
            "contact_id": "c",
            "activity_type": kind,
            "product_line": line,
            "asset_name": f"asset {number}",
            **cells,
        }
        self.add("activities", at, "occurred_at", cells)
        return self

    def registers(self, at: datetime = NOON, **cells: Any) -> Story:
        """Registers for a webinar: an MQL of `general` by score."""
        return self.does("webinar_registration", at, **cells)

    def requests(
        self, at: datetime = NOON, line: str = "general", **cells: Any
    ) -> Story:
        """Asks for a demonstration."""
        return self.does("demo_request", at, line, **cells)

    def wants_consumables(self, at: datetime) -> Story:
        """Downloads enough at one instant for an MQL of `consumable` by score."""
        for _ in range(4):
            self.does("content_download", at, "consumable")
        return self

    def sales(
        self, outcome: str, at: datetime, reason: str = "", who: str = "c", **cells: Any
    ) -> Story:
        """What sales says of contact "c" (who), or of account "a"."""
        number = len(self.raw["dispositions"])
        cells = {
            "disposition_id": f"dis-{number:03}",
            "account_id" if who == "a" else "contact_id": who,
            "outcome": outcome,
            "reason_code": reason,
            **cells,
        }
        self.add("dispositions", at, "disposed_at", cells)
        return self

    def rule(self, seed: str, changes: dict[str, str], **where: str) -> Story:
        """Changes the rows of a rule seed that have certain cells."""
        rows = [
            row
            for row in self.seeds[seed]
            if all(row[name] == cell for name, cell in where.items())
        ]
        assert rows, where
        for row in rows:
            row |= changes
        return self

    def second_definition(self, effective_from: datetime, min_total: str) -> Story:
        """Another official definition with another threshold for `general`."""
        for rows in self.seeds.values():
            rows += [
                {**row, "definition_id": "second"}
                for row in rows
                if row.get("definition_id") == "guide-2026"
            ]
        self.rule(
            "definitions",
            {"effective_from": str(effective_from)},
            definition_id="second",
        )
        return self.rule(
            "qualification_criteria",
            {"min_total_score": min_total},
            definition_id="second",
            product_line="general",
        )

    def marts(self, as_of: datetime = LATER) -> dict[str, Mart]:
        """The marts of section 10 of a run at `as_of`."""
        marts = reference.build(self.raw, self.seeds, as_of)
        return reference_handoffs.build(self.raw, self.seeds, as_of, marts)

    def handoffs(self, as_of: datetime = LATER) -> Mart:
        """The rows of fct_mql_handoffs, in the order of hand-over."""
        return sorted(
            self.marts(as_of)["fct_mql_handoffs"],
            key=lambda row: (row["handed_over_at"], row["product_line"]),
        )

    def one(self, as_of: datetime = LATER) -> dict[str, Any]:
        """The only row of fct_mql_handoffs."""
        (row,) = self.handoffs(as_of)
        return row

    def handled(self, as_of: datetime = LATER) -> list[str]:
        """How each direct request was handled, in their order."""
        rows = self.marts(as_of)["fct_direct_requests"]
        return [
            row["handled_by"]
            for row in sorted(rows, key=lambda row: row["occurred_at"])
        ]


@pytest.fixture
def story(seeds: Seeds) -> Story:
    """A story about to begin."""
    return Story(seeds)


# --------------------------------------------------------------------------------
# One person is one conversation
# --------------------------------------------------------------------------------


def test_an_mql_is_handed_over_when_it_is_awarded(story: Story) -> None:
    row = story.registers().one(NOON)
    assert row["primary_key"] == ("guide-2026", "c", "general", NOON)
    assert row["handoff_type"] == "contact"
    assert row["is_primary"] and row["is_official"]
    assert row["handed_over_at"] == row["mql_at"] == NOON
    assert (row["fit_score"], row["engagement_score"], row["total_score"]) == (
        45,
        5,
        50,
    )
    assert row["status"] == row["sla_status"] == "open"
    assert row["closed_at"] is None


def test_mqls_of_one_instant_are_one_hand_over_led_by_the_first_line(
    story: Story,
) -> None:
    rows = story.requests(line="").handoffs()
    lines = [row["product_line"] for row in rows]
    assert lines == ["capital_equipment", "consumable", "general"]
    assert [row["is_primary"] for row in rows] == [True, False, False]
    assert {row["primary_key"][2] for row in rows} == {"capital_equipment"}


def test_an_mql_joins_the_open_conversation(story: Story) -> None:
    first, joined = story.registers().wants_consumables(NOON + DAY).handoffs()
    assert first["primary_key"] == joined["primary_key"]
    assert joined["handed_over_at"] == NOON + DAY
    assert not joined["is_primary"]
    assert joined["sla_due_at"] == first["sla_due_at"] == NOON + DAY
    assert (first["total_score"], joined["engagement_score"]) == (50, 40)


@pytest.mark.parametrize(
    ("wait", "hand_overs"), [(-MICROSECOND, 1), (0 * DAY, 2), (MICROSECOND, 2)]
)
def test_after_an_answer_an_mql_opens_the_next_conversation(
    story: Story, wait: timedelta, hand_overs: int
) -> None:
    answered_at = NOON + DAY
    story.registers().sales("contacted", answered_at, product_line="general")
    rows = story.wants_consumables(answered_at + wait).handoffs()
    assert len({row["primary_key"] for row in rows}) == hand_overs


# --------------------------------------------------------------------------------
# Answers
# --------------------------------------------------------------------------------


def test_an_answer_belongs_to_its_line_and_without_one_to_every_line(
    story: Story,
) -> None:
    story.registers().wants_consumables(NOON + DAY)
    story.sales("contacted", NOON + 2 * DAY, product_line="consumable")
    story.sales("contacted", NOON + 3 * DAY, product_line="capital_equipment")
    story.sales("accepted", NOON + 4 * DAY)
    answers = story.marts()["int_mql_answers"]
    assert sorted((row["disposition_id"], row["product_line"]) for row in answers) == [
        ("dis-000", "consumable"),
        ("dis-002", "consumable"),
        ("dis-002", "general"),
    ]
    first, joined = story.handoffs()
    assert first["first_response_at"] == joined["first_response_at"] == NOON + 2 * DAY
    assert first["accepted_at"] == NOON + 4 * DAY
    assert first["status"] == joined["status"] == "accepted"


def test_an_answer_belongs_to_the_latest_mql_not_after_it(story: Story) -> None:
    story.registers().sales("contacted", NOON - MICROSECOND)
    assert story.one()["first_response_at"] is None
    story.sales("contacted", NOON)
    assert story.one()["first_response_at"] == story.one()["closed_at"] == NOON


def test_an_unknown_outcome_and_an_account_answer_do_not_count(story: Story) -> None:
    story.registers().sales("hmm", NOON + HOUR).sales("accepted", NOON + HOUR, who="a")
    marts = story.marts()
    assert marts["int_mql_answers"] == []
    assert marts["fct_mql_handoffs"][0]["status"] == "open"


@pytest.mark.parametrize(
    ("reason", "text", "counts_as"),
    [
        ("no_budget", "", "no_budget"),
        ("other", "moved away", "other"),
        ("other", "  ", "unspecified"),
        ("unspecified", "", "unspecified"),
        ("bad_mood", "rain", "unspecified"),
        ("", "", "unspecified"),
    ],
)
def test_rejection_without_a_valid_reason_counts_as_unspecified(
    story: Story, reason: str, text: str, counts_as: str
) -> None:
    story.registers().sales("rejected", NOON + HOUR, reason, reason_text=text)
    marts = story.marts()
    assert marts["int_mql_answers"][0]["reason_code"] == counts_as
    assert marts["fct_mql_handoffs"][0]["rejection_reason"] == counts_as


def test_only_a_deciding_rejection_shows_its_reason(story: Story) -> None:
    story.registers().sales("rejected", NOON + HOUR, "no_budget")
    story.sales("accepted", NOON + 2 * HOUR, "no_budget")
    row = story.one()
    assert row["status"] == "accepted"
    assert row["rejection_reason"] is None
    assert row["rejected_at"] == NOON + HOUR
    assert [one["reason_code"] for one in story.marts()["int_mql_answers"]] == [
        "no_budget",
        None,
    ]


def test_the_latest_decision_counts_and_contact_does_not_undo_it(story: Story) -> None:
    story.registers().sales("contacted", NOON + HOUR)
    assert story.one()["status"] == "contacted"
    story.sales("rejected", NOON + 2 * HOUR, "no_budget")
    story.sales("accepted", NOON + 2 * HOUR).sales("contacted", NOON + 3 * HOUR)
    assert story.one()["status"] == "accepted"
    story.sales("rejected", NOON + 2 * HOUR, "no_budget", disposition_id="dis-00")
    assert story.one()["status"] == "accepted", "the highest disposition_id counts"


def test_a_decision_after_the_next_conversation_began_does_not_rewrite_the_old_one(
    story: Story,
) -> None:
    story.registers().sales("rejected", NOON + HOUR, "no_response")
    # a request after the rejection lifts the hold: the next hand-over
    story.requests(NOON + 5 * DAY).sales("accepted", NOON + 6 * DAY)
    story.sales("accepted", NOON + 7 * DAY)
    rows = story.handoffs()
    assert [row["status"] for row in rows] == ["rejected", "accepted"]


def test_failing_that_the_first_decision_after_counts(story: Story) -> None:
    story.registers().sales("contacted", NOON + HOUR, product_line="general")
    story.wants_consumables(NOON + 5 * DAY)
    story.sales("accepted", NOON + 6 * DAY)
    story.sales("rejected", NOON + 7 * DAY, "no_budget", product_line="general")
    first, following = story.handoffs()
    assert first["primary_key"] != following["primary_key"]
    assert first["status"] == "accepted"
    assert first["rejected_at"] == NOON + 7 * DAY


# --------------------------------------------------------------------------------
# Clocks
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("late", ["trigger", "contact", "account"])
def test_the_clock_starts_when_the_warehouse_could_know(
    story: Story, late: str
) -> None:
    known_at = NOON + 3 * DAY
    if late == "contact":
        story.contact(NOON - DAY, job_title="Chief", loaded_at=known_at)
    if late == "account":
        story.account(NOON - DAY, bed_count=301, loaded_at=known_at)
    story.registers(**({"loaded_at": known_at} if late == "trigger" else {}))
    row = story.one()
    assert row["handed_over_at"] == NOON
    assert row["sla_started_at"] == known_at
    assert row["sla_due_at"] == row["first_due_at"] == known_at + DAY
    assert row["expires_at"] == known_at + 180 * DAY


@pytest.mark.parametrize(
    ("wait", "sla_status"), [(DAY, "met"), (DAY + MICROSECOND, "breached")]
)
def test_an_answer_on_the_due_time_is_met(
    story: Story, wait: timedelta, sla_status: str
) -> None:
    assert story.registers().sales("contacted", NOON + wait).one()["sla_status"] == (
        sla_status
    )


@pytest.mark.parametrize(
    ("wait", "sla_status"), [(DAY, "open"), (DAY + MICROSECOND, "overdue")]
)
def test_without_an_answer_it_is_overdue_after_the_due_time(
    story: Story, wait: timedelta, sla_status: str
) -> None:
    assert story.registers().one(NOON + wait)["sla_status"] == sla_status


def test_a_request_is_high_and_due_in_four_hours(story: Story) -> None:
    row = story.requests().one()
    assert row["priority"] == "high"
    assert row["sla_due_at"] == row["first_due_at"] == NOON + 4 * HOUR
    assert row["escalated_at"] is None


def test_a_hand_over_is_high_where_a_request_came_at_the_same_instant(
    story: Story,
) -> None:
    first, second = story.wants_consumables(NOON).requests(NOON).handoffs()
    assert (first["product_line"], first["trigger_type"]) == (
        "consumable",
        "engagement",
    )
    assert second["trigger_type"] == "direct_request"
    assert first["priority"] == "high"
    assert first["escalated_at"] is None


def test_a_request_escalates_an_open_hand_over_and_hides_no_breach(
    story: Story,
) -> None:
    asked_at = NOON + 2 * DAY
    story.registers().requests(asked_at, loaded_at=asked_at + HOUR)
    story.sales("contacted", asked_at + 5 * HOUR)
    row = story.one()
    assert row["priority"] == "high"
    assert row["escalated_at"] == asked_at
    assert row["sla_started_at"] == asked_at + HOUR
    assert row["sla_due_at"] == asked_at + 5 * HOUR
    assert row["sla_status"] == "met"
    assert row["first_due_at"] == NOON + DAY
    assert row["first_sla_status"] == "breached"


def test_of_requests_at_one_instant_the_one_known_first_starts_the_clock(
    story: Story,
) -> None:
    asked_at = NOON + HOUR
    story.registers().requests(asked_at, loaded_at=asked_at + 3 * HOUR)
    story.requests(asked_at, loaded_at=asked_at + HOUR)
    assert story.one()["sla_started_at"] == asked_at + HOUR


def test_a_hand_over_escalates_once_and_never_from_high(story: Story) -> None:
    story.registers().requests(NOON + HOUR).requests(NOON + 2 * HOUR)
    assert story.one()["escalated_at"] == NOON + HOUR
    high = Story(story.seeds).requests().requests(NOON + HOUR)
    assert high.one()["escalated_at"] is None
    assert high.one()["sla_due_at"] == NOON + 4 * HOUR


@pytest.mark.parametrize(
    ("wait", "escalates"), [(-MICROSECOND, True), (0 * DAY, False)]
)
def test_a_request_at_the_instant_of_the_answer_does_not_escalate(
    story: Story, wait: timedelta, escalates: bool
) -> None:
    answered_at = NOON + HOUR
    story.registers().sales("contacted", answered_at).requests(answered_at + wait)
    assert (story.one()["escalated_at"] is not None) is escalates


def test_a_request_of_any_line_escalates_but_not_a_machine_s(story: Story) -> None:
    story.registers().requests(NOON + HOUR, is_machine="true")
    assert story.one()["priority"] == "standard"
    story.requests(NOON + 2 * HOUR, line="service_software")
    assert story.one()["escalated_at"] == NOON + 2 * HOUR


def test_an_escalation_known_before_the_hand_over_starts_with_it(
    story: Story,
) -> None:
    known_at = NOON + 3 * DAY
    row = story.registers(loaded_at=known_at).requests(NOON + HOUR).one()
    assert row["escalated_at"] == NOON + HOUR
    assert row["sla_started_at"] == known_at
    assert row["sla_due_at"] == known_at + 4 * HOUR


# --------------------------------------------------------------------------------
# Withdrawn, expired, lapsed
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wait", "sla_status"), [(HOUR, None), (DAY, None), (DAY + MICROSECOND, "breached")]
)
def test_a_suppressed_contact_is_withdrawn_and_nobody_is_to_blame_before_it_was_due(
    story: Story, wait: timedelta, sla_status: str | None
) -> None:
    row = story.registers().does("unsubscribe", NOON + wait).one()
    assert row["status"] == "withdrawn"
    assert row["withdrawn_at"] == row["closed_at"] == NOON + wait
    assert row["sla_status"] == sla_status


def test_who_says_stop_after_a_contact_means_the_rep_too(story: Story) -> None:
    story.registers().sales("contacted", NOON + HOUR)
    row = story.does("unsubscribe", NOON + 9 * DAY, "consumable").one()
    assert row["status"] == "withdrawn"
    assert row["closed_at"] == NOON + HOUR
    assert row["sla_status"] == "met"
    assert row["withdrawn_at"] == NOON + 9 * DAY
    row = story.sales("accepted", NOON + 10 * DAY).one()
    assert (row["status"], row["withdrawn_at"]) == ("accepted", None)


def test_an_opt_in_at_the_same_instant_undoes_the_suppression(story: Story) -> None:
    story.registers().does("unsubscribe", NOON + HOUR).does("opt_in", NOON + HOUR)
    row = story.one()
    assert (row["status"], row["withdrawn_at"]) == ("open", None)


@pytest.mark.parametrize(
    ("wait", "status"), [(180 * DAY - MICROSECOND, "open"), (180 * DAY, "expired")]
)
def test_a_hand_over_expires_after_180_days(
    story: Story, wait: timedelta, status: str
) -> None:
    row = story.registers().one(NOON + wait)
    assert row["status"] == status
    assert row["expires_at"] == NOON + 180 * DAY
    assert row["sla_status"] == ("breached" if status == "expired" else "overdue")
    assert row["closed_at"] == (row["expires_at"] if status == "expired" else None)


def test_blank_days_never_expire_and_an_expired_one_can_be_answered(
    story: Story,
) -> None:
    late = NOON + 200 * DAY
    story.registers().sales("contacted", late)
    assert story.one(late)["status"] == "contacted"
    assert story.one(late)["closed_at"] == NOON + 180 * DAY
    story.rule("definitions", {"handoff_open_days": ""}, definition_id="guide-2026")
    assert story.one(late)["expires_at"] is None
    assert story.one(late)["closed_at"] == late


def test_a_lapse_marks_the_mql_and_leaves_the_hand_over_to_the_rep(
    story: Story,
) -> None:
    row = story.registers().one(NOON + 91 * DAY)
    assert row["is_lapsed"]
    assert row["status"] == "open"
    moved = Story(story.seeds).registers()
    moved.contact(NOON + DAY, role="resident")
    assert not moved.one()["is_lapsed"], "another profile is no lapse"


# --------------------------------------------------------------------------------
# Routing
# --------------------------------------------------------------------------------


def test_the_owner_of_the_account_gets_it(story: Story) -> None:
    row = story.registers().one()
    assert (row["rep_id"], row["routed_by"]) == ("R-03", "account_owner")


@pytest.mark.parametrize("owner", ["", "nobody", "R-02"])
def test_without_an_active_owner_the_first_rule_with_an_active_rep_decides(
    story: Story, owner: str
) -> None:
    story.account(NOON - DAY, owner_rep_id=owner)
    story.rep("R-02", NOON - DAY, is_active="no")
    row = story.registers().one()
    assert (row["rep_id"], row["routed_by"]) == ("R-01", "rule")
    # the next rule of the north-east names R-02, who is not active,
    # whom the last rules name, nobody knows
    story.rep("R-01", NOON - DAY, is_active="no")
    row = story.one()
    assert (row["rep_id"], row["routed_by"]) == (None, "unrouted")
    story.rep("R-05", NOON - DAY)
    assert story.one()["rep_id"] == "R-05"


def test_a_rep_is_active_as_the_latest_state_says(story: Story) -> None:
    story.registers().rep("R-03", NOON + DAY, is_active="no")
    assert story.one(NOON + DAY - MICROSECOND)["rep_id"] == "R-03"
    assert story.one(NOON + DAY)["rep_id"] == "R-01"


@pytest.mark.parametrize(
    ("specialty", "line", "rep_id"),
    [
        ("orthopaedic_spine_surgery", "capital_equipment", "R-07"),
        ("orthopaedic_spine_surgery", "consumable", "R-01"),
        ("orthopaedic_surgery", "capital_equipment", "R-01"),
    ],
)
def test_a_rule_asks_territory_line_and_specialty_of_the_primary(
    story: Story, specialty: str, line: str, rep_id: str
) -> None:
    story.account(NOON - DAY, owner_rep_id="")
    story.contact(NOON - DAY, specialty=specialty)
    rows = story.requests(line=line).handoffs()
    assert rows[0]["product_line"] == line
    assert {row["rep_id"] for row in rows} == {rep_id}


def test_a_place_without_territory_matches_only_rules_for_any(story: Story) -> None:
    story.account(NOON - DAY, owner_rep_id="")
    story.rule("geographies", {"territory": ""}, state="NY")
    assert story.registers().one()["routed_by"] == "unrouted"
    story.rep("R-04")
    assert story.one()["rep_id"] == "R-04"


def test_a_new_owner_leads_but_the_hand_over_stays_where_it_went(story: Story) -> None:
    story.registers().account(NOON + DAY, owner_rep_id="R-02")
    row = story.one()
    assert (row["rep_id"], row["lead_rep_id"]) == ("R-03", "R-02")
    assert row["follow_up_group"] == "a"


def test_without_an_owner_the_earliest_hand_over_of_the_group_leads(
    story: Story,
) -> None:
    story.account(NOON + DAY, owner_rep_id="")
    story.contact(contact_id="d")
    story.registers(NOON + 2 * DAY, contact_id="d").registers()
    rows = story.handoffs()
    assert [row["rep_id"] for row in rows] == ["R-03", "R-01"]
    assert {row["lead_rep_id"] for row in rows} == {"R-03"}
    assert {row["follow_up_group"] for row in rows} == {"a"}


def test_every_mql_shows_the_place_and_facility_of_its_own_time(story: Story) -> None:
    story.registers().account(NOON + DAY, state="FL", facility_type="veterans_hospital")
    first, joined = story.wants_consumables(NOON + 2 * DAY).handoffs()
    assert (first["facility_type"], first["state"]) == ("hospital", "NY")
    assert first["territory"] == "Northeast"
    assert (joined["facility_type"], joined["state"]) == ("veterans_hospital", "FL")
    assert joined["territory"] == "Northeast", "that of the hand-over"
    assert first["rep_id"] == joined["rep_id"] == "R-03"


def test_names_are_those_of_now_and_what_is_for_sale_is_still_open(
    story: Story,
) -> None:
    story.registers().contact(NOON + DAY, first_name="Ada", email="ada@example.org")
    story.account(NOON + DAY, account_name="New General", owner_rep_id="R-02")
    for number, closed_at in enumerate(["", "", NOON + DAY]):
        cells = {"opportunity_id": f"o-{number}", "account_id": "a", "stage": number}
        at = NOON - (3 - number) * DAY
        cells |= {"created_at": at, "closed_at": closed_at}
        story.add("opportunities", at, "updated_at", cells)
    row = story.one()
    assert (row["first_name"], row["email"]) == ("Ada", "ada@example.org")
    assert row["account_name"] == "New General"
    assert (row["open_opportunities"], row["open_opportunity_id"]) == (2, "o-1")
    assert row["open_opportunity_owner_rep_id"] == "R-02"


def test_the_group_ends_with_the_decision_and_needs_an_account(story: Story) -> None:
    story.registers().sales("contacted", NOON + HOUR)
    assert story.one()["follow_up_group"] == "a"
    row = story.sales("accepted", NOON + 2 * HOUR).one()
    assert (row["follow_up_group"], row["lead_rep_id"]) == (None, None)
    alone = Story(story.seeds)
    alone.contact(NOON - DAY, account_id="", country="US", state="NY")
    row = alone.does("webinar_attendance", NOON).registers().one()
    assert row["account_id"] is row["follow_up_group"] is None
    assert row["rep_id"] == row["lead_rep_id"] == "R-01", "nobody else leads it"
    assert alone.sales("accepted", NOON + HOUR).one()["lead_rep_id"] is None


# --------------------------------------------------------------------------------
# Accounts
# --------------------------------------------------------------------------------


def three_colleagues(story: Story, at: datetime = NOON) -> Story:
    """Three people who are no MQLs, and whose account together is one of capital."""
    for contact_id in ("x", "y", "z"):
        story.contact(contact_id=contact_id)
        for _ in range(3):
            story.does(
                "content_download", at, "capital_equipment", contact_id=contact_id
            )
    # nobody alone is an MQL of `general`, and no account either
    return story.rule(
        "qualification_criteria",
        {"min_total_score": "500", "account_min_contacts": "9"},
        product_line="general",
    )


def test_an_account_mql_goes_to_the_owner_with_a_day_of_time(story: Story) -> None:
    row = three_colleagues(story).one()
    assert row["handoff_type"] == "account"
    assert row["primary_key"] == ("guide-2026", "a", "capital_equipment", NOON)
    assert (row["account_id"], row["contact_id"]) == ("a", None)
    assert (row["rep_id"], row["routed_by"]) == ("R-03", "account_owner")
    assert (row["priority"], row["sla_due_at"]) == ("standard", NOON + DAY)
    assert (row["engagement_score"], row["fit_score"]) == (90, None)
    assert row["follow_up_group"] == "a"
    assert row["engaged_contacts"] == 3
    story.account(NOON + DAY, state="FL", facility_type="nursing_home", bed_count=9)
    row = story.one()
    assert (row["state"], row["territory"]) == ("NY", "Northeast"), "then, not now"
    assert (row["facility_type"], row["bed_count"]) == ("hospital", 300)


def test_account_mqls_match_only_rules_that_name_no_specialty(story: Story) -> None:
    story.account(NOON - DAY, owner_rep_id="")
    for contact_id in ("x", "y", "z"):
        story.contact(
            NOON - DAY, contact_id=contact_id, specialty="orthopaedic_spine_surgery"
        )
    assert three_colleagues(story).one()["rep_id"] == "R-01"


def test_an_account_is_answered_by_an_answer_to_the_account(story: Story) -> None:
    three_colleagues(story).sales("contacted", NOON + HOUR, contact_id="x")
    assert story.one()["status"] == "open"
    story.sales("rejected", NOON + 2 * DAY, "no_budget", who="a")
    row = story.one()
    assert (row["status"], row["rejection_reason"]) == ("rejected", "no_budget")
    assert row["sla_status"] == "breached"
    answers = story.marts()["int_mql_answers"]
    assert [(one["contact_id"], one["account_id"]) for one in answers] == [(None, "a")]


def test_a_request_of_a_colleague_does_not_escalate_an_account(story: Story) -> None:
    three_colleagues(story).requests(NOON + HOUR, contact_id="x")
    account, colleague = story.handoffs()
    assert (account["handoff_type"], account["priority"]) == ("account", "standard")
    assert (colleague["handoff_type"], colleague["priority"]) == ("contact", "high")


@pytest.mark.parametrize(
    ("line", "answered_at", "is_handed_over"),
    [
        ("capital_equipment", None, False),
        ("capital_equipment", NOON - MICROSECOND, True),
        ("consumable", None, True),
    ],
)
def test_an_account_already_in_hand_for_the_line_is_not_handed_over(
    story: Story, line: str, answered_at: datetime | None, is_handed_over: bool
) -> None:
    story.requests(NOON - DAY, line)
    if answered_at:
        story.sales("contacted", answered_at)
    rows = three_colleagues(story).handoffs()
    assert ("account" in {row["handoff_type"] for row in rows}) is is_handed_over


# --------------------------------------------------------------------------------
# A new definition
# --------------------------------------------------------------------------------


def test_who_qualified_before_the_definition_is_handed_over_by_a_request(
    story: Story,
) -> None:
    change, asked_at = NOON + 2 * DAY, NOON + 5 * DAY
    story.second_definition(change, "48").does("badge_scan", NOON - DAY)
    story.rule(
        "qualification_criteria", {"min_total_score": "90"}, min_total_score="50"
    )
    assert story.handoffs() == []
    story.requests(change - MICROSECOND, is_machine="true")
    story.requests(asked_at, loaded_at=asked_at + HOUR)
    story.requests(asked_at + 9 * HOUR)
    row = story.one()
    assert row["primary_key"] == ("second", "c", "general", NOON - DAY)
    assert not row["is_official"]
    assert (row["mql_at"], row["handed_over_at"]) == (NOON - DAY, asked_at)
    assert (row["trigger_type"], row["engagement_score"]) == ("engagement", 5)
    assert row["priority"] == "high"
    assert row["escalated_at"] is None
    assert row["sla_started_at"] == asked_at + HOUR
    assert story.handled() == ["mql", "open_handoff"]


def test_nobody_is_handed_over_twice(story: Story) -> None:
    story.second_definition(NOON + 2 * DAY, "48").registers().requests(NOON + 5 * DAY)
    row = story.one()
    assert row["definition_id"] == "guide-2026"
    assert row["escalated_at"] == NOON + 5 * DAY


def test_once_the_official_mql_has_ended_a_request_hands_over_the_other(
    story: Story,
) -> None:
    story.second_definition(NOON + 2 * DAY, "48")
    story.rule(
        "qualification_criteria",
        {"min_total_score": "55"},
        definition_id="guide-2026",
        product_line="general",
    )
    # 60 points; after 90 days of silence 50, which only the second definition accepts
    story.does("webinar_attendance", NOON).sales("contacted", NOON + DAY)
    asked_at = NOON + 100 * DAY
    assert [row["definition_id"] for row in story.handoffs(asked_at)] == ["guide-2026"]
    story.requests(asked_at)
    first, second = story.handoffs(asked_at)
    assert (second["definition_id"], second["mql_at"]) == ("second", NOON)
    assert second["handed_over_at"] == asked_at
    assert second["is_primary"] and first["status"] == "contacted"


# --------------------------------------------------------------------------------
# Direct requests
# --------------------------------------------------------------------------------


def test_a_request_becomes_an_mql_or_meets_an_open_hand_over(story: Story) -> None:
    story.requests().requests(NOON + HOUR)
    assert story.handled() == ["mql", "open_handoff"]
    escalated = Story(story.seeds).registers().requests(NOON + HOUR)
    escalated.requests(NOON + HOUR).requests(NOON + 2 * HOUR)
    # of two at one instant one escalates, the other meets an open hand-over
    assert sorted(escalated.handled()) == ["escalation", *["open_handoff"] * 2]


@pytest.mark.parametrize(
    ("outcome", "wait", "handled_by"),
    [
        ("contacted", 9 * DAY, "conversation"),
        ("accepted", 9 * DAY, "conversation"),
        ("accepted", 180 * DAY - MICROSECOND, "conversation"),
        ("accepted", 180 * DAY, "courtesy"),
        ("contacted", HOUR, "conversation"),
        ("contacted", HOUR - MICROSECOND, "escalation"),
    ],
)
def test_a_request_is_part_of_a_conversation_that_goes_on(
    story: Story, outcome: str, wait: timedelta, handled_by: str
) -> None:
    story.registers().sales(outcome, NOON + HOUR)
    # nothing but the talk that goes on could take it: she is no MQL again
    story.contact(NOON + HOUR, role="resident", specialty="")
    story.requests(NOON + wait)
    assert story.handled(NOON + wait) == [handled_by]


def test_a_rejected_or_unknown_person_gets_a_courtesy_response(story: Story) -> None:
    asked_at = NOON + 9 * DAY
    story.registers().sales("accepted", NOON + HOUR)
    story.sales("rejected", NOON + 2 * HOUR, "wrong_role")
    story.requests(asked_at, loaded_at=asked_at + HOUR)
    (row,) = story.marts()["fct_direct_requests"]
    assert row["handled_by"] == "courtesy"
    assert row["courtesy_due_at"] == asked_at + 5 * HOUR
    stranger = Story(story.seeds)
    stranger.contact(NOON - DAY, account_id="", role="", specialty="")
    assert stranger.requests().handled() == ["courtesy"]


@pytest.mark.parametrize(
    ("kind", "wait", "status", "sla_status"),
    [
        ("accepted", 4 * HOUR, "answered", "met"),
        ("contacted", 5 * HOUR, "answered", "breached"),
        ("hmm", HOUR, "open", "overdue"),
        ("unsubscribe", 0 * HOUR, "withdrawn", None),
        ("unsubscribe", 4 * HOUR, "withdrawn", None),
        ("unsubscribe", 5 * HOUR, "withdrawn", "breached"),
    ],
)
def test_a_courtesy_response_is_answered_or_no_longer_wanted(
    story: Story, kind: str, wait: timedelta, status: str, sla_status: str | None
) -> None:
    story.contact(NOON - DAY, role="", specialty="", account_id="")
    story.requests()
    if kind == "unsubscribe":
        story.does(kind, NOON + wait)
    else:
        story.sales(kind, NOON + wait)
    (row,) = story.marts()["fct_direct_requests"]
    assert row["failing_gate"] in {"Q2", "Q5"}
    assert (row["courtesy_status"], row["courtesy_sla_status"]) == (status, sla_status)


def test_a_courtesy_response_expires_as_a_hand_over_does(story: Story) -> None:
    story.contact(NOON - DAY, role="", specialty="", account_id="")
    story.requests(loaded_at=NOON + HOUR)
    expires_at = NOON + HOUR + 180 * DAY
    for as_of, status, sla_status in (
        (NOON + 5 * HOUR, "open", "open"),
        (expires_at - MICROSECOND, "open", "overdue"),
        (expires_at, "expired", "breached"),
    ):
        (row,) = story.marts(as_of)["fct_direct_requests"]
        assert row["courtesy_status"] == status
        assert row["courtesy_sla_status"] == sla_status


def test_a_request_names_its_line_its_hand_over_and_the_rep_it_would_go_to(
    story: Story,
) -> None:
    story.account(NOON - DAY, owner_rep_id="")
    story.contact(NOON - DAY, specialty="orthopaedic_spine_surgery")
    story.requests(line="capital_equipment").requests(NOON + DAY, line="")
    rows = story.marts()["fct_direct_requests"]
    assert [row["product_line"] for row in rows] == ["capital_equipment", "general"]
    assert [row["rep_id"] for row in rows] == ["R-07", "R-01"]
    primary = ("guide-2026", "c", "capital_equipment", NOON)
    assert {row["primary_key"] for row in rows} == {primary}


def test_only_human_requests_under_a_definition_in_force_count(story: Story) -> None:
    story.requests(is_machine="true").does("content_download", NOON)
    assert story.handled() == []
    story.rule("definitions", {"effective_from": str(NOON)}, definition_id="guide-2026")
    story.requests(NOON - MICROSECOND)
    assert story.handled() == []
    story.requests(NOON)
    assert len(story.handled()) == 1


# --------------------------------------------------------------------------------
# The worlds
# --------------------------------------------------------------------------------


def test_the_worlds_make_every_case_of_section_10(seeds: Seeds) -> None:
    """What the comparison with the warehouse never met, it would not prove."""
    counts: Counter[tuple] = Counter()
    for number in range(102, 106):
        world = make_world(number, seeds=seeds, change_rules=number % 2 == 1)
        under = world.with_seeds(seeds)
        marts = reference.build(world.raw, under, world.as_of)
        marts = reference_handoffs.build(world.raw, under, world.as_of, marts)
        for row in marts["fct_mql_handoffs"]:
            for column in (
                "handoff_type",
                "is_primary",
                "is_official",
                "routed_by",
                "priority",
                "sla_status",
                "status",
                "is_lapsed",
            ):
                counts[(column, row[column])] += 1
            for column in ("escalated_at", "withdrawn_at", "closed_at", "account_id"):
                counts[(column, row[column] is not None)] += 1
            is_late = row["sla_started_at"] > row["handed_over_at"]
            counts[("clock starts late", is_late)] += 1
            if row["follow_up_group"] is not None:
                leads = row["lead_rep_id"] == row["rep_id"]
                counts[("leads", leads)] += 1
        for row in marts["int_mql_answers"]:
            counts[("outcome", row["outcome"])] += 1
            counts[("reason", row["reason_code"])] += 1
            counts[("answers an account", row["contact_id"] is None)] += 1
        for row in marts["fct_direct_requests"]:
            counts[("handled_by", row["handled_by"])] += 1
    reasons = {row["reason_code"] for row in seeds["rejection_reasons"]}
    wanted = {
        "handoff_type": {"contact", "account"},
        "routed_by": {"account_owner", "rule", "unrouted"},
        "priority": {"high", "standard"},
        "sla_status": {"met", "breached", "open", "overdue", None},
        "status": {
            "open",
            "contacted",
            "accepted",
            "rejected",
            "withdrawn",
            "expired",
        },
        "outcome": {"contacted", "accepted", "rejected"},
        "reason": {*reasons, None},
        "handled_by": {
            "mql",
            "escalation",
            "open_handoff",
            "conversation",
            "courtesy",
        },
    }
    for name in (
        "is_primary",
        "is_official",
        "is_lapsed",
        "escalated_at",
        "withdrawn_at",
        "closed_at",
        "account_id",
        "clock starts late",
        "leads",
        "answers an account",
    ):
        wanted[name] = {True, False}
    missing = {
        (name, value)
        for name, values in wanted.items()
        for value in values
        if not counts[(name, value)]
    }
    assert not missing
