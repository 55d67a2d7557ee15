"""The monthly review shows what the marts say, alerts first, in any browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
import yaml

import warehouse
from mql.project import ProjectError
from mql.review import write_review
from mql.review.read import QUERIES

AS_OF = datetime(2026, 7, 5)
# The reviewed month is June; sales has had the time to answer May, and what became of
# them can be told up to December.
MONTHS = [date(2025, month, 1) for month in range(10, 13)]
MONTHS += [date(2026, month, 1) for month in range(1, 8)]
ANSWERED, TOLD = date(2026, 5, 1), date(2025, 12, 1)
LINE = "general"
BLANK = {"integer": 0, "double precision": 0.0, "boolean": False}
# Rates are given so that they look like no other figure.
BOUNDS = {"": 0.4321, "_low": 0.3219, "_high": 0.5678}


@cache
def models() -> dict[str, dict]:
    """The public models the review reads, from the YAML files: `schema.name` -> model."""
    asked = set(re.findall(r"from (\w+\.\w+)", " ".join(QUERIES.values())))
    found = {}
    for name in asked:
        schema, table = name.split(".")
        file = warehouse.ROOT / "models" / "marts" / schema / f"{table}.yml"
        (found[name],) = yaml.safe_load(file.read_text())["models"]
    return found


def columns_of(model: str) -> dict[str, str]:
    """The types of a model's columns, by their names."""
    return {
        column["name"]: column["data_type"] for column in models()[model]["columns"]
    }


def make(path: Path, rows: dict[str, list[dict]]) -> Path:
    """A database of the review's marts by their contracts, with the rows given.

    A column that a row leaves out is null, or nothing where it is a count.
    """
    connection = duckdb.connect(str(path))
    for name in models():
        schema = name.split(".")[0]
        columns = columns_of(name)
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create table {name} ({listed})")
        for row in rows.get(name, []):
            assert row.keys() <= columns.keys(), row.keys() - columns.keys()
            cells = [
                row.get(column, None if is_rate(column) else BLANK.get(kind))
                for column, kind in columns.items()
            ]
            marks = ", ".join("?" * len(cells))
            connection.execute(f"insert into {name} values ({marks})", cells)
    connection.close()
    return path


def is_rate(column: str) -> bool:
    """Whether a column is null where nothing is known."""
    known = "_rate|_low$|_high$|precision|recall|figure|average|median|lift|vs_capacity"
    return bool(re.search(known, column))


def bounded(rate: str) -> dict[str, float]:
    """A rate's three columns."""
    return {f"{rate}{end}": value for end, value in BOUNDS.items()}


def small_world() -> dict[str, list[dict]]:
    """Rows of every mart the review reads."""
    review, funnel, alerts, reported, rejections, sla, cohorts = ([] for _ in range(7))
    for place, month in enumerate(MONTHS):
        mqls = 31 + 3 * place
        counts = {
            "mqls": mqls,
            "responded": mqls - 2,
            "accepted": 20 + place,
            "rejected": 5 + place,
            "opportunities": 11 + place,
            "won": 3 + place,
        }
        is_answered, is_told = month <= ANSWERED, month <= TOLD
        review.append(
            {
                **counts,
                "month": month,
                "amount_won_usd": 70_100.0 + place,
                "average_deal_usd": 12_340.0 + place,
                "capacity": 140.0,
                "mqls_vs_capacity": mqls / 140,
                "sla_compliance_rate": 0.61 + place / 100,
                "top_rejection_reason": "no_budget",
                "is_acceptance_mature": is_answered,
                "is_outcome_mature": is_told,
                **(bounded("acceptance_rate") if is_answered else {}),
                **(bounded("mql_to_opportunity_rate") if is_told else {}),
            }
        )
        funnel.append({**counts, "month": month, "product_line": LINE})
        reported.append(
            {
                "month": month,
                "reported_at": datetime(2026, 7, 1),
                "mqls_reported": mqls - 2,
                "mqls_restated": mqls,
                "mqls_difference": 2,
                "accepted_reported": counts["accepted"],
                "accepted_restated": counts["accepted"],
            }
        )
        common = {"month": month, "definition_id": "guide-2026", "counted_on": mqls}
        alerts += [
            {
                **common,
                "alert": "acceptance_rate_low",
                "metric": "acceptance_rate",
                "comparison": "below",
                "minimum_count": 20,
                "figure": 0.4321 if is_answered else None,
                "limit_value": 0.5,
                "is_raised": is_answered,
                "remedy": "Raise the threshold & look again.",
            },
            {
                **common,
                "alert": "unrouted_handoffs",
                "metric": "unrouted_handoffs",
                "comparison": "above",
                "minimum_count": 1,
                "figure": 0.0,
                "limit_value": 0.0,
                "is_raised": False,
                "remedy": "Complete the routing rules.",
            },
            {
                **common,
                "alert": "no_response_high",
                "metric": "rejection_share",
                "reason_code": "no_response",
                "comparison": "at_least",
                "minimum_count": 99,
                "figure": 0.777,
                "limit_value": 0.2,
                "remedy": "Raise the engagement threshold.",
            },
        ]
        rejections += [
            {
                "month": month,
                "product_line": LINE,
                "reason": reason,
                "label": label,
                "rejections": count,
            }
            for reason, label, count in (
                ("no_budget", "No budget", 4 + place),
                ("no_response", "No response after attempts", 1),
            )
        ]
        sla += [
            {
                "month": month,
                "rep_id": rep,
                "priority": priority,
                "handoffs": 12,
                "met": met,
                "breached": 3,
                "overdue": 1,
                "open": 2,
                "median_response_hours": 7.5,
            }
            for rep, priority, met in (
                ("R-01", "high", 5),
                ("R-01", "standard", 6),
                ("R-02", "standard", 17),
            )
        ]
        cohorts += [
            {
                "cohort_month": month,
                "product_line": LINE,
                "months_since": age,
                "mqls": mqls,
                "accepted": 8 + age,
                "opportunities": 2 + age,
                "is_mature": later < MONTHS[-1],
            }
            for age, later in enumerate(MONTHS[place:])
        ]
    drivers = [
        {
            "attribute": "had_webinar",
            "value": value,
            "product_line": LINE,
            "mqls": 100,
            "opportunities": opportunities,
            **bounded("opportunity_rate"),
            **bounded("acceptance_rate"),
            "lift": 1.25,
            "median_days_to_opportunity": 33.3,
            "average_deal_usd": 45_678.0,
            "is_enough_data": True,
        }
        for value, opportunities in (("yes", 70), ("no", 50))
    ]
    campaigns = [
        {
            "touch": touch,
            "campaign": campaign,
            "channel": "webinar",
            "mqls": mqls,
            "accepted": 29,
            "opportunities": 13,
            "won": 7,
            "pipeline_usd": 81_234.0,
            "amount_won_usd": 91_234.0,
            **bounded("acceptance_rate"),
            **bounded("opportunity_rate"),
        }
        for touch in ("first", "last")
        for campaign, mqls in (("congress", 57), ("none", 23))
    ]
    sweep = [
        {
            "definition_id": "guide-2026",
            "product_line": LINE,
            "score_kind": "total",
            "threshold": threshold,
            "mqls_per_month": 60.5 - threshold / 2,
            "capacity": 70.4,
            "acceptance_mature_mqls": 0 if threshold < 50 else 44,
            **(bounded("acceptance_rate") if threshold >= 50 else {}),
            "is_enough_data": threshold >= 50,
            "is_current": threshold == 50,
            "is_recommended": threshold == 55,
            "reason": "raise: acceptance is below the limit"
            if threshold == 55
            else None,
        }
        for threshold in (40.0, 45.0, 50.0, 55.0, 60.0)
    ]
    backtest = [
        {
            "definition_id": definition,
            "product_line": LINE,
            "mqls": mqls,
            "observed_share": 0.87,
            **bounded("precision"),
            **bounded("recall"),
            "lift": 3.4,
            "lift_low": 2.1,
            "lift_high": 5.6,
            "acceptance_rate_low": 0.41,
            "acceptance_rate_high": 0.59,
            "is_enough_data": True,
        }
        for definition, mqls in (("guide-2026", 211), ("half-life-2026", 187))
    ]
    diff = [
        {
            "definition_id": "guide-2026",
            "other_definition_id": "half-life-2026",
            "contact_id": f"C-SECRET-{number}",
            "product_line": LINE,
            "change": "leaves" if number < 9 else "enters",
            "because_of": "Q4 engagement",
        }
        for number in range(13)
    ]
    return {
        "scoring.fct_contact_scores": [{"contact_id": "C-SECRET-1", "as_of": AS_OF}],
        "funnel.fct_monthly_review": review,
        "funnel.fct_review_alerts": alerts,
        "funnel.fct_as_reported": reported,
        "funnel.fct_funnel_monthly": funnel,
        "funnel.fct_mql_cohorts": cohorts,
        "funnel.fct_rejections_monthly": rejections,
        "funnel.fct_sla_monthly": sla,
        "funnel.fct_mql_drivers": drivers,
        "funnel.fct_campaign_performance": campaigns,
        "definition.fct_threshold_sweep": sweep,
        "definition.fct_definition_backtest": backtest,
        "definition.fct_definition_diff": diff,
    }


class Page(HTMLParser):
    """A page's text by the element it stands in, its tables, its elements."""

    EMPTY = ("meta", "link", "br")

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str | None] = []
        self.texts: dict[str, str] = {}
        self.order: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.elements: list[tuple[str, dict]] = []
        self.feed(text)
        self.close()
        assert self.open == [], "elements left open"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        name = attributes.get("id")
        if name:
            self.order.append(name)
        if tag not in self.EMPTY:
            self.open.append(name)
        if tag == "tr":
            self.rows.setdefault(self.section(), []).append([])
        if tag in ("td", "th"):
            self.rows[self.section()][-1].append("")

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_data(self, data):
        for name in filter(None, self.open):
            said = f"{self.texts.get(name, '')} {data}"
            self.texts[name] = " ".join(said.split())
        section = self.section()
        if self.rows.get(section) and self.elements[-1][0] in ("td", "th"):
            self.rows[section][-1][-1] += data.strip()

    def section(self) -> str | None:
        """The outermost named element that is open."""
        return next(filter(None, self.open), None)


def page(tmp_path: Path, rows: dict[str, list[dict]]) -> Page:
    """The review of a database of these rows."""
    file = write_review(make(tmp_path / "marts.duckdb", rows), tmp_path / "out")
    return Page(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def world_file(tmp_path_factory) -> Path:
    """The page of the small world."""
    folder = tmp_path_factory.mktemp("review")
    return write_review(make(folder / "marts.duckdb", small_world()), folder / "out")


@pytest.fixture(scope="module")
def shown(world_file) -> Page:
    return Page(world_file.read_text(encoding="utf-8"))


def test_alerts_come_first_each_with_figure_limit_and_remedy(shown):
    alarm = shown.texts["alarm-acceptance_rate_low"]
    assert "43% of the MQLs were accepted by sales" in alarm
    assert "Limit: not below 50%; counted: 52 MQLs" in alarm
    assert "Raise the threshold & look again." in alarm
    # June is too young for it
    assert "May 2026" in alarm
    alerts, headline, volume = map(shown.order.index, ("alerts", "headline", "volume"))
    assert alerts < headline < volume


def test_an_alert_that_is_not_raised_stands_in_the_table_alone(shown):
    assert [name for name in shown.order if name.startswith("alarm-")] == [
        "alarm-acceptance_rate_low"
    ]
    states = {row[0]: row[1] for row in shown.rows["alerts"][1:]}
    assert states == {
        "Acceptance rate low": "raised",
        "No response high": "too few to judge: 55 of 99",
        "Unrouted handoffs": "in order",
    }


def test_headline_figures_stand_beside_the_month_before_and_the_reported(shown):
    mqls = shown.texts["card-mqls"]
    assert mqls.startswith("MQLs 55 ")
    assert "May 2026: 52 (+3)" in mqls
    assert "Reported at the close: 53 (+2 since)" in mqls
    assert "39% of the 140 leads" in mqls
    acceptance = shown.texts["card-acceptance_rate"]
    assert "43% (32–57%) In May 2026, the last month old enough" in acceptance
    assert "June 2026: 28 of 55 MQLs so far" in acceptance
    assert "Reported at the close: 28 (no change since)" in acceptance
    opportunity = shown.texts["card-mql_to_opportunity_rate"]
    assert "In December 2025, the last month old enough" in opportunity
    assert "69%" in shown.texts["card-sla_compliance_rate"]
    assert "$70,108" in shown.texts["card-amount_won_usd"]
    assert "No budget" in shown.texts["card-top_rejection_reason"]


def test_months_on_the_page_are_those_of_the_mart(shown):
    world = small_world()["funnel.fct_monthly_review"]
    names = [f"{row['month']:%B %Y}" for row in world]
    names[-1] += " (running)"
    expected = [
        [
            name,
            str(row["mqls"]),
            "140",
            str(row["responded"]),
            str(row["accepted"]),
            str(row["rejected"]),
            "43% (32–57%)" if row["is_acceptance_mature"] else "–",
        ]
        for name, row in zip(names, world, strict=True)
    ]
    assert shown.rows["volume"][1:] == expected[::-1]


def test_the_funnel_counts_only_months_old_enough(shown):
    # October to December: 31 + 34 + 37 MQLs, 20 + 21 + 22 accepted, 11 + 12 + 13
    all_lines = ["102", "96", "63", "36", "12", "62% (52–71%)", "35% (27–45%)"]
    assert shown.rows["funnel"][-1][:8] == ["All lines", *all_lines]
    assert shown.rows["funnel"][1][1:8] == all_lines
    # the chart says the same
    assert "63 · 62% (52–71%)" in shown.texts["funnel"]


def test_cohorts_are_added_up_by_quarter_as_far_as_all_have_got(shown):
    rows = shown.rows["ripening"][1:]
    # June, the youngest of the second quarter, has only its own month behind it
    assert [row[:3] for row in rows if row[0] == "2026 Q2"] == [["2026 Q2", "0", "156"]]
    first = next(row for row in rows if row[:2] == ["2025 Q4", "1"])
    assert first[2:4] == ["102", "26% (19–36%)"]


def test_rejections_follow_up_and_campaigns_are_those_of_the_marts(shown):
    budget = shown.rows["why-rejected"][1]
    assert budget[:2] + budget[-2:] == ["No budget", "4", "12", "72 (89%)"]
    assert shown.rows["follow-up"][1][:8] == [
        "R-01", "high", "72", "30", "18", "6", "12", "56% (42–68%)",
    ]  # fmt: skip
    assert shown.rows["campaigns"][1] == [
        "congress", "webinar", "57", "29", "13", "7", "43% (32–57%)", "43% (32–57%)",
        "$81,234", "$91,234",
    ]  # fmt: skip


def test_the_recommended_threshold_is_marked_and_unobserved_ones_have_no_rate(shown):
    rows = {row[0]: row for row in shown.rows["thresholds"][1:]}
    assert rows["45"][1:] == ["", "38", "70.4", "0", "–", "–"]
    assert rows["50"][1:6] == ["in force", "35.5", "70.4", "44", "43% (32–57%)"]
    assert rows["55"][1] == "recommended"
    said = shown.texts["thresholds"]
    assert (
        "General: from 50 to 55 points (raise: acceptance is below the limit)" in said
    )
    assert "recommended: 55" in shown.texts["threshold-general-figure_1"]


def test_drivers_and_definitions_are_those_of_the_marts(shown):
    assert shown.rows["drivers"][1] == [
        "Webinar: no", "100", "50", "43% (32–57%)", "1.25", "43% (32–57%)", "33.3",
        "$45,678",
    ]  # fmt: skip
    # the line's share is 120 of 200, above either interval
    assert "apart from the line's 60%" in shown.texts["drivers"]
    assert shown.rows["definitions"][1] == [
        "General", "guide-2026", "211", "43% (32–57%)", "87%", "–", "–", "43% (32–57%)",
        "3.4 (2.1–5.6)", "41% and 59%",
    ]  # fmt: skip
    assert ["half-life-2026", "general", "leaves", "Q4 engagement", "9"] in (
        shown.rows["definitions"]
    )
    assert "makes its own luck" in shown.texts["definitions"]


def test_what_has_moved_since_it_was_reported_is_told(shown):
    assert "In 9 of 9 months a figure has moved" in shown.texts["restated"]
    assert shown.rows["restated"][1][2:4] == ["53 → 55 (+2)", "28 → 28 (no change)"]


def test_nobody_is_named(shown, world_file):
    personal = [
        f"{name}.{column['name']}"
        for name, model in models().items()
        for column in model["columns"]
        if column.get("meta", {}).get("pii") or column.get("config", {}).get("meta")
    ]
    assert personal == []
    assert "C-SECRET" not in world_file.read_text()


def test_charts_take_the_width_there_is_and_share_no_id(shown):
    pictures = [attributes for tag, attributes in shown.elements if tag == "svg"]
    assert len(pictures) > 12
    for attributes in pictures:
        assert "width" not in attributes and attributes["viewbox"]
        assert shown.texts[attributes["aria-labelledby"]]
    assert len(shown.order) == len(set(shown.order))
    pointed = [
        value
        for _, attributes in shown.elements
        for name, value in attributes.items()
        if name in ("xlink:href", "clip-path")
    ]
    for value in pointed:
        assert re.sub(r"^(url\()?#|\)$", "", value) in shown.order, value


def test_the_same_marts_give_the_same_page(world_file, tmp_path):
    again = write_review(world_file.parents[1] / "marts.duckdb", tmp_path)
    assert again.read_bytes() == world_file.read_bytes()


def test_a_campaign_may_be_named_anything(tmp_path):
    world = small_world()
    names = [
        "<script>alert(1)</script>",
        "from $5 to $10 \\frac{",
        "bell \x07 & tail \ufffe",
        "手術 " + 60 * "long ",
    ]
    world["funnel.fct_campaign_performance"] = [
        {"touch": "last", "campaign": name, "channel": "email", "mqls": 9 - place}
        for place, name in enumerate(names)
    ]
    made = page(tmp_path, world)
    assert "script" not in {tag for tag, _ in made.elements}
    said = [row[0] for row in made.rows["campaigns"][1:] if row[0] != "Campaign"]
    assert said[:2] == names[:2]
    assert said[2].split() == ["bell", "&", "tail"]
    drawn = made.texts["campaigns-last-figure_1"]
    assert all(name in drawn for name in names[:2])


@pytest.mark.parametrize("months", [[], [date(2026, 7, 1)]])
def test_without_a_complete_month_the_page_says_so(tmp_path, months):
    rows = {
        "scoring.fct_contact_scores": [{"as_of": AS_OF}],
        "funnel.fct_monthly_review": [{"month": month, "mqls": 4} for month in months],
    }
    made = page(tmp_path, rows)
    assert "There is nothing to review yet:" in made.texts["empty"]
    assert "svg" not in {tag for tag, _ in made.elements}


def test_a_first_month_with_little_to_tell_is_a_page(tmp_path):
    rows = {
        "scoring.fct_contact_scores": [{"as_of": AS_OF}],
        "funnel.fct_monthly_review": [
            {"month": date(2026, 6, 1), "mqls": 2, "capacity": None}
        ],
    }
    made = page(tmp_path, rows)
    assert made.texts["card-mqls"].startswith("MQLs 2 Not reported yet")
    assert "Too young to be told" in made.texts["card-acceptance_rate"]
    assert "No alert is raised." in made.texts["alerts"]
    assert "No MQL is old enough" in made.texts["funnel"]


def test_a_warehouse_without_the_marts_is_one_clear_error(tmp_path):
    with pytest.raises(ProjectError, match="does not exist yet: run `make build`"):
        write_review(tmp_path / "none.duckdb", tmp_path / "out")
    duckdb.connect(str(tmp_path / "bare.duckdb")).close()
    with pytest.raises(ProjectError, match="lacks a mart .* run `make build`"):
        write_review(tmp_path / "bare.duckdb", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_page_of_the_published_marts(tmp_path):
    make(tmp_path / "marts.duckdb", small_world())
    done = subprocess.run(
        [sys.executable, "-m", "mql", "review", "--out", str(tmp_path / "page")],
        cwd=warehouse.ROOT,
        env={**os.environ, "MQL_WAREHOUSE_PATH": str(tmp_path / "mql.duckdb")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path / "page" / "review.html")
    assert "MQL review, June 2026" in (tmp_path / "page" / "review.html").read_text()


@pytest.fixture(scope="module")
def chromium():
    """Headless Chromium; where CI is true it has to be there."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if path is None:
        message = "no Chromium: install the Debian package chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_it_quietly_alone_and_within_its_width(
    chromium, world_file, width
):
    tab = chromium.new_page(viewport={"width": width, "height": 800})
    said, asked = [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    try:
        tab.goto(world_file.as_uri(), wait_until="load")
        # open every table: they are wider than a phone, and scroll by themselves
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        boxes = tab.evaluate(
            "[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect())"
            ".map(b => [b.left, b.right, b.height])"
        )
        smallest = tab.evaluate(
            "Math.min(...[...document.querySelectorAll('svg text')]"
            ".map(t => t.getBoundingClientRect().height))"
        )
    finally:
        tab.close()
    assert said == []
    assert asked == [world_file.as_uri()]
    assert boxes
    for left, right, height in boxes:
        assert left >= 0 and right <= width and height > 60
    # a line of text of 9 pixels
    assert smallest >= 9
