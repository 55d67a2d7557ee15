"""Rules nobody would agree on and the definition checks let pass.

A definition is data, so somebody will write 0.5 where 30 stood, leave a cell blank, or
give an opt-in points. Each function changes seeds in place; what is not refused has to
be scored as it says.
"""

from __future__ import annotations

import random

from reference import ALL_LINES, Seeds


def set_cells(rows: list[dict[str, str]], **cells: str) -> None:
    """Changes cells that are not blank: blank ones mean another thing altogether."""
    for row in rows:
        row.update({name: cell for name, cell in cells.items() if row[name]})


def of_types(seeds: Seeds, *types: str) -> list[dict[str, str]]:
    """The rows of `activity_points` of some types."""
    return [row for row in seeds["activity_points"] if row["activity_type"] in types]


def fractions(seeds: Seeds) -> None:
    """Parts of days and points; a first loss that comes sooner than the next one, and
    points that are no engagement; a new official definition every few months."""
    set_cells(
        seeds["definitions"],
        half_life_days="12.5",
        inactivity_days="7.5",
        inactivity_period_days="20.25",
        inactivity_points="-2.5",
        machine_response_seconds="0.5",
        topic_depth_days="0.25",
        accepted_hold_days="0.5",
        closed_opportunity_hold_days="1.5",
        requalify_points="7.25",
        requalify_gap_days="0.5",
    )
    set_cells(
        seeds["qualification_criteria"],
        direct_request_days="0.5",
        max_silence_days="40.25",
        service_window_days="45.5",
        min_total_score="50.125",
    )
    for row in seeds["activity_points"]:
        row["points"] = str(float(row["points"]) * 1.125)
    for row in of_types(seeds, "content_download", "email_open"):
        row["is_engagement"] = "false"
    guide, half_life = (row["definition_id"] for row in seeds["definitions"])
    for of, effective_from in (
        (half_life, "2025-06-01"),
        (guide, "2025-09-15 06:30:00"),
        (half_life, "2026-01-01"),
        (guide, "2027-01-01"),
    ):
        add_official_definition(seeds, of, effective_from)


def add_official_definition(seeds: Seeds, of: str, effective_from: str) -> None:
    """A copy of a definition and all its rows, official from a date on."""
    copied = {"definition_id": f"{of} from {effective_from}"}
    for stem, rows in seeds.items():
        theirs = [row for row in rows if row.get("definition_id") == of]
        if stem == "definitions":
            copied_too = {"approved_by_marketing": "M", "approved_by_sales": "S"}
            copied_too["effective_from"] = effective_from
            rows.extend({**row, **copied, **copied_too} for row in theirs)
        else:
            rows.extend({**row, **copied} for row in theirs)


def zeros(seeds: Seeds) -> None:
    """Nothing lasts, nothing is asked, nothing is lost."""
    set_cells(
        seeds["definitions"],
        inactivity_points="0",
        machine_response_seconds="0",
        topic_depth_downloads="0",
        topic_depth_days="0",
        topic_depth_points="5",
        accepted_hold_days="0",
        closed_opportunity_hold_days="0",
        requalify_points="0",
        requalify_gap_days="0",
    )
    set_cells(
        seeds["qualification_criteria"],
        direct_request_days="0",
        min_bed_count="0",
        account_min_engagement="0",
        account_min_contacts="0",
        account_contact_min_engagement="0",
    )
    set_cells(seeds["rejection_reasons"], hold_days="0")
    for row in of_types(seeds, "badge_scan", "email_click"):
        row["max_scored_per_day"] = "0"


def blanks_and_strange_types(seeds: Seeds) -> None:
    """No windows and thresholds but one; types that are several things at once, and
    others on some lines."""
    for row in seeds["definitions"]:
        if row["decay_method"] == "half_life":
            cells = ("topic_depth_downloads", "topic_depth_days", "topic_depth_points")
            row.update(dict.fromkeys(cells, ""))
        else:
            row.update({"topic_depth_points": "-4", "topic_depth_downloads": "1"})
    for row in seeds["qualification_criteria"]:
        row.update(dict.fromkeys(("min_fit_score", "max_silence_days"), ""))
        row.update(dict.fromkeys(("allowed_role_classes", "min_bed_count"), ""))
        row["account_contact_min_engagement"] = ""
        if row["product_line"] == "general":
            row["min_total_score"] = ""
        else:
            row["direct_request_days"] = ""
        if row["product_line"] == "consumable":
            row["account_min_contacts"] = ""
    for kind, cells in {
        "demo_request": {"points": "-5"},
        "email_open": {"score_once_per_asset": "true"},
        "email_send": {"points": "1"},
        "not_interested": {"is_opt_in": "true"},
        "opt_in": {"is_direct_request": "true", "points": "3"},
        "page_view": {"max_scored_per_day": "1"},
        "spam_complaint": {"is_direct_request": "true"},
        "unsubscribe": {"is_engagement": "true"},
    }.items():
        for row in of_types(seeds, kind):
            row.update(cells)
    add_rows_of_lines(seeds, random.Random(5))


def add_rows_of_lines(seeds: Seeds, rng: random.Random) -> None:
    """For some types and lines a row of their own, in which everything differs."""
    lines = sorted({row["product_line"] for row in seeds["qualification_criteria"]})
    for stem, word, other_cells in (
        (
            "activity_points",
            "activity_type",
            lambda: {
                "points": rng.choice(["-3", "0", "4", "60"]),
                "is_engagement": rng.choice(["true", "false"]),
                "is_direct_request": rng.choice(["true", "false", "false"]),
                "is_disqualifying": rng.choice(["true", *["false"] * 9]),
                "max_scored_per_day": rng.choice(["", "1"]),
                "score_once_per_asset": rng.choice(["true", "false"]),
            },
        ),
        (
            "facility_classes",
            "facility_type",
            lambda: {
                "facility_class": rng.choice(["target", "neutral", "disqualified"])
            },
        ),
        ("fit_points", "criterion", lambda: {"points": rng.choice(["0", "20"])}),
    ):
        rows = seeds[stem]
        taken = {(row["definition_id"], row["product_line"], row[word]) for row in rows}
        for row in [row for row in rows if row["product_line"] == ALL_LINES]:
            for line in lines:
                key = (row["definition_id"], line, row[word])
                if key not in taken and rng.random() < 0.25:
                    rows.append({**row, "product_line": line, **other_cells()})
