"""Runs dbt's unit tests beside the tables of a build: `python -m tools.models.unit_tests <fqn> ...`.

It works in the directory of a task that has ended, and leaves `target/run_results.json` there. A build of the
container runs none: they ask of the code what no data decides.
"""

import sys
from pathlib import Path

from containers.dbt.project import Project

if __name__ == "__main__":
    project = Project("duckdb", Path.cwd())
    ended = project.invoke("test", "--select", *sys.argv[1:])
    project.write_run_results()
    if ended.exception:
        # Not a test that fails: dbt did not come to the tests.
        sys.exit(str(ended.exception))
