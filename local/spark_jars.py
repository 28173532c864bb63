"""The few Java libraries that give Spark its `s3://`: fetched once by Spark's resolver, then used offline.

`python -m local.spark_jars` fetches them below the state folder (11 MB; needs Java, Maven Central) and prints
{"jars": N, "seconds": S}. The 280 MB bundle of the AWS SDK is replaced by the modules that S3A loads.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.3.4",
    "com.amazonaws:aws-java-sdk-s3:1.12.262",
    "com.amazonaws:aws-java-sdk-sts:1.12.262",
    "com.amazonaws:aws-java-sdk-dynamodb:1.12.262",
)
# What the PySpark package ships already, and the bundle.
EXCLUDED = (
    "com.amazonaws:aws-java-sdk-bundle",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-databind",
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    "joda-time:joda-time",
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
)
LOCK_FILE = Path(__file__).with_name("spark_jars.lock.json")
FETCH_SECONDS_MAX = 600
JAVA_SECONDS_MAX = 30


class SparkUnavailable(RuntimeError):
    """Spark cannot run here: no Java, no PySpark, or its jars cannot be fetched. The text says which."""


def spark_home() -> Path:
    """The folder of the PySpark package, which is a whole Spark."""
    try:
        import pyspark
    except ImportError as error:
        raise SparkUnavailable("PySpark is not installed in the Python environment") from error
    return Path(pyspark.__file__).parent


def java_version() -> str:
    """The first line of `java -version`; raises SparkUnavailable where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        found = subprocess.run(
            [java or "java", "-version"], capture_output=True, text=True, timeout=JAVA_SECONDS_MAX
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SparkUnavailable(
            "Java 17 is needed to run Glue jobs, and no `java` command was found"
        ) from error
    if found.returncode:
        raise SparkUnavailable(f"`java -version` failed: {found.stderr.strip()[:200]}")
    return found.stderr.splitlines()[0]


def jars(spark_dir: Path, fetch: bool = True) -> list[Path]:
    """The jars, checked against the lock file; fetched first when they are not there."""
    wanted = json.loads(LOCK_FILE.read_text())
    folder = spark_dir / "jars"
    if any(not (folder / name).exists() for name in wanted):
        if not fetch:
            raise SparkUnavailable("the Spark jars are not fetched yet: run `python -m local.spark_jars`")
        _fetch(spark_dir)
    for name, digest in wanted.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise SparkUnavailable(
                f"the jar {name} is not the one of the lock file; delete {folder} and try again"
            )
    return [folder / name for name in wanted]


def _fetch(spark_dir: Path) -> None:
    java_version()
    ivy, folder = spark_dir / "ivy", spark_dir / "jars"
    ivy.mkdir(parents=True, exist_ok=True)
    probe = ivy / "probe.py"
    probe.write_text("")
    command = [
        str(spark_home() / "bin" / "spark-submit"),
        "--master",
        "local[1]",
        "--conf",
        f"spark.jars.ivy={ivy}",
        "--conf",
        "spark.ui.enabled=false",
        "--packages",
        ",".join(PACKAGES),
        "--exclude-packages",
        ",".join(EXCLUDED),
        str(probe),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS_MAX,
        cwd=ivy,
        env={**os.environ, "SPARK_HOME": str(spark_home()), "PYSPARK_PYTHON": sys.executable},
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "not found" in line or "Exception" in line]
        raise SparkUnavailable(
            "the Spark jars cannot be fetched: " + (told[-1] if told else done.stderr[-300:]).strip()
        )
    folder.mkdir(exist_ok=True)
    for found in (ivy / "jars").glob("*.jar"):
        shutil.copy2(found, folder / found.name)


def main() -> None:
    """Fetch the jars, or say in one sentence why not."""
    parser = argparse.ArgumentParser(prog="python -m local.spark_jars")
    parser.add_argument("--state", type=Path, default=Path(".sluice"))
    chosen, started = parser.parse_args(), time.monotonic()
    try:
        found = jars(chosen.state.resolve() / "spark")
    except SparkUnavailable as problem:
        print(f"local AWS: {problem}", file=sys.stderr)
        raise SystemExit(2) from problem
    print(json.dumps({"jars": len(found), "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main()
