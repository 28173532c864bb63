"""Glue runs are real Spark with a Glue run's states, arguments, rights, limits and events."""

import json
import shutil

import pytest
from local_aws import LocalAws, poll

from local import spark_jars

ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")
SCRIPT = """
import json, os, sys, time
import boto3
from beside import WORD
from pyspark.sql import SparkSession
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("TOLD " + json.dumps({"arguments": arguments, "word": WORD, "cwd": os.listdir("."),
    "caller": boto3.client("sts").get_caller_identity()["Arn"], "names": sorted(os.environ)}))
spark = SparkSession.builder.getOrCreate()
spark.range(10).repartition(2).write.mode("overwrite").parquet(arguments["--target"])
assert spark.read.parquet(arguments["--target"]).count() == 10
try:
    spark.range(1).write.parquet(arguments["--outside"])
except Exception as problem:
    cause = problem.java_exception
    while cause is not None:
        print("REFUSED " + cause.toString())
        cause = cause.getCause()
"""
# Fails before it needs Spark, whose start takes most of a run.
RAISER = "raise ValueError('no such symbol')\n"
SLEEPER = "import time\ntime.sleep(60)\n"


class Glue:
    """A local AWS with a bucket of job code, a role and jobs."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.glue, self.s3 = aws, aws.client("glue"), aws.client("s3")
        for bucket in ("lake", "code"):
            self.s3.create_bucket(Bucket=bucket)
        code = {"main": SCRIPT, "raiser": RAISER, "sleeper": SLEEPER, "beside": "WORD = 'beside'\n"}
        for name, text in code.items():
            self.s3.put_object(Bucket="code", Key=f"{name}.py", Body=text.encode())
        self.role = aws.role(
            "job",
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::code/*"},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": "arn:aws:s3:::lake/_pending/*",
            },
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::lake"},
        )
        self.create("job", "s3://code/absent.py", 4, timeout=30)
        self.create("one-at-a-time", "s3://code/sleeper.py", 1, timeout=1)
        self.drain = aws.tap("glue-events", {"source": ["aws.glue"]})

    def create(self, name: str, script: str, parallel: int, timeout: int) -> None:
        self.glue.create_job(
            Name=name,
            Role=self.role,
            GlueVersion="5.0",
            Timeout=timeout,
            ExecutionProperty={"MaxConcurrentRuns": parallel},
            Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": script},
            DefaultArguments={"--enable-metrics": "true"},
        )

    def start(self, name: str, **arguments: str) -> str:
        told = {
            "--" + key.replace("_", "-") if key == "extra_py_files" else f"--{key}": value
            for key, value in arguments.items()
        }
        return self.glue.start_job_run(JobName=name, Arguments=told)["JobRunId"]

    def state(self, name: str, run_id: str) -> dict:
        return self.glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]

    def ended(self, name: str, run_id: str) -> dict:
        return poll(lambda: run if (run := self.state(name, run_id))["JobRunState"] in ENDED else None, 240)

    def event(self, run_id: str) -> dict:
        return poll(lambda: next((one for one in self.drain() if one["detail"]["jobRunId"] == run_id), None))

    def log(self, name: str, run_id: str) -> str:
        return (self.aws.state / "logs" / "tasks" / f"glue-{name}-{run_id}.log").read_text()


@pytest.fixture(scope="module")
def glue(launch) -> Glue:
    try:
        spark_jars.java_version()
        aws = launch("--glue-minute-seconds", "5")
        shared = spark_jars.LOCK_FILE.parents[1] / ".sluice" / "spark"
        spark_jars.jars(shared)
    except spark_jars.SparkUnavailable as problem:
        pytest.skip(str(problem))
    shutil.copytree(shared / "jars", aws.state / "spark" / "jars")
    return Glue(aws)


@pytest.fixture(scope="module")
def runs(glue) -> dict[str, str]:
    """Two runs at once: one of Spark that tries to write also where it may not, and one that raises."""
    code = {"scriptLocation": "s3://code/main.py", "extra_py_files": "s3://code/beside.py"}
    places = {"target": "s3://lake/_pending/good/", "outside": "s3://lake/final/"}
    return {
        "good": glue.start("job", **code, **places, run_id="r1"),
        "raising": glue.start("job", scriptLocation="s3://code/raiser.py"),
    }


def test_a_run_reads_and_writes_s3_with_its_role_and_gets_arguments_as_glue_gives_them(glue, runs):
    run_id = runs["good"]
    run = glue.ended("job", run_id)
    assert run["JobRunState"] == "SUCCEEDED", glue.log("job", run_id)
    line = next(line for line in glue.log("job", run_id).splitlines() if line.startswith("TOLD"))
    told = json.loads(line[5:])
    assert told["arguments"]["--run_id"] == "r1"
    assert told["arguments"]["--JOB_NAME"] == "job"
    assert told["arguments"]["--JOB_RUN_ID"] == run_id
    assert (told["word"], told["cwd"]) == ("beside", [])
    assert told["caller"] == f"arn:aws:sts::000000000000:assumed-role/job/{run_id[:64]}"
    assert not {"AUTH", "SECRET_OF_CALLER", "GATEWAY_PORT", "AWS_ACCESS_KEY_ID"} & set(told["names"])
    expected = {"jobName": "job", "severity": "INFO", "state": "SUCCEEDED", "message": "Job run succeeded"}
    assert glue.event(run_id)["detail"] == {**expected, "jobRunId": run_id}
    poll(lambda: not (glue.aws.state / "tasks" / run_id).exists())


def test_a_failing_script_fails_the_run_with_its_last_error(glue, runs):
    run = glue.ended("job", runs["raising"])
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "ValueError: no such symbol")
    assert glue.event(runs["raising"])["detail"]["severity"] == "ERROR"


def test_spark_may_not_write_outside_the_role(glue, runs):
    glue.ended("job", runs["good"])
    lines = glue.log("job", runs["good"]).splitlines()
    refused = [line for line in lines if line.startswith("REFUSED")]
    assert any("AccessDenied" in line for line in refused), refused
    assert glue.s3.list_objects_v2(Bucket="lake", Prefix="final/")["KeyCount"] == 0


def test_a_missing_script_fails_the_run_and_nothing_else(glue):
    run = glue.ended("job", glue.start("job"))
    assert run["JobRunState"] == "FAILED"
    assert "ClientError" in run["ErrorMessage"]


def test_concurrent_runs_are_bounded_and_a_stopped_run_makes_room(glue):
    first = glue.start("one-at-a-time")
    with pytest.raises(glue.glue.exceptions.ConcurrentRunsExceededException):
        glue.start("one-at-a-time")
    poll(lambda: glue.state("one-at-a-time", first)["JobRunState"] == "RUNNING")
    answer = glue.glue.batch_stop_job_run(JobName="one-at-a-time", JobRunIds=[first, "jr_absent"])
    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [first]
    assert answer["Errors"][0]["JobRunId"] == "jr_absent"
    assert glue.ended("one-at-a-time", first)["JobRunState"] == "STOPPED"
    assert glue.event(first)["detail"]["message"] == "Job run stopped"


@pytest.mark.full
def test_a_run_over_its_timeout_ends_in_timeout(glue):
    run_id = glue.start("one-at-a-time")
    assert glue.ended("one-at-a-time", run_id)["JobRunState"] == "TIMEOUT"
    assert glue.event(run_id)["detail"]["severity"] == "WARN"


def test_without_java_the_run_fails_with_a_sentence_and_the_emulator_goes_on(tmp_path, launch, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    poor = Glue(launch())
    run = poor.ended("job", poor.start("job"))
    assert run["JobRunState"] == "FAILED"
    assert "Java 17 is needed" in run["ErrorMessage"]
