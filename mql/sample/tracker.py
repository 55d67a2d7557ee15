"""Follows a contact through the rules, and has sales answer what they award.

The tracker walks through a contact's activities with a small estimate of the guide's
rules, so that answers fall on real MQLs: it keeps the score per line, the inactivity
losses, holds, requests and open opportunities, and asks at each moment whether the
contact qualifies.
"""

from heapq import heappop, heappush
from random import Random

from mql.sample.book import OPEN_STAGES, Book
from mql.sample.catalogue import Touch
from mql.sample.clock import DAY, END, HOUR, lateness, load_moment
from mql.sample.desk import Desk
from mql.sample.estimate import (
    CAPITAL_NEEDED,
    CONSUMABLE_NEEDED,
    CUSTOMER_POINTS,
    NEVER,
    TOTAL_NEEDED,
    Fit,
    service_at,
    service_boundaries,
)
from mql.sample.journeys import Activity
from mql.sample.people import Person
from mql.sample.words import CAPITAL, CONSUMABLE, GENERAL, LINES, SERVICE

HOLD_DAYS = {"no_budget": 180, "existing_customer": 365}
UNTIL_CHANGE = {"wrong_specialty", "wrong_role", "not_qualified_facility"}
OTHER_TEXTS = (
    "Moves to another hospital next month",
    "Works on a research project only, no purchase",
    "Asked for a call after the budget round, then cancelled",
    "Reached the wrong person; number belongs to a pharmacy",
)
# line: typical amount in US dollars, typical days from opportunity to close
DEALS = ((60_000, 80), (780_000, 170), (24_000, 60), (55_000, 75))


class Tracker:
    """The standing of one contact over time, as the guide's rules see it (estimate)."""

    def __init__(self, person: Person, rng: Random, desk: Desk, book: Book):
        self.person = person
        self.facility = person.facility
        self.rng = rng
        self.desk = desk
        self.book = book
        self.scores = [0.0] * 4
        self.fresh = [0] * 4
        self.needs_fresh = [False] * 4
        self.last_answer: list[tuple[int, str, int]] = [(NEVER, "", 0)] * 4
        self.last_request = [NEVER] * 4
        self.last_close = [NEVER] * 4
        self.open_deals = [0] * 4
        self.suppressed = False
        self.last_engaged = 0
        self.losses = 0
        self.qualified = [False] * 4
        self.ended_at = [NEVER] * 4
        self.lapsed = [False] * 4
        self.open_mqls: dict[int, int] = {}
        self.answer_pending = False
        self.mql_moments: list[tuple[int, int]] = []
        self.moves: list[tuple[int, float]] = []
        self.queue: list[tuple] = []
        self.earned_once: set[str] = set()
        self.scanned_on = -1
        self._queued = 0
        self._refit(person.created_at)

    def _later(self, moment: int, kind: str, data: tuple = ()) -> None:
        if moment < END:
            self._queued += 1
            heappush(self.queue, (moment, self._queued, kind, data))

    def _refit(self, moment: int) -> None:
        person = self.person
        beds = self.facility.beds_at(moment)
        self.fit = Fit(person.role, person.specialty, self.facility, beds)
        customer, self.signal = service_at(self.facility, moment)
        self.service_points = self.fit.points[SERVICE] + customer * CUSTOMER_POINTS

    def run(self, activities: list[Activity]) -> None:
        """Walks through the activities, which are in time order."""
        created_at = self.person.created_at
        for boundary in service_boundaries(self.facility):
            if boundary > created_at:
                self._later(boundary, "refit")
        for updated_at, _, _ in self.facility.versions[1:]:
            if updated_at > created_at:
                self._later(updated_at, "profile")
        for moment, touch in activities:
            self._until(moment)
            self._act(moment, touch)
        self._until(END)

    def _until(self, moment: int) -> None:
        """Everything due up to a moment, losses and queued events in time order."""
        queue = self.queue
        while True:
            loss_at = END
            if self.last_engaged:
                loss_at = self.last_engaged + (90 + 30 * self.losses) * DAY
            event_at = queue[0][0] if queue else END
            due = min(loss_at, event_at)
            if due > moment or due >= END:
                return
            if loss_at <= event_at:
                self.losses += 1
                self.scores = [max(0.0, score - 10) for score in self.scores]
                self._ask(due, "lapsed")
                continue
            due, _, kind, data = heappop(queue)
            if kind == "answer":
                self._answer(due, *data)
            elif kind == "open":
                self._open_deal(due, *data)
            elif kind == "close":
                self._close_deal(due, *data)
            elif kind == "profile":
                for line in range(4):
                    answered_at, outcome, until = self.last_answer[line]
                    if until > END:
                        self.last_answer[line] = (answered_at, outcome, due)
                self._refit(due)
                self._ask(due, "profile")
            else:
                self._refit(due)
                self._ask(due, "lapsed")

    def _act(self, moment: int, touch: Touch) -> None:
        points = touch.points
        if touch.is_opt_out:
            self.suppressed = True
        elif touch.is_opt_in or touch.is_request:
            self.suppressed = False
        if any(points):
            repeated = bool(touch.once) and touch.once in self.earned_once
            if touch.activity_type == "badge_scan":
                repeated = self.scanned_on == moment // DAY
                self.scanned_on = moment // DAY
            if touch.once:
                self.earned_once.add(touch.once)
            for line in range(4):
                if points[line] and not repeated:
                    self.scores[line] = max(0.0, self.scores[line] + points[line])
                    self.fresh[line] += max(0, points[line])
                if touch.is_request and points[line]:
                    self.last_request[line] = moment
            if touch.is_request:
                self._later(moment + 30 * DAY, "tick")
            if max(points) > 0:
                self.last_engaged = moment
                self.losses = 0
        self._ask(moment, "suppressed" if touch.is_opt_out else "lapsed", touch)

    def _qualifies(self, line: int, moment: int) -> bool:
        fit = self.fit
        if not fit.passes[line] or self.suppressed or self.open_deals[line]:
            return False
        points = fit.points[line]
        if line == SERVICE:
            points = self.service_points
            if not self.signal or points < 10:
                return False
        requested_at = self.last_request[line]
        score = self.scores[line]
        if not requested_at <= moment < requested_at + 30 * DAY:
            if line == CAPITAL:
                if score < CAPITAL_NEEDED:
                    return False
            elif line == CONSUMABLE:
                if score < CONSUMABLE_NEEDED:
                    return False
            elif points + score < TOTAL_NEEDED:
                return False
        answered_at, outcome, until = self.last_answer[line]
        if moment < until and not (
            outcome == "rejected" and until < END * 2 and requested_at > answered_at
        ):
            return False
        closed_at = self.last_close[line]
        if moment < closed_at + 180 * DAY and requested_at <= closed_at:
            return False
        if self.needs_fresh[line] and self.fresh[line] < 20:
            return False
        return moment < self.last_engaged + 180 * DAY

    def _ask(self, moment: int, why: str, touch: Touch | None = None) -> None:
        """Whether the contact qualifies now, per line; awards what begins."""
        if moment < self.person.created_at:
            return
        # held and suppressed contacts do not count for their account
        counts = not self.suppressed and moment >= self.last_answer[GENERAL][2]
        self.moves.append((moment, self.scores[GENERAL] if counts else 0.0))
        requested = bool(touch) and touch.is_request
        for line in range(4):
            now = self._qualifies(line, moment)
            if now == self.qualified[line]:
                continue
            self.qualified[line] = now
            if not now:
                self.ended_at[line] = moment
                self.lapsed[line] = why == "lapsed"
                continue
            pause = moment - self.ended_at[line]
            if self.lapsed[line] and pause < 30 * DAY and not requested:
                continue
            self.open_mqls[line] = moment
            self.mql_moments.append((moment, line))
        if self.open_mqls and not self.answer_pending:
            self._plan_answer(moment, touch)

    def _plan_answer(self, moment: int, touch: Touch | None) -> None:
        rng = self.rng
        requested = bool(touch) and touch.is_request
        outcome = self.desk.answer(moment, self._promise(touch), rng)
        self.answer_pending = True
        if outcome == "none":
            # forgotten; the next hand-over begins when this one has expired
            self._later(moment + 180 * DAY, "answer", (moment, outcome))
            return
        known_at = max(load_moment(moment), moment + lateness(moment))
        if requested:
            delay = 1.7 * HOUR * rng.lognormvariate(0, 0.75)
        else:
            delay = 8.5 * HOUR * rng.lognormvariate(0, 0.75)
        if rng.random() < 0.03:
            delay += 5 * DAY
        response_at = known_at + 300 + int(delay)
        if outcome == "contacted" or rng.random() < 0.28:
            self._later(response_at, "answer", (moment, "contacted"))
            response_at += int((0.4 + 6 * rng.random()) * DAY)
        if outcome != "contacted":
            self._later(response_at, "answer", (moment, outcome))

    def _promise(self, touch: Touch | None) -> float:
        """How likely sales is to like this one, from -1 to 1, around 0."""
        promise = 0.35 if self.fit.role_class == "D" else -0.15
        if touch:
            if touch.is_request:
                promise += 0.45
            elif touch.activity_type == "webinar_attendance":
                promise += 0.3
            elif touch.activity_type.startswith(("email", "page")):
                promise -= 0.3
        if (self.facility.versions[0][1] or 0) >= 200:
            promise += 0.15
        return promise - 0.1

    def _rejection(self, moment: int, mqls: int) -> tuple[str, str]:
        facility, fit = self.facility, self.fit
        beds = facility.versions[0][1] or 0
        leanings = {
            "existing_customer": 0.8 if facility.own_contracts else -0.4,
            "not_qualified_facility": -0.6 if beds >= 200 else 0.4,
            "wrong_role": -0.6 if fit.role_class == "D" else 0.4,
            "wrong_specialty": -0.5 if "surgery" in fit.specialty else 0.4,
        }
        reason = self.desk.reason(moment, leanings, mqls, self.rng)
        text = ""
        if reason == "other":
            text = OTHER_TEXTS[int(self.rng.random() * len(OTHER_TEXTS))]
        return reason, text

    def _answer(self, moment: int, awarded_at: int, outcome: str) -> None:
        if outcome == "none":
            self.open_mqls.clear()
            self.answer_pending = False
            return
        if outcome == "contacted":
            lines = list(self.open_mqls)
            self._note(moment, lines, outcome, "", "")
            return
        self.answer_pending = False
        lines = sorted(self.open_mqls)
        self.open_mqls.clear()
        if self.suppressed and self.rng.random() < 0.7:
            return
        reason = text = ""
        if outcome == "rejected":
            reason, text = self._rejection(awarded_at, len(lines))
            days = HOLD_DAYS.get(reason, 30)
            until = END * 4 if reason in UNTIL_CHANGE else moment + days * DAY
        else:
            until = moment + 180 * DAY
        answered = self._note(moment, lines, outcome, reason, text)
        for line in answered:
            self.last_answer[line] = (moment, outcome, until)
            self.fresh[line] = 0
            self.needs_fresh[line] = True
        self._later(until, "tick")
        if outcome == "accepted":
            promise = 0.3 if self.last_request[GENERAL] > NEVER else 0.0
            if self.desk.opens_deal(promise, self.rng):
                wait = int((1 + 24 * self.rng.random()) * DAY)
                self._later(moment + wait, "open", (tuple(lines),))
                if len(lines) > 1 and self.rng.random() < 0.4:
                    # the visit leads to a second, smaller deal
                    self._later(moment + wait + DAY, "open", (tuple(lines[:1]),))
        self._ask(moment, outcome)

    def _note(
        self, moment: int, lines: list[int], outcome: str, reason: str, text: str
    ) -> set[int]:
        """Writes the answer's rows; returns the lines that it answers."""
        person = self.person
        rep = ""
        if lines == [SERVICE]:
            rep = "R-08"
        share = self.rng.random()
        if share < (0.22 if len(lines) == 1 else 0.5):
            self.book.note(
                moment, person.contact_id, "", "", outcome, reason, text, rep
            )
            return {0, 1, 2, 3}
        for number, line in enumerate(lines):
            self.book.note(
                moment + 40 * number,
                person.contact_id,
                self.facility.account_id if share > 0.7 else "",
                LINES[line],
                outcome,
                reason,
                text,
                rep,
            )
        return {GENERAL, *lines}

    def _open_deal(self, moment: int, lines: tuple[int, ...]) -> None:
        rng = self.rng
        named = [line for line in lines if line != GENERAL]
        line = named[int(rng.random() * len(named))] if named else GENERAL
        typical, days = DEALS[line]
        amount = round(typical * rng.lognormvariate(0, 0.5), -2)
        closed_at = moment + int((12 + days * rng.lognormvariate(-0.1, 0.5)) * DAY)
        leaning = 0.25 if self.fit.role_class == "D" else -0.1
        result = self.desk.ends_deal(closed_at < END - DAY, leaning, rng)
        stage = OPEN_STAGES[int(rng.random() * 4)]
        self.book.deal(
            self.person.contact_id,
            self.facility.account_id,
            LINES[line] if named else "",
            int(amount),
            moment,
            closed_at,
            result,
            stage,
        )
        touched = (GENERAL, line) if named else (0, 1, 2, 3)
        for each in touched:
            self.open_deals[each] += 1
        if result != "open":
            self._later(closed_at, "close", (touched,))
        self._ask(moment, "opened")

    def _close_deal(self, moment: int, lines: tuple[int, ...]) -> None:
        for line in lines:
            self.open_deals[line] -= 1
            self.last_close[line] = moment
            self.fresh[line] = 0
            self.needs_fresh[line] = True
        self._later(moment + 180 * DAY, "tick")
        self._ask(moment, "closed")
