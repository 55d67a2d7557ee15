"""What one looks up: who is a target, which page is which, and why each rule is so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mql.definition.document import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Section,
    Table,
    grouped,
    product_lines,
)
from mql.definition.read import KEYS, Definition, Row, distinct
from mql.definition.words import (
    MARK,
    NOT_ASKED,
    Names,
    marked_list,
    numbers,
    places,
    plain,
    sentence,
)

SEED_TITLES = {
    "definitions": "The definition as a whole",
    "qualification_criteria": "Thresholds and gates",
    "fit_points": "Fit points",
    "activity_points": "Engagement points",
    "routing_rules": "Routing rules",
    "sla_policies": "Follow-up times",
    "rejection_reasons": "Rejection reasons",
    "review_cadence": "Reviews",
    "review_alerts": "Alerts",
    "target_specialties": "Target specialties",
    "role_classes": "Roles",
    "facility_classes": "Facility types",
    "geographies": "Places",
    "page_rules": "Web pages",
}


def annexes(definition: Definition, names: Names) -> list[Section]:
    """The annexes in order."""
    return [
        targets(definition, names),
        pages(definition, names),
        reasons(definition, names),
    ]


def targets(definition: Definition, names: Names) -> Section:
    """Target specialties, classes of roles and facility types, the sales map."""
    rules = definition.rules
    specialties: dict[str, list[Row]] = {}
    for row in rules["target_specialties"]:
        specialties.setdefault(row["specialty"], []).append(row)
    by_lines: dict[str, list[Row]] = {}
    for rows in specialties.values():
        lines = names.lines(
            [row["product_line"] for row in rows], product_lines(definition)
        )
        by_lines.setdefault(lines, []).extend(rows)
    blocks: list[Block] = [
        Heading("Target specialties"),
        Table(
            ["Product line", "Specialties"],
            [
                [sentence(lines), marked_list(rows, code_names("specialty", names))]
                for lines, rows in by_lines.items()
            ],
        ),
        Heading("Roles and what part they play"),
        classes(rules["role_classes"], "role", "role_class", definition, names),
        Heading("Facility types"),
        classes(
            rules["facility_classes"],
            "facility_type",
            "facility_class",
            definition,
            names,
        ),
        Heading("Where we sell"),
        *sales_map(rules["geographies"]),
    ]
    return Section("targets", "Who is a target", blocks, is_annex=True)


def code_names(column: str, names: Names):
    """Words for rows: the names of their codes in a column, each once."""

    def words(rows: Sequence[Row]) -> str:
        # a dot, not a comma: "Hospital, kind not stated" is one facility type
        return " \u00b7 ".join(
            distinct(names.name(column, row[column]) for row in rows)
        )

    return words


def classes(
    rows: Sequence[Row],
    about: str,
    column: str,
    definition: Definition,
    names: Names,
) -> Table:
    """A row per class and the lines it holds for; what a line says of its own wins."""
    same = grouped(rows, lambda row: (row[about], row[column]))
    by_class: dict[tuple[str, str], list[Row]] = {}
    for (_, named), group in same.items():
        lines = names.lines(
            [row["product_line"] for row in group], product_lines(definition)
        )
        by_class.setdefault((named, lines), []).extend(group)
    # the general rule before its exceptions, line by line
    in_order = sorted(by_class.items(), key=lambda item: item[0][1] != "all lines")
    return Table(
        ["Class", "Product line", "Which"],
        [
            [
                sentence(plain(named)),
                sentence(lines) if lines == "all lines" else f"But {lines}",
                marked_list(group, code_names(about, names)),
            ]
            for (named, lines), group in in_order
        ],
    )


def sales_map(rows: Sequence[Row]) -> list[Block]:
    """Territories with their target and covered states; what is not covered."""
    territories = grouped(
        [row for row in rows if row["territory"]], lambda row: (row["territory"],)
    )

    def covered(group: Sequence[Row], coverage: str) -> str:
        chosen = [row for row in group if row["coverage"] == coverage]
        return marked_list(chosen, places) or NOT_ASKED

    kinds = ["target", "covered"]
    kinds += sorted({row["coverage"] for row in rows if row["territory"]} - {*kinds})
    outside = [row for row in rows if not row["territory"]]
    listed_outside = "; ".join(
        f"{plain(coverage)}: {marked_list(group, places)}"
        for (coverage,), group in grouped(
            outside, lambda row: (row["coverage"],)
        ).items()
    )
    table = Table(
        ["Territory", *map(sentence, map(plain, kinds))],
        [
            [territory, *(covered(group, coverage) for coverage in kinds)]
            for (territory,), group in territories.items()
        ],
    )
    without = f"Without a territory, {listed_outside}. " if outside else ""
    return [
        table,
        Paragraph(
            f"{without}A place that is not listed is uncovered: nobody there becomes an"
            " MQL of a line that asks for covered geography."
        ),
    ]


def pages(definition: Definition, names: Names) -> Section:
    """Which web page is which, in the order in which the rules are tried."""
    in_order = sorted(
        definition.rules["page_rules"], key=lambda row: row.number("priority") or 0
    )
    groups: list[list[Row]] = []
    for row in in_order:
        same = groups and all(
            groups[-1][0][column] == row[column]
            for column in ("activity_type", "product_line")
        )
        if same:
            groups[-1].append(row)
        else:
            groups.append([row])
    blocks = [
        Paragraph(
            "A page view is of the first class whose rule fits its address, and about"
            " that rule's product line where it names none itself; a page that fits"
            " none is a plain page view. \u2026 stands for any text, _ for any one"
            " character."
        ),
        Table(
            ["Class", "Product line", "Address", "Rules"],
            [
                [
                    sentence(plain(group[0]["activity_type"])),
                    sentence(plain(group[0]["product_line"])) or NOT_ASKED,
                    marked_list(group, addresses),
                    numbers(row.number("priority") for row in group),
                ]
                for group in groups
            ],
        ),
    ]
    return Section("pages", "Which web page is which", blocks, is_annex=True)


def addresses(rows: Sequence[Row]) -> str:
    """Address patterns; where several begin alike and end alike, each part once."""
    whole: list[str] = []
    endings: dict[str, list[str]] = {}
    for row in rows:
        start, _, end = row["url_pattern"].rpartition("%/")
        if start:
            endings.setdefault(f"{start}%", []).append(f"/{end}")
        else:
            whole.append(row["url_pattern"])
    beginnings: dict[tuple[str, ...], list[str]] = {}
    for start, ends in endings.items():
        beginnings.setdefault(tuple(ends), []).append(start)
    parts = [", ".join(whole)] if whole else []
    parts += [
        f"{', '.join(starts)}, each followed by {', '.join(ends)}"
        if len(starts) > 1
        else ", ".join(starts[0] + end for end in ends)
        for ends, starts in beginnings.items()
    ]
    return "; ".join(parts).replace("%", "\u2026")


def reasons(definition: Definition, names: Names) -> Section:
    """Why each rule is what it is; the assumptions marked."""
    blocks: list[Block] = [
        Paragraph(
            f"What a rule quotes, and behind {MARK} what it assumes beyond that. The"
            " review may change an assumption first."
        )
    ]
    for seed in [*KEYS, *sorted(definition.rules.keys() - KEYS.keys())]:
        if definition.rules[seed]:
            blocks.append(Heading(SEED_TITLES.get(seed, sentence(plain(seed)))))
            blocks.extend(reason_blocks(definition.rules[seed], names))
    return Section("reasons", "Reasons and assumptions", blocks, is_annex=True)


def reason_blocks(rows: Sequence[Row], names: Names) -> list[Block]:
    """Reasons of one seed, each once, with the rows it is given for.

    A quotation that carries several assumptions stands above them.
    """
    by_quotation: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        quotation, assumption = rationale_parts(row)
        by_quotation.setdefault(quotation, {}).setdefault(assumption, []).append(row)
    alone, blocks = [], []
    for quotation, by_assumption in by_quotation.items():
        items = [
            f"{names.labels(group)} {MARK} {assumption}"
            if assumption
            else names.labels(group)
            for assumption, group in by_assumption.items()
        ]
        if not quotation:
            alone += items
        elif len(items) == 1:
            alone.append(sentence(f"{quotation}: {items[0]}"))
        else:
            blocks += [Paragraph(sentence(f"{quotation}:")), Bullets(items)]
    return [*([Bullets(alone)] if alone else []), *blocks]


def rationale_parts(row: Row) -> tuple[str, str]:
    """A rationale cut where its first assumption begins: (before it, from there on)."""
    text = " ".join(row["rationale"].split())
    if not row.is_assumption:
        return text.rstrip("."), ""
    before, found, after = text.partition("assumption: ")
    if not found:
        return "", text
    return re.sub(r"[\s;.,]+$", "", before), after.rstrip(".")
