"""Great Expectations: gives the verdicts and writes Data Docs that open offline.

Great Expectations' own SQL data source fails on DuckDB, and a mart does not fit into a
DataFrame. So each door is a batch of one row: a column for each check, holding the
number of rows that break it; what is expected of the column is that number's limit.

Data Docs link style sheets, scripts and logos from six other hosts. `make_offline`
takes all of it out of the pages and puts a few lines of CSS in; it also puts the note
and the examples beside each result, which Data Docs show on another page or not at all.
"""

from __future__ import annotations

import logging
import os

# before the import, which would otherwise report to its maker that it happened, and
# log a hundred lines where anybody logs at all
os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.getLogger("great_expectations").setLevel(logging.ERROR)

import html
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations import ExpectColumnMaxToBeBetween

from mql.expectations.check import FAILED, PASSED, WARNED, Check, Finding

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; }
h1 { font-size: 1.5rem; } h4, h5 { margin: .3rem 0; }
table { border-collapse: collapse; margin: .4rem 0; }
td, th { border-bottom: 1px solid #ddd; padding: .3rem .7rem; text-align: left;
  vertical-align: top; }
.alert { background: #eef2f6; padding: .4rem .7rem; margin-top: 1rem; }
.note { color: #555; margin: .3rem 0; max-width: 46rem; }
.text-success, .passed { color: #1a7f37; } .text-danger, .FAILED { color: #c62828; }
.text-warning, .warned { color: #b26a00; } .FAILED { font-weight: bold; }
.fa-check-circle::before { content: "\\2714"; } .fa-times::before { content: "\\2716"; }
.fa-exclamation-triangle::before { content: "!"; }
.ge-navigation-sidebar-content, .breadcrumb { list-style: none; padding: 0; }
.ge-navigation-sidebar-content { columns: 3; }
.breadcrumb li { display: inline; } .breadcrumb li + li::before { content: " / "; }
.card.mb-3 { display: none; }
"""
# The parts of Data Docs that this module writes, and may therefore replace.
PARTS = ("expectations", "validations", "static", "index.html")
NO_COUNT = -1


def validate(findings: list[Finding], docs_folder: Path, as_of: datetime) -> Path:
    """Gives each finding its `result` and writes Data Docs. Returns the first page.

    `as_of` (UTC) is the run's name in Data Docs.
    """
    # each by name: some of its modules set a level of their own
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("great_expectations"):
            logging.getLogger(name).setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as made_in:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        for name in list(context.get_site_names()):
            context.delete_data_docs_site(name)
        context.add_data_docs_site(
            "audit",
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": made_in,
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
        source = context.data_sources.add_pandas("warehouse")
        for door in dict.fromkeys(finding.door for finding in findings):
            of_door = [finding for finding in findings if finding.door == door]
            validate_door(context, source, door, of_door, as_of)
        context.build_data_docs()
        publish(Path(made_in), docs_folder, findings, as_of)
    return docs_folder / "index.html"


def validate_door(context, source, door: str, findings: list[Finding], as_of) -> None:
    """Runs one door's suite on its batch of counts."""
    suite = context.suites.add(
        gx.ExpectationSuite(
            f"{door}_door",
            expectations=[
                expectation
                for finding in findings
                for expectation in expectations_of(finding.check)
            ],
        )
    )
    batch = source.add_dataframe_asset(door).add_batch_definition_whole_dataframe(
        "rows_violating"
    )
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name=f"{door}_door", data=batch, suite=suite)
    )
    counts = pd.DataFrame(
        [
            {
                finding.check.name: NO_COUNT
                if finding.rows_violating is None
                else finding.rows_violating
                for finding in findings
            }
        ]
    )
    outcome = validation.run(
        batch_parameters={"dataframe": counts},
        run_id=RunIdentifier(
            run_name=f"as_of_{as_of:%Y%m%dT%H%M%S}",
            run_time=as_of.replace(tzinfo=UTC),
        ),
    )
    broken: dict[str, set[str]] = {}
    for result in outcome.results:
        config = result.expectation_config
        if not result.success:
            severity = config.to_json_dict()["severity"]
            broken.setdefault(config.kwargs["column"], set()).add(severity)
    for finding in findings:
        severities = broken.get(finding.check.name, set())
        if not severities:
            finding.result = PASSED
        elif severities == {"warning"}:
            finding.result = WARNED
        else:
            finding.result = FAILED


def expectations_of(check: Check) -> list[ExpectColumnMaxToBeBetween]:
    """A check as expectations on its column: no violation, or no more than allowed."""
    shared = {"column": check.name, "min_value": 0}
    notes = [
        f"**About** `{check.subject}`.",
        f"**Why it matters.** {check.why}",
        f"**What to do.** {check.remedy}",
    ]
    meta = {"subject": check.subject, "why": check.why, "what_to_do": check.remedy}
    if check.only_warns:
        return [
            ExpectColumnMaxToBeBetween(
                **shared,
                max_value=0,
                severity="warning",
                description=check.claim,
                notes=notes,
                meta=meta,
            )
        ]
    tolerated = ""
    expectations = []
    if check.rows_allowed:
        tolerated = f" (up to {check.rows_allowed:,} rows that do not are dirt)"
        expectations.append(
            ExpectColumnMaxToBeBetween(
                **shared,
                max_value=0,
                severity="warning",
                description=f"{check.claim} (all of them)",
                notes=notes,
                meta=meta,
            )
        )
    expectations.append(
        ExpectColumnMaxToBeBetween(
            **shared,
            max_value=check.rows_allowed,
            severity="critical",
            description=check.claim + tolerated,
            notes=notes,
            meta=meta,
        )
    )
    return expectations


def publish(
    made_in: Path, docs_folder: Path, findings: list[Finding], as_of: datetime
) -> None:
    """Makes the pages self-contained and puts them in the place of the last ones."""
    shutil.rmtree(made_in / "static", ignore_errors=True)
    pages = {path: path.read_text("utf-8") for path in made_in.rglob("*.html")}
    results = {}
    for path, page in pages.items():
        page = make_offline(page)
        for finding in findings:
            if f"{finding.door}_door" in path.relative_to(made_in).parts:
                page = with_note(page, finding)
                results[finding.door] = path.relative_to(made_in).as_posix()
        path.write_text(page, "utf-8")
    (made_in / "index.html").write_text(first_page(findings, results, as_of), "utf-8")
    docs_folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        old, new = docs_folder / part, made_in / part
        if old.is_dir():
            shutil.rmtree(old)
        old.unlink(missing_ok=True)
        if new.exists():
            shutil.move(new, old)


def make_offline(page: str) -> str:
    """A page of Data Docs that asks nothing of any other host, nor of a script."""
    page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    page = re.sub(r"<footer\b.*?</footer>", "", page, flags=re.DOTALL)
    page = re.sub(r"<style\b.*?</style>", "", page, flags=re.DOTALL)
    page = re.sub(r"<(link|img)\b[^>]*>", "", page)
    page = re.sub(
        r'<a\b[^>]*href="(?:https?:)?//[^"]*"[^>]*>(.*?)</a>',
        r"\1",
        page,
        flags=re.DOTALL,
    )
    page = re.sub(r'\s(onclick|style)="[^"]*"', "", page)
    return page.replace("</head>", f"<style>{STYLE}</style></head>", 1)


def with_note(page: str, finding: Finding) -> str:
    """Puts the note, the error and the examples under a check's result."""
    claim = finding.check.claim
    for written in (claim, html.escape(claim)):
        place = re.search(
            rf"<span\s*>\s*{re.escape(written)}[^<]*</span>", page, flags=re.DOTALL
        )
        if place:
            return page[: place.end()] + note(finding) + page[place.end() :]
    return page


def note(finding: Finding) -> str:
    """What a reader has to know about a result, as HTML."""
    check = finding.check
    lines = [
        f"About <code>{html.escape(check.subject)}</code>.",
        f"<b>Why it matters.</b> {html.escape(check.why)}",
        f"<b>What to do.</b> {html.escape(check.remedy)}",
    ]
    if finding.error:
        lines.append(f"<b>It could not be checked:</b> {html.escape(finding.error)}")
    text = "".join(f'<p class="note">{line}</p>' for line in lines)
    if finding.examples:
        names = list(finding.examples[0])
        text += '<p class="note"><b>Examples</b></p>' + table(
            names, [[row[name] for name in names] for row in finding.examples]
        )
    return text


def first_page(findings: list[Finding], pages: dict[str, str], as_of: datetime) -> str:
    """The index, as one table; the one of Great Expectations needs scripts to show."""
    rows = []
    for finding in findings:
        page = pages.get(finding.door, "")
        rows.append(
            f"<tr><td>{finding.door}</td>"
            f"<td><code>{html.escape(finding.check.subject)}</code></td>"
            f'<td><a href="{page}">{html.escape(finding.check.name)}</a><br>'
            f"{html.escape(finding.check.claim)}</td>"
            f'<td class="{finding.result}">{finding.result}</td>'
            f"<td>{'?' if finding.rows_violating is None else finding.rows_violating}"
            "</td></tr>"
        )
    doors = "".join(
        f'<li><a href="{page}">{door} door: results, notes and examples</a></li>'
        for door, page in pages.items()
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Audit</title><style>{STYLE}</style></head><body>"
        f"<h1>Audit, as of {as_of:%Y-%m-%d %H:%M:%S} UTC</h1><ul>{doors}</ul>"
        "<table><thead><tr><th>door</th><th>about</th><th>expectation</th>"
        "<th>result</th><th>rows violating</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></body></html>"
    )


def table(names: list[str], rows: list[list]) -> str:
    """A plain HTML table."""
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
