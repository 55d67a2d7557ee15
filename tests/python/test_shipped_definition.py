"""The figures the guide gives, as the seeds ship them.

Whoever changes the definition changes this test with it; `dbt build` does not ask.
"""

from __future__ import annotations

import pytest

GUIDE = "guide-2026"


def rows_of(seeds, seed, **which):
    return [
        row
        for row in seeds[seed]
        if all(row[name] == cell for name, cell in which.items())
    ]


def test_points_per_activity_are_the_guides(seeds):
    points = {
        row["activity_type"]: float(row["points"])
        for row in rows_of(
            seeds, "activity_points", definition_id=GUIDE, product_line="*"
        )
    }
    assert points == {
        "email_send": 0,
        "email_open": 1,
        "email_click": 3,
        "page_view": 2,
        "high_intent_page_view": 10,
        "low_intent_page_view": 0,
        "service_intent_page_view": 2,
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
        "contact_form": 0,
        "service_complaint": 0,
        "unsubscribe": -20,
        "spam_complaint": -20,
        "not_interested": -20,
        "opt_in": 0,
    }
    service = rows_of(
        seeds,
        "activity_points",
        definition_id=GUIDE,
        product_line="service_software",
    )
    assert {row["activity_type"]: float(row["points"]) for row in service} == {
        "service_complaint": 10,
        "service_intent_page_view": 10,
    }


def test_fit_points_are_the_guides(seeds):
    fit = {
        (row["product_line"], row["criterion"]): float(row["points"])
        for row in rows_of(seeds, "fit_points", definition_id=GUIDE)
    }
    assert fit == {
        ("*", "target_specialty"): 15,
        ("*", "target_facility"): 10,
        ("*", "decision_maker"): 15,
        ("*", "target_geography"): 5,
        ("*", "trainee"): -25,
        ("*", "disqualified_facility"): -15,
        ("service_software", "target_specialty"): 0,
        ("service_software", "current_customer"): 15,
    }


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        # min fit, min total, min engagement, beds, role classes, service window
        ("general", ("25", "50", "", "", "", "")),
        ("capital_equipment", ("10", "", "75", "200", "decision_maker|influencer", "")),
        ("consumable", ("10", "", "40", "", "", "")),
        ("service_software", ("10", "50", "", "", "", "180")),
    ],
)
def test_thresholds_per_line_are_the_guides(seeds, line, figures):
    (row,) = rows_of(
        seeds, "qualification_criteria", definition_id=GUIDE, product_line=line
    )
    names = (
        "min_fit_score",
        "min_total_score",
        "min_engagement_score",
        "min_bed_count",
        "allowed_role_classes",
        "service_window_days",
    )
    assert tuple(row[name] for name in names) == figures


def test_windows_and_account_figures_are_as_agreed(seeds):
    """The same for every line of the guide's definition."""
    figures = {
        "direct_request_days": "30",
        "max_silence_days": "180",
        "account_min_engagement": "75",
        "account_min_contacts": "3",
        "account_contact_min_engagement": "10",
    }
    lines = rows_of(seeds, "qualification_criteria", definition_id=GUIDE)
    assert len(lines) == 4
    for row in lines:
        assert {name: row[name] for name in figures} == figures


def test_rejection_reasons_hold_as_agreed(seeds):
    holds = {
        row["reason_code"]: (float(row["hold_days"]), row["until_profile_change"])
        for row in rows_of(seeds, "rejection_reasons", definition_id=GUIDE)
    }
    assert holds == {
        "wrong_specialty": (30, "true"),
        "wrong_role": (30, "true"),
        "not_qualified_facility": (30, "true"),
        "no_budget": (180, "false"),
        "existing_customer": (365, "false"),
        "no_response": (30, "false"),
        "other": (30, "false"),
        "unspecified": (30, "false"),
    }


def test_decay_and_holds_are_as_agreed(seeds):
    (row,) = rows_of(seeds, "definitions", definition_id=GUIDE)
    figures = {
        "decay_method": "inactivity",
        "inactivity_days": "90",
        "inactivity_period_days": "30",
        "inactivity_points": "10",
        "machine_response_seconds": "3",
        "accepted_hold_days": "180",
        "closed_opportunity_hold_days": "180",
        "requalify_points": "20",
        "requalify_gap_days": "30",
        "handoff_open_days": "180",
        "opportunity_link_days": "365",
        "touch_days": "90",
    }
    assert {name: row[name] for name in figures} == figures
    assert row["effective_from"].startswith("2023-01-01")
    (row,) = rows_of(seeds, "definitions", definition_id="half-life-2026")
    assert (row["effective_from"], row["half_life_days"]) == ("", "60")
    assert float(row["topic_depth_points"]) == 10


def test_follow_up_hours_are_the_guides(seeds):
    hours = {
        row["priority"]: float(row["hours"])
        for row in rows_of(seeds, "sla_policies", definition_id=GUIDE)
    }
    assert hours == {"high": 4, "standard": 24}


def test_vocabularies_are_complete_and_codes_unique(seeds):
    for vocabulary, key, least in [
        ("specialties", "specialty", 30),
        ("roles", "role", 30),
        ("role_title_patterns", "priority", 40),
        ("facility_types", "facility_type", 20),
    ]:
        keys = [row[key] for row in seeds[vocabulary]]
        assert len(keys) == len(set(keys)) >= least
    nucc = [row["nucc_code"] for row in seeds["specialties"]]
    assert len(nucc) == len(set(nucc))
    assert all(len(code) == 10 and code.endswith("X") for code in nucc)


def test_every_figure_of_ours_is_marked_as_an_assumption(seeds):
    """What the guide does not give says so in its rationale."""
    for seed in ("activity_points", "fit_points", "qualification_criteria"):
        for row in seeds[seed]:
            rationale = row["rationale"].lower()
            assert "guide" in rationale or "assumption" in rationale, row
    assumed = {"booth_visit", "conference_session", "badge_scan", "sample_request"}
    for row in seeds["activity_points"]:
        if row["activity_type"] in assumed:
            assert "assumption" in row["rationale"].lower(), row
