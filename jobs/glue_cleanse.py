"""The cleanse as a Glue job: `--run_id`, `--attempt`, `--plan_uri`, `--correlation_id` and what Glue adds.

The modules beside it come by `--extra-py-files`: the packages `jobs` and the compiled contracts, in one zip.
"""

import argparse
import sys

from jobs.cleanse.log import Log
from jobs.cleanse.run import run_plan
from jobs.cleanse.spark_engine import SparkEngine
from jobs.cleanse.spark_store import SparkStore


def main(argv: list[str]) -> None:
    """Carries out the plan; raises when there is no verdict, so that Glue calls the run FAILED."""
    parser = argparse.ArgumentParser()
    for name in ("run_id", "attempt", "plan_uri"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--correlation_id")
    given, _ = parser.parse_known_args(argv)
    log = Log(sys.stdout)
    log.bind(run_id=given.run_id, correlation_id=given.correlation_id, attempt=int(given.attempt))
    run_plan(given.run_id, given.plan_uri, SparkStore(), log, SparkEngine())


if __name__ == "__main__":
    main(sys.argv[1:])
