"""The list of patches in the documentation is complete, and its pinned version is the installed one."""

import re
from importlib.metadata import version

from local_aws import ROOT

PAGE = (ROOT / "docs" / "local-aws.md").read_text()


def test_every_patch_is_listed_and_every_listed_patch_exists():
    listed = set(
        re.findall(
            r"`(\w+)`",
            " ".join(
                line.rpartition("| ")[2] if line.startswith("| ") else ""
                for line in PAGE.splitlines()
                for line in [line.rstrip("| ")]
            ),
        )
    )
    modules = {path.stem for path in (ROOT / "local" / "patches").glob("*.py")} - {"__init__"}
    assert modules <= listed


def test_every_test_that_the_page_names_exists():
    files = (ROOT / "test" / "python" / "local").glob("test_*.py")
    tests = set(re.findall(r"^def (test_\w+)", "\n".join(file.read_text() for file in files), re.M))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) >= 10
    assert named <= tests


def test_the_pinned_emulator_is_the_installed_one():
    assert f"MiniStack](https://pypi.org/project/ministack/) {version('ministack')}" in PAGE
