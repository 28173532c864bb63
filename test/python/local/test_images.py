"""Images are folders named by their content, built from the Dockerfile that AWS gets too."""

import json
import subprocess
import sys

import pytest
from local_aws import ROOT

from local import images
from local.dockerfile import DockerfileError, parse

DOCKERFILE = """# a comment
FROM python:3.11.7-slim
ARG VERSION=1
ENV TOOL_VERSION=${VERSION} \\
    DATA_DIR=/app/data
WORKDIR /app
COPY --chown=app code /app/code
COPY one.txt two/
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
RUN useradd app && python -c "open('made', 'w').write('here')"
USER app
ENTRYPOINT ["python", "-m", "code", "/app/data"]
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "containers" / "tool").mkdir(parents=True)
    (tmp_path / "containers" / "tool" / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "__main__.py").write_text("print(1)")
    (tmp_path / "code" / "__pycache__" / "x.pyc").write_text("")
    (tmp_path / "one.txt").write_text("1")
    return tmp_path


def test_a_build_copies_runs_and_maps_paths(repository):
    image = images.build("tool", repository, repository / "images")
    files = sorted(str(path.relative_to(image.app)) for path in image.app.rglob("*") if path.is_file())
    assert files == ["code/__main__.py", "made", "two/one.txt"]
    environment = images.process_environment(image)
    assert environment["DATA_DIR"] == f"{image.app}/data"
    assert environment["TOOL_VERSION"] == "1"
    assert images.command(image, ["x"]) == [sys.executable, "-m", "code", f"{image.app}/data", "x"]


def test_the_digest_follows_the_content_and_nothing_else(repository):
    first = images.build_all(repository, repository / "images")
    (repository / "unrelated.txt").write_text("x")
    (repository / "code" / "__main__.py").touch()
    assert images.build_all(repository, repository / "images") == first
    (repository / "code" / "__main__.py").write_text("print(2)")
    second = images.build_all(repository, repository / "images")
    assert second != first
    reference = f"0.dkr.ecr.us-east-1.amazonaws.com/sluice/tool@sha256:{first['tool']}"
    assert images.find(reference, repository / "images").digest == first["tool"]
    assert images.find(reference.replace(first["tool"], "0" * 64), repository / "images") is None


def test_the_command_line_prints_the_digests(repository):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "local.images",
            "build",
            "--root",
            str(repository),
            "--state",
            str(repository / "s"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == images.build_all(repository, repository / "s" / "images")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FROM x\nHEALTHCHECK NONE\nENTRYPOINT []", "HEALTHCHECK is not understood"),
        ("FROM x\nENTRYPOINT python -m x", "exec form"),
        ("FROM x", "no ENTRYPOINT"),
        ("FROM x\nCOPY --from=b /a /b\nENTRYPOINT []", "COPY --from"),
    ],
)
def test_what_the_builder_does_not_understand_is_refused(text, words):
    with pytest.raises(DockerfileError, match=words):
        parse(text)


def test_a_copy_of_something_absent_is_refused(repository):
    (repository / "one.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"one\.txt"):
        images.build("tool", repository, repository / "images")
