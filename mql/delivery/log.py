"""The log of deliveries, and what it knows of each hand-over.

`operations/deliveries.jsonl` beside the working database. Lines are appended, never
changed. It outlives full refreshes, because it is not in a database that is rebuilt; and
it outlives an erased person, because it says nothing about one: no name, address,
telephone number, source id or activity, only hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from mql.json_lines import append_lines, json_line
from mql.operations import now
from mql.project import ProjectError

CREATED, COURTESY, ESCALATED, REASSIGNED, WITHDRAWN = (
    "created",
    "courtesy",
    "escalated",
    "reassigned",
    "withdrawn",
)
# The events after which whoever receives them has the hand-over in hand.
OPENING = (CREATED, COURTESY)
KEYS = UUID("5b1d0f4e-2c61-5d7b-9a3c-6f0e8a4d7c21")

# The kinds of lines.
DELIVERY = "delivery"  # a delivery begins
BASELINE = "baseline"  # closed when first seen: not issued
SEEN = "seen"  # an issued hand-over has changed in the marts: its status, or its name
GONE = "gone"  # an issued hand-over is in the marts no more
ISSUING = "issuing"  # an event is about to be sent
ISSUED = "issued"  # the receiver has it
FAILED = "failed"  # the receiver will not have it, or cannot be reached


def key_of(handoff_id: str, event: str, number: int) -> str:
    """The idempotency key of the n-th such event of a hand-over: always the same."""
    return str(uuid5(KEYS, f"{handoff_id}/{event}/{number}"))


@dataclass
class Known:
    """What the log knows of a hand-over, or of a courtesy response.

    `handoff_id` is the name it was issued under, and `current_id` the one it had in the
    marts when last seen. `party` is a hash of whose it is. `told_reps` are the rep and
    the lead last issued, `previous_reps` those before. `numbers` counts its events of
    each kind, and `pending` has the kinds whose last one nobody has confirmed.
    """

    handoff_id: str
    handoff_type: str
    party: str
    current_id: str
    status: str
    handed_over_at: datetime
    closed_at: datetime | None
    is_gone: bool = False
    is_in_hand: bool = False
    told_reps: tuple = (None, None)
    previous_reps: tuple = (None, None)
    numbers: dict[str, int] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    @property
    def is_issued(self) -> bool:
        """Whether anything of it was ever issued, or begun to be."""
        return bool(self.numbers)

    @property
    def opening(self) -> str:
        """The event that puts it into a rep's hand."""
        return COURTESY if self.handoff_type == COURTESY else CREATED

    def begin(self, event: str, number: int, reps: tuple) -> None:
        """Takes note that an event is about to be sent; the first time counts."""
        if number <= self.numbers.get(event, 0):
            return
        self.numbers[event] = number
        self.pending.add(event)
        if event in OPENING or event == REASSIGNED:
            self.previous_reps, self.told_reps = self.told_reps, reps
        if event in OPENING or event == WITHDRAWN:
            self.is_in_hand = event in OPENING

    def confirm(self, event: str, number: int) -> None:
        """Takes note that the receiver has an event."""
        if number == self.numbers.get(event):
            self.pending.discard(event)


class DeliveryLog:
    """The log, read as a whole when opened; what is appended is known at once.

    `as_of` is that of the marts last delivered from, and `target` where that went; None
    before the first delivery.
    """

    def __init__(self, path: Path):
        """Raises ProjectError where there is a log and it cannot be read."""
        self.path = path
        self.known: dict[str, Known] = {}
        self.as_of: datetime | None = None
        self.target: str | None = None
        for number, line in enumerate(read_lines(path), start=1):
            try:
                self.take(line)
            except (KeyError, TypeError, ValueError) as error:
                raise ProjectError(
                    f"line {number} of {path} is not one this program wrote"
                    f" ({error!r}). Nothing was delivered."
                ) from error

    def append(self, *lines: dict) -> None:
        """Adds lines, on disk before this returns. Raises ProjectError if it cannot."""
        at = now()
        try:
            append_lines(self.path, [json_line({"at": at, **line}) for line in lines])
        except OSError as error:
            raise ProjectError(
                f"{self.path} cannot be written ({error.strerror}). What was sent"
                " without being noted is sent again next time, with the same key."
            ) from error
        for line in lines:
            self.take(line)

    def take(self, line: dict) -> None:
        """Takes note of one line."""
        kind = line["record"]
        if kind == DELIVERY:
            self.as_of = moment(line["as_of"]) or self.as_of
            self.target = line["target"]
            return
        if kind in (BASELINE, ISSUING) and line["handoff_id"] not in self.known:
            self.known[line["handoff_id"]] = Known(
                handoff_id=line["handoff_id"],
                handoff_type=line["handoff_type"],
                party=line["party"],
                current_id=line["current_id"],
                status=line["status"],
                handed_over_at=moment(line["handed_over_at"]),
                closed_at=moment(line["closed_at"]),
            )
        known = self.known[line["handoff_id"]]
        if kind in (SEEN, ISSUING):
            known.current_id = line["current_id"]
            known.status = line["status"]
            known.handed_over_at = moment(line["handed_over_at"])
            known.closed_at = moment(line["closed_at"])
        if kind == SEEN:
            known.is_gone = False
        elif kind == GONE:
            known.is_gone = True
        elif kind == ISSUING:
            reps = (line["rep_id"], line["lead_rep_id"])
            known.begin(line["event"], line["number"], reps)
        elif kind == ISSUED:
            known.confirm(line["event"], line["number"])

    def issued(self) -> Iterable[Known]:
        """The hand-overs of which anything was issued."""
        return (known for known in self.known.values() if known.is_issued)


# Columns that operations.deliveries takes from the log's lines, and their types.
LINE_COLUMNS = {
    "at": "timestamp",
    "record": "varchar",
    "idempotency_key": "varchar",
    "event": "varchar",
    "handoff_id": "varchar",
    "current_id": "varchar",
    "handoff_type": "varchar",
    "rep_id": "varchar",
    "lead_rep_id": "varchar",
    "reason": "varchar",
    "occurred_at": "timestamp",
    "body_sha256": "varchar",
    "error": "varchar",
}


def deliveries_query(path: Path) -> str:
    """SQL for the events in a log of deliveries, a row each.

    `current_id` is the name in the marts, where late data has changed it. The status is
    `issued`, `failed`, or `unconfirmed` where a delivery was killed.
    """
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in LINE_COLUMNS.items())
    quoted = str(path).replace("'", "''")
    nothing = ", ".join(
        f'cast(null as {kind}) as "{name}"' for name, kind in LINE_COLUMNS.items()
    )
    lines = (
        f"read_json('{quoted}', format = 'newline_delimited',"
        f" columns = {{{columns}}}, ignore_errors = true)"
        if path.exists()
        else f"(select {nothing} where false)"
    )
    return f"""
        with lines as (
            select * from {lines}
        ),

        names as (
            select handoff_id, arg_max(current_id, "at") as current_id
            from lines
            where current_id is not null
            group by handoff_id
        ),

        events as (
            select
                idempotency_key,
                min(event) as event,
                min(handoff_id) as handoff_id,
                min(handoff_type) as handoff_type,
                arg_max(rep_id, "at") as rep_id,
                arg_max(lead_rep_id, "at") as lead_rep_id,
                arg_max(reason, "at") as reason,
                case
                    when max(case when record = '{ISSUED}' then 1 end) = 1
                        then '{ISSUED}'
                    when arg_max(record, "at") = '{FAILED}' then '{FAILED}'
                    else 'unconfirmed'
                end as status,
                count(case when record = '{ISSUING}' then 1 end) as attempts,
                arg_max(error, "at") as last_error,
                arg_max(body_sha256, "at") as body_sha256,
                arg_max(occurred_at, "at") as occurred_at,
                min("at") as first_sent_at,
                min(case when record = '{ISSUED}' then "at" end) as issued_at
            from lines
            where idempotency_key is not null
            group by idempotency_key
        )

        select events.*, names.current_id
        from events
        left join names on events.handoff_id = names.handoff_id
    """


def moment(cell: str | datetime | None) -> datetime | None:
    """A time of a line, which is text once it was read."""
    return datetime.fromisoformat(cell) if isinstance(cell, str) else cell


def read_lines(path: Path) -> Iterator[dict]:
    """The lines of a file of JSON objects; none where there is no file.

    Half a line at the end is passed over.
    Raises ProjectError where the file cannot be read, or a line is broken.
    """
    if not path.exists():
        return
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    try:
                        json.loads(line)
                    except ValueError:
                        return
                yield parsed(path, number, line)
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be read ({error.strerror}), and without it nobody knows what"
            " was delivered. Nothing was."
        ) from error


def parsed(path: Path, number: int, line: bytes) -> dict:
    """One line as an object; raises ProjectError where it is none."""
    try:
        cells = json.loads(line)
    except ValueError:
        cells = None
    if not isinstance(cells, dict):
        raise ProjectError(
            f"line {number} of {path} is broken: something else than this program has"
            " changed the file. Nothing was delivered. Put back a copy of it; if there"
            " is none, remove that line, and what it was about may be delivered again,"
            " with the same key."
        )
    return cells
