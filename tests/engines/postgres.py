"""A private PostgreSQL server on loopback, and raw tables loaded into it.

By hand, from the project's root; the server runs until Enter is pressed:

    .venv/bin/python tests/engines/postgres.py
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import parse_dsn

OLDEST = 15
# What a throw-away server need not do: survive a power cut.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    # hundreds of small queries: compiling them takes longer than running them
    "jit": "off",
}


class NoServer(Exception):
    """PostgreSQL cannot be started here; the text says what is missing."""


def binaries() -> Path:
    """The folder of the newest installed PostgreSQL's programs.

    Raises NoServer where there is none, or only too old ones.
    """
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = []
    for folder in folders:
        if (folder / "initdb").exists():
            version = subprocess.run(
                [folder / "postgres", "--version"],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
            found.append((int(re.search(r"(\d+)", version)[1]), folder))
    if not found or max(found)[0] < OLDEST:
        raise NoServer(
            f"PostgreSQL {OLDEST} or newer is needed: install the package `postgresql`,"
            " or set MQL_POSTGRES_URL to a server that may be used for tests."
        )
    return max(found)[1]


def server_user() -> str | None:
    """Whom the server runs as: the server refuses to be root. None: oneself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise NoServer("PostgreSQL does not run as root, and there is no user `nobody`.")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A server: its URL; `stop` kills it as a crash would, `start` starts it again."""

    url: str
    stop: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def private_server() -> Iterator[Server]:
    """Starts a server of its own and stops it at the end.

    Data and socket lie in a temporary folder, the port is a free one of loopback, the
    password a random one. Raises NoServer where it does not start.
    """
    programs = binaries()
    user = server_user()
    prefix = ["runuser", "-u", user, "--"] if user else []
    # in /tmp and short: the path of a socket may be 107 bytes long
    folder = Path(tempfile.mkdtemp(prefix="mql-postgres-", dir="/tmp"))
    data = folder / "data"
    password = secrets.token_hex(16)
    password_file = folder / "password"
    password_file.write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(password_file, user)

    def run(*command: str | Path) -> None:
        # to a file: the server inherits the output and would keep a pipe open
        with (folder / "output").open("a+") as output:
            finished = subprocess.run(
                [*prefix, *command], stdout=output, stderr=output, check=False
            )
            if finished.returncode:
                output.seek(0)
                raise NoServer(f"{Path(command[0]).name} failed:\n{output.read()}")

    try:
        run(
            programs / "initdb",
            f"--pgdata={data}",
            "--username=mql_admin",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        port = free_port()
        options = [f"-c {name}={value}" for name, value in SETTINGS.items()]
        options += [
            f"-c port={port}",
            "-c listen_addresses=127.0.0.1",
            f"-c unix_socket_directories={folder}",
        ]

        def start() -> None:
            run(
                programs / "pg_ctl",
                "start",
                "--wait",
                f"--pgdata={data}",
                f"--log={folder / 'log'}",
                f"--options={' '.join(options)}",
            )

        def stop(mode: str = "immediate") -> None:
            run(programs / "pg_ctl", "stop", f"--mode={mode}", f"--pgdata={data}")

        start()
        try:
            url = f"postgresql://mql_admin:{password}@127.0.0.1:{port}/postgres"
            yield Server(url, stop, start)
        finally:
            stop("fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connect(url: str):
    """A connection in which every statement is a transaction of its own."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def execute(url: str, *statements: str) -> None:
    """Runs statements, each a transaction of its own."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def rows(url: str, query: str) -> list[dict]:
    """What a query gives, as dictionaries; times are naive UTC."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        connection.close()


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    parts = parse_dsn(url)
    return " ".join(
        f"{key}='{value}'" for key, value in {**parts, "dbname": name}.items()
    )


@contextmanager
def new_database(url: str) -> Iterator[str]:
    """A database that is dropped at the end. Gives how to connect to it."""
    name = f"mql_test_{secrets.token_hex(6)}"
    execute(url, f"create database {name} template template0 encoding 'UTF8'")
    try:
        yield with_database(url, name)
    finally:
        execute(url, f"drop database {name} with (force)")


def load_raw(folder: Path, url: str, schema: str = "crm") -> None:
    """Copies raw files into tables of text columns, Parquet before CSV.

    Cells arrive as the raw door of DuckDB reads them: blank cells are null. A table
    without a file is not made.
    """
    reader = duckdb.connect()
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("create schema if not exists {}").format(sql.Identifier(schema))
        )
        stems = sorted({file.stem for file in folder.glob("*.*")})
        for stem in stems:
            parquet = folder / f"{stem}.parquet"
            if parquet.exists():
                raw = reader.from_parquet(str(parquet))
                raw = raw.select(
                    ", ".join(
                        f'cast("{name}" as varchar) as "{name}"' for name in raw.columns
                    )
                )
            else:
                raw = reader.read_csv(
                    str(folder / f"{stem}.csv"),
                    header=True,
                    delimiter=",",
                    quotechar='"',
                    escapechar='"',
                    all_varchar=True,
                )
            table = sql.SQL("{}.{}").format(
                sql.Identifier(schema), sql.Identifier(stem)
            )
            columns = sql.SQL(", ").join(
                sql.SQL("{} text").format(sql.Identifier(name.lower()))
                for name in raw.columns
            )
            cursor.execute(sql.SQL("drop table if exists {}").format(table))
            cursor.execute(sql.SQL("create table {} ({})").format(table, columns))
            with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
                raw.write_csv(copy.name, header=False, na_rep="")
                with open(copy.name) as lines:
                    cursor.copy_expert(
                        sql.SQL("copy {} from stdin with (format csv, null '')").format(
                            table
                        ),
                        lines,
                    )
    connection.close()


if __name__ == "__main__":
    with private_server() as running:
        print(running.url, flush=True)
        input("Enter stops it.")
