"""The definition document says what the seeds say, all of it, and nothing else."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

import warehouse
from mql.definition import definition_hashes, write_documents
from mql.definition.agreement import agreement
from mql.definition.annexes import pages, reasons, targets
from mql.definition.read import (
    KEYS,
    Definition,
    Row,
    read_definitions,
    read_names,
)
from mql.definition.words import MARK, Names, numbers
from mql.definition.write import approval, document, render, status
from mql.project import ProjectError

SEEDS = sorted(
    file.stem for file in (warehouse.ROOT / "seeds" / "definition").glob("*.csv")
)
SHIPPED = ("guide-2026", "half-life-2026")
LINES = ("general", "capital_equipment", "consumable", "service_software")
# What a blank cell may be filled with.
FILLINGS = {
    "effective_from": "2026-07-01 00:00:00",
    "approved_by_marketing": "A. Marketer",
    "approved_by_sales": "A. Seller",
    "approved_on": "2026-06-01",
    "allowed_role_classes": "decision_maker",
    "product_line": "consumable",
    "territory": "Far North",
    "reason_code": "no_budget",
}


@pytest.fixture(scope="module")
def definitions() -> dict[str, Definition]:
    """The definitions as shipped."""
    return {
        definition.definition_id: definition
        for definition in read_definitions(warehouse.ROOT)
    }


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(read_names(warehouse.ROOT))


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the seeds, to be changed as files."""
    shutil.copytree(warehouse.ROOT / "seeds", tmp_path / "project" / "seeds")
    return tmp_path / "project"


def changed(definition: Definition, old: Row, **cells: str) -> Definition:
    """The definition with other cells in one of its rows."""
    new = replace(old, cells={**old.cells, **cells})
    rows = [new if row is old else row for row in definition.rules[old.seed]]
    return replace(definition, rules={**definition.rules, old.seed: rows})


def find(definition: Definition, seed: str, **which: str) -> Row:
    """The row with these cells."""
    (row,) = [
        row
        for row in definition.rules[seed]
        if all(row[column] == cell for column, cell in which.items())
    ]
    return row


def sections(definition: Definition, names: Names) -> dict:
    """What the document says of the rules, without hash and comparison."""
    made = document(definition, names)
    return {
        "head": (made.title, [fact for fact in made.facts if fact[0] != "Hash"]),
        **{
            section.key: section
            for section in made.sections
            if section.key not in ("changes", "sign-off")
        },
    }


def said_of(column: str, definition: Definition, names: Names):
    """The part of the document in which a column should be seen."""
    if column == "rationale":
        return reasons(definition, names)
    row = definition.row
    return (
        row["title"],
        status(definition),
        approval(definition),
        agreement(definition, names),
        targets(definition, names),
        pages(definition, names),
    )


def page(definition: Definition, names: Names) -> str:
    """The Markdown of the document."""
    return render(document(definition, names), "md")


def part(text: str, title: str) -> str:
    """One section of a Markdown document."""
    (found,) = [
        section
        for section in re.split(r"^## ", text, flags=re.MULTILINE)
        if section.split("\n")[0].endswith(title)
    ]
    return found


def another(row: Row, column: str) -> str:
    """Another cell that could stand in its place."""
    cell = row[column]
    if not cell:
        return FILLINGS.get(column, "3")
    if cell in ("true", "false"):
        return "false" if cell == "true" else "true"
    if column == "decay_method":
        return "half_life" if cell == "inactivity" else "inactivity"
    if column == "product_line":
        return next(line for line in (*LINES, "*") if line != cell)
    if column in ("effective_from", "approved_on", "review_due_on"):
        return "2025-02-03"
    if re.fullmatch(r"-?\d+(\.\d+)?", cell):
        return str(float(cell) + 7)
    return f"{cell}_other"


def is_without_effect(row: Row, column: str) -> bool:
    """Cells that the rules do not read, which the document rightly passes over."""
    return {
        "hold_days": lambda: row.flag("until_profile_change"),
        "service_window_days": lambda: not row.flag("requires_service_signal"),
        "score_once_per_asset": lambda: row["product_line"] != "*",
        "max_scored_per_day": lambda: row["product_line"] != "*",
        "half_life_days": lambda: row["decay_method"] == "inactivity",
        "inactivity_days": lambda: row["decay_method"] == "half_life",
        "inactivity_period_days": lambda: row["decay_method"] == "half_life",
        "inactivity_points": lambda: row["decay_method"] == "half_life",
        "approved_on": lambda: not row["approved_by_marketing"],
    }.get(column, lambda: False)()


# Everything is in it


@pytest.mark.parametrize(
    ("name", "seed"),
    [("guide-2026", seed) for seed in SEEDS] + [("half-life-2026", "definitions")],
)
def test_every_cell_of_every_row_is_in_the_document(definitions, names, seed, name):
    """Another value in any one cell makes another document, beside its hash."""
    definition = definitions[name]
    columns = [*definition.rules[seed][0].cells]
    columns.remove("definition_id")
    unseen = []
    for column in columns:
        before = said_of(column, definition, names)
        for row in definition.rules[seed]:
            new = changed(definition, row, **{column: another(row, column)})
            is_seen = said_of(column, new, names) != before
            if not is_seen and not is_without_effect(row, column):
                unseen.append((column, row.cells))
    assert unseen == []


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed != "definitions"])
def test_a_row_less_is_less_in_the_document(definitions, names, seed):
    definition = definitions["guide-2026"]
    before = said_of("any", definition, names)
    rows = definition.rules[seed]
    for position in range(len(rows)):
        fewer = [*rows[:position], *rows[position + 1 :]]
        less = replace(definition, rules={**definition.rules, seed: fewer})
        assert said_of("any", less, names) != before, rows[position].cells


CHANGES = {
    # seed, the row, the cells, the sections that change, what is said before and after
    "fit points": (
        "fit_points",
        {"criterion": "decision_maker"},
        {"points": "20"},
        {"fit"},
        "Role decides on purchases | 15 |",
        "Role decides on purchases | 20 |",
    ),
    "engagement points": (
        "activity_points",
        {"activity_type": "webinar_attendance"},
        {"points": "25"},
        {"engagement"},
        "Webinar attendance † | 15 | Once per asset |",
        "Webinar attendance † | 25 | Once per asset |",
    ),
    "negative points": (
        "activity_points",
        {"activity_type": "unsubscribe"},
        {"points": "-30"},
        {"negative"},
        "Unsubscribe | −20 | Suppresses |",
        "Unsubscribe | −30 | Suppresses |",
    ),
    "threshold": (
        "qualification_criteria",
        {"product_line": "general"},
        {"min_total_score": "60"},
        {"thresholds"},
        "| General † | Fit 25; fit and engagement together 50 |",
        "| General † | Fit 25; fit and engagement together 60 |",
    ),
    "gate": (
        "qualification_criteria",
        {"product_line": "capital_equipment"},
        {"min_bed_count": "150"},
        {"thresholds"},
        "200 beds or more",
        "150 beds or more",
    ),
    "account threshold": (
        "qualification_criteria",
        {"product_line": "consumable"},
        {"account_min_contacts": "2"},
        {"accounts"},
        "| All lines † | Engagement of 75 or more together; at least 3 people",
        "| Consumable † | Engagement of 75 or more together; at least 2 people",
    ),
    "decay": (
        "definitions",
        {},
        {"inactivity_days": "120"},
        {"fading"},
        "whose last engagement was 90 days ago loses 10 points",
        "whose last engagement was 120 days ago loses 10 points",
    ),
    "rejection reason": (
        "rejection_reasons",
        {"reason_code": "no_budget"},
        {"hold_days": "90"},
        {"answers"},
        "| No budget † | no\\_budget | For 180 days, or until a direct request |",
        "| No budget † | no\\_budget | For 90 days, or until a direct request |",
    ),
    "follow-up": (
        "sla_policies",
        {"priority": "high"},
        {"hours": "2"},
        {"follow-up"},
        "| 4 hours |",
        "| 2 hours |",
    ),
    "routing": (
        "routing_rules",
        {"priority": "250"},
        {"rep_id": "R-09"},
        {"routing"},
        "| West † | All lines | Any | R-06, then R-05 | 250, 450 |",
        "| West † | All lines | Any | R-09, then R-05 | 250, 450 |",
    ),
    "cadence": (
        "review_cadence",
        {"review": "cohorts"},
        {"every_months": "6"},
        {"review"},
        "| Cohorts † | Every 3 months |",
        "| Cohorts † | Every 6 months |",
    ),
    "alert": (
        "review_alerts",
        {"alert": "acceptance_rate_low"},
        {"limit": "0.4"},
        {"review"},
        "Share of answered leads that sales accepts is below 50%",
        "Share of answered leads that sales accepts is below 40%",
    ),
    "target": (
        "target_specialties",
        {"product_line": "general", "specialty": "urology"},
        {"specialty": "podiatry"},
        {"targets", "reasons"},
        "Transplant Surgery · Urology ·",
        "| General | Podiatry † |",
    ),
    "web page": (
        "page_rules",
        {"priority": "201"},
        {"url_pattern": "%/prices%"},
        {"pages"},
        "…/price-list…",
        "…/prices…",
    ),
    "reason": (
        "sla_policies",
        {"priority": "high"},
        {"rationale": "assumption: half a day's work"},
        {"follow-up", "reasons"},
        "| High | A direct request",
        "| High † | A direct request",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_seed_changes_the_document_there_and_nowhere_else(
    definitions, names, case
):
    seed, which, cells, expected, was, now = CHANGES[case]
    old = definitions["guide-2026"]
    new = changed(old, find(old, seed, **which), **cells)
    before, after = sections(old, names), sections(new, names)
    assert {key for key in before if before[key] != after[key]} == expected
    said_before, said_after = page(old, names), page(new, names)
    assert was in said_before and was not in said_after
    assert now in said_after and now not in said_before


def test_a_changed_file_changes_the_written_documents(project, tmp_path):
    """The whole path: a seed file is edited, the documents are written again."""
    seed = project / "seeds" / "definition" / "sla_policies.csv"
    before = write_documents(project, tmp_path / "before")
    text = seed.read_text(encoding="utf-8")
    seed.write_text(text.replace("guide-2026,high,4,", "guide-2026,high,3,"))
    after = write_documents(project, tmp_path / "after")
    assert [file.name for file in after] == [
        f"{name}.{kind}" for name in SHIPPED for kind in ("html", "md")
    ]
    for old, new in zip(before[:2], after[:2], strict=True):
        assert re.search(r"\b4 hours", old.read_text(encoding="utf-8"))
        assert not re.search(r"\b4 hours", new.read_text(encoding="utf-8"))
        assert re.search(r"\b3 hours", new.read_text(encoding="utf-8"))
    # the proposed one keeps its own four hours, and says that the official one differs
    log = part(after[3].read_text(encoding="utf-8"), "What changed")
    assert "| Follow-up times: High | hours | 3 | 4 |" in log


def test_the_range_of_fit_scores_follows_the_points_of_each_line(definitions, names):
    definition = definitions["guide-2026"]
    assert "from −40 to 45 (all lines)." in page(definition, names)
    decides = find(definition, "fit_points", criterion="decision_maker")
    more = changed(definition, decides, points="20")
    assert "from −40 to 50 (all lines)." in page(more, names)
    customer = find(definition, "fit_points", criterion="current_customer")
    apart = changed(definition, customer, points="5")
    assert (
        "from −40 to 45 (general, capital equipment and consumable);"
        " from −40 to 35 (service software)." in page(apart, names)
    )


def test_the_proposed_definition_reads_as_its_own_rules_say(definitions, names):
    text = page(definitions["half-life-2026"], names)
    assert "every point is worth half after 60 days" in text
    assert "loses 10 points" not in text
    assert "the 3rd download on one topic within 90 days" in text
    assert "earns 10 points more" in text
    assert "| Email open † | 1 | No engagement |" in text


# Assumptions


@pytest.mark.parametrize("name", SHIPPED)
def test_every_assumption_is_marked_and_given_with_its_reason(definitions, names, name):
    definition = definitions[name]
    reasons = part(page(definition, names), "Reasons and assumptions")
    plain = re.sub(r"\\(.)", r"\1", reasons)
    assumptions = 0
    for rows in definition.rules.values():
        for row in rows:
            if row.is_assumption:
                _, _, said = row["rationale"].partition("assumption: ")
                assert f" {MARK} {said.rstrip('.')}" in plain, row.cells
                assumptions += 1
    assert assumptions > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mark_stands_at_the_rows_that_rest_on_an_assumption(
    definitions, names, seed
):
    """The same text with and without, but for the mark."""
    definition = definitions["guide-2026"]
    for row in definition.rules[seed]:
        definition = changed(definition, row, rationale="guide: as it says")
    without = texts(definition, names)
    for row in definition.rules[seed]:
        definition = changed(definition, row, rationale="assumption: so be it")
    marked = texts(definition, names)
    assert without != marked
    for old, new in zip(without, marked, strict=True):
        assert new.replace(f" {MARK}", "") == old.replace(f" {MARK}", "")
        assert new.count(MARK) >= old.count(MARK)


def texts(definition: Definition, names: Names) -> list[str]:
    """Every line of the document but those with the hash and of the last annex."""
    lines = page(definition, names).split("\n")
    lines = lines[: lines.index("## Annex C. Reasons and assumptions")]
    return [line for line in lines if definition.hash[:12] not in line]


# Few pages


def test_what_holds_for_all_lines_is_said_once(definitions, names):
    definition = definitions["guide-2026"]
    for row in definition.rules["qualification_criteria"]:
        definition = changed(definition, row, min_fit_score="20")
    said = part(page(definition, names), "When a person is an MQL")
    assert said.count("it 20") == 1
    assert "| All lines † | Fit 20 |" in said

    named = [
        replace(row, cells={**row.cells, "product_line": line})
        for row in definition.rules["target_specialties"]
        if row["product_line"] == "*"
        for line in LINES
    ]
    definition = replace(
        definition, rules={**definition.rules, "target_specialties": named}
    )
    said = part(page(definition, names), "Who is a target")
    assert said.count("Neurological Surgery") == 1
    assert "| All lines | Orthopaedic Surgery ·" in said


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(
    ("seed", "title", "most"),
    [
        ("routing_rules", "Handing over and routing", 15),
        ("page_rules", "Which web page is which", 15),
    ],
)
def test_rules_in_order_are_few_rows_and_each_number_is_there(
    definitions, names, name, seed, title, most
):
    said = part(page(definitions[name], names), title)
    rows = [line for line in said.split("\n") if line.startswith("| ")][1:]
    assert len(rows) <= most
    shown: list[int] = []
    for row in rows:
        for piece in row.split("|")[-2].split(", "):
            first, last, step = re.fullmatch(
                r" ?(\d+)(?:–(\d+)(?: in steps of (\d+))?)? ?", piece
            ).groups()
            shown += range(int(first), int(last or first) + 1, int(step or 1))
    expected = [int(row["priority"]) for row in definitions[name].rules[seed]]
    assert sorted(shown) == sorted(expected)


def test_a_rule_for_any_is_not_put_together_with_rules_for_some(definitions, names):
    """A stand-in for everybody would read as one for a territory or a specialty."""
    definition = definitions["guide-2026"]
    for priority, cells in {
        "900": {"rep_id": "R-06"},
        "910": {"rep_id": "R-05"},
        "70": {"specialty": "*", "rep_id": "R-07"},
    }.items():
        old = find(definition, "routing_rules", priority=priority)
        definition = changed(definition, old, **cells)
    said = part(page(definition, names), "Handing over and routing")
    assert "| West † | All lines | Any | R-06, then R-05 | 250, 450 |" in said
    assert "| Any † | All lines | Any | R-06, then R-05 | 900, 910 |" in said
    assert "| Any † | Capital equipment | Any | R-07 | 70 |" in said


def test_numbers_are_shortened_without_loss():
    def said(*values: int) -> str:
        return numbers(map(Decimal, values))

    assert said(7) == "7"
    assert said(3, 2, 1) == "1–3"
    assert said(10, 20, 30, 31) == "10–30 in steps of 10, 31"
    assert said(1, 2, 10, 11, 12) == "1, 2, 10–12"


# Hash


def rewrite(file: Path, rows: list[dict[str, str]], **style) -> None:
    """Writes a seed file anew in another style."""
    encoding = style.pop("encoding", "utf-8")
    with file.open("w", newline="", encoding=encoding) as lines:
        writer = csv.DictWriter(lines, list(rows[0]), **style)
        writer.writeheader()
        writer.writerows(rows)


def cells_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_the_hash_does_not_depend_on_how_the_file_is_written(project):
    before = definition_hashes(project)
    for file in (project / "seeds" / "definition").glob("*.csv"):
        rows = cells_of(file)
        moved = [dict(reversed(row.items())) for row in reversed(rows)]
        rewrite(
            file,
            moved,
            encoding="utf-8-sig",
            lineterminator="\r\n",
            quoting=csv.QUOTE_ALL,
        )
    assert definition_hashes(project) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hash_changes_with_any_cell_and_only_for_its_definition(
    definitions, project, seed
):
    file = project / "seeds" / "definition" / f"{seed}.csv"
    rows = cells_of(file)
    before = definition_hashes(project)
    position = max(
        number for number, row in enumerate(rows) if row["definition_id"] == SHIPPED[0]
    )
    seen = set(before.values())
    for column in rows[0]:
        if column == "definition_id":
            continue
        edited = [dict(row) for row in rows]
        edited[position][column] = another(Row(seed, 0, edited[position]), column)
        rewrite(file, edited)
        after = definition_hashes(project)
        assert after[SHIPPED[0]] not in seen, column
        seen.add(after[SHIPPED[0]])
        assert after[SHIPPED[1]] == before[SHIPPED[1]]
    if seed != "definitions":
        rewrite(file, [*rows, rows[position]])
        twice = definition_hashes(project)[SHIPPED[0]]
        rewrite(file, rows[:position] + rows[position + 1 :])
        assert len({*seen, twice, definition_hashes(project)[SHIPPED[0]]}) == (
            len(seen) + 2
        )


def test_a_new_blank_column_keeps_the_hash(project):
    before = definition_hashes(project)
    file = project / "seeds" / "definition" / "fit_points.csv"
    rewrite(file, [{**row, "note": ""} for row in cells_of(file)])
    assert definition_hashes(project) == before


def test_the_hash_is_what_the_documentation_says(project):
    """Recomputed here from the description in docs/definition-document.md."""
    lines = []
    for file in (project / "seeds" / "definition").glob("*.csv"):
        for row in cells_of(file):
            if row["definition_id"] == "guide-2026":
                cells = {column: cell for column, cell in row.items() if cell.strip()}
                text = json.dumps(
                    [file.stem, cells],
                    sort_keys=True,
                    ensure_ascii=False,
                    separators=(",", ":"),
                )
                lines.append(text)
    expected = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
    assert definition_hashes(project)["guide-2026"] == expected


# What changed


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed != "definitions"])
def test_the_change_log_names_rows_added_removed_and_changed(definitions, names, seed):
    base = definitions["guide-2026"]
    proposed = replace(base, base=base)
    assert "every row" not in part(page(proposed, names), "What changed")
    assert "(guide-2026, hash " in part(page(proposed, names), "What changed")

    row = base.rules[seed][-1]
    about = KEYS[seed][0]
    key = {about: "777" if row[about].isdigit() else "something_new"}
    added = replace(row, cells={**row.cells, **key})
    more = {**base.rules, seed: [*base.rules[seed], added]}
    fewer = {**base.rules, seed: base.rules[seed][:-1]}

    def log(rules) -> list[list[str]]:
        made = document(replace(proposed, rules=rules), names)
        (section,) = [one for one in made.sections if one.key == "changes"]
        return [list(line) for line in section.blocks[-1].rows]

    ((where, what, was, now),) = log(more)
    assert (what, was) == ("added", "–") and now != "–"
    assert re.search("777|omething.new", where)
    ((where, what, was, now),) = log(fewer)
    assert (what, now) == ("removed", "–") and was != "–"
    for column in row.cells:
        if column not in ("definition_id", *KEYS[seed]):
            rules = changed(base, row, **{column: another(row, column)}).rules
            ((_, what, was, now),) = log(rules)
            assert was != now
            assert what != "added" and what != "removed"


def test_the_proposed_definition_is_compared_with_the_official_one(definitions, names):
    log = part(page(definitions["half-life-2026"], names), "What changed")
    assert "Against Guide definition 2026 (guide-2026, hash" in log
    assert "| The definition as a whole | topic depth points | 0 | 10 |" in log
    assert "| The definition as a whole | half life days | – | 60 |" in log
    assert "| Engagement points: Email open | counts as engagement | yes | no |" in log
    # everything else is the same, and not said
    assert {
        line.split("|")[1] for line in log.split("\n") if line.startswith("| ")
    } == {
        " Rule ",
        " The definition as a whole ",
        " Engagement points: Email open ",
    }


def test_an_official_definition_is_compared_with_the_one_before(project):
    file = project / "seeds" / "definition" / "definitions.csv"
    rows = cells_of(file)
    third = {**rows[0], "definition_id": "third", "effective_from": "2027-01-01"}
    second = {**rows[1], "effective_from": "2026-08-01 12:00:00"}
    # the order of the file says nothing
    rewrite(file, [third, second, rows[0]])
    first, next_one, last = read_definitions(project)
    assert [one.definition_id for one in (first, next_one, last)] == [*SHIPPED, "third"]
    assert first.base is None
    assert next_one.base is first and last.base is next_one
    assert first.official_until == datetime(2026, 8, 1, 12)
    names = Names(read_names(project))
    said = page(first, names)
    assert "Official from 2023-01-01 until 2026-08-01 12:00:00 UTC" in said
    assert "none came before it" in part(said, "What changed")


# Head and signatures


def test_the_head_says_what_is_official_and_who_approved(definitions, names):
    official = page(definitions["guide-2026"], names)
    assert "| Status | Official from 2023-01-01 |" in official
    approved = "| Approved | By VP of Marketing and VP of Sales on 2026-01-12 |"
    assert approved in official
    proposed = page(definitions["half-life-2026"], names)
    assert "| Status | Proposed: " in proposed
    assert "| Approved | Not yet by marketing and sales |" in proposed
    assert f"| Hash | {definitions['half-life-2026'].hash[:12]} |" in proposed


def test_lines_to_sign_carry_the_approvals_and_are_empty_without(definitions, names):
    signed = part(page(definitions["guide-2026"], names), "Sign-off")
    assert "| For marketing | VP of Marketing | 2026-01-12 |  |" in signed
    assert definitions["guide-2026"].hash in signed
    empty = part(page(definitions["half-life-2026"], names), "Sign-off")
    assert "| For marketing |  |  |  |\n| For sales |  |  |  |" in empty
    half = definitions["half-life-2026"]
    half = changed(half, half.row, approved_by_sales="Sam Seller")
    assert "| Approved | By Sam Seller; not yet by marketing |" in page(half, names)


# Markup


HOSTILE = "A|b <script>alert(1)</script> *x* [y](http://z) `q` & {{ 7 * 7 }} {% if %}"


class Balance(HTMLParser):
    """Reads a page and complains about tags that do not meet."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "br", "hr", "img", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> meets {self.open}"
        self.open.pop()


@pytest.fixture(params=["shipped", "hostile"])
def rendered(request, definitions, names) -> list[tuple[str, str]]:
    """(HTML, Markdown) of each definition, also with text that looks like markup."""
    made = []
    for definition in definitions.values():
        if request.param == "hostile":
            definition = changed(definition, definition.row, title=HOSTILE)
            row = definition.rules["review_alerts"][0]
            definition = changed(definition, row, remedy=HOSTILE + "\r\n\r\n# two")
        one = document(definition, names)
        made.append((render(one, "html"), render(one, "md")))
    return made


def test_html_is_well_formed_and_needs_nothing_else(rendered):
    for html, _ in rendered:
        balance = Balance()
        balance.feed(html)
        balance.close()
        assert balance.open == []
        tags = [tag for tag, _ in balance.seen]
        assert tags.count("title") == tags.count("h1") == tags.count("main") == 1
        assert tags.count("table") > 10
        assert not {"script", "link", "img", "iframe", "object"} & set(tags)
        loads = {"src", "href", "srcset", "action", "style"}
        assert not any(loads & set(attributes) for _, attributes in balance.seen)
        (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
        assert not re.search(r"url\(|@import|http|&|<", style)
        assert "counter(page)" in style and "@media print" in style
        identifiers = [
            attributes["id"] for _, attributes in balance.seen if "id" in attributes
        ]
        assert len(identifiers) == len(set(identifiers)) == 15


def test_markdown_is_whole_and_its_tables_are_even(rendered):
    for _, text in rendered:
        leftovers = text.replace("{{ 7 \\* 7 }}", "").replace("{% if %}", "")
        assert not re.search(r"\{\{|\}\}|\{%|%\}|\bNone\b|Undefined", leftovers)
        assert "<script" not in text.replace("\\<script", "")
        assert "\n# two" not in text
        width = 0
        for line in text.split("\n"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            if not line.startswith("|"):
                assert cells == 0, line
            width = cells if not width or not cells else width
            assert cells in (0, width), line
            width = width if cells else 0
        assert not re.search(r"\n{3,}", text)
        assert not re.search(r"[ \t]\n", text)


def test_a_definition_without_optional_rules_says_so(definitions, names):
    definition = definitions["guide-2026"]
    without = {**definition.rules, "page_rules": [], "routing_rules": []}
    text = page(replace(definition, rules=without), names)
    assert "None." in part(text, "Which web page is which")
    assert "None." in part(text, "Handing over and routing")


# Errors


def test_a_cell_that_cannot_be_read_is_named_and_nothing_is_written(project, tmp_path):
    file = project / "seeds" / "definition" / "fit_points.csv"
    rows = cells_of(file)
    rewrite(file, [{**rows[0], "points": "many"}, *rows[1:]])
    out = tmp_path / "out"
    with pytest.raises(ProjectError, match=r"fit_points.csv, line 2: points is 'many'"):
        write_documents(project, out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda file: file.unlink(), r"fit_points\.csv is missing"),
        (
            lambda file: file.write_text(file.read_text().replace("points", "score")),
            r"no column points",
        ),
        (
            lambda file: file.write_text(file.read_text() + "guide-2026,*\n"),
            r"fit_points\.csv, line 18: .* many cells",
        ),
        (
            lambda file: file.write_text("definition_id,é\n", encoding="latin-1"),
            r"not UTF-8",
        ),
        (
            lambda file: file.write_text(file.read_text().replace(",15,", ",nan,")),
            r"not a number",
        ),
    ],
)
def test_a_seed_that_cannot_be_read_is_one_message(project, tmp_path, damage, message):
    damage(project / "seeds" / "definition" / "fit_points.csv")
    with pytest.raises(ProjectError, match=message):
        write_documents(project, tmp_path / "out")


def test_an_id_that_is_no_file_name_and_an_unknown_one_are_refused(project, tmp_path):
    with pytest.raises(
        ProjectError, match="no definition 'x'; there is guide-2026 and"
    ):
        write_documents(project, tmp_path, only="x")
    for file in (project / "seeds" / "definition").glob("*.csv"):
        file.write_text(file.read_text().replace("half-life-2026", "../2026"))
    with pytest.raises(ProjectError, match="cannot be the name of a file"):
        write_documents(project, tmp_path / "out")
    assert list(tmp_path.rglob("*.md")) == []


# The command, and what is written about it


def test_the_command_writes_one_definition_or_all(tmp_path):
    def run(*arguments: str) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "mql", "definition", *arguments],
            cwd=warehouse.ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return [Path(line).name for line in ran.stdout.split("\n") if line]

    out = tmp_path / "out"
    assert run("--out", str(out), "--definition", "half-life-2026") == [
        "half-life-2026.html",
        "half-life-2026.md",
    ]
    assert sorted(file.name for file in out.iterdir()) == [
        "half-life-2026.html",
        "half-life-2026.md",
    ]
    assert len(run("--out", str(out))) == len(list(out.iterdir())) == 4


def test_the_excerpt_in_the_documentation_is_real(definitions, names):
    text = (warehouse.ROOT / "docs" / "definition-document.md").read_text("utf-8")
    excerpts = re.findall(r"```markdown\n(.*?)```", text, flags=re.DOTALL)
    assert len(excerpts) >= 2
    whole = "".join(page(definition, names) for definition in definitions.values())
    for excerpt in excerpts:
        assert excerpt in whole
