"""The image holds every module that a build imports."""

import os
import subprocess
import sys
from pathlib import Path

from local.dockerfile import parse
from local.images import files_of, place_files

ROOT = Path(__file__).resolve().parents[3]
PRINTED = "import containers.dbt.build as b, jobs.failures as f; print(b.__file__, f.__file__)"


def test_a_build_imports_from_what_the_image_holds(tmp_path):
    app = tmp_path / "app"
    place_files(files_of(parse((ROOT / "containers" / "dbt" / "Dockerfile").read_text()), ROOT), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PRINTED],
        **{"cwd": tmp_path, "env": {"PYTHONPATH": str(app), "PATH": os.environ["PATH"]}},
        **{"capture_output": True, "text": True, "timeout": 60, "check": False},
    )
    assert done.returncode == 0, done.stderr
    assert all(path.startswith(str(app)) for path in done.stdout.split())
