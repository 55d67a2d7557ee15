"""A private Spark cluster on loopback: a master, two workers, a Thrift server.

By hand, from the project's root; the cluster runs until Enter is pressed:

    .venv/bin/python tests/engines/spark.py
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

import warehouse
from postgres import free_port

# The environment that requirements-spark.txt is installed in.
ENVIRONMENT = Path(
    os.environ.get("MQL_SPARK_VENV", "").strip() or warehouse.ROOT / ".venv-spark"
)
PYTHON = ENVIRONMENT / "bin" / "python"
SECONDS_TO_START = 120
# Two workers of one core each, on a machine of two cores; enough memory for a test.
DRIVER_MB, EXECUTOR_MB = 2048, 1200
SETTINGS = {
    "spark.executor.cores": "1",
    "spark.sql.shuffle.partitions": "4",
    "spark.default.parallelism": "4",
    # so that small tables spread, too
    "spark.sql.files.minPartitionNum": "2",
    "spark.sql.adaptive.coalescePartitions.minPartitionNum": "2",
    "spark.ui.showConsoleProgress": "false",
    # what is kept of past queries for the pages that nobody looks at
    "spark.sql.ui.retainedExecutions": "10",
    "spark.sql.thriftserver.ui.retainedStatements": "10",
    "spark.ui.retainedJobs": "50",
    "spark.ui.retainedStages": "50",
    # not that of the raw times, which are UTC
    "spark.sql.session.timeZone": "Asia/Kolkata",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


class NoCluster(Exception):
    """Spark cannot be started here; the text says what is missing."""


@dataclass
class Cluster:
    """A running cluster; the processes are by name, the ports on 127.0.0.1.

    `settings` are further environment variables for dbt.
    """

    folder: Path
    thrift_port: int
    ui_port: int
    environment: dict[str, str] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Starts a process of the cluster, for the first time or again."""
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                # a group of its own, so that its children end with it
                start_new_session=True,
            )

    def executors(self) -> list[dict]:
        """What the driver knows of its executors, itself left out."""
        root = f"http://127.0.0.1:{self.ui_port}/api/v1/applications"
        with urllib.request.urlopen(root, timeout=10) as answer:
            (application,) = json.load(answer)
        address = f"{root}/{application['id']}/allexecutors"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return [each for each in json.load(answer) if each["id"] != "driver"]

    def kill(self, name: str) -> None:
        """Kills a process of the cluster, and what it started, without warning."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            # it may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def rows(self, query: str) -> list[dict]:
        """What a query gives, as dictionaries; times are naive UTC."""
        return self.answers([query])[0]

    def answers(self, queries: list[str]) -> list[list[dict]]:
        """What each of several statements gives, in one session."""
        script = (
            "import datetime, pickle, sys\n"
            "from pyhive import hive\n"
            # the driver would leave dates as text
            "hive.TYPES_CONVERTER['DATE_TYPE'] = datetime.date.fromisoformat\n"
            "port, queries = pickle.load(sys.stdin.buffer)\n"
            "session = {'set:spark.sql.session.timeZone': 'UTC'}\n"
            "cursor = hive.connect('127.0.0.1', port, configuration=session).cursor()\n"
            "answers = []\n"
            "for query in queries:\n"
            "    cursor.execute(query)\n"
            "    names = []\n"
            "    if query.split()[0] in ('select', 'show'):\n"
            "        names = [each[0] for each in cursor.description]\n"
            "    answers.append((names, cursor.fetchall() if names else []))\n"
            "pickle.dump(answers, sys.stdout.buffer)\n"
        )
        finished = subprocess.run(
            [PYTHON, "-c", script],
            input=pickle.dumps((self.thrift_port, queries)),
            capture_output=True,
            check=False,
        )
        if finished.returncode:
            raise NoCluster(finished.stderr.decode()[-2000:])
        return [
            [
                # a column of a table is named table.column there
                dict(zip((name.split(".")[-1] for name in names), row))
                for row in found
            ]
            for names, found in pickle.loads(finished.stdout)
        ]

    def reset(self) -> None:
        """Drops every database but the one that is always there."""
        names = [row["namespace"] for row in self.rows("show databases")]
        self.answers(
            [f"drop database {name} cascade" for name in names if name != "default"]
        )


def java_home() -> str:
    """The folder of Java 17. Raises NoCluster where it is not installed."""
    given = os.environ.get("JAVA_HOME", "").strip()
    if given:
        return given
    found = sorted(Path("/usr/lib/jvm").glob("java-17-*/bin/java"))
    if found:
        return str(found[0].parents[1])
    java = shutil.which("java")
    if java:
        return str(Path(java).resolve().parents[1])
    raise NoCluster("Java 17 is needed: install the package openjdk-17-jre-headless.")


@contextmanager
def private_cluster(memory: int = 1) -> Iterator[Cluster]:
    """Starts a cluster and stops it at the end; everything it writes is temporary.

    It has `memory` times what a test needs.

    Raises NoCluster where it does not start.
    """
    found = sorted(ENVIRONMENT.glob("lib/python*/site-packages/pyspark"))
    if not found:
        raise NoCluster(f"{ENVIRONMENT} has no Spark: run `make test-engines`.")
    home = found[0]
    folder = Path(tempfile.mkdtemp(prefix="mql-spark-"))
    environment = {
        **os.environ,
        "JAVA_HOME": java_home(),
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder),
        # every port that opens opens on loopback only
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_DAEMON_MEMORY": "512m",
        "TZ": "Asia/Kolkata",
    }
    master_port, web_port = free_port(), free_port()
    master = f"spark://127.0.0.1:{master_port}"
    cluster = Cluster(folder, free_port(), free_port(), environment)
    spark_class = str(home / "bin" / "spark-class")
    settings = {
        **SETTINGS,
        "spark.executor.memory": f"{memory * EXECUTOR_MB}m",
        "spark.ui.port": cluster.ui_port,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={folder / 'metastore'};create=true"
        ),
    }
    cluster.commands["master"] = [
        *(spark_class, "org.apache.spark.deploy.master.Master"),
        *("--host", "127.0.0.1"),
        *("--port", str(master_port)),
        *("--webui-port", str(web_port)),
    ]
    for name in ("worker-1", "worker-2"):
        cluster.commands[name] = [
            *(spark_class, "org.apache.spark.deploy.worker.Worker", master),
            *("--host", "127.0.0.1"),
            *("--cores", "1"),
            # what its executor takes, and some for itself
            *("--memory", f"{memory * EXECUTOR_MB + 400}m"),
            *("--webui-port", str(free_port())),
            *("--work-dir", str(folder / name)),
        ]
    cluster.commands["thrift-server"] = [
        # the driver's memory: of a Thrift server Spark asks the daemons' setting
        *("env", f"SPARK_DAEMON_MEMORY={memory * DRIVER_MB}m"),
        *(str(home / "bin" / "spark-submit"), "--master", master),
        *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
        *(
            part
            for name, value in settings.items()
            for part in ("--conf", f"{name}={value}")
        ),
        "spark-internal",
        *("--hiveconf", f"hive.server2.thrift.port={cluster.thrift_port}"),
        *("--hiveconf", "hive.server2.thrift.bind.host=127.0.0.1"),
    ]
    try:
        for name in cluster.commands:
            cluster.start(name)
        wait_for(cluster)
        yield cluster
    finally:
        for name in reversed(list(cluster.processes)):
            cluster.kill(name)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(cluster: Cluster) -> None:
    """Waits until the Thrift server answers and both workers are there."""
    until = time.monotonic() + SECONDS_TO_START
    problem = ""
    while time.monotonic() < until:
        for name, process in cluster.processes.items():
            if process.poll() is not None:
                log = (cluster.folder / f"{name}.log").read_text()
                raise NoCluster(
                    f"{name} ended with {process.returncode}:\n{log[-3000:]}"
                )
        try:
            cluster.rows("select 1 as one")
            if len(cluster.executors()) == 2:
                return
            problem = "fewer than two executors"
        except (NoCluster, OSError) as error:
            problem = str(error)
        time.sleep(1)
    raise NoCluster(f"Spark did not start in {SECONDS_TO_START} seconds: {problem}")


def load_raw(folder: Path, cluster: Cluster, schema: str = "crm") -> None:
    """Makes tables over Parquet copies of raw files: text columns, blank cells null.

    A table without a file is not made.
    """
    reader = duckdb.connect()
    copies = Path(tempfile.mkdtemp(dir=cluster.folder))
    statements = [f"create database if not exists {schema}"]
    for stem in sorted({file.stem for file in folder.glob("*.*")}):
        parquet = folder / f"{stem}.parquet"
        raw = (
            reader.from_parquet(str(parquet))
            if parquet.exists()
            else reader.read_csv(
                str(folder / f"{stem}.csv"),
                header=True,
                delimiter=",",
                quotechar='"',
                escapechar='"',
                all_varchar=True,
            )
        )
        place = copies / stem
        place.mkdir()
        raw.select(
            ", ".join(
                f'cast("{name}" as varchar) as "{name.lower()}"' for name in raw.columns
            )
        ).write_parquet(str(place / "part.parquet"))
        statements += [
            f"drop table if exists {schema}.{stem}",
            f"create table {schema}.{stem} using parquet location '{place}'",
        ]
    cluster.answers(statements)


def dbt(
    *arguments: str,
    cluster: Cluster,
    folder: Path,
    as_of: datetime | str | None = None,
    project: Path = warehouse.ROOT,
) -> None:
    """Runs one dbt command on the cluster; `folder` is for its target and logs.

    Raises warehouse.BuildFailed with what dbt said where it did not succeed.
    """
    finished = subprocess.run(
        dbt_command(*arguments, folder=folder, as_of=as_of, project=project),
        env=dbt_environment(cluster),
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise warehouse.BuildFailed(finished.stdout[-6000:] + finished.stderr[-2000:])


def dbt_command(
    *arguments: str, folder: Path, as_of: datetime | str | None, project: Path
) -> list[str]:
    """The command line of a dbt command in Spark's environment."""
    command = [
        str(ENVIRONMENT / "bin" / "dbt"),
        *arguments,
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "target"),
        "--no-use-colors",
        "--quiet",
    ]
    if as_of is not None:
        command += ["--vars", f'{{as_of: "{as_of}"}}']
    return command


def dbt_environment(cluster: Cluster) -> dict[str, str]:
    """What dbt reads to find the cluster."""
    return {
        **{name: value for name, value in os.environ.items() if name[:4] != "MQL_"},
        "MQL_TARGET": "spark",
        "MQL_SPARK_HOST": "127.0.0.1",
        "MQL_SPARK_PORT": str(cluster.thrift_port),
        **cluster.settings,
    }


if __name__ == "__main__":
    with private_cluster() as running:
        print(f"thrift {running.thrift_port} ui {running.ui_port} {running.folder}")
        input("Enter stops it.")
