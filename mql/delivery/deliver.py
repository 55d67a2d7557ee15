"""One delivery: what is new in the marts is issued, and that is logged."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from mql.delivery.log import (
    DELIVERY,
    FAILED,
    ISSUED,
    OPENING,
    WITHDRAWN,
    DeliveryLog,
)
from mql.delivery.marts import Marts, mart_reader
from mql.delivery.payload import issuing, payload
from mql.delivery.plan import Event, Plan, plan
from mql.delivery.targets import (
    File,
    Refused,
    StandardOutput,
    Unreachable,
    chosen_target,
)
from mql.json_lines import json_line
from mql.operations import lock, now
from mql.project import ProjectError, shelf

# A receiver that is down is not asked again for every event that waits.
UNREACHABLE_IN_A_ROW = 3
# How many failures a message names.
NAMED = 10


@dataclass
class Report:
    """What a delivery did.

    `issued` and `unrouted` count events; `failures` are texts, one for each event the
    receiver did not take; `waiting` counts events that were not tried. `last_target` is
    where the delivery before went.
    """

    target: str
    as_of: datetime | None
    baseline: int = 0
    last_target: str | None = None
    is_rehearsal: bool = False
    issued: Counter = field(default_factory=Counter)
    unrouted: int = 0
    failures: list[str] = field(default_factory=list)
    waiting: int = 0

    def count(self, event: Event) -> None:
        """Counts an event that the receiver has."""
        self.issued[event.event] += 1
        if event.event != WITHDRAWN and event.reps == (None, None):
            self.unrouted += 1

    def text(self) -> str:
        """The report in a few lines."""
        total = self.issued.total()
        kinds = ", ".join(f"{count:,} {event}" for event, count in self.issued.items())
        what = f"{total:,} events to {self.target}: {kinds}" if total else "no events"
        did = "Would deliver" if self.is_rehearsal else "Delivered"
        lines = [f"{did} {what}. As of {self.as_of} UTC."]
        if self.last_target not in (None, self.target):
            lines.append(
                f"The delivery before went to {self.last_target}; what that took is not"
                " delivered again."
            )
        if self.unrouted:
            lines.append(
                f"{self.unrouted:,} of them have no rep (routed_by is `unrouted`)."
            )
        if self.baseline:
            lines.append(
                f"{self.baseline:,} hand-overs were closed when first seen; they are"
                " noted and not delivered."
            )
        return "\n".join(lines)

    def complaint(self) -> str:
        """What was not delivered, and what becomes of it."""
        named = [f"  {failure}" for failure in self.failures[:NAMED]]
        if len(self.failures) > NAMED:
            named.append(f"  … and {len(self.failures) - NAMED:,} more")
        waiting = f", and {self.waiting:,} were not tried" if self.waiting else ""
        return "\n".join(
            [
                f"{len(self.failures):,} events were not delivered{waiting}:",
                *named,
                "The next delivery tries them again, with the same keys.",
            ]
        )


def deliver(
    out: str | None = None,
    allow_older: bool = False,
    dry_run: bool = False,
    target=None,
) -> Report:
    """Issues what is new since the last delivery.

    `out` is a file, or `-` for standard output; by default the webhook of the
    environment or a file beside the warehouse. `target` takes the place of these.
    `allow_older` delivers from marts older than those of the last delivery. `dry_run`
    prints what would be sent, and sends and notes nothing.
    Raises ProjectError where nothing could be delivered. Failures of single events are
    in the report.
    """
    target = target or chosen_target(out, shelf().outbox)
    holder = f"process {os.getpid()} on {socket.gethostname()}, since {now()} UTC"
    with lock(shelf().delivery_lock, holder, "another delivery is at work"):
        log = DeliveryLog(shelf().deliveries)
        with mart_reader() as reader:
            marts = reader.marts()
            refuse_older(log, marts, allow_older)
            todo = plan(log, marts)
            details = reader.details(
                [event.handoff for event in todo.events if event.handoff]
            )
        # While a run publishes, the two files may be of two runs, and one of them not
        # know yet whom a courtesy is for. It is issued next time.
        todo.events = [
            event
            for event in todo.events
            if event.event not in OPENING or details_of(event, details)
        ]
        if dry_run:
            return rehearse(todo, details, marts.as_of, target)
        return issue(todo, details, marts.as_of, target, log)


def rehearse(
    todo: Plan, details: dict[str, dict], as_of: datetime | None, target
) -> Report:
    """Prints a plan's events as they would be sent."""
    report = Report(target.name, as_of, baseline=todo.baseline, is_rehearsal=True)
    for event in todo.events:
        sent = payload(event, details_of(event, details), as_of)
        try:
            StandardOutput().send(event.key, json_line(sent))
        except Unreachable as error:
            raise ProjectError(str(error)) from error
        report.count(event)
    return report


def refuse_older(log: DeliveryLog, marts: Marts, allow_older: bool) -> None:
    """Raises ProjectError where the marts are older than those last delivered from.

    From an old copy everything newer would seem to have been taken back.
    """
    if allow_older or log.as_of is None or marts.as_of is None:
        return
    if marts.as_of < log.as_of:
        raise ProjectError(
            f"the marts are as of {marts.as_of} UTC, and the last delivery was from some"
            f" as of {log.as_of} UTC. Nothing was delivered: all that is newer would be"
            " withdrawn. Build up to date, or say --allow-older if that is meant."
        )


def issue(
    todo: Plan,
    details: dict[str, dict],
    as_of: datetime | None,
    target,
    log: DeliveryLog,
) -> Report:
    """Sends a plan's events in their order; each is logged before and after.

    `details` has the marts' row of each hand-over that has one.
    """
    report = Report(target.name, as_of, todo.baseline, last_target=log.target)
    if todo.gone and isinstance(target, File):
        target.forget(todo.gone)
    log.append({"record": DELIVERY, "as_of": as_of, "target": target.name}, *todo.notes)
    held_back: set[str] = set()
    in_a_row = 0
    for event in todo.events:
        # what follows on something a receiver does not have would only confuse it
        if event.handoff_id in held_back or in_a_row == UNREACHABLE_IN_A_ROW:
            report.waiting += 1
            continue
        sent = payload(event, details_of(event, details), as_of)
        body = json_line(sent)
        line = {
            "idempotency_key": event.key,
            "event": event.event,
            "number": event.number,
            "handoff_id": event.handoff_id,
        }
        log.append(issuing(event, sent, body))
        try:
            target.send(event.key, body)
        except (Refused, Unreachable) as error:
            log.append({"record": FAILED, **line, "error": str(error)})
            report.failures.append(f"{event.event} of {event.handoff_id}: {error}")
            held_back.add(event.handoff_id)
            in_a_row = in_a_row + 1 if isinstance(error, Unreachable) else 0
            continue
        log.append({"record": ISSUED, **line})
        in_a_row = 0
        report.count(event)
    return report


def details_of(event: Event, details: dict[str, dict]) -> dict | None:
    """What the marts have on an event's hand-over, None where they have nothing."""
    return details.get(event.handoff.handoff_id) if event.handoff else None


def run(out: str | None, allow_older: bool, dry_run: bool) -> None:
    """Delivers and says what came of it; ProjectError where something was left."""
    report = deliver(out, allow_older, dry_run)
    has_events_on_it = out == "-" or dry_run
    print(report.text(), file=sys.stderr if has_events_on_it else sys.stdout)
    if report.failures:
        raise ProjectError(report.complaint())
