"""Breaks the project one way at a time and shows that its tests notice.

Run on request, not in CI, from the project's root:

    .venv/bin/python tests/mutations/mutate.py --date 2026-07-01

Every mutation is a row of mutations.yml. It is made in a copy of the project, never in
the checkout, and taken back before the next one. Detectors run from the cheapest to the
dearest and stop at the first test that fails:

- for SQL: dbt unit tests of the models concerned, the build of everything downstream
  with its data tests, random worlds compared with the plain Python reference, and the
  other Python tests that build the project;
- for seeds: the shipped figures and golden cases, the build with its definition checks
  and data tests, and the Python tests of the planted sample and the vocabularies. A
  world compared with the reference tells nothing here: both read the same seeds.

The result is docs/mutations.md. Exit code 1 where a mutation survives without a reason
(`survives:` in its row), no longer fits the text it changes, or does not run.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/python"))

import differential
import reference
import warehouse
import worlds

REPORT = ROOT / "docs/mutations.md"
COMMAND = ".venv/bin/python tests/mutations/mutate.py"
# Besides what dbt reads, what pytest needs to run in the copy.
MORE_PARTS = ["tests/python", "mql", "docs", "pyproject.toml", "README.md"]
# Even worlds have the shipped rules, odd ones changed rules, a second official
# definition among them. The unit tests run in the warehouse of the first.
WORLDS = [2, 3, 4]
# The other Python tests, as pytest arguments, the cheapest first.
TESTS_OF_SQL = [
    ["tests/python/test_golden_cases.py"],
    ["tests/python/test_raw_door.py"],
    ["tests/python/test_differential.py", "-k", "not equals_the_reference"],
    ["tests/python/test_properties.py"],
]
# For seeds, those that need no build come before the build, the longer ones after it.
QUICK_TESTS_OF_SEEDS = [
    [
        "tests/python/test_shipped_definition.py",
        "tests/python/test_golden_cases.py::test_the_reference_gives_the_golden_cases",
    ]
]
TESTS_OF_SEEDS = [
    [
        "tests/python/test_reference.py",
        "tests/python/test_sample.py",
        "-k",
        "golden or lapse or planted or codes or title or pages",
    ]
]

UNIT, DEFINITION, DATA = "dbt unit test", "definition check", "dbt data test"
WORLD, PYTHON = "reference", "Python test"
SURVIVED, STALE, BROKEN = "SURVIVED", "STALE", "DOES NOT RUN"


@dataclass
class Mutation:
    """One way to break the project; `name` claims what is broken."""

    name: str
    rule: str
    file: str
    old: str
    new: str
    # why it may survive: no test can tell it from the original
    survives: str | None = None

    @property
    def is_seed(self) -> bool:
        return self.file.startswith("seeds/")

    def applied_to(self, text: str) -> str | None:
        """The text with the change, or None where `old` is not in it exactly once.

        White space is matched as such, however much there is of it, so that a mutation
        does not go stale when a line is broken elsewhere.
        """
        words = [re.escape(word) for word in self.old.split()]
        found = list(re.finditer(r"\s+".join(words), text))
        if len(found) != 1:
            return None
        return text[: found[0].start()] + self.new + text[found[0].end() :]


@dataclass
class Verdict:
    """What became of a mutation: which kind of test caught it, and the first's name."""

    kind: str
    test: str = ""


@dataclass
class Outcome:
    """What a dbt command said, by node: the names of tests that failed, and errors."""

    failed: list[str]
    errors: list[str]


class World:
    """A random world built once in a copy of the project, and what it should give."""

    def __init__(self, seed: int, pristine: Path, folder: Path):
        seeds = reference.read_seeds(pristine)
        made = worlds.make_world(seed, 40, seeds=seeds, change_rules=seed % 2 == 1)
        self.name = f"world {seed}"
        self.as_of = made.as_of
        self.folder = folder
        self.raw = folder / "raw"
        self.pristine = pristine
        self.project = shutil.copytree(pristine, folder / "project")
        worlds.write_world(made, self.raw)
        worlds.write_seeds(made.seed_changes, self.project)
        self.expected = differential.expected_marts(
            made.raw, made.with_seeds(seeds), made.as_of
        )
        # A mutation is built in a copy of what was built. It has the same file name,
        # which is the database's own and part of every view.
        self.built = folder / "built" / "mql.duckdb"
        self.scratch = folder / "scratch" / "mql.duckdb"
        self.built.parent.mkdir()
        self.scratch.parent.mkdir()
        self.manifest = None

    @contextmanager
    def broken_by(self, mutation: Mutation):
        """Makes the change in this world's copy of the project and takes it back."""
        original = self.pristine / mutation.file
        broken = self.project / mutation.file
        broken.write_text(mutation.applied_to(original.read_text()))
        try:
            yield
        finally:
            shutil.copy(original, broken)

    def dbt(self, *arguments: str, at: Path) -> Outcome:
        """Runs one dbt command in this process on a warehouse of this world."""
        target = self.folder / "target"
        command = [
            *arguments,
            *("--project-dir", str(self.project), "--profiles-dir", str(self.project)),
            *(
                "--target-path",
                str(target),
                "--log-path",
                str(target),
                "--log-level",
                "none",
            ),
            *("--vars", f'{{as_of: "{self.as_of}"}}'),
        ]
        with warehouse.environment(
            MQL_RAW_PATH=str(self.raw),
            MQL_WAREHOUSE_PATH=str(at),
            MQL_TARGET="duckdb",
        ):
            result = dbtRunner().invoke(command)
            DuckDBConnectionManager.close_all_connections()
        runs = getattr(result.result, "results", None) or []
        errors = [f"{run.node.name}: {run.message}" for run in runs if is_error(run)]
        if result.exception:
            errors.append(str(result.exception))
        if arguments[0] == "parse":
            self.manifest = result.result
        return Outcome([run.node.name for run in runs if run.status == "fail"], errors)

    def build(self, *select: str) -> Outcome:
        """Builds what is selected, with data tests, on a copy of what was built."""
        if self.built.exists():
            shutil.copy(self.built, self.scratch)
        more = ["--select", *select] if select else []
        return self.dbt(
            "build", "--exclude-resource-type", "unit_test", *more, at=self.scratch
        )

    def prepare(self) -> None:
        """Builds the unbroken project; everything has to agree with it."""
        said = self.build()
        differences = differential.compare(self.expected, self.scratch)
        if said.failed or said.errors or differences:
            first = [*said.errors, *said.failed, *differences][0]
            raise SystemExit(f"{self.name} fails before anything is broken: {first}")
        shutil.move(self.scratch, self.built)
        self.dbt("parse", at=self.built)

    def models_using(self, mutation: Mutation) -> list[str]:
        """The models that a mutation changes, itself or by a macro they use."""
        macros = {
            key
            for key, macro in self.manifest.macros.items()
            if macro.original_file_path == mutation.file
            and mutation.applied_to(macro.macro_sql) is not None
        }
        # an engine's own macro is used wherever the one is that dispatches to it
        macros |= {re.sub(r"\.(duckdb|default)__", ".", key) for key in macros}
        while True:  # and the macros that use these
            users = {
                key
                for key, macro in self.manifest.macros.items()
                if macros & set(macro.depends_on.macros)
            }
            if users <= macros:
                break
            macros |= users
        return sorted(
            node.name
            for node in self.manifest.nodes.values()
            if node.resource_type == "model"
            and (
                node.original_file_path == mutation.file
                or macros & set(node.depends_on.macros)
            )
        )


def is_error(run) -> bool:
    """Whether dbt could not run a node at all, as opposed to a test that failed."""
    return run.status == "error"


def copy_part(part: str, folder: Path) -> None:
    """Copies a file or folder of the checkout to the same place in the copy."""
    source, target = ROOT / part, folder / part
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(
            source,
            target,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    else:
        shutil.copy(source, target)


def failing_pytest(project: Path, arguments: Iterable[str]) -> str | None:
    """The first Python test that fails in a copy of the project, or None."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, "-rfE", *arguments],
        check=False,
        cwd=project,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return None
    named = re.search(
        r"^(?:FAILED|ERROR) \S*?(test_\S+?)(?: - |$)", done.stdout, re.MULTILINE
    )
    if named is None:
        raise RuntimeError(f"pytest did not run: {done.stdout}{done.stderr}")
    return named[1].replace(".py::", ": ")


def names_of(failed: list[str]) -> str:
    """The first of the tests that failed, and how many more."""
    names = sorted(failed)
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def verdict_of_build(said: Outcome) -> Verdict | None:
    """What a build says of a mutation; a definition check stops it by an error."""
    stops = [error for error in said.errors if "int_definition_problems" in error]
    if stops:
        return Verdict(DEFINITION, "int_definition_problems stops the run")
    if said.errors:
        return Verdict(BROKEN, said.errors[0])
    return Verdict(DATA, names_of(said.failed)) if said.failed else None


def judge_sql(mutation: Mutation, all_worlds: list[World]) -> Verdict:
    """Runs the detectors for a change of a model or a macro."""
    first = all_worlds[0]
    models = first.models_using(mutation)
    if not models:
        return Verdict(BROKEN, "no model uses what it changes")
    with first.broken_by(mutation):
        tests = [f"{model},test_type:unit" for model in models]
        # where a macro is in many models, the first test that fails will do
        hurry = ["--fail-fast"] if len(models) > 3 else []
        said = first.dbt("test", *hurry, "--select", *tests, at=first.built)
    if said.failed:
        return Verdict(UNIT, names_of(said.failed))
    if said.errors:
        return Verdict(BROKEN, said.errors[0])
    for world in all_worlds:
        with world.broken_by(mutation):
            caught = verdict_of_world(world, models)
        if caught is not None:
            return caught
    with first.broken_by(mutation):
        return judge_python(first.project, TESTS_OF_SQL)


def verdict_of_world(world: World, models: list[str]) -> Verdict | None:
    """Builds what hangs on the broken models and compares all marts."""
    caught = verdict_of_build(world.build(*[f"{model}+" for model in models]))
    if caught is not None:
        return caught
    differences = differential.compare(world.expected, world.scratch)
    if not differences:
        return None
    mart = re.split(r"[\s:]", differences[0])[0]
    mart = "fct_contact_score_history" if mart == "history" else mart
    return Verdict(WORLD, f"{world.name}, {mart}")


def judge_seed(mutation: Mutation, world: World) -> Verdict:
    """Runs the detectors for a change of a seed."""
    with world.broken_by(mutation):
        caught = judge_python(world.project, QUICK_TESTS_OF_SEEDS)
        if caught.kind == SURVIVED:
            caught = verdict_of_build(world.build()) or caught
        if caught.kind == SURVIVED:
            caught = judge_python(world.project, TESTS_OF_SEEDS)
        return caught


def judge_python(project: Path, tests: list[list[str]]) -> Verdict:
    """Runs Python tests in a copy until one fails."""
    for arguments in tests:
        failing = failing_pytest(project, arguments)
        if failing:
            return Verdict(PYTHON, failing)
    return Verdict(SURVIVED)


def judge(mutation: Mutation, all_worlds: list[World]) -> Verdict:
    """Breaks the project in one way, in copies, and says who noticed."""
    original = (all_worlds[0].pristine / mutation.file).read_text()
    if mutation.applied_to(original) in (None, original):
        return Verdict(STALE, "its old text is not in the file exactly once")
    if mutation.is_seed:
        return judge_seed(mutation, all_worlds[0])
    return judge_sql(mutation, all_worlds)


def read_mutations(wanted: str) -> list[Mutation]:
    """The rows of mutations.yml whose name contains a text."""
    rows = yaml.safe_load((HERE / "mutations.yml").read_text())
    mutations = [Mutation(**row) for row in rows]
    names = Counter(mutation.name for mutation in mutations)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise SystemExit(f"Two mutations have one name: {twice[0]}")
    return [mutation for mutation in mutations if wanted in mutation.name]


def is_fine(mutation: Mutation, verdict: Verdict) -> bool:
    """Whether a mutation was caught, or survived as its row says it must."""
    if verdict.kind == SURVIVED:
        return mutation.survives is not None
    return verdict.kind not in (STALE, BROKEN)


def report(results: list[tuple[Mutation, Verdict]], date: str) -> str:
    """The page docs/mutations.md."""
    kinds = Counter(verdict.kind for _, verdict in results)
    caught = len(results) - sum(kinds[kind] for kind in (SURVIVED, STALE, BROKEN))
    lines = [
        "# Do the tests bite?",
        "",
        f"The project was broken in {len(results)} ways, one at a time, in a copy; the",
        f"tests noticed {caught}. A test that never fails proves nothing, so each row",
        "says which one failed first. The cheapest were asked first, so a break that a",
        "dbt unit test notices may well be noticed by the dearer ones too.",
        "",
        "Made by",
        "",
        "```",
        f"{COMMAND} --date {date}",
        "```",
        "",
        f"on {date}. The breaks are data: `tests/mutations/mutations.yml`.",
        "",
        "| caught by | breaks |",
        "|---|---|",
        *[f"| {kind} | {count} |" for kind, count in kinds.most_common()],
        "",
    ]
    if WORLD in kinds:
        lines += [
            "*Reference*: a random world built with the broken SQL no longer gives what",
            "the plain Python reference of the rules gives; named by world and mart.",
            "",
        ]
    lines += ["| what is broken | rule | file | caught by |", "|---|---|---|---|"]
    for mutation, verdict in results:
        cells = [
            mutation.name,
            mutation.rule,
            f"`{mutation.file}`",
            said_of(mutation, verdict),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def said_of(mutation: Mutation, verdict: Verdict) -> str:
    """The last cell of a row of the report."""
    if verdict.kind == SURVIVED:
        return f"**SURVIVED**: {mutation.survives or 'no test notices'}"
    if verdict.kind in (STALE, BROKEN):
        return f"**{verdict.kind}**"
    return f"{verdict.kind}: {verdict.test}"


def main() -> int:
    """Runs all mutations, or those asked for, and writes the report of all."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--date", help="write docs/mutations.md, with this date")
    arguments.add_argument("--only", default="", help="part of a mutation's name")
    wanted = arguments.parse_args()
    if wanted.date and wanted.only:
        arguments.error("--date writes the report, which is about all mutations")
    mutations = read_mutations(wanted.only)
    began = time.monotonic()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        pristine = Path(scratch) / "pristine"
        for part in [*warehouse.PROJECT_PARTS, *MORE_PARTS]:
            copy_part(part, pristine)
        all_worlds = [
            World(seed, pristine, Path(scratch) / f"world-{seed}") for seed in WORLDS
        ]
        for world in all_worlds:
            world.prepare()
        print(f"prepared in {time.monotonic() - began:.0f} s", flush=True)
        for number, mutation in enumerate(mutations, start=1):
            verdict = judge(mutation, all_worlds)
            results.append((mutation, verdict))
            seconds = time.monotonic() - began
            print(
                f"{number}/{len(mutations)} {seconds:.0f} s {mutation.name}:"
                f" {verdict.kind} {verdict.test}",
                flush=True,
            )
    if wanted.date:
        REPORT.write_text(report(results, wanted.date))
    bad = [pair for pair in results if not is_fine(*pair)]
    print(f"{len(results) - len(bad)} as they should be, {len(bad)} not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
