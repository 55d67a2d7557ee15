"""Deliveries: what is issued, at least once, under one key, and never twice for one.

Most tests deliver from a tiny database with the marts' columns, as their YAML files list
them; the last ones from a real build.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import warehouse
from mql.delivery.deliver import deliver, issue
from mql.delivery.log import DeliveryLog, deliveries_query
from mql.delivery.marts import Handoff, Marts, courtesy_id
from mql.delivery.plan import plan
from mql.delivery.targets import File, Refused, Unreachable, Webhook
from mql.project import ProjectError
from raw_files import DAY, START, RawFiles
from receiver import DROP, SILENCE, Receiver

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 2, 12)
MARTS = warehouse.ROOT / "models" / "marts"


def columns_of(schema: str, mart: str) -> dict[str, str]:
    """The columns of a mart and their types, from its YAML file."""
    file = MARTS / schema / f"{mart}.yml"
    (model,) = yaml.safe_load(file.read_text())["models"]
    return {column["name"]: column["data_type"] for column in model["columns"]}


COLUMNS = {
    (schema, mart): columns_of(schema, mart)
    for schema, mart in (
        ("handoff", "fct_mql_handoffs"),
        ("handoff", "fct_direct_requests"),
        ("handoff", "fct_courtesy_queue"),
        ("scoring", "fct_contact_scores"),
    )
}


class Day:
    """The marts of one day, in the making."""

    def __init__(self, as_of: datetime = NOON) -> None:
        self.as_of = as_of
        self.rows: dict[tuple[str, str], list[dict]] = {mart: [] for mart in COLUMNS}

    def add(self, mart: tuple[str, str], **cells) -> dict:
        unknown = cells.keys() - COLUMNS[mart].keys()
        assert not unknown, f"{mart} has no column {unknown}"
        self.rows[mart].append(cells)
        return cells

    def handoff(self, handoff_id: str, contact: str | None = "jo", **cells) -> dict:
        """A hand-over, open since an hour, unless said otherwise."""
        at = cells.get("handed_over_at", self.as_of - HOUR)
        return self.add(
            ("handoff", "fct_mql_handoffs"),
            **{
                "handoff_id": handoff_id,
                "mql_id": handoff_id,
                "handoff_type": "contact" if contact else "account",
                "contact_id": contact,
                "account_id": "st-mary",
                "account_name": "St Mary",
                "first_name": "Jo",
                "last_name": f"Surname-{contact}",
                "job_title": "Chief of Surgery",
                "email": f"{contact}@st-mary.example",
                "phone": "+1-512-555-0100",
                "product_line": "general",
                "rep_id": "rep-1",
                "lead_rep_id": "rep-1",
                "rep_name": "Sam",
                "routed_by": "account_owner",
                "priority": "standard",
                "status": "open",
                "sla_status": "open",
                "engagement_summary": "Downloaded: Paper (1 Mar 2026).",
                "fit_score": 45.0,
                "engagement_score": 10.0,
                "total_score": 55.0,
                "is_primary": True,
                "mql_at": at,
                "handed_over_at": at,
                "sla_started_at": at,
                "sla_due_at": at + 24 * HOUR,
                "expires_at": at + 180 * DAY,
                **cells,
            },
        )

    def request(self, activity_id: str, contact: str = "jo", **cells) -> None:
        """A direct request that is to be answered in courtesy, unless said otherwise."""
        shared = {
            "activity_id": activity_id,
            "contact_id": contact,
            "account_id": None,
            "rep_id": "rep-1",
            "product_line": "general",
            "routed_by": "rule",
            "occurred_at": self.as_of - HOUR,
            **cells,
        }
        status = shared.pop("courtesy_status", "open")
        self.add(
            ("handoff", "fct_direct_requests"),
            **shared,
            handled_by="courtesy" if status else "mql",
            courtesy_status=status,
            courtesy_due_at=self.as_of + 3 * HOUR,
        )
        if status == "open":
            self.add(
                ("handoff", "fct_courtesy_queue"),
                **shared,
                last_name=f"Surname-{contact}",
                sla_due_at=self.as_of + 3 * HOUR,
            )

    def write(self, path: Path, *marts: tuple[str, str]) -> None:
        """Makes a database of these marts (default: all), in place of what was there."""
        path.unlink(missing_ok=True)
        self.rows["scoring", "fct_contact_scores"] = [{"as_of": self.as_of}]
        connection = duckdb.connect(str(path))
        for mart in marts or COLUMNS:
            schema, name = mart
            listed = ", ".join(f'"{c}" {kind}' for c, kind in COLUMNS[mart].items())
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{name} ({listed})")
            for row in self.rows[mart]:
                connection.execute(
                    f"insert into {schema}.{name} ({', '.join(row)})"
                    f" values ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
        connection.close()


class Place:
    """A folder with a warehouse, and deliveries from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "mql.duckdb"
        self.outbox = folder / "outbox.jsonl"
        self.log = folder / "operations" / "deliveries.jsonl"

    def deliver(self, day: Day | None = None, **arguments):
        """Delivers a day's marts. Returns the report."""
        if day is not None:
            day.write(self.warehouse)
        with warehouse.environment(
            MQL_WAREHOUSE_PATH=str(self.warehouse),
            MQL_WEBHOOK_URL=None,
            MQL_TARGET=None,
        ):
            return deliver(**arguments)

    def issued(self, day: Day | None = None, **arguments) -> list[tuple]:
        """Delivers to the outbox. Returns event and hand-over of what came new."""
        before = self.lines()
        report = self.deliver(day, **arguments)
        assert not report.failures
        return [
            (event["event"], event["handoff_id"])
            for event in self.lines()
            if event not in before
        ]

    def issued_names(self, day: Day | None = None) -> list[str]:
        """Delivers to the outbox. Returns all hand-overs that are in it."""
        self.deliver(day)
        return [event["handoff_id"] for event in self.lines()]

    def lines(self) -> list[dict]:
        """The outbox."""
        if not self.outbox.exists():
            return []
        return [json.loads(line) for line in self.outbox.read_text().splitlines()]

    def logged(self, record: str) -> list[dict]:
        """The log's lines of one kind."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["record"] == record]

    def command_line(self, *arguments: str, **settings: str) -> subprocess.Popen:
        """`python -m mql …` as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "mql", *arguments],
            cwd=warehouse.ROOT,
            env={"MQL_WAREHOUSE_PATH": str(self.warehouse), **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def webhook(receiver: Receiver, **settings) -> Webhook:
    """A webhook that does not wait long."""
    return Webhook(receiver.address, **{"backoff": 0.01, "timeout": 0.3, **settings})


def two_handoffs(as_of: datetime = NOON) -> Day:
    day = Day(as_of)
    day.handoff("h1", "jo", sla_due_at=NOON + HOUR)
    day.handoff("h2", "al", sla_due_at=NOON + 2 * HOUR)
    return day


# What is issued


def test_the_first_delivery_issues_what_is_open_and_notes_the_rest(place):
    day = two_handoffs()
    for status in ("contacted", "accepted", "rejected", "withdrawn", "expired"):
        day.handoff(f"old-{status}", status, status=status, closed_at=NOON)
    day.request("asked")
    day.request("answered", courtesy_status="answered")
    assert place.issued(day) == [
        ("created", "h1"),
        ("created", "h2"),
        ("courtesy", courtesy_id("asked")),
    ]
    assert len(place.logged("baseline")) == 6
    assert place.issued(day) == []
    assert len(place.logged("baseline")) == 6


def test_an_event_carries_what_a_rep_needs(place):
    day = Day()
    day.handoff("h1", trigger_type="engagement", content_downloaded="Paper")
    day.handoff(
        "h1", mql_id="m2", product_line="consumable", is_primary=False,
        handed_over_at=NOON,
    )  # fmt: skip
    place.deliver(day)
    (event,) = place.lines()
    assert event["occurred_at"] == "2026-03-02T11:00:00Z"
    assert event["as_of"] == "2026-03-02T12:00:00Z"
    assert event["handoff"]["product_lines"] == ["general", "consumable"]
    assert event["handoff"]["sla_due_at"] == "2026-03-03T11:00:00Z"
    assert event["scores"]["fit_score"] == 45.0
    assert event["contact"]["email"] == "jo@st-mary.example"
    assert event["account"]["account_name"] == "St Mary"
    assert event["engagement"]["content_downloaded"] == "Paper"
    assert event["rep"]["rep_name"] == "Sam"


def test_a_courtesy_names_the_request(place):
    day = Day()
    day.request("asked", activity_type="demo_request")
    place.deliver(day)
    (event,) = place.lines()
    assert event["request"]["activity_id"] == "asked"
    assert event["contact"]["last_name"] == "Surname-jo"
    assert event["occurred_at"] == "2026-03-02T11:00:00Z"


def test_who_is_withdrawn_goes_first_then_what_is_due_first(place):
    place.deliver(two_handoffs())
    day = Day()
    day.handoff("h1", "jo", sla_due_at=NOON + HOUR)
    day.handoff("h2", "al", status="withdrawn", withdrawn_at=NOON, closed_at=NOON)
    day.handoff("h3", "bo", sla_due_at=NOON + 5 * HOUR)
    day.handoff("h4", "cy", sla_due_at=NOON + 4 * HOUR)
    assert place.issued(day) == [
        ("withdrawn", "h2"),
        ("created", "h4"),
        ("created", "h3"),
    ]
    assert place.lines()[2]["reason"] == "suppressed"
    assert place.lines()[2]["occurred_at"] == "2026-03-02T12:00:00Z"
    assert place.issued(day) == []


def test_an_escalation_is_issued_once(place):
    place.deliver(two_handoffs())
    day = Day()
    day.handoff("h1", "jo", priority="high", escalated_at=NOON)
    day.handoff("h2", "al", status="accepted", escalated_at=NOON, closed_at=NOON)
    # answered before anybody was told
    assert place.issued(day) == [("escalated", "h1")]
    assert place.lines()[-1]["occurred_at"] == "2026-03-02T12:00:00Z"
    assert place.issued(day) == []


def test_one_that_is_escalated_when_first_seen_is_created_and_escalated(place):
    day = Day()
    day.handoff("h1", priority="high", escalated_at=NOON)
    assert place.issued(day) == [("created", "h1"), ("escalated", "h1")]


def test_a_reassignment_there_and_back_is_two_events(place):
    def with_rep(rep: str | None, lead: str | None, **cells) -> Day:
        day = Day()
        day.handoff("h1", rep_id=rep, lead_rep_id=lead, **cells)
        return day

    report = place.deliver(with_rep(None, None))
    assert report.unrouted == 1
    assert place.issued(with_rep("rep-1", "rep-1")) == [("reassigned", "h1")]
    assert place.issued(with_rep("rep-1", "rep-2")) == [("reassigned", "h1")]
    assert place.issued(with_rep("rep-1", "rep-1")) == [("reassigned", "h1")]
    assert place.issued(with_rep("rep-1", "rep-1")) == []
    # the lead goes when the work is done: nobody takes it from the rep
    assert place.issued(with_rep("rep-1", None, status="accepted")) == []
    reps = [
        (e["rep"]["rep_id"], e["rep"]["lead_rep_id"], e["rep"]["previous_lead_rep_id"])
        for e in place.lines()
    ]
    assert reps == [
        (None, None, None),
        ("rep-1", "rep-1", None),
        ("rep-1", "rep-2", "rep-1"),
        ("rep-1", "rep-1", "rep-2"),
    ]
    assert len({e["idempotency_key"] for e in place.lines()}) == 4


def test_what_is_open_again_after_a_withdrawal_is_created_again(place):
    def with_status(status: str) -> Day:
        day = Day()
        day.handoff("h1", status=status)
        return day

    place.deliver(with_status("open"))
    assert place.issued(with_status("withdrawn")) == [("withdrawn", "h1")]
    assert place.issued(with_status("open")) == [("created", "h1")]
    assert place.issued(with_status("withdrawn")) == [("withdrawn", "h1")]
    assert len({e["idempotency_key"] for e in place.lines()}) == 4


def test_a_courtesy_is_reassigned_and_withdrawn_too(place):
    name = courtesy_id("asked")
    day = Day()
    day.request("asked")
    place.deliver(day)
    day = Day()
    day.request("asked", rep_id="rep-2")
    assert place.issued(day) == [("reassigned", name)]
    day = Day()
    day.request("asked", rep_id="rep-2", courtesy_status="withdrawn")
    assert place.issued(day) == [("withdrawn", name)]
    assert place.lines()[-1]["request"]["activity_id"] == "asked"


def test_a_courtesy_that_a_handoff_takes_over_is_withdrawn_for_it(place):
    day = Day()
    day.request("asked")
    place.deliver(day)
    day = Day()
    day.request("asked", courtesy_status=None, handoff_id="h1")
    day.handoff("h1")
    place.deliver(day)
    withdrawn, created = place.lines()
    assert (withdrawn["event"], created["event"]) == ("withdrawn", "created")
    assert withdrawn["handoff_id"] == courtesy_id("asked")
    assert withdrawn["reason"] == "joined"
    assert withdrawn["joined_handoff_id"] == "h1"


# Late data


def test_a_spell_that_moved_is_not_issued_again(place):
    place.deliver(two_handoffs())
    day = Day()
    day.handoff("h1-earlier", "jo", handed_over_at=NOON - 5 * DAY)
    day.handoff("h2-line", "al", product_line="consumable")
    assert place.issued(day) == []
    assert {line["current_id"] for line in place.logged("seen")} == {
        "h1-earlier",
        "h2-line",
    }
    # what follows goes under the name it was issued under
    day = Day()
    day.handoff("h1-earlier", "jo", handed_over_at=NOON - 5 * DAY, rep_id="rep-2")
    day.handoff("h2-line", "al", status="withdrawn")
    assert place.issued(day) == [("withdrawn", "h2"), ("reassigned", "h1")]


def test_a_spell_that_moved_back_is_not_issued_again(place):
    there, back = two_handoffs(), Day()
    back.handoff("h1-earlier", "jo", handed_over_at=NOON - 5 * DAY)
    back.handoff("h2", "al")
    place.deliver(there)
    assert place.issued(back) == []
    assert place.issued(there) == []
    assert place.issued(back) == []


def test_a_spell_that_moved_past_its_answer_is_not_issued_again(place):
    """It does not overlap any more, but only late data can have made it."""
    day = Day()
    day.handoff("h1", handed_over_at=NOON - 3 * DAY)
    place.deliver(day)
    day = Day()
    day.handoff(
        "h1",
        handed_over_at=NOON - 3 * DAY,
        status="contacted",
        closed_at=NOON - 2 * DAY,
    )
    place.deliver(day)
    day = Day(NOON + HOUR)
    day.handoff("h1-later", handed_over_at=NOON - DAY)
    assert place.issued(day) == []


def test_a_new_one_is_issued_while_the_old_one_is_there(place):
    answered = {"handed_over_at": NOON - 9 * DAY, "closed_at": NOON - 8 * DAY}
    day = Day()
    day.handoff("h1", handed_over_at=NOON - 9 * DAY)
    place.deliver(day)
    day = Day()
    day.handoff("h1", status="rejected", **answered)
    day.handoff("h2")
    assert place.issued(day) == [("created", "h2")]


def test_a_new_one_is_issued_when_an_old_closed_one_vanishes(place):
    """Nothing but the person says that they are the same."""
    answered = {"handed_over_at": NOON - 9 * DAY, "closed_at": NOON - 8 * DAY}
    day = Day()
    day.handoff("h1", handed_over_at=NOON - 9 * DAY)
    place.deliver(day)
    day = Day()
    day.handoff("h1", status="accepted", **answered)
    place.deliver(day)
    day = Day(NOON + 2 * HOUR)
    day.handoff("h2", handed_over_at=NOON + HOUR)
    # and what sales has accepted is not taken from it
    assert place.issued(day) == [("created", "h2")]


def test_somebody_elses_new_one_is_no_move(place):
    day = Day()
    day.handoff("h1", "jo")
    place.deliver(day)
    day = Day()
    day.handoff("h2", "al")
    assert sorted(place.issued(day)) == [("created", "h2"), ("withdrawn", "h1")]


def test_account_handoffs_of_two_lines_are_two(place):
    day = Day()
    day.handoff("a1", None, product_line="general")
    place.deliver(day)
    day = Day()
    day.handoff("a1-later", None, product_line="general", handed_over_at=NOON)
    day.handoff("a2", None, product_line="consumable", handed_over_at=NOON)
    assert place.issued(day) == [("created", "a2")]


def test_what_late_data_takes_back_is_withdrawn(place):
    place.deliver(two_handoffs())
    day = Day()
    day.handoff("h2", "al")
    assert place.issued(day) == [("withdrawn", "h1")]
    assert place.lines()[-1]["reason"] == "no_longer_handed_over"
    assert place.lines()[-1]["rep"]["rep_id"] == "rep-1"
    assert place.issued(day) == []
    # and given again, it is a new one
    assert place.issued(two_handoffs()) == [("created", "h1")]


def test_one_that_joins_another_is_withdrawn_for_it(place):
    closed = {"handed_over_at": NOON - 9 * DAY, "closed_at": NOON - 8 * DAY}
    day = Day()
    day.handoff("h1", handed_over_at=NOON - 9 * DAY)
    place.deliver(day)
    day = Day()
    day.handoff("h1", status="contacted", **closed)
    day.handoff("h2")
    place.deliver(day)
    day = Day()
    day.handoff("h1", status="contacted", handed_over_at=NOON - 9 * DAY, closed_at=NOON)
    day.handoff("h1", mql_id="h2", is_primary=False)
    assert place.issued(day) == [("withdrawn", "h2")]
    assert place.lines()[-1]["reason"] == "joined"
    assert place.lines()[-1]["joined_handoff_id"] == "h1"


def test_one_that_an_earlier_mql_takes_over_has_only_moved(place):
    day = Day()
    day.handoff("h1")
    place.deliver(day)
    day = Day()
    # not even the times overlap
    day.handoff("h0", handed_over_at=NOON - 400 * DAY, closed_at=NOON - 300 * DAY)
    day.handoff("h0", mql_id="h1", is_primary=False)
    assert place.issued(day) == []


def test_a_name_that_is_taken_is_not_used_again(place):
    """A moves to B and lives on; then late data makes another A."""
    day = Day()
    day.handoff("a")
    place.deliver(day)
    day = Day()
    day.handoff("b", handed_over_at=NOON - 5 * DAY)
    place.deliver(day)
    day = Day()
    day.handoff(
        "b", status="contacted", handed_over_at=NOON - 5 * DAY, closed_at=NOON - 4 * DAY
    )
    day.handoff("a")
    ((event, name),) = place.issued(day)
    assert event == "created" and name != "a"
    assert len({e["idempotency_key"] for e in place.lines()}) == 2
    assert place.issued(day) == []


def test_marts_that_are_older_are_refused(place):
    place.deliver(two_handoffs())
    with pytest.raises(ProjectError, match="Nothing was delivered.*--allow-older"):
        place.deliver(Day(NOON - DAY))
    assert len(place.issued(Day(NOON - DAY), allow_older=True)) == 2


# Personal data


def test_an_erased_person_is_in_neither_log_nor_outbox(place):
    day = two_handoffs()
    day.request("jos-request", "jo")
    place.deliver(day)
    day = two_handoffs()
    day.rows["handoff", "fct_mql_handoffs"][0] |= {"status": "accepted"}
    day.request("jos-request", "jo")
    place.deliver(day)
    texts = [place.outbox.read_text(), place.log.read_text()]
    assert "Surname-jo" in texts[0] and "jos-request" in texts[0]

    day = Day(NOON + HOUR)
    day.handoff("h2", "al")
    place.deliver(day)
    texts = [place.outbox.read_text(), place.log.read_text()]
    for text in texts:
        for personal in ("Surname-jo", "jo@", "jos-request", '"jo"'):
            assert personal not in text
    # what the rep still has in hand is taken back; nobody else loses anything
    assert [(e["event"], e["handoff_id"]) for e in place.lines()] == [
        ("created", "h2"),
        ("withdrawn", courtesy_id("jos-request")),
    ]
    assert place.lines()[1]["contact"] is None


def test_the_log_has_nothing_about_a_person_in_the_first_place(place):
    day = two_handoffs()
    day.request("jos-request", "jo", asset_name="Robot demo")
    place.deliver(day)
    text = place.log.read_text()
    for personal in ("Surname", "@st-mary", "555-0100", "Chief", "Paper", "Robot",
                     "jos-request", '"jo"', "Sam"):  # fmt: skip
        assert personal not in text
    # but what was issued can be told, and proved
    (line,) = [e for e in place.logged("issuing") if e["handoff_id"] == "h1"]
    assert line["scores"]["total_score"] == 55.0
    (body,) = [e for e in place.outbox.read_bytes().splitlines() if b'"h1"' in e]
    assert line["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_the_outbox_is_its_owners_alone(place):
    place.deliver(two_handoffs())
    assert place.outbox.stat().st_mode & 0o777 == 0o600
    place.deliver(Day())
    assert place.outbox.stat().st_mode & 0o777 == 0o600


# A receiver with bad days


def test_a_post_is_signed_and_has_its_key(place, receiver):
    place.deliver(two_handoffs(), target=webhook(receiver, secret="hush"))
    assert [e["handoff_id"] for e in receiver.events] == ["h1", "h2"]
    for headers, body in receiver.requests:
        event = json.loads(body)
        assert headers["Idempotency-Key"] == event["idempotency_key"]
        assert headers["Content-Type"].startswith("application/json")
        signature = hmac.new(b"hush", body, hashlib.sha256).hexdigest()
        assert headers["X-MQL-Signature"] == f"sha256={signature}"
    assert place.issued() == []


@pytest.mark.parametrize("bad_day", [500, 503, 408, DROP, SILENCE])
def test_a_receiver_that_fails_twice_gets_the_same_again(place, receiver, bad_day):
    receiver.behaviours = [bad_day, bad_day]
    report = place.deliver(two_handoffs(), target=webhook(receiver))
    assert not report.failures and report.issued == {"created": 2}
    bodies = [body for _, body in receiver.requests]
    assert bodies[0] == bodies[1] == bodies[2] != bodies[3]
    assert receiver.keys[0] == receiver.keys[1] == receiver.keys[2]


def test_a_receiver_that_asks_for_time_gets_it(place, receiver):
    receiver.behaviours = [(429, {"Retry-After": "1"})]
    started = time.monotonic()
    report = place.deliver(two_handoffs(), target=webhook(receiver))
    assert time.monotonic() - started >= 1
    assert not report.failures and len(receiver.requests) == 3


def test_waits_grow_and_are_always_the_same(receiver):
    """0, 2, 4, 8 … times the back-off."""
    retry = Webhook(receiver.address).session.get_adapter("http://").max_retries
    waits = []
    for _ in range(4):
        retry = retry.increment("POST", "/", error=OSError())
        waits.append(retry.get_backoff_time())
    assert waits == [0, 2, 4, 8]


def test_an_event_that_is_refused_does_not_stop_the_others(place, receiver):
    day = two_handoffs()
    day.rows["handoff", "fct_mql_handoffs"][0]["escalated_at"] = NOON
    receiver.behaviours = [422]
    report = place.deliver(day, target=webhook(receiver))
    # nor does anything follow on what the receiver does not have
    assert [e["handoff_id"] for e in receiver.events] == ["h1", "h2"]
    assert report.issued == {"created": 1} and report.waiting == 1
    assert len(report.failures) == 1 and "answered 422" in report.failures[0]
    assert len(place.logged("failed")) == 1
    assert [e["handoff_id"] for e in place.logged("issued")] == ["h2"]

    report = place.deliver(target=webhook(receiver))
    assert not report.failures
    assert [(e["event"], e["handoff_id"]) for e in receiver.events[2:]] == [
        ("created", "h1"),
        ("escalated", "h1"),
    ]
    assert receiver.keys[2] == receiver.keys[0]


def test_a_receiver_that_is_down_is_not_asked_for_every_event(place, receiver):
    day = Day()
    for number in range(10):
        day.handoff(f"h{number}", f"contact-{number}")
    receiver.behaviours = [500] * 6
    report = place.deliver(day, target=webhook(receiver, attempts=2))
    assert len(receiver.requests) == 6
    assert len(report.failures) == 3 and report.waiting == 7
    assert "The next delivery tries them again" in report.complaint()
    report = place.deliver(target=webhook(receiver))
    assert report.issued == {"created": 10}


def test_a_redirect_is_no_delivery(place, receiver):
    receiver.behaviours = [(302, {"Location": receiver.address})] * 2
    report = place.deliver(two_handoffs(), target=webhook(receiver))
    assert len(receiver.requests) == 2 and not report.issued
    assert "redirects are not followed" in report.failures[0]


def test_the_address_is_never_said(place, receiver):
    """Whoever has the address of a webhook can post to it."""
    receiver.behaviours = [DROP, 404, 500, SILENCE]
    day = two_handoffs()
    day.handoff("h3", "bo")
    day.handoff("h4", "cy")
    report = place.deliver(day, target=webhook(receiver, attempts=1))
    assert len(report.failures) == 4
    said = report.text() + report.complaint() + place.log.read_text()
    assert "127.0.0.1" in said and "s3cr3t" not in said


def test_nobody_there_is_said(place):
    target = Webhook("http://127.0.0.1:9/hooks", attempts=1)
    report = place.deliver(two_handoffs(), target=target)
    assert "it refuses connections" in report.failures[0]


@pytest.mark.parametrize(
    "address",
    ["http://crm.example/hook", "ftp://crm.example", "crm.example", "https://"],
)
def test_an_address_nothing_can_be_posted_to_safely_is_refused(address):
    with pytest.raises(ProjectError, match="MQL_WEBHOOK_URL is"):
        Webhook(address)


def test_killed_between_post_and_confirmation(place, receiver):
    """At least once, and under the same key."""
    two_handoffs().write(place.warehouse)
    receiver.behaviours = [200, SILENCE]
    process = place.command_line("deliver", MQL_WEBHOOK_URL=receiver.address)
    while len(receiver.requests) < 2:
        assert receiver.arrived.wait(60) and process.poll() is None
        receiver.arrived.clear()
    process.kill()
    process.communicate()
    assert len(place.logged("issuing")) == 2 and len(place.logged("issued")) == 1

    again = place.command_line("deliver", MQL_WEBHOOK_URL=receiver.address)
    said, complaint = again.communicate(timeout=60)
    assert again.returncode == 0, complaint
    assert "Delivered 1 events to http://127.0.0.1" in said
    assert [e["handoff_id"] for e in receiver.events] == ["h1", "h2", "h2"]
    assert receiver.keys[1] == receiver.keys[2] != receiver.keys[0]
    assert place.deliver(target=webhook(receiver)).issued == {}


def test_a_failure_is_the_commands_failure(place, receiver):
    two_handoffs().write(place.warehouse)
    receiver.behaviours = [400]
    process = place.command_line("deliver", MQL_WEBHOOK_URL=receiver.address)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Delivered 1 events" in said
    assert "answered 400" in complaint and "Traceback" not in complaint


# Killed anywhere, over any history


class Killed(BaseException):
    """What a kill is to the code after it."""


class Sales:
    """A receiver that takes each key once, and a sender that may die around it."""

    name = "sales"

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.in_hand: dict[str, tuple] = {}
        self.escalated: set[str] = set()
        self.sent = 0
        self.deaths: list[str] = []

    def send(self, key: str, body: bytes) -> None:
        self.sent += 1
        fate = self.deaths.pop(0) if self.deaths else "lives"
        if fate == "dies before":
            raise Killed
        if fate == "refused":
            raise Refused("no")
        if fate == "unreachable":
            raise Unreachable("no")
        if key not in self.keys:
            self.keys.add(key)
            self.take(json.loads(body))
        if fate == "dies after":
            raise Killed

    def take(self, event: dict) -> None:
        name = event["handoff_id"]
        reps = (event["rep"]["rep_id"], event["rep"]["lead_rep_id"])
        if event["event"] == "created":
            assert name not in self.in_hand, "created twice"
            self.in_hand[name] = reps
        elif event["event"] == "withdrawn":
            self.in_hand.pop(name, None)
        elif event["event"] == "reassigned":
            assert name in self.in_hand
            self.in_hand[name] = reps
        elif event["event"] == "escalated":
            assert name in self.in_hand
            self.escalated.add(name)


HANDOFFS = st.builds(
    lambda hour, hours, **cells: Handoff(
        handoff_id=f"{cells['contact_id']}-{hour}",
        handoff_type="contact",
        account_id=None,
        product_line="general",
        handed_over_at=START + hour * HOUR,
        closed_at=None if cells["status"] == "open" else START + (hour + hours) * HOUR,
        expires_at=START + (hour + 100) * HOUR,
        due_at=START + (hour + 24) * HOUR,
        lead_rep_id=cells["rep_id"],
        **cells,
    ),
    hour=st.integers(0, 6),
    hours=st.integers(1, 4),
    contact_id=st.sampled_from(["al", "bo"]),
    rep_id=st.sampled_from([None, "rep-1", "rep-2"]),
    status=st.sampled_from(["open", "open", "contacted", "accepted", "withdrawn"]),
    escalated_at=st.sampled_from([None, None, START + DAY]),
)
FATES = st.sampled_from(
    ["lives", "lives", "dies before", "dies after", "refused", "unreachable"]
)
HISTORIES = st.lists(
    st.tuples(
        st.lists(HANDOFFS, max_size=4, unique_by=lambda handoff: handoff.handoff_id),
        # some MQL is part of another hand-over
        st.dictionaries(
            st.sampled_from([f"{who}-{n}" for who in ("al", "bo") for n in range(7)]),
            st.integers(0, 3),
            max_size=2,
        ),
        st.lists(FATES, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


def marts_of(day: int, handoffs: list[Handoff], joined: dict[str, int]) -> Marts:
    by_name = {handoff.handoff_id: handoff for handoff in handoffs}
    part_of = {
        name: handoffs[place].handoff_id
        for name, place in joined.items()
        if name not in by_name and place < len(handoffs)
    }
    return Marts(START + day * HOUR, by_name, part_of)


@settings(max_examples=80, deadline=None)
@given(HISTORIES)
def test_whatever_happens_sales_has_what_the_marts_have(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("log") / "deliveries.jsonl"
    sales = Sales()
    for day, (handoffs, joined, fates) in enumerate(history):
        marts = marts_of(day, handoffs, joined)
        sales.deaths = list(fates)
        try:
            log = DeliveryLog(path)
            issue(plan(log, marts), {}, marts.as_of, sales, log)
        except Killed:
            pass
    sales.deaths = []
    log = DeliveryLog(path)
    report = issue(plan(log, marts), {}, marts.as_of, sales, log)
    assert not report.failures and not report.waiting

    log = DeliveryLog(path)
    assert not plan(log, marts).events and not plan(log, marts).notes
    names = {known.current_id: known.handoff_id for known in log.issued()}
    assert len(names) == len(list(log.issued()))
    for name, handoff in marts.handoffs.items():
        if handoff.status == "open":
            assert sales.in_hand[names[name]] == handoff.reps
            if handoff.escalated_at:
                assert names[name] in sales.escalated
        if handoff.status == "withdrawn":
            assert names.get(name) not in sales.in_hand
    for known in log.issued():
        if known.is_gone and known.status in ("open", "contacted"):
            assert known.handoff_id not in sales.in_hand


# The log, and one at a time


def test_the_log_is_a_table_of_events(place, receiver):
    def events(columns: str) -> list[tuple]:
        connection = duckdb.connect()
        query = deliveries_query(place.log)
        found = connection.execute(f"select {columns} from ({query}) order by all")
        return found.fetchall()

    assert events("*") == []
    receiver.behaviours = [422]
    place.deliver(two_handoffs(), target=webhook(receiver))
    columns = "handoff_id, event, status, attempts, last_error is not null"
    assert events(columns) == [
        ("h1", "created", "failed", 1, True),
        ("h2", "created", "issued", 1, False),
    ]
    place.deliver(target=webhook(receiver))
    with open(place.log, "a") as log:
        log.write(json.dumps({**place.logged("issuing")[0], "idempotency_key": "x"}))
    day = Day(NOON + HOUR)
    day.handoff("h1-later", "jo")
    day.handoff("h2", "al", sla_due_at=NOON + 2 * HOUR)
    place.deliver(day)
    assert events(f"{columns}, current_id, rep_id") == [
        ("h1", "created", "issued", 2, True, "h1-later", "rep-1"),
        ("h1", "created", "unconfirmed", 1, False, "h1-later", "rep-1"),
        ("h2", "created", "issued", 1, False, "h2", "rep-1"),
    ]


def test_a_dry_run_sends_and_notes_nothing(place, capfdbinary):
    report = place.deliver(two_handoffs(), dry_run=True)
    assert "Would deliver 2 events" in report.text()
    events = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [event["handoff_id"] for event in events] == ["h1", "h2"]
    assert not place.log.exists() and not place.outbox.exists()
    place.deliver()
    assert place.lines() == events


def test_another_target_is_told_that_it_does_not_get_everything(place, receiver):
    assert "before" not in place.deliver(two_handoffs()).text()
    report = place.deliver(target=webhook(receiver))
    assert f"The delivery before went to {place.outbox}" in report.text()
    assert "before" not in place.deliver(target=webhook(receiver)).text()


def test_a_second_delivery_at_once_is_told_so(place):
    place.deliver(two_handoffs())
    with open(place.folder / "delivery.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ProjectError, match="another delivery is at work"):
            place.deliver()
    assert place.issued() == []


def test_half_a_line_that_a_lost_machine_left_is_no_harm(place):
    place.deliver(two_handoffs())
    for file in (place.log, place.outbox):
        with open(file, "a") as half:
            half.write('{"record": "iss')
    day = two_handoffs()
    day.handoff("h3", "bo")
    assert place.issued_names(day) == ["h1", "h2", "h3"]
    assert place.issued(day) == []


def test_a_log_that_somebody_broke_stops_everything(place):
    place.deliver(two_handoffs())
    lines = place.log.read_text().splitlines()
    for broken in ("{", '"text"', '{"record": "issued", "handoff_id": "unheard-of"}'):
        place.log.write_text("\n".join([*lines[:2], broken, *lines[2:]]) + "\n")
        with pytest.raises(ProjectError, match="line 3 of .*Nothing was delivered"):
            place.deliver()
    assert len(place.lines()) == 2


def test_a_log_that_cannot_be_written_stops_everything(place, receiver):
    two_handoffs().write(place.warehouse)
    place.log.mkdir(parents=True)
    with pytest.raises(ProjectError, match="cannot be"):
        place.deliver(target=webhook(receiver))
    assert not receiver.requests


def test_a_lost_log_sends_again_under_the_same_keys(place):
    place.deliver(two_handoffs())
    place.log.unlink()
    place.deliver()
    keys = [e["idempotency_key"] for e in place.lines()]
    assert len(keys) == 4 and len(set(keys)) == 2


def test_a_file_that_cannot_be_written_is_said(place):
    report = place.deliver(two_handoffs(), out=str(place.folder))
    assert "Is a directory" in report.failures[0] and not report.issued
    assert len(place.issued()) == 2


def test_a_line_of_somebody_else_stays_in_the_file(place):
    foreign = place.folder / "mine.jsonl"
    foreign.write_text('hello\n{"handoff_id": "other"}')
    place.deliver(two_handoffs(), target=File(foreign))
    place.deliver(Day(), target=File(foreign))
    lines = foreign.read_text().splitlines()
    assert lines[:2] == ["hello", '{"handoff_id": "other"}']
    assert [json.loads(line)["event"] for line in lines[2:]] == ["withdrawn"] * 2


# Where the marts are read


def test_published_marts_come_before_the_working_database(place):
    Day().write(place.warehouse)
    two_handoffs().write(
        place.folder / "handoffs.duckdb",
        ("handoff", "fct_mql_handoffs"),
        ("handoff", "fct_courtesy_queue"),
    )
    day = Day()
    day.handoff("from-the-wrong-file")
    day.write(
        place.folder / "marts.duckdb",
        ("handoff", "fct_mql_handoffs"),
        ("handoff", "fct_direct_requests"),
        ("scoring", "fct_contact_scores"),
    )
    # the working database may be in use
    with duckdb.connect(str(place.warehouse)):
        assert place.issued() == [("created", "h1"), ("created", "h2")]


def test_files_of_two_runs_issue_nobody_without_a_name(place):
    """Between the two renames of a run that publishes."""
    before, after = two_handoffs(), two_handoffs()
    after.request("asked")
    hand_overs = [("handoff", "fct_mql_handoffs"), ("handoff", "fct_courtesy_queue")]
    marts = [("handoff", "fct_direct_requests"), ("scoring", "fct_contact_scores")]
    before.write(place.folder / "handoffs.duckdb", *hand_overs)
    after.write(place.folder / "marts.duckdb", *marts)
    assert place.issued() == [("created", "h1"), ("created", "h2")]
    after.write(place.folder / "handoffs.duckdb", *hand_overs)
    assert place.issued() == [("courtesy", courtesy_id("asked"))]
    assert place.lines()[-1]["contact"]["last_name"] == "Surname-jo"


def test_without_a_build_the_message_says_what_to_do(place):
    with pytest.raises(ProjectError, match="run `make build` first"):
        place.deliver()
    duckdb.connect(str(place.warehouse)).close()
    with pytest.raises(ProjectError, match="no handoff.fct_mql_handoffs: run `make"):
        place.deliver()
    place.warehouse.write_text("no database")
    with pytest.raises(ProjectError, match="cannot be opened"):
        place.deliver()
    nowhere = {"PGHOST": "127.0.0.1", "PGPORT": "1", "MQL_POSTGRES_URL": None}
    with (
        warehouse.environment(MQL_TARGET="postgres", **nowhere),
        # the one without its driver, the other with it
        pytest.raises(ProjectError, match="requirements-postgres|cannot be reached"),
    ):
        deliver(out="-")
    assert not place.log.exists()


# From raw files


def test_late_data_from_raw_files(place):
    """The whole way: an MQL moves, another is a courtesy, one says stop."""
    day = START + 400 * DAY
    files = RawFiles()
    files.account("A1", "hospital", "NY")
    surgeon = {"specialty": "orthopaedic_surgery", "role": "chief_of_surgery"}
    for contact in ("C1", "C2"):
        files.contact(contact, "A1", **surgeon)
        files.activity(contact, "webinar_registration", day)
    files.contact("C3", "", specialty="orthopaedic_surgery")
    files.activity("C3", "demo_request", day)
    seen = day + DAY
    warehouse.build_models(files.write(place.folder / "raw"), place.warehouse, seen)
    report = place.deliver()
    assert report.issued == {"created": 2, "courtesy": 1}
    assert report.as_of == seen
    assert {e["contact"]["contact_id"] for e in place.lines()} == {"C1", "C2", "C3"}

    # heard of late: C1 had registered the day before; meanwhile C2 said stop
    files.activity("C1", "webinar_registration", day - DAY, loaded_at=seen + HOUR)
    files.activity("C2", "unsubscribe", seen + HOUR)
    warehouse.build_models(
        files.write(place.folder / "raw"), place.warehouse, seen + DAY
    )
    names = {e["contact"]["contact_id"]: e["handoff_id"] for e in place.lines()}
    assert place.issued() == [("withdrawn", names["C2"])]
    (moved,) = [e for e in place.logged("seen") if e["handoff_id"] == names["C1"]]
    assert moved["current_id"] != names["C1"]
