"""The dirt of real life, planted with fixed ids: the same rows in every sample.

docs/sample-data.md lists the cases and what one should see of each in the marts. They
do not depend on the seed or the size. Points named in comments are the guide's.
"""

from mql.sample.planting import Plot
from mql.sample.words import COMPANY_SITE
from mql.sample.writer import Writer


def plant(writer: Writer) -> tuple[int, int]:
    """Writes all planted rows; returns how many contacts and facilities they are."""
    plot = Plot(writer)
    for cases in (
        machine_made,
        badge_scans,
        profile_changes,
        sales_turns,
        repeats_and_suppression,
        late_rows,
        silences,
        accounts,
        hand_overs,
        gates,
        renewals,
        bad_rows,
        rejection_reasons,
        erased,
    ):
        cases(plot)
    return len(plot.contacts), len(plot.accounts)


def machine_made(plot: Plot) -> None:
    """Opens within seconds of the send, flagged by the source and not."""
    who = "C-PLANT-MACHINE"
    plot.contact(who, role="staff_surgeon")  # fit 30
    sent = "2026-03-03 14:00:0"
    for message, opened_at, flag in (
        ("PLANT-1", sent + "0", "true"),
        ("PLANT-2", sent + "0", "false"),  # at the very instant
        ("PLANT-3", sent + "2.999999", "false"),
        ("PLANT-4", sent + "3", "false"),  # the first human one: 1 point
    ):
        plot.act(who, "email_send", sent + "0", message_id=message, campaign="planted")
        plot.act(
            who,
            "email_open",
            opened_at,
            message_id=message,
            campaign="planted",
            is_machine=flag,
        )
    plot.act(
        who,
        "email_click",
        sent + "1.500000",
        message_id="PLANT-4",
        campaign="planted",
    )


def badge_scans(plot: Plot) -> None:
    """A scanner that stuttered: 300 scans of one badge at one instant."""
    who = "C-PLANT-BADGES"
    plot.contact(who, role="staff_surgeon")  # fit 30
    for number in range(1, 301):
        plot.act(
            who,
            "badge_scan",
            "2026-03-10 15:00:00",
            activity_id=f"A-PLANT-BADGES-{number:03d}",
            asset_name="Winter Surgery Congress 2026",
            campaign="winter-surgery-congress-2026",
            loaded_at="2026-03-10 21:10:00",
        )


def profile_changes(plot: Plot) -> None:
    """People and places that become something else."""
    who = "C-PLANT-RESIDENT"
    plot.contact(who, role="resident")
    plot.webinar(who, "2025-05-06 15:00:00", "Planted Webinar A")
    plot.download(who, "2025-05-20 10:00:00", "Planted Paper A")
    plot.download(who, "2025-06-03 10:00:00", "Planted Paper B")
    plot.pricing_page(who, "2025-06-20 10:00:00")
    plot.contact(
        who,
        role="staff_surgeon",
        at="2025-07-01 08:00:00",
        job_title="Attending Surgeon",
    )
    plot.answer(who, "accepted", "2025-07-01 15:00:00", product_line="")

    who = "C-PLANT-MOVER"
    plot.account("F-PLANT-MOVER-OLD", "community_hospital", 90)
    plot.account("F-PLANT-MOVER-NEW", "academic_medical_center", 450)
    plot.contact(who, "F-PLANT-MOVER-OLD")
    _seventy_five(plot, who, "2025-09")
    plot.answer(who, "accepted", "2025-09-22 10:00:00")
    plot.answer(who, "accepted", "2025-09-22 10:00:01", product_line="consumable")
    plot.contact(who, "F-PLANT-MOVER-NEW", at="2025-10-15 08:00:00")
    plot.answer(
        who, "accepted", "2025-10-15 12:00:00", product_line="capital_equipment"
    )

    who = "C-PLANT-BEDS"
    plot.account("F-PLANT-BEDS", "acute_care_hospital", 210)
    plot.contact(who, "F-PLANT-BEDS")
    _seventy_five(plot, who, "2026-01")
    plot.account("F-PLANT-BEDS", "acute_care_hospital", 180, at="2026-02-01 06:00:00")


def _seventy_five(plot: Plot, who: str, month: str) -> None:
    """Exactly 75 points on every line, the last on the 21st at noon."""
    plot.webinar(who, f"{month}-05 15:00:00", "Planted Webinar A")
    plot.webinar(who, f"{month}-09 15:00:00", "Planted Webinar B")
    plot.download(who, f"{month}-12 10:00:00", "Planted Paper A")
    plot.pricing_page(who, f"{month}-15 10:00:00")
    plot.act(who, "conference_session", f"{month}-21 12:00:00", asset_name="Planted")


def sales_turns(plot: Plot) -> None:
    """What sales does, and a request in the middle of it."""
    who = "C-PLANT-DEAL"
    plot.contact(who)
    plot.webinar(who, "2025-11-04 15:00:00", "Planted Webinar A")
    plot.answer(who, "accepted", "2025-11-05 11:00:00", product_line="")
    deal = {
        "opportunity_id": "O-PLANT-DEAL-01",
        "account_id": "F-PLANT-DEAL",
        "contact_id": who,
        "product_line": "",
        "amount_usd": "64000",
        "created_at": "2025-11-20 10:00:00",
    }
    plot.row(
        "opportunities",
        stage="discovery",
        updated_at="2025-11-20 10:00:00",
        loaded_at="2025-11-20 11:00:00",
        **deal,
    )
    # still engaged up to and after the day the deal is lost
    plot.webinar(who, "2026-01-14 15:00:00", "Planted Webinar B")
    plot.pricing_page(who, "2026-02-01 10:00:00")
    plot.pricing_page(who, "2026-04-01 10:00:00")
    plot.row(
        "opportunities",
        stage="closed_lost",
        closed_at="2026-01-20 10:00:00",
        is_won="false",
        updated_at="2026-01-20 10:00:00",
        loaded_at="2026-01-20 11:00:00",
        **deal,
    )

    who = "C-PLANT-DEMO"
    plot.contact(who)
    plot.webinar(who, "2026-06-10 15:00:00", "Planted Webinar A")
    plot.act(
        who,
        "demo_request",
        "2026-06-20 09:30:00",
        page_url=COMPANY_SITE + "/forms/demo",
        product_line="capital_equipment",
    )

    who = "C-PLANT-TWICE"
    plot.contact(who, role="staff_surgeon")  # fit 30: needs 20
    plot.webinar(who, "2025-01-15 15:00:00", "Planted Webinar A")
    plot.download(who, "2025-09-01 10:00:00", "Planted Paper A")
    plot.pricing_page(who, "2025-09-02 10:00:00")

    who = "C-PLANT-INACTIVE-OWNER"
    plot.account("F-PLANT-INACTIVE-OWNER", state="GA", owner_rep_id="R-03")
    plot.contact(who, "F-PLANT-INACTIVE-OWNER", state="GA")
    plot.download(who, "2026-06-28 10:00:00", "Planted Paper A")


def repeats_and_suppression(plot: Plot) -> None:
    """The same thing again; three things on one topic; leaving and coming back."""
    who = "C-PLANT-THRICE"
    plot.contact(who, role="staff_surgeon")
    for day in ("02", "04", "09"):
        plot.download(who, f"2026-06-{day} 10:00:00", "Planted Paper A", "planted")

    who = "C-PLANT-TOPIC"
    plot.contact(who, role="staff_surgeon")
    for day, paper in (("02", "A"), ("04", "B"), ("09", "C")):
        plot.download(
            who, f"2025-12-{day} 10:00:00", f"Planted Paper {paper}", "planted"
        )

    who = "C-PLANT-UNSUBSCRIBED"
    plot.contact(who)
    _thirty_then_unsubscribe(plot, who)

    who = "C-PLANT-BACK"
    plot.contact(who)
    _thirty_then_unsubscribe(plot, who)
    plot.act(who, "demo_request", "2026-06-15 10:00:00", product_line="consumable")


def _thirty_then_unsubscribe(plot: Plot, who: str) -> None:
    plot.webinar(who, "2026-06-01 15:00:00", "Planted Webinar A")
    plot.pricing_page(who, "2026-06-03 10:00:00")
    plot.act(who, "unsubscribe", "2026-06-08 10:00:00")


def late_rows(plot: Plot) -> None:
    """Rows that reach the warehouse long after they happened."""
    who = "C-PLANT-LATE"
    plot.contact(who)
    plot.act(
        who,
        "webinar_attendance",
        "2026-06-05 15:00:00",
        asset_name="Planted Webinar A",
        loaded_at="2026-06-14 15:00:00",
    )
    # not visible at the sample's as_of
    plot.act(
        who,
        "demo_request",
        "2026-06-28 15:00:00",
        loaded_at="2026-07-07 15:00:00",
    )

    # activities of someone the CRM learns of only later
    who = "C-PLANT-LATECOMER"
    plot.webinar(who, "2026-04-02 15:00:00", "Planted Webinar A")
    plot.contact(
        who, at="2026-04-20 09:00:00", created_at="2026-04-20 09:00:00", phone=""
    )
    plot.answer(who, "contacted", "2026-04-20 13:00:00")


def silences(plot: Plot) -> None:
    """60 points, then silence of exactly so many days before the sample's as_of."""
    for days, earlier, last in (
        (89, "2026-03-20", "2026-04-02"),
        (90, "2026-03-20", "2026-04-01"),
        (119, "2026-02-20", "2026-03-03"),
        (120, "2026-02-20", "2026-03-02"),
    ):
        who = f"C-PLANT-SILENT-{days}"
        plot.contact(who)
        plot.act(
            who,
            "consultation_request",
            f"{earlier} 10:00:00",
            product_line="consumable",
        )
        plot.pricing_page(who, f"{last} 00:00:00")


def accounts(plot: Plot) -> None:
    """Colleagues who look around together without any of them being an MQL."""
    plot.account("F-PLANT-COMMITTEE", "community_hospital", 150)
    plot.contact("C-PLANT-COMMITTEE-1", "F-PLANT-COMMITTEE", role="staff_surgeon")
    plot.contact(
        "C-PLANT-COMMITTEE-2", "F-PLANT-COMMITTEE", "value_analysis_manager", ""
    )
    plot.contact("C-PLANT-COMMITTEE-3", "F-PLANT-COMMITTEE", "quality_manager", "")
    plot.act(
        "C-PLANT-COMMITTEE-1", "booth_visit", "2026-05-13 16:00:00", asset_name="OR"
    )
    for number in (2, 3):
        who = f"C-PLANT-COMMITTEE-{number}"
        for paper in "ABC":
            moment = f"2026-05-{14 + number} 1{ord(paper) - 65}:00:00"
            plot.download(who, moment, f"Planted Paper {paper}")

    plot.account("F-PLANT-PAIR", "community_hospital", 150)
    plot.contact("C-PLANT-PAIR-1", "F-PLANT-PAIR", "value_analysis_manager", "")
    plot.contact("C-PLANT-PAIR-2", "F-PLANT-PAIR", "quality_manager", "")
    plot.contact("C-PLANT-PAIR-3", "F-PLANT-PAIR", role="staff_surgeon")
    for number in (1, 2):
        who = f"C-PLANT-PAIR-{number}"
        for paper in "ABC":
            moment = f"2026-05-{14 + number} 1{ord(paper) - 65}:00:00"
            plot.download(who, moment, f"Planted Paper {paper}")
        for minute in range(4):  # 8 more points: 38
            plot.act(
                who,
                "page_view",
                f"2026-05-20 1{number}:0{minute}:00",
                page_url=COMPANY_SITE + "/resources",
            )
    for minute in range(4):  # 8 points: short of the 10 that make a person count
        plot.act(
            "C-PLANT-PAIR-3",
            "page_view",
            f"2026-05-21 10:0{minute}:00",
            page_url=COMPANY_SITE + "/resources",
        )


def hand_overs(plot: Plot) -> None:
    """Who gets into a rep's hands how, and who asks without getting there."""
    # a web form without a hospital: fit 15 + 5 + 0, short of the 25 a person needs
    who = "C-PLANT-FORM"
    plot.contact(who, None, role="staff_surgeon")
    plot.act(
        who,
        "demo_request",
        "2026-06-29 15:00:00",
        page_url=COMPANY_SITE + "/forms/demo",
        asset_name="Demo request",
    )

    # an MQL on one line, and four days later on a second: one conversation
    who = "C-PLANT-JOINS"
    plot.contact(who)
    plot.download(who, "2026-06-22 10:00:00", "Planted Paper A")
    plot.webinar(who, "2026-06-24 15:00:00", "Planted Webinar A")
    plot.pricing_page(who, "2026-06-26 10:00:00")  # 40 points: consumables

    # three colleagues ready together, one of them in a rep's hands for `general`
    facility = "F-PLANT-IN-HAND"
    plot.account(facility, "community_hospital", 150)
    plot.contact("C-PLANT-IN-HAND-1", facility, role="staff_surgeon")  # fit 30
    plot.contact("C-PLANT-IN-HAND-2", facility, "value_analysis_manager", "")
    plot.contact("C-PLANT-IN-HAND-3", facility, "quality_manager", "")
    plot.webinar("C-PLANT-IN-HAND-1", "2026-05-13 15:00:00", "Planted Webinar A")
    for number in (2, 3):
        for paper in "ABC":
            moment = f"2026-05-{14 + number} 1{ord(paper) - 65}:00:00"
            plot.download(f"C-PLANT-IN-HAND-{number}", moment, f"Planted Paper {paper}")
    plot.answer("C-PLANT-IN-HAND-1", "contacted", "2026-05-18 09:00:00")


def gates(plot: Plot) -> None:
    """Places that cannot be judged or served."""
    plot.account("F-PLANT-NOBEDS", "acute_care_hospital", "")
    plot.contact("C-PLANT-NOBEDS", "F-PLANT-NOBEDS")
    _seventy_five(plot, "C-PLANT-NOBEDS", "2025-08")
    plot.answer("C-PLANT-NOBEDS", "accepted", "2025-08-22 09:00:00", product_line="")

    plot.account("F-PLANT-WORDBEDS", "acute_care_hospital", "about 300")
    plot.contact("C-PLANT-WORDBEDS", "F-PLANT-WORDBEDS")
    _seventy_five(plot, "C-PLANT-WORDBEDS", "2024-11")
    plot.answer("C-PLANT-WORDBEDS", "accepted", "2024-11-22 09:00:00", product_line="")

    plot.account("F-PLANT-UNCOVERED", state="AK", owner_rep_id="")
    plot.contact("C-PLANT-UNCOVERED", "F-PLANT-UNCOVERED", state="AK")
    _seventy_five(plot, "C-PLANT-UNCOVERED", "2026-05")

    # the account says nothing about where it is, so the contact's own state counts
    plot.account("F-PLANT-NOSTATE", state="", country="")
    plot.contact("C-PLANT-NOSTATE", "F-PLANT-NOSTATE")
    plot.webinar("C-PLANT-NOSTATE", "2026-06-24 15:00:00", "Planted Webinar A")


def renewals(plot: Plot) -> None:
    """Own service contracts that end in 179 and in 181 days from the as_of."""
    for days, ends_on in ((179, "2026-12-26"), (181, "2026-12-28")):
        who = f"C-PLANT-RENEWAL-{days}"
        account_id = f"F-PLANT-RENEWAL-{days}"
        plot.account(account_id)
        plot.contact(who, account_id, "clinical_engineering_director", "")
        plot.act(
            who,
            "page_view",
            "2026-06-16 10:00:00",
            page_url=COMPANY_SITE + "/service/renewal",
        )
        plot.row(
            "service_contracts",
            contract_id=f"SC-PLANT-RENEWAL-{days}",
            account_id=account_id,
            provider="own",
            starts_on="2024-12-28",
            ends_on=ends_on,
            updated_at="2024-12-28 09:00:00",
            loaded_at="2024-12-28 10:00:00",
        )


def bad_rows(plot: Plot) -> None:
    """Duplicates, orphans, times that are none, types nobody knows."""
    who = "C-PLANT-DUPLICATE"
    plot.contact(who, role="staff_surgeon")
    paper = {"asset_name": "Planted Paper A", "loaded_at": "2026-06-02 11:00:00"}
    twice = {"activity_id": "A-PLANT-DUPLICATE-EXACT", **paper}
    plot.act(who, "content_download", "2026-06-02 10:00:00", **twice)
    plot.act(who, "content_download", "2026-06-02 10:00:00", **twice)
    # first loaded as a page view, then restated as the attendance it was
    again = {"activity_id": "A-PLANT-DUPLICATE-RESTATED"}
    plot.act(
        who,
        "page_view",
        "2026-06-03 15:00:00",
        page_url=COMPANY_SITE + "/events",
        loaded_at="2026-06-03 16:00:00",
        **again,
    )
    plot.act(
        who,
        "webinar_attendance",
        "2026-06-03 15:05:00",
        asset_name="Planted Webinar A",
        loaded_at="2026-06-05 16:00:00",
        **again,
    )
    # one version of the contact, loaded twice; the later row is it
    plot.contact(
        who,
        role="staff_surgeon",
        phone="+1-512-555-0199",
        loaded_at="2024-08-02 09:00:00",
    )

    for number in (1, 2):
        plot.act("C-PLANT-NOBODY", "demo_request", f"2026-06-1{number} 10:00:00")

    who = "C-PLANT-BADROWS"
    plot.contact(who)
    for key, moment in (
        ("A-PLANT-BADTIME-WORD", "yesterday"),
        ("A-PLANT-BADTIME-DAY", "2025-02-30 10:00:00"),
        ("A-PLANT-BADTIME-BLANK", ""),
        ("A-PLANT-BADTIME-US", "03/14/2026 10:00 AM"),
    ):
        plot.act(who, "demo_request", moment, activity_id=key)
    plot.act(
        who,
        "demo_request",
        "2026-06-12 10:00:00",
        activity_id="A-PLANT-BADLOAD",
        loaded_at="soon",
    )
    plot.act(who, "fax_received", "2026-06-12 10:00:00", activity_id="A-PLANT-FAX")
    plot.act(who, "webinar_replay", "2026-06-12 11:00:00", activity_id="A-PLANT-REPLAY")
    plot.act(who, "demo_request", "2026-06-12 10:00:00", activity_id="")
    plot.act("", "demo_request", "2026-06-12 10:00:00", activity_id="A-PLANT-NOCONTACT")
    plot.act(
        who,
        "demo_request",
        "2026-06-25 10:00:00",
        activity_id="A-PLANT-FUTURE",
        loaded_at="2026-06-20 10:00:00",
    )
    plot.contact(who, at="not a time", created_at="2024-08-01 09:00:00")
    plot.answer(who, "rejected", "last week", "no_budget")


def rejection_reasons(plot: Plot) -> None:
    """Rejections that say nothing, or something that is not so."""
    for number, (name, reason, line) in enumerate(
        (
            ("BLANK", "", "general"),
            ("UNKNOWN", "not_a_fit", "general"),
            ("SPECIALTY", "wrong_specialty", "general"),
            ("CUSTOMER", "existing_customer", ""),
            ("OTHER", "other", "general"),
            ("FACILITY", "not_qualified_facility", "general"),
        )
    ):
        who = f"C-PLANT-REASON-{name}"
        plot.contact(who)
        plot.download(who, f"2025-11-{4 + number:02d} 10:00:00", "Planted Paper A")
        plot.answer(
            who,
            "rejected",
            f"2025-11-{5 + number:02d} 09:00:00",
            reason,
            product_line=line,
        )


def erased(plot: Plot) -> None:
    """Someone who asked to be forgotten, with a past."""
    who = "C-PLANT-ERASED"
    plot.contact(who)
    plot.webinar(who, "2025-11-04 15:00:00", "Planted Webinar A")
    plot.answer(who, "accepted", "2025-11-05 11:00:00")
    plot.download(who, "2025-12-01 10:00:00", "Planted Paper A")
    plot.contact(
        who,
        at="2026-03-01 08:00:00",
        is_deleted="true",
        email="",
        first_name="",
        last_name="",
        phone="",
        npi="",
        job_title="",
    )
