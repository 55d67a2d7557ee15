"""What people do: mail, visits, downloads, webinars, shows, requests.

An activity is `(time in seconds, touch)`. Most contacts only glance: their points stay
below what would make them an MQL. The planned ones follow a journey that does.
"""

from bisect import bisect_left
from math import log
from random import Random

from mql.sample.catalogue import Catalogue, Touch
from mql.sample.clock import DAY, END, HOUR, seconds
from mql.sample.estimate import MISFIT_POINTS, service_at
from mql.sample.people import Person
from mql.sample.words import CAPITAL, CONSUMABLE, GENERAL, SERVICE

Activity = tuple[int, Touch]

# Two months stand out in the reviews: leads from a show's give-away who do not answer,
# and leads from a bought list at places that do not buy. Both are journeys crowded into
# a few days; `desk` gives their rejections a mix of their own.
GIVE_AWAY_STARTS = seconds("2025-03-09 12:00:00")
LIST_STARTS = seconds("2025-10-02 09:00:00")


def mailings(
    rng: Random, person: Person, catalogue: Catalogue, openness: float, allowed: int
) -> tuple[list[Activity], int]:
    """Mail sent and opened; returns it and the engagement points it earned.

    `openness` is the share of messages opened, `allowed` the points it may earn.
    """
    random = rng.random
    activities: list[Activity] = []
    add = activities.append
    spent = 0
    emails = catalogue.emails
    stride = 4 + int(random() * 7)
    first = bisect_left(catalogue.email_times, person.created_at)
    gateway = person.facility.has_mail_gateway
    for number in range(first + int(random() * stride), len(emails), stride):
        email = emails[number]
        sent_at = email.sent_at + int(random() * 240)
        add((sent_at, email.send))
        if gateway and random() < 0.6:
            hidden = random() < 0.5
            opened = email.hidden_machine_open if hidden else email.machine_open
            add((sent_at + int(random() * 3), opened))
            if random() < 0.3:
                add((sent_at + int(random() * 3), email.hidden_machine_click))
        share = random()
        if share < openness and spent < allowed:
            opened_at = sent_at + 40 + int(-log(1 - random()) * 7 * HOUR)
            if opened_at >= END:
                continue
            add((opened_at, email.open))
            spent += 1
            if random() < 0.3:
                add((min(END - 1, opened_at + int(random() * 2 * DAY)), email.open))
            if spent + 5 <= allowed and random() < 0.15:
                clicked_at = min(END - 60, opened_at + 5 + int(random() * 50))
                add((clicked_at, email.click))
                pages = catalogue.pages
                add((clicked_at + 3, pages[int(random() * len(pages))]))
                spent += 5
        elif share > 0.9965:
            left_at = min(END - 1, sent_at + 60 + int(random() * DAY))
            if random() < 0.85:
                add((left_at, catalogue.unsubscribe))
            else:
                add((left_at, catalogue.spam_complaint))
            if random() < 0.12:
                back_at = left_at + int((5 + 90 * random()) * DAY)
                if back_at < END:
                    add((back_at, catalogue.opt_in))
            break
    return activities, spent


def glance(rng: Random, person: Person, catalogue: Catalogue) -> list[Activity]:
    """The activities of a contact who shall not become an MQL."""
    random = rng.random
    allowed = person.allowed_points
    openness = 0.08 + 0.3 * random() * random()
    activities, spent = mailings(rng, person, catalogue, openness, allowed)
    add = activities.append
    span = END - person.created_at
    for _ in range(int(-log(1 - random()) * 1.4)):
        moment = person.created_at + int(random() * span)
        for _ in range(1 + int(random() * 3)):
            if random() < 0.5 or spent + 2 > allowed:
                pages = catalogue.low_intent_pages
            else:
                pages = catalogue.pages
                spent += 2
            add((moment, pages[int(random() * len(pages))]))
            moment += 20 + int(random() * 200)
    if random() < 0.04:
        add((person.created_at + int(random() * span), catalogue.contact_form))
    # up to three deeper looks, where there is room for them below the threshold
    for _ in range(int(random() * 2.6)):
        if spent + 10 > allowed or random() < 0.35:
            break
        moment = person.created_at + int(random() * span)
        share = random()
        if share < 0.5:
            papers = catalogue.papers
            add((moment, papers[int(random() * len(papers))]))
            spent += 10
        elif share < 0.70:
            pages = catalogue.high_intent_pages
            add((moment, pages[int(random() * len(pages))]))
            spent += 10
        elif share < 0.85 and spent + 20 <= allowed:
            _join_webinar(rng, catalogue, moment, add)
            spent += 20
        elif share >= 0.85:
            spent += _drop_in(rng, catalogue, moment, allowed - spent, add)
    if person.facility.own_contracts and spent + 10 <= allowed and random() < 0.06:
        add((person.created_at + int(random() * span), catalogue.complaint))
    if allowed == MISFIT_POINTS and random() < 0.07:
        # keen, but nobody the definition looks for
        moment = person.created_at + int(random() * span)
        for _ in range(3 + int(random() * 5)):
            papers = catalogue.papers
            add((moment, papers[int(random() * len(papers))]))
            moment += int(random() * 12 * DAY)
        if random() < 0.4:
            add((moment, catalogue.requests[CONSUMABLE][int(random() * 3)]))
    return [activity for activity in activities if activity[0] < END]


def _drop_in(rng: Random, catalogue: Catalogue, moment: int, room: int, add) -> int:
    """A visit to the next show after a time, worth at most `room` points."""
    random = rng.random
    for show in catalogue.shows:
        if show.starts_at > moment:
            visited_at = show.starts_at + int((8 + 24 * random() * show.days) * HOUR)
            if room < 5:
                return 0
            add((visited_at, show.scan))
            if room < 20:
                return 5
            add((visited_at + 600, show.session if random() < 0.6 else show.booth))
            return 20
    return 0


def _join_webinar(rng: Random, catalogue: Catalogue, moment: int, add) -> int:
    """Registration for the next webinar, mostly attended; returns when it is over."""
    for webinar in catalogue.webinars:
        if webinar.starts_at > moment + 2 * HOUR:
            add((moment, webinar.registration))
            if rng.random() < 0.7:
                late = int(rng.random() * 600)
                add((webinar.starts_at + late, webinar.attendance))
            return webinar.starts_at + HOUR
    return moment


def _interest(rng: Random, person: Person, moment: int) -> int:
    """The product line a planned journey is about."""
    passes = person.fit.passes
    wishes = [(GENERAL, 5.0 if passes[GENERAL] else 0.0)]
    wishes.append((CAPITAL, 3.0 if passes[CAPITAL] else 0.0))
    wishes.append((CONSUMABLE, 1.5 if passes[CONSUMABLE] else 0.0))
    _, signal = service_at(person.facility, moment)
    wishes.append((SERVICE, 3.0 if signal and passes[SERVICE] else 0.0))
    share = rng.random() * sum(weight for _, weight in wishes)
    for line, weight in wishes:
        share -= weight
        if share < 0:
            return line
    return GENERAL


_REQUEST_SHARE = (0.16, 0.22, 0.30, 0.40)


class Journey:
    """A planned path to an MQL: its activities and what it is about."""

    __slots__ = ("activities", "line")

    def __init__(
        self, rng: Random, person: Person, catalogue: Catalogue, starts_at: int
    ):
        random = rng.random
        crowded = starts_at in (GIVE_AWAY_STARTS, LIST_STARTS)
        openness = 0.1 + 0.25 * random()
        # mail alone must not do it before the journey begins
        room = max(2, min(12, person.allowed_points))
        self.activities, _ = mailings(rng, person, catalogue, openness, room)
        line = self.line = _interest(rng, person, starts_at)
        needed = (50 - person.fit.points[GENERAL], 75, 40, 35)[line]
        needed = max(2, needed) + int(random() * 8)
        moment = starts_at + int(random() * (3 if crowded else 2) * DAY)
        pace = 1.2 * DAY if crowded else 5 * DAY
        if random() < _REQUEST_SHARE[line] and not crowded:
            moment = self._explore(rng, catalogue, moment, needed // 3, pace)
            requests = catalogue.requests.get(line)
            if not requests:
                requests = catalogue.requests[CAPITAL if random() < 0.5 else CONSUMABLE]
            # one in seven forms does not say what it is about
            self._add(moment, requests[min(2, int(random() * 7) // 2)])
        elif starts_at == GIVE_AWAY_STARTS:
            show = catalogue.shows[2]
            moment = show.starts_at + int((8 + 80 * random()) * HOUR)
            self._add(moment, show.scan)
            self._add(moment + 300, show.booth)
            moment = self._explore(rng, catalogue, moment, needed - 20, pace)
        else:
            moment = self._explore(rng, catalogue, moment, needed, pace)
        # a few more steps while sales gets in touch, and perhaps a second interest
        if random() < 0.4:
            self._explore(rng, catalogue, moment + 2 * DAY, 4, 6 * DAY)
        if random() < 0.13:
            later = moment + int((70 + 220 * random()) * DAY)
            later = self._explore(rng, catalogue, later, 24 + needed // 2, 5 * DAY)
            if random() < 0.3:
                self._add(later, catalogue.requests[CAPITAL][0])
        share = random()
        if share < 0.02:
            self._add(moment + int(20 * DAY * random()), catalogue.not_interested)
        elif share < 0.035:
            self._add(moment + int(90 * DAY * random()), catalogue.unsubscribe)

    def _add(self, moment: int, touch: Touch) -> None:
        if moment < END:
            self.activities.append((moment, touch))

    def _explore(
        self, rng: Random, catalogue: Catalogue, moment: int, needed: int, pace: float
    ) -> int:
        """Steps worth the needed points on the journey's line; returns their end."""
        random = rng.random
        line = self.line
        earned = 0
        taken: set[str] = set()
        while earned < needed and moment < END:
            share = random()
            if share < 0.22:
                touches = catalogue.pages
            elif share < 0.50:
                touches = catalogue.high_intent_pages
            elif share < 0.78:
                touches = catalogue.papers
            elif share < 0.90:
                registered = len(self.activities)
                ends_at = _join_webinar(rng, catalogue, moment, self._collect)
                for _, touch in self.activities[registered:]:
                    earned += touch.points[line]
                # nobody waits idly for a webinar
                moment = min(ends_at, moment + int(pace * 2))
                continue
            elif line == SERVICE:
                touches = catalogue.service_pages
                if random() < 0.3:
                    touches = (catalogue.complaint,)
            else:
                shows = [
                    show
                    for show in catalogue.shows
                    if show.starts_at <= moment < show.starts_at + show.days * DAY
                ]
                if not shows:
                    continue
                touches = (shows[0].booth, shows[0].session, shows[0].scan)
            touch = touches[int(random() * len(touches))]
            worth = touch.points[line]
            # people look for what interests them
            if worth == 0 and random() < 0.8:
                continue
            if touch.once:
                if touch.once in taken:
                    continue
                taken.add(touch.once)
            self._add(moment, touch)
            earned += worth
            if random() < 0.35:
                moment += 30 + int(random() * 300)
            else:
                moment += int(-log(1 - random()) * pace) + 60
        return moment

    def _collect(self, activity: Activity) -> None:
        self._add(*activity)
