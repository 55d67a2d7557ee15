"""The worlds that every engine builds: those of the differential test, and stranger."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import reference
import warehouse
import worlds

# What engines disagree about most: how text becomes a time and a number.
STRANGE_TIMES = (
    "2024-02-29",
    "2000-02-29",
    "1900-02-29",
    "2023-02-29 10:00:00",
    "2024-04-31",
    "2024-00-10",
    "2024-01-00",
    "0000-01-01",
    "0001-01-01 00:00:00",
    "2024-01-05 24:00:00",
    "2024-01-05 10:60:00",
    "2024-01-05 10:00:60",
    "2024-01-05 10:00",
    "2024-01-05T10:00:07",
    "2024-01-05 10:00:00.1234567",
    "2024-01-05 10:00:00.9999999",
    "2024-01-05T10:00Z",
    "2024-01-05 10:00:00 UTC",
    "2024-01-05 10:00:00 GMT",
    "2024-01-05 10:00+05",
    "2024-01-05 10:00:00.5+05:30",
    "2024-01-05 10:00:00 -0530",
    "2024-01-05 10:00:00+23:59",
    "2024-01-05 10:00:00+5",
    "2024-01-05t10:00:00z",
    "2024-01-05  10:00:00",
    "2024-1-5",
    "20240105",
    "2024-01",
    "2024",
    "2024-01-05+05",
    "2024-01-05\t",
    " 2024-01-05 ",
    "now",
    "today",
    "epoch",
    "infinity",
    "-infinity",
    "NaT",
    "05/01/2024",
)
STRANGE_NUMBERS = (
    "210",
    " 210.0 ",
    "\t210\n",
    "+2.1e2",
    "-5",
    "1999999999",
    "2000000000",
    "210.5",
    "1,200",
    "1_000",
    "0x10",
    "210f",
    "210d",
    "210L",
    "1e400",
    "-1e400",
    "1e-400",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "5.",
    ".5",
    ".",
    "e5",
    "--5",
    "true",
)
# Any script, case that is more than a letter, words that are no ASCII.
STRANGE_TITLES = (
    "CHIEF  of-Surgery",
    "Médecin-Chef / Cardiologie",
    "ΧΕΙΡΟΥΡΓΟΣ",
    "ГЛАВНЫЙ врач",
    "外科 主任",
    "Director\tof\nNursing",
    "C.T.O., Radiology",
    "back\\slash % per_cent 'quoted' \"twice\"",
)


@dataclass(frozen=True)
class Case:
    """A world laid out in a folder, and the DuckDB warehouse built of it."""

    world: worlds.World
    project: Path
    raw: Path
    built: Path


def strange_rows(world: worlds.World) -> None:
    """Adds the strange cells above to a world, each in rows of its own."""
    loaded = str(world.as_of)
    for number, text in enumerate(STRANGE_TIMES):
        world.raw["accounts"].append(
            row("accounts", account_id=f"time-{number}", updated_at=text)
            | {"loaded_at": loaded}
        )
    for number, text in enumerate(STRANGE_NUMBERS):
        world.raw["accounts"].append(
            row("accounts", account_id=f"number-{number}", bed_count=text)
            | {"updated_at": "2024-01-01", "loaded_at": loaded}
        )
    for number, text in enumerate(STRANGE_TITLES):
        world.raw["contacts"].append(
            row("contacts", contact_id=f"title-{number}", job_title=text)
            | dict.fromkeys(("updated_at", "created_at", "loaded_at"), "2024-01-01")
            | {"specialty": text, "state": text, "country": text}
        )
    # so long ago that a short half-life leaves a number no double can hold
    for number, moment in enumerate(("1970-01-01", "1985-06-01 12:00:00.000001")):
        world.raw["activities"].append(
            row("activities", activity_id=f"ancient-{number}", occurred_at=moment)
            | {"contact_id": "title-0", "loaded_at": loaded}
            | {"activity_type": "content_download", "topic": "back\\slash"}
        )


def row(table: str, **cells: str) -> dict[str, str]:
    """A row of a raw table, all other cells blank."""
    return {name: cells.get(name, "") for name in reference.CONTRACT[table]}


def short_half_lives(world: worlds.World, seeds: reference.Seeds) -> None:
    """Gives the definitions of a world half-lives of half a day."""
    definitions = [dict(row) for row in world.with_seeds(seeds)["definitions"]]
    for row in definitions:
        if row["half_life_days"]:
            row["half_life_days"] = "0.5"
    world.seed_changes["definitions"] = definitions


def worlds_to_build() -> list[int]:
    """The seed numbers: an odd one, an even one, one that ends in 9, unless set."""
    return [int(seed) for seed in os.environ.get("MQL_WORLDS", "3 4 19").split()]


def lay_out(seed: int, folder: Path) -> Case:
    """Makes a world and builds it on DuckDB.

    Odd seeds run under changed rules, those that end in 9 lack a table and have a
    half-life of half a day.
    """
    seeds = reference.read_seeds(warehouse.ROOT)
    world = worlds.make_world(seed, seeds=seeds, change_rules=seed % 2 == 1)
    strange_rows(world)
    if seed % 10 == 9:
        short_half_lives(world, seeds)
    project = warehouse.copy_project(folder / "project")
    worlds.write_seeds(world.seed_changes, project)
    worlds.write_world(world, folder / "raw")
    built = folder / "warehouse.duckdb"
    warehouse.build_models(folder / "raw", built, world.as_of, project)
    return Case(world, project, folder / "raw", built)
