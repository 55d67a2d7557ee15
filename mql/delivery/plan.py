"""What is new since the last delivery: the log against the marts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from mql.delivery.log import (
    BASELINE,
    COURTESY,
    CREATED,
    ESCALATED,
    GONE,
    REASSIGNED,
    SEEN,
    WITHDRAWN,
    DeliveryLog,
    Known,
    key_of,
)
from mql.delivery.marts import Handoff, Marts

# Why a hand-over is withdrawn.
SUPPRESSED = "suppressed"  # the person said stop
JOINED = "joined"  # another hand-over has it now
NO_LONGER = "no_longer_handed_over"  # not an MQL after all, or the person was erased

# A rep works on these; the others are over.
IN_WORK = ("open", "contacted")


@dataclass(frozen=True)
class Event:
    """Something to issue: the n-th such event of a hand-over.

    `is_again` tells one that was sent before, and that nobody confirmed. `handoff` is
    what the marts have, None where they have nothing any more.
    `previous_reps` are the rep and lead whom it is taken from; `joined` is the
    hand-over, as issued, that has it now.
    """

    event: str
    number: int
    handoff_id: str
    handoff_type: str
    party: str
    known: Known | None
    handoff: Handoff | None
    is_again: bool = False
    reason: str | None = None
    joined: str | None = None
    previous_reps: tuple = (None, None)

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return key_of(self.handoff_id, self.event, self.number)

    @property
    def reps(self) -> tuple:
        """The rep and the lead it is about; those it named before, if it is again."""
        if self.handoff is None or (self.is_again and self.event != ESCALATED):
            return self.known.told_reps
        return self.handoff.reps

    @property
    def urgency(self) -> tuple:
        """What to send first: whom to call no more, then what is due first."""
        if self.handoff is None or self.handoff.status == WITHDRAWN:
            return (0, datetime.min, self.handoff_id)
        return (1, self.handoff.due_at, self.handoff_id)


@dataclass
class Plan:
    """Lines for the log, to be written first, and events, in the order to send them."""

    notes: list[dict] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def baseline(self) -> int:
        """How many hand-overs were closed when first seen."""
        return sum(note["record"] == BASELINE for note in self.notes)

    @property
    def gone(self) -> set[str]:
        """The hand-overs that the marts have no more, by the name they were issued."""
        return {note["handoff_id"] for note in self.notes if note["record"] == GONE}


def plan(log: DeliveryLog, marts: Marts) -> Plan:
    """Compares what was issued with what is."""
    made = Plan()
    issued = {known.current_id: known for known in log.issued()}
    vanished = [
        known
        for name, known in issued.items()
        if name not in marts.handoffs and not known.is_gone
    ]
    moved = moves(vanished, issued, log, marts)
    issued |= {handoff.handoff_id: known for known, handoff in moved}

    issued_as = {name: known.handoff_id for name, known in issued.items()}
    for name, handoff in marts.handoffs.items():
        known = issued.get(name)
        if known is not None:
            if known.is_gone or differs(known, handoff):
                made.notes.append(seen(known, handoff))
            made.events += news(known, handoff)
        elif handoff.status == "open":
            events = first_news(handoff, log)
            issued_as[name] = events[0].handoff_id
            made.events += events
        elif name not in log.known:
            made.notes.append(
                {"record": BASELINE, **name_of(handoff), **state_of(handoff)}
            )

    has_moved = {known.handoff_id for known, _ in moved}
    for known in log.issued():
        is_back = known.current_id in marts.handoffs
        if is_back or known.handoff_id in has_moved:
            continue
        if not known.is_gone:
            made.notes.append({"record": GONE, "handoff_id": known.handoff_id})
        other = marts.part_of.get(known.current_id)
        made.events += last_news(known, issued_as.get(other, other))
    made.events.sort(key=lambda event: event.urgency)
    return made


def moves(
    vanished: list[Known], issued: dict[str, Known], log: DeliveryLog, marts: Marts
) -> list[tuple[Known, Handoff]]:
    """Which of the hand-overs that vanished are there under another name.

    Late data moves the time or line of the MQL that opens a hand-over, and with it the
    name. It is the same where its MQL is part of the other now, or the other has the
    name it was issued under; or where the other, of the same person, was never seen
    before, and either overlaps it or must be due to late data, since the last delivery
    had already seen past its beginning, and is no further away than one hand-over may
    be open. The best match wins; each finds one at most.
    """
    candidates = defaultdict(list)
    for handoff in marts.handoffs.values():
        if handoff.handoff_type != COURTESY and handoff.handoff_id not in issued:
            candidates[handoff.handoff_type, handoff.party].append(handoff)
    pairs = []
    for known in vanished:
        for handoff in candidates[known.handoff_type, known.party]:
            is_part = marts.part_of.get(known.current_id) == handoff.handoff_id
            is_back = handoff.handoff_id == known.handoff_id
            is_new = handoff.handoff_id not in log.known
            does_overlap = overlap(known, handoff)
            is_late = log.as_of is not None and handoff.handed_over_at <= log.as_of
            distance = abs(handoff.handed_over_at - known.handed_over_at)
            is_near = is_late and distance < handoff.may_be_open_for
            if is_part or is_back or (is_new and (does_overlap or is_near)):
                names = (known.handoff_id, handoff.handoff_id)
                rank = (not is_part, not is_back, not does_overlap, distance, names)
                pairs.append((rank, known, handoff))
    matched, found, taken = [], set(), set()
    for _, known, handoff in sorted(pairs, key=lambda pair: pair[0]):
        if known.handoff_id not in found and handoff.handoff_id not in taken:
            found.add(known.handoff_id)
            taken.add(handoff.handoff_id)
            matched.append((known, handoff))
    return matched


def overlap(known: Known, handoff: Handoff) -> bool:
    """Whether the two were open at one time."""
    return known.handed_over_at < (handoff.closed_at or datetime.max) and (
        handoff.handed_over_at < (known.closed_at or datetime.max)
    )


def first_news(handoff: Handoff, log: DeliveryLog) -> list[Event]:
    """The events of an open hand-over nothing was ever issued of."""
    name = handoff.handoff_id
    while name in log.known and log.known[name].is_issued:
        # taken by one that has moved away from this name and lives on under another
        name = hashlib.md5(name.encode()).hexdigest()
    opening = COURTESY if handoff.handoff_type == COURTESY else CREATED
    return [
        Event(event, 1, name, handoff.handoff_type, handoff.party, None, handoff)
        for event in (opening, *([ESCALATED] if handoff.escalated_at else []))
    ]


def news(known: Known, handoff: Handoff) -> list[Event]:
    """The events of a hand-over that was issued, and that the marts still have.

    One that nobody confirmed is sent again, unless a later one has undone it.
    """
    event = partial(next_event, known, handoff)
    if handoff.status == WITHDRAWN:
        is_again = not known.is_in_hand
        if is_again and WITHDRAWN not in known.pending:
            return []
        return [event(WITHDRAWN, is_again, reason=SUPPRESSED)]
    if not known.is_in_hand:
        if handoff.status != "open":
            return []
        # late data has taken the withdrawal back; who may not have it is told of both
        events = []
        if WITHDRAWN in known.pending:
            events.append(event(WITHDRAWN, True, reason=SUPPRESSED))
        events.append(event(known.opening, False))
        return events + escalations(known, handoff, event)

    events = []
    if known.opening in known.pending:
        events.append(event(known.opening, True))
    events += escalations(known, handoff, event)
    if handoff.status in IN_WORK and handoff.reps != known.told_reps:
        events.append(event(REASSIGNED, False, previous_reps=known.told_reps))
    elif REASSIGNED in known.pending:
        events.append(event(REASSIGNED, True, previous_reps=known.previous_reps))
    return events


def escalations(
    known: Known, handoff: Handoff, event: Callable[..., Event]
) -> list[Event]:
    """The escalation of a hand-over: once, and only while nobody has answered."""
    if ESCALATED in known.pending:
        return [event(ESCALATED, True)]
    is_new = ESCALATED not in known.numbers and handoff.status == "open"
    return [event(ESCALATED, False)] if handoff.escalated_at and is_new else []


def last_news(known: Known, joined: str | None) -> list[Event]:
    """The events of a hand-over that the marts have no more.

    `joined` is the hand-over that has it now. What sales has answered for good
    stays as it is: the rep's deal is no less a deal.
    """
    is_again = not known.is_in_hand and WITHDRAWN in known.pending
    if not is_again and not (known.is_in_hand and known.status in IN_WORK):
        return []
    reason = JOINED if joined else NO_LONGER
    return [next_event(known, None, WITHDRAWN, is_again, reason=reason, joined=joined)]


def next_event(
    known: Known, handoff: Handoff | None, kind: str, is_again: bool, **others
) -> Event:
    """The next event of a kind, or its last one again."""
    return Event(
        kind,
        known.numbers.get(kind, 0) + (0 if is_again else 1),
        known.handoff_id,
        known.handoff_type,
        known.party,
        known,
        handoff,
        is_again,
        **others,
    )


def name_of(handoff: Handoff) -> dict:
    """What a hand-over never issued is called in the log."""
    return {
        "handoff_id": handoff.handoff_id,
        "handoff_type": handoff.handoff_type,
        "party": handoff.party,
        "current_id": handoff.handoff_id,
    }


def state_of(handoff: Handoff) -> dict:
    """What the log keeps of a hand-over's state."""
    return {
        "status": handoff.status,
        "handed_over_at": handoff.handed_over_at,
        "closed_at": handoff.closed_at,
    }


def differs(known: Known, handoff: Handoff) -> bool:
    """Whether a hand-over is not what it was when last seen."""
    was = (known.current_id, known.status, known.handed_over_at, known.closed_at)
    return was != (
        handoff.handoff_id,
        handoff.status,
        handoff.handed_over_at,
        handoff.closed_at,
    )


def seen(known: Known, handoff: Handoff) -> dict:
    """The line for an issued hand-over that has changed."""
    return {
        "record": SEEN,
        "handoff_id": known.handoff_id,
        "current_id": handoff.handoff_id,
        **state_of(handoff),
    }
