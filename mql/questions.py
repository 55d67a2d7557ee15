"""The questions of analyses/, asked of what dbt last built."""

from __future__ import annotations

import io

from mql.project import ROOT, ProjectError, run_dbt

FOLDER = ROOT / "analyses"


def questions() -> dict[str, str]:
    """Name of an analysis -> the question it answers: the first line of its SQL."""
    return {
        file.stem: file.read_text(encoding="utf-8").split("\n")[0].strip("- ")
        for file in sorted(FOLDER.glob("*.sql"))
    }


def answer(name: str) -> str:
    """What an analysis says of itself, and the table it gives.

    Raises ProjectError where there is none of that name, or it does not run.
    """
    if name not in questions():
        raise ProjectError(
            f"there is no question {name!r}; there are {', '.join(questions())}."
        )
    # every row there is: dbt shows five unless told
    (result,) = run_dbt(["show", "--select", f"path:analyses/{name}.sql", "--limit=-1"])
    if not result.agate_table.rows:
        return f"{about(name)}\n\nNothing to tell yet."
    table = io.StringIO()
    result.agate_table.print_table(
        output=table, max_rows=None, max_columns=None, max_column_width=None
    )
    return f"{about(name)}\n\n{table.getvalue().rstrip()}"


def about(name: str) -> str:
    """The comment at the head of an analysis."""
    lines = []
    for line in (FOLDER / f"{name}.sql").read_text(encoding="utf-8").split("\n"):
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    return "\n".join(lines)
