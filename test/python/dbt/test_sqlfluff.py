"""The SQL keeps one style: what `sqlfluff lint` says of all models, tests and analyses."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LINTED = ["dbt_project/models", "dbt_project/tests", "dbt_project/analyses"]
LINT_SECONDS = 500


@pytest.mark.full
def test_the_sql_is_clean():
    done = subprocess.run(
        [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar", "--processes", "2", *LINTED],
        **{"cwd": ROOT, "capture_output": True, "text": True, "timeout": LINT_SECONDS, "check": False},
    )
    assert done.returncode == 0, done.stdout
