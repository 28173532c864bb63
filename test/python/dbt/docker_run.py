"""`docker run` for images of `local.images`, as a process here: `docker_run.py <images> run <options>`."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local import images


def main(arguments: list[str]) -> int:
    """Runs the image's entry point, or the one that is given, to its end; answers its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=Path)
    parser.add_argument("command", choices=["run"])
    parser.add_argument("--rm", action="store_true", required=True)
    parser.add_argument("--network", choices=["host"])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--entrypoint")
    parser.add_argument("image")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args(arguments)
    image = images.find(asked.image, asked.images)
    if image is None:
        parser.error(f"Unable to find image '{asked.image}'")
    words = [asked.entrypoint, *asked.words] if asked.entrypoint else images.command(image, asked.words)
    # Of the launcher's variables a container has those that were named.
    environment = images.process_environment(image) | {name: os.environ[name] for name in asked.env}
    with tempfile.TemporaryDirectory() as written:
        where = image.app if asked.entrypoint else written
        return subprocess.run(words, cwd=where, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
