"""The command line: `python -m mql <command>`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from mql.project import (
    DEFINITION_FOLDER,
    REVIEW_FOLDER,
    ROOT,
    SAMPLE_FOLDER,
    ProjectError,
    raw_path,
    shelf,
    target,
    warehouse_path,
)


def sample(arguments: argparse.Namespace) -> None:
    """Writes the sample data."""
    from mql.sample import DEFAULT_SEED, generate

    made = generate(
        Path(arguments.out),
        contacts=arguments.contacts,
        seed=DEFAULT_SEED if arguments.seed is None else arguments.seed,
        file_format=arguments.format,
    )
    counts = ", ".join(f"{count:,} {table}" for table, count in made.rows.items())
    print(f"Sample in {made.folder}: {counts}.")


def build(arguments: argparse.Namespace) -> None:
    """A run with every test, on the sample where there is no other data; sums up."""
    if target() == "duckdb" and raw_path() is None and not SAMPLE_FOLDER.exists():
        print("MQL_RAW_PATH is not set: making the sample data ...", flush=True)
        sample(command_line().parse_args(["sample"]))
    run(arguments, with_tests=True)
    print()
    summarise(arguments)


def run(arguments: argparse.Namespace, with_tests: bool = False) -> None:
    """Builds, audits, publishes."""
    from mql.run import run as start
    from mql.run import warehouse_place as place

    started = time.monotonic()
    source = raw_path() or "the sample"
    if target() != "duckdb":
        source = "its raw tables"
    print(f"Building {place()} from {source} ...", flush=True)
    outcome = start(arguments.as_of, arguments.full_refresh, with_tests)
    kinds = Counter(result.node.resource_type for result in outcome.results)
    seconds = time.monotonic() - started
    tests = (
        f" {kinds['test']} data tests and {kinds['unit_test']} unit tests passed;"
        if with_tests
        else ""
    )
    print(
        f"Built {kinds['model']} models;{tests} audit: {outcome.run.audit}."
        f" Published {outcome.run.rows_published:,} rows; {seconds:.0f} seconds."
    )


def status(_: argparse.Namespace) -> None:
    """Prints how the warehouse stands."""
    from mql.run import status as how_it_stands

    print(how_it_stands())


def summarise(_: argparse.Namespace) -> None:
    """Prints what the last build made."""
    from mql.summary import summary

    print(summary(shelf().marts))


def query(arguments: argparse.Namespace) -> None:
    """Prints what a query on the published marts gives."""
    import duckdb

    from mql.summary import published

    with published(shelf().marts) as connection:
        try:
            connection.sql(arguments.sql).show(max_rows=arguments.rows, max_width=200)
        except duckdb.Error as error:
            raise ProjectError(str(error)) from error


def ask(arguments: argparse.Namespace) -> None:
    """Prints what a question of analyses/ gives on the working database, or the
    questions there are."""
    from mql.questions import answer, questions

    if arguments.question:
        print(answer(arguments.question))
    else:
        for name, question in questions().items():
            print(f"{name:<28} {question}")


def check(arguments: argparse.Namespace) -> None:
    """Audits the built warehouse; critical failures are exit code 1."""
    from mql.audit import audit

    report = audit(warehouse_path(), Path(arguments.docs))
    print(report.text())
    if not report.ok:
        raise ProjectError("the audit failed; the table above says where.")


def define(arguments: argparse.Namespace) -> None:
    """Writes the definition documents from the seeds."""
    from mql.definition import write_documents

    for file in write_documents(ROOT, Path(arguments.out), arguments.definition):
        print(file)


def review(arguments: argparse.Namespace) -> None:
    """Writes the monthly review from the marts."""
    from mql.review import write_review

    print(write_review(shelf().marts, Path(arguments.out)))


def deliver(arguments: argparse.Namespace) -> None:
    """Brings what happened to hand-overs to sales."""
    from mql.delivery.deliver import run

    run(arguments.out, arguments.allow_older, arguments.dry_run)


def export(arguments: argparse.Namespace) -> None:
    """Writes a mart as CSV."""
    from mql.export import export_csv

    rows = export_csv(arguments.mart, Path(arguments.out))
    print(f"{arguments.out}: {rows:,} rows")


def command_line() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m mql", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    for name, function, purpose in (
        ("build", build, "raw files (or the sample) to marts, with every test"),
        ("run", run, "what is new to marts: build, audit, publish"),
    ):
        building = commands.add_parser(name, help=purpose)
        building.add_argument(
            "--as-of", help="what the run may see: an ISO time, UTC (default: now)"
        )
        building.add_argument(
            "--full-refresh",
            action="store_true",
            help="build everything anew, whatever was built before",
        )
        building.set_defaults(run=function)

    standing = commands.add_parser(
        "status", help="the last good run, the last attempt, who is at work"
    )
    standing.set_defaults(run=status)

    sampling = commands.add_parser("sample", help="write sample data")
    sampling.add_argument(
        "--out", default=str(SAMPLE_FOLDER), help="folder to write to"
    )
    sampling.add_argument("--contacts", type=int, default=2000, help="how many people")
    sampling.add_argument(
        "--seed", type=int, help="random seed (default: the sample's)"
    )
    sampling.add_argument("--format", choices=("csv", "parquet"), default="csv")
    sampling.set_defaults(run=sample)

    summing = commands.add_parser("summary", help="what the last build made")
    summing.set_defaults(run=summarise)

    auditing = commands.add_parser("audit", help="check the raw tables and the marts")
    auditing.add_argument(
        "--docs", default=str(shelf().audit), help="folder for the Data Docs"
    )
    auditing.set_defaults(run=check)

    defining = commands.add_parser(
        "definition", help="the agreement of marketing and sales, from the seeds"
    )
    defining.add_argument(
        "--out", default=str(DEFINITION_FOLDER), help="folder to write to"
    )
    defining.add_argument("--definition", metavar="ID", help="only this one")
    defining.set_defaults(run=define)

    reviewing = commands.add_parser(
        "review", help="the page of the monthly review, from the marts"
    )
    reviewing.add_argument(
        "--out", default=str(REVIEW_FOLDER), help="folder to write to"
    )
    reviewing.set_defaults(run=review)

    delivering = commands.add_parser(
        "deliver", help="bring new hand-overs to sales: a webhook, or JSON lines"
    )
    delivering.add_argument(
        "--out",
        metavar="FILE",
        help="append to this file, - for standard output (default: MQL_WEBHOOK_URL, or"
        " outbox.jsonl beside the warehouse)",
    )
    delivering.add_argument(
        "--allow-older",
        action="store_true",
        help="deliver from marts older than those last delivered from",
    )
    delivering.add_argument(
        "--dry-run",
        action="store_true",
        help="print what would be sent; send and note nothing",
    )
    delivering.set_defaults(run=deliver)

    exporting = commands.add_parser("export", help="a mart as a CSV file")
    exporting.add_argument("mart", help="such as fct_handoff_queue")
    exporting.add_argument("--out", required=True, metavar="FILE")
    exporting.set_defaults(run=export)

    questioning = commands.add_parser(
        "ask", help="a question of analyses/, such as webinars_or_downloads"
    )
    questioning.add_argument("question", nargs="?", help="its name (default: list all)")
    questioning.set_defaults(run=ask)

    asking = commands.add_parser("query", help="run a query on the published marts")
    asking.add_argument("sql", help="a select")
    asking.add_argument("--rows", type=int, default=40, help="rows to show at most")
    asking.set_defaults(run=query)
    return parser


def main() -> int:
    """Runs one command; errors the user can mend are one message and exit code 1."""
    arguments = command_line().parse_args()
    try:
        arguments.run(arguments)
    except ProjectError as error:
        print(f"\nError: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
