"""What is kept of a build beside its report, among it dbt's documentation as a page that opens by itself."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from containers.dbt.project import Project
from jobs.failures import shortened
from jobs.task.log import log

PAGE = "docs.html.gz"


def artifacts_of(project: Project, passed: bool) -> list[Path]:
    """The files of a build that are kept, each where it exists; documentation of one that passed."""
    target = project.target_path
    files = [target / "run_results.json", target / "sources.json", project.log_path / "dbt.log"]
    docs = write_docs(project) if passed else None
    return [*files, project.state_folder / "manifest.json", *([docs] if docs else [])]


def write_docs(project: Project) -> Path | None:
    """The page with models, columns, tests and lineage, compressed; None where dbt could not make it.

    The manifest is that of the image, so nothing is parsed or compiled again: what remains is a look at the
    catalog. Documentation is no reason to fail a build.
    """
    target = project.target_path
    try:
        target.mkdir(exist_ok=True)
        shutil.copyfile(project.state_folder / "manifest.json", target / "manifest.json")
        outcome = project.invoke("docs", "generate", "--static", "--no-compile")
        if not outcome.success:
            raise RuntimeError(str(outcome.exception or "see dbt.log"))
        page = target / PAGE
        page.write_bytes(gzip.compress((target / "static_index.html").read_bytes(), compresslevel=6))
    except Exception as failure:
        log("docs_not_written", level="warn", error=shortened(str(failure)))
        return None
    return page
