"""What the company offers to engage with: e-mails, pages, papers, webinars, shows.

Every single thing one can do is a `Touch`, made once per sample. An activity is a time
and a touch; most of its CSV line is ready before it happens.
"""

from random import Random
from typing import NamedTuple

from mql.sample.clock import DAY, END, HOUR, START, seconds
from mql.sample.words import (
    CAPITAL,
    COMPANY_SITE,
    CONSUMABLE,
    GENERAL,
    LINES,
    SERVICE,
)


class Touch(NamedTuple):
    """Something a contact can do, and what the generator's estimate makes of it."""

    activity_type: str
    cells: str  # page_url, asset_name, topic, product_line, message_id, campaign
    points: tuple[int, int, int, int]  # per line, as in the guide's definition
    once: str = ""  # a second one with the same text earns nothing; '' = always earns
    is_machine: str = "false"  # the cell; an unflagged machine says false too
    is_request: bool = False
    is_opt_out: bool = False
    is_opt_in: bool = False


POINTS = {
    "email_open": 1,
    "email_click": 3,
    "page_view": 2,
    "high_intent": 10,
    "content_download": 10,
    "webinar_registration": 5,
    "webinar_attendance": 15,
    "booth_visit": 15,
    "conference_session": 15,
    "badge_scan": 5,
    "demo_request": 50,
    "consultation_request": 50,
    "sample_request": 50,
    "product_question": 50,
    "unsubscribe": -20,
    "spam_complaint": -20,
    "not_interested": -20,
}
NOTHING = (0, 0, 0, 0)


def _points(kind: str, line: str) -> tuple[int, int, int, int]:
    """A tagged activity counts for its line and general, an untagged one for all."""
    worth = POINTS.get(kind, 0)
    if not line:
        return (worth,) * 4
    return tuple(worth if name in ("general", line) else 0 for name in LINES)  # type: ignore[return-value]


def touch(activity_type: str, **cells: str) -> Touch:
    """A touch from its cells; `kind` names the points where they differ by page."""
    kind = cells.pop("kind", activity_type)
    rule_line = cells.pop("rule_line", "")
    line = cells.get("line", "")
    once = ""
    if activity_type in ("email_open", "email_click"):
        once = activity_type + cells["message_id"]
    elif activity_type.startswith(("content", "webinar")):
        once = activity_type + cells["asset"]
    ready = ",".join(
        cells.get(name, "")
        for name in ("url", "asset", "topic", "line", "message_id", "campaign")
    )
    points = _points(kind, line or rule_line)
    if kind == "service_page":
        points = (2, 0, 0, 10)
    elif kind == "service_complaint":
        points = (0, 0, 0, 10)
    return Touch(
        activity_type,
        ready,
        points,
        once,
        is_request=points[GENERAL] == 50,
        is_opt_out=points[GENERAL] < 0,
        is_opt_in=activity_type == "opt_in",
    )


class Email(NamedTuple):
    """One mailing: when it goes out, and the touches around it."""

    sent_at: int
    send: Touch
    open: Touch
    click: Touch
    machine_open: Touch  # flagged by the source
    hidden_machine_open: Touch  # not flagged; only its haste tells
    hidden_machine_click: Touch


class Webinar(NamedTuple):
    starts_at: int
    registration: Touch
    attendance: Touch


class Show(NamedTuple):
    """A trade show or congress; days of 24 hours."""

    starts_at: int
    days: int
    booth: Touch
    session: Touch
    scan: Touch


PAPERS = (
    # asset, topic, line
    ("Robotic Knee Alignment: 2-Year Clinical Study", "robotic knee arthroplasty", 1),
    ("Robotic Knee: Surgical Technique Guide", "robotic knee arthroplasty", 1),
    ("Robotic Knee: Learning Curve White Paper", "robotic knee arthroplasty", 1),
    ("Integrated OR Planning Guide", "or integration", 1),
    ("OR Integration Return on Investment", "or integration", 1),
    ("Intraoperative Imaging: Dose Study", "intraoperative imaging", 1),
    ("Intraoperative Imaging Buyer Guide", "intraoperative imaging", 0),
    ("Barbed Suture: Closure Time Study", "wound closure", 2),
    ("Wound Closure Technique Guide", "wound closure", 2),
    ("Suture and Stapler Comparison Guide", "wound closure", 2),
    ("Single-Use Instrument Sets: Cost per Case", "single-use instruments", 2),
    ("Single-Use Instruments: Infection Study", "single-use instruments", 2),
    ("Instrument Set Comparison Guide", "single-use instruments", 0),
    ("Uptime in Imaging Fleets", "equipment uptime", 3),
    ("Service Plan Comparison Guide", "equipment uptime", 3),
    ("OR Analytics: Block Time White Paper", "or analytics", 3),
    ("Surgical Site Infection: State of the Art", "infection prevention", 0),
    ("Value Analysis Committee Toolkit", "value analysis", 0),
    ("Outpatient Joint Replacement White Paper", "outpatient joints", 0),
    ("Outpatient Joints: Patient Selection Study", "outpatient joints", 0),
    ("Anesthesia Blocks for Same-Day Joints", "outpatient joints", 0),
)
PAGES = (
    # path, kind, line of the page rule (A4); the cell itself is left blank
    ("/", "page_view", 0),
    ("/products/capital/robotic-knee", "page_view", 1),
    ("/products/imaging/c-arm", "page_view", 1),
    ("/products/consumables/sutures", "page_view", 2),
    ("/products/instruments/single-use", "page_view", 2),
    ("/products/software/or-analytics", "page_view", 3),
    ("/resources", "page_view", 0),
    ("/resources/blog/same-day-joints?utm_source=newsletter", "page_view", 0),
    ("/events", "page_view", 0),
    ("/support/training", "page_view", 0),
)
LOW_INTENT_PAGES = (
    ("/about-us", "low", 0),
    ("/about/leadership", "low", 0),
    ("/careers", "low", 0),
    ("/careers/field-engineer?ref=search", "low", 0),
)
HIGH_INTENT_PAGES = (
    ("/pricing", "high_intent", 0),
    ("/case-studies/riverbend-medical-center", "high_intent", 0),
    ("/case-studies", "high_intent", 0),
    ("/compare/robotic-systems", "high_intent", 0),
    ("/request-a-demo", "high_intent", 0),
    ("/products/capital/robotic-knee/pricing", "high_intent", 1),
    ("/products/capital/robotic-knee/compare", "high_intent", 1),
    ("/products/consumables/sutures/compare?ref=mail", "high_intent", 2),
    ("/products/consumables/pricing", "high_intent", 2),
    ("/products/service/pricing", "high_intent", 3),
)
SERVICE_PAGES = (
    ("/service/renewal", "service_page", 3),
    ("/service/upgrade-options", "service_page", 3),
    ("/service/trade-in", "service_page", 3),
)
SHOWS = (
    ("Southern Orthopaedic Meeting 2024", "2024-10-17", 3),
    ("Radiology Forum 2024", "2024-12-01", 4),
    ("Winter Surgery Congress 2025", "2025-03-10", 5),
    ("OR Managers Forum 2025", "2025-05-14", 3),
    ("Southern Orthopaedic Meeting 2025", "2025-10-16", 3),
    ("Radiology Forum 2025", "2025-11-30", 4),
    ("Winter Surgery Congress 2026", "2026-03-09", 5),
    ("OR Managers Forum 2026", "2026-05-13", 3),
)

_TAGS = ("", "capital_equipment", "consumable", "service_software")


def _page_touches(pages: tuple) -> tuple[Touch, ...]:
    return tuple(
        touch("page_view", url=COMPANY_SITE + path, kind=kind, rule_line=_TAGS[line])
        for path, kind, line in pages
    )


class Catalogue:
    """Everything on offer in the two years, a function of the seed alone."""

    def __init__(self, seed: int):
        self._random = Random(f"{seed}/catalogue").random
        self.pages = _page_touches(PAGES)
        self.low_intent_pages = _page_touches(LOW_INTENT_PAGES)
        self.high_intent_pages = _page_touches(HIGH_INTENT_PAGES)
        self.service_pages = _page_touches(SERVICE_PAGES)
        self.papers = tuple(
            touch(
                "content_download",
                asset=asset,
                topic=topic,
                line=_TAGS[line],
                campaign="content-library" if number % 2 else "",
            )
            for number, (asset, topic, line) in enumerate(PAPERS)
        )
        self.emails = self._emails()
        self.email_times = [email.sent_at for email in self.emails]
        self.webinars = self._webinars()
        self.shows = self._shows()
        self._requests()

    def _emails(self) -> list[Email]:
        emails = []
        for number in range(52):
            monday = START + (1 + 14 * number) * DAY
            emails.append(self._email(monday, f"NL-{number + 1:03d}", "newsletter", ""))
        for month in range(26):
            for line in (CAPITAL, CONSUMABLE, SERVICE):
                tag = LINES[line]
                day = START + (3 + 28 * month + 7 * line) * DAY
                code = f"PM-{tag[:3].upper()}-{month + 1:02d}"
                # some campaigns were never tagged
                cell = tag if month % 5 else ""
                emails.append(self._email(day, code, f"product-{tag}", cell))
        emails.sort(key=lambda email: (email.sent_at, email.send.cells))
        return [email for email in emails if email.sent_at < END - DAY]

    def _email(self, day: int, code: str, campaign: str, line: str) -> Email:
        sent_at = day + 14 * HOUR + int(self._random() * 4) * HOUR // 2
        cells = {"message_id": code, "campaign": campaign, "line": line}
        opened = touch("email_open", **cells)
        clicked = touch("email_click", **cells)
        nothing = {"points": NOTHING, "once": ""}
        return Email(
            sent_at,
            touch("email_send", **cells),
            opened,
            clicked,
            opened._replace(is_machine="true", **nothing),
            opened._replace(**nothing),
            clicked._replace(**nothing),
        )

    def _webinars(self) -> list[Webinar]:
        subjects = [paper for number, paper in enumerate(PAPERS) if number % 2 == 0]
        webinars = []
        for number in range(48):
            _, topic, line = subjects[number % len(subjects)]
            day = START + (10 + 15 * number) * DAY
            starts_at = day + 17 * HOUR + int(self._random() * 3) * HOUR
            if starts_at > END - 2 * DAY:
                break
            cells = {
                "asset": f"Webinar {number + 1}: {topic.capitalize()}",
                "topic": topic,
                "line": _TAGS[line] if number % 4 else "",
                "campaign": f"webinar-{number + 1:02d}",
            }
            webinars.append(
                Webinar(
                    starts_at,
                    touch("webinar_registration", **cells),
                    touch("webinar_attendance", **cells),
                )
            )
        return webinars

    def _shows(self) -> list[Show]:
        shows = []
        for name, first_day, days in SHOWS:
            campaign = name.lower().replace(" ", "-")
            shows.append(
                Show(
                    seconds(first_day),
                    days,
                    touch("booth_visit", asset=name, campaign=campaign),
                    touch("conference_session", asset=name, campaign=campaign),
                    touch("badge_scan", asset=name, campaign=campaign),
                )
            )
        return shows

    def _requests(self) -> None:
        """Direct requests by line; the first of each tuple names none."""
        form = COMPANY_SITE + "/forms/"
        self.requests = {
            CAPITAL: (
                touch("demo_request", url=form + "demo"),
                touch("demo_request", url=form + "demo", line=LINES[CAPITAL]),
                touch("consultation_request", line=LINES[CAPITAL]),
            ),
            CONSUMABLE: (
                touch("product_question", url=form + "question"),
                touch("sample_request", url=form + "sample", line=LINES[CONSUMABLE]),
                touch("product_question", line=LINES[CONSUMABLE]),
            ),
            SERVICE: (
                touch("consultation_request", url=form + "consultation"),
                touch("consultation_request", line=LINES[SERVICE]),
                touch("demo_request", url=form + "demo", line=LINES[SERVICE]),
            ),
        }
        self.contact_form = touch("contact_form", url=COMPANY_SITE + "/contact")
        self.complaint = touch("service_complaint", line=LINES[SERVICE])
        self.unsubscribe = touch("unsubscribe", campaign="newsletter")
        self.spam_complaint = touch("spam_complaint")
        self.not_interested = touch("not_interested")
        self.opt_in = touch("opt_in", url=form + "preferences")
