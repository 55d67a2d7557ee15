"""Facility by facility from nothing to files."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from mql.sample.book import Book, rep_lines
from mql.sample.catalogue import Catalogue
from mql.sample.clock import (
    AS_OF,
    CLOCK_TEXTS,
    DAY,
    DAY_TEXTS,
    END,
    HOUR,
    LOAD_TEXTS,
    START,
    lateness,
    stamp,
)
from mql.sample.committees import answer_account, quick_standing
from mql.sample.desk import Desk
from mql.sample.estimate import MISFIT_POINTS
from mql.sample.facilities import Facility
from mql.sample.journeys import (
    GIVE_AWAY_STARTS,
    LIST_STARTS,
    Activity,
    Journey,
    glance,
)
from mql.sample.people import Person
from mql.sample.planted import plant
from mql.sample.tracker import Tracker
from mql.sample.writer import CHUNK_ROWS, Writer

DEFAULT_SEED = 2026

# Share of contacts planned as MQLs among those whose fit allows it, at a facility of
# ordinary heat; found by measuring, so that a fifth of all contacts become MQLs.
PLANNED_SHARE = 0.285


@dataclass(frozen=True)
class Summary:
    """What was written: where, the moment it is about, and the rows per table."""

    folder: Path
    file_format: str
    seed: int
    as_of: str
    contacts: int
    facilities: int
    planned_mqls: int
    rows: dict[str, int]


def generate(
    folder: str | Path,
    contacts: int = 2000,
    seed: int = DEFAULT_SEED,
    file_format: str = "csv",
    chunk_rows: int = CHUNK_ROWS,
) -> Summary:
    """Writes the seven raw files of a sample into a folder, made where missing.

    `contacts` counts people, the planted ones among them (these are always all there).
    Memory is bounded by `chunk_rows`, rows per table held at a time, which does not
    change what is written.
    """
    if contacts < 1:
        raise ValueError("a sample needs at least one contact")
    catalogue = Catalogue(seed)
    desk = Desk()
    with Writer(folder, file_format, chunk_rows) as writer:
        writer.add("sales_reps", rep_lines())
        people, facilities = plant(writer)
        planned = 0
        number = 0
        neighbour = None
        while people < contacts:
            number += 1
            facility = Facility(seed, number)
            headcount = min(facility.headcount, contacts - people)
            planned += _facility(
                writer, catalogue, desk, facility, headcount, neighbour
            )
            people += headcount
            neighbour = facility
    return Summary(
        Path(folder),
        file_format,
        seed,
        AS_OF,
        people,
        facilities + number,
        planned,
        writer.rows,
    )


def _facility(
    writer: Writer,
    catalogue: Catalogue,
    desk: Desk,
    facility: Facility,
    headcount: int,
    neighbour: Facility | None,
) -> int:
    """Writes one facility with its people; returns how many of them had a journey."""
    rng = facility.rng
    writer.add("accounts", facility.account_lines())
    writer.add("service_contracts", facility.contract_lines())
    book = Book(facility.number, facility.rep)
    contact_lines: list[str] = []
    activity_lines: list[str] = []
    standings = []
    planned = 0
    recruits = False
    for number in range(1, headcount + 1):
        person = Person(rng, facility, number)
        share = PLANNED_SHARE * facility.heat
        if person.allowed_points < MISFIT_POINTS and rng.random() < share:
            planned += 1
            person.corrected_phone(rng)
            starts_at = _journey_start(rng, person)
            activities = Journey(rng, person, catalogue, starts_at).activities
            activities.sort(key=_moment)
            tracker = Tracker(person, rng, desk, book)
            tracker.run(activities)
            standings.append(tracker.moves)
            recruits = True
        else:
            person.may_change(rng, neighbour)
            activities = glance(rng, person, catalogue)
            activities.sort(key=_moment)
            if person.fit.role_class not in "TN":
                standings.append(quick_standing(activities))
        contact_lines += person.lines(rng)
        _write_activities(rng, facility.number, person, activities, activity_lines)
    if recruits and facility.coverage != "uncovered":
        answer_account(standings, rng, book, facility.account_id)
    writer.add("contacts", contact_lines)
    writer.add("activities", activity_lines)
    writer.add("dispositions", book.dispositions)
    writer.add("opportunities", book.opportunities)
    return planned


def _moment(activity: Activity) -> int:
    return activity[0]


def _journey_start(rng: Random, person: Person) -> int:
    """When a planned journey begins; the crowded months draw some of them."""
    share = rng.random()
    for moment, width in ((GIVE_AWAY_STARTS, 0.055), (LIST_STARTS, 0.06)):
        if share < width:
            person.created_at = min(person.created_at, moment)
            return moment
        share -= width
    span = END - 4 * DAY - person.created_at
    if person.created_at < START + DAY:
        return person.created_at + int(rng.random() * span)
    if rng.random() < 0.35:
        # it was the journey that made the contact known
        return person.created_at
    wait = int(rng.expovariate(1 / (150 * DAY)))
    return person.created_at + (wait if wait < span else int(rng.random() * span))


def _write_activities(
    rng: Random,
    facility_number: int,
    person: Person,
    activities: list[Activity],
    lines: list[str],
) -> None:
    """Appends the CSV lines of a contact's activities."""
    random = rng.random
    contact_id = person.contact_id
    prefix = f"A-{contact_id[2:]}-"
    add = lines.append
    for number, (moment, touch) in enumerate(activities):
        day, clock = divmod(moment, DAY)
        late = lateness(moment)
        loaded = stamp(moment + late) if late else LOAD_TEXTS[moment // HOUR]
        line = (
            f"{prefix}{number},{contact_id},{touch.activity_type},"
            f"{DAY_TEXTS[day]}{CLOCK_TEXTS[clock]},{touch.cells},"
            f"{touch.is_machine},{loaded}"
        )
        add(line)
        if random() > 0.997:
            # sent twice by the source, to the letter
            add(line)
