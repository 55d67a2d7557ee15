"""A mart as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from mql.copies import PUBLIC_SCHEMAS
from mql.delivery.marts import MartReader, mart_reader
from mql.project import ProjectError, plain_message

# A spreadsheet runs what begins with one of these, also after blanks, and some take
# the wide forms that East Asian keyboards write. Line ends and tabs begin a new cell in
# what is pasted.
FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"


def export_csv(mart: str, path: Path) -> int:
    """Writes a mart, `name` or `schema.name`, in an order that is always the same.

    Text that a spreadsheet would run gets an apostrophe in front. Returns the number of
    rows. Raises ProjectError where there is no such mart, or the file cannot be written;
    a file that was there before stays then.
    """
    with mart_reader() as reader:
        schema, name, connection = found(reader, mart)
        unfinished = path.with_name(f".{path.name}.new")
        try:
            relation = connection.sql(f'select * from "{schema}"."{name}"')
            columns = list(zip(relation.columns, relation.types))
            texts = [column for column, kind in columns if kind == "VARCHAR"]
            (rows,) = connection.execute(
                copy_statement(schema, name, columns, texts, unfinished)
            ).fetchone()
            unfinished.replace(path)
        except (duckdb.Error, OSError) as error:
            unfinished.unlink(missing_ok=True)
            raise ProjectError(
                f"{path} was not written: {plain_message(str(error))}"
            ) from error
    return rows


def found(reader: MartReader, mart: str) -> tuple:
    """Schema, name and connection of a mart. Raises ProjectError without one."""
    given, _, name = mart.rpartition(".")
    for schema in [given] if given else PUBLIC_SCHEMAS:
        connection = reader.holder(schema, name) if schema in PUBLIC_SCHEMAS else None
        if connection:
            return schema, name, connection
    raise ProjectError(f"{reader.name} has no mart {mart}; `make summary` lists them.")


def copy_statement(
    schema: str, name: str, columns: list[tuple], texts: list[str], path: Path
) -> str:
    """SQL that writes a mart to a file."""
    formula = quoted(FORMULA)
    cells = ", ".join(
        f"case when regexp_matches(\"{column}\", {formula}) then '''' || \"{column}\""
        f' else "{column}" end as "{column}"'
        if column in texts
        else f'"{column}"'
        for column, _ in columns
    )
    # a quoted cell stays one cell where the spreadsheet separates by semicolons
    quote = ", ".join(f'"{column}"' for column in texts)
    force_quote = f", force_quote ({quote})" if texts else ""
    return (
        f'copy (select {cells} from "{schema}"."{name}" order by all)'
        f" to {quoted(str(path))} (format csv, header{force_quote})"
    )


def quoted(text: str) -> str:
    """Text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
