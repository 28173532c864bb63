"""Container images without Docker: a folder per content digest, made by reading the Dockerfile.

`python -m local.images build` builds every `containers/<name>/Dockerfile` and prints {"<name>": "<digest>"}.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local.dockerfile import Recipe, parse

SKIPPED_PARTS = {"__pycache__", ".git", ".venv", "node_modules", ".sluice"}
# What a pinned base image and its locked packages provide; locally the Python environment does.
SKIPPED_COMMANDS = (
    "pip ",
    "python -m pip",
    "apt",
    "useradd",
    "adduser",
    "groupadd",
    "addgroup",
    "chown",
    "mkdir",
    "chmod",
)
RUN_SECONDS_MAX = 300


@dataclass(frozen=True)
class Image:
    """A built image: `app` holds what stands below the Dockerfile's WORKDIR."""

    name: str
    digest: str
    folder: Path
    environment: dict[str, str]
    entrypoint: list[str]
    workdir: str

    @property
    def app(self) -> Path:
        return self.folder / "root" / self.workdir.lstrip("/")


def build_all(root: Path, images_dir: Path) -> dict[str, str]:
    """Build every image below `root`/containers; returns {name: sha256 of the content}."""
    return {
        dockerfile.parent.name: build(dockerfile.parent.name, root, images_dir).digest
        for dockerfile in sorted(root.glob("containers/*/Dockerfile"))
    }


def build(name: str, root: Path, images_dir: Path) -> Image:
    """Build one image unless its digest is there already; raises DockerfileError or CalledProcessError."""
    text = (root / "containers" / name / "Dockerfile").read_text()
    recipe = parse(text)
    files = files_of(recipe, root)
    digest = _digest(text, files)
    folder = images_dir / name / digest
    if (folder / "image.json").exists():
        return load(folder)
    partial = images_dir / name / f".{digest}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "home").mkdir(parents=True)
    (partial / "root" / recipe.workdir.lstrip("/")).mkdir(parents=True)
    place_files(files, partial / "root")
    image = Image(name, digest, partial, recipe.environment, recipe.entrypoint, recipe.workdir)
    _run_commands(recipe, image)
    described = {
        "environment": recipe.environment,
        "entrypoint": recipe.entrypoint,
        "workdir": recipe.workdir,
    }
    (partial / "image.json").write_text(json.dumps(described))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return load(folder)


def load(folder: Path) -> Image:
    """The image that stands in `<images>/<name>/<digest>`."""
    described = json.loads((folder / "image.json").read_text())
    return Image(name=folder.parent.name, digest=folder.name, folder=folder, **described)


def find(reference: str, images_dir: Path) -> Image | None:
    """The image that a task definition means by `<registry>/<path>/<name>@sha256:<digest>`, or None."""
    found = re.fullmatch(r"(?:.*/)?([^/@:]+)@sha256:([0-9a-f]{64})", reference)
    folder = images_dir / found[1] / found[2] if found else None
    return load(folder) if folder and (folder / "image.json").exists() else None


def process_environment(image: Image) -> dict[str, str]:
    """The image's own environment, paths below its WORKDIR mapped; nothing of the launcher's is in it."""
    inside = {name: value.replace(image.workdir, str(image.app)) for name, value in image.environment.items()}
    path = [str(image.app), *filter(None, [inside.get("PYTHONPATH")])]
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **inside,
        "HOME": str(image.folder / "home"),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
    }


def command(image: Image, override: list[str] | None = None) -> list[str]:
    """The image's ENTRYPOINT followed by the task's command, with `python` as the locked environment's."""
    words = [word.replace(image.workdir, str(image.app)) for word in [*image.entrypoint, *(override or [])]]
    return [sys.executable if words[0] in ("python", "python3") else words[0], *words[1:]]


def files_of(recipe: Recipe, root: Path) -> list[tuple[Path, str]]:
    """The files that an image copies from the repository, each with its absolute path in the image."""
    return [found for sources, target in recipe.copies for found in _copied(root, sources, target)]


def place_files(files: list[tuple[Path, str]], folder: Path) -> None:
    """Copies an image's files below a folder that stands for its root."""
    for source, target in files:
        place = folder / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, place)


def _copied(root: Path, sources: list[str], target: str) -> list[tuple[Path, str]]:
    found = []
    for source in sources:
        origin = root / source
        if origin.is_dir():
            base = target.rstrip("/")
            found += [(file, f"{base}/{file.relative_to(origin)}") for file in _files(origin)]
        elif origin.is_file():
            found.append((origin, target + origin.name if target.endswith("/") else target))
        else:
            raise FileNotFoundError(f"COPY names {source}, which is not in the repository")
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and not SKIPPED_PARTS.intersection(file.relative_to(folder).parts)
        and file.suffix != ".pyc"
    )


def _digest(text: str, files: list[tuple[Path, str]]) -> str:
    total = hashlib.sha256(text.encode())
    for source, target in sorted(files, key=lambda pair: pair[1]):
        total.update(f"\0{target}\0{os.access(source, os.X_OK)}\0".encode())
        total.update(hashlib.sha256(source.read_bytes()).digest())
    return total.hexdigest()


def _run_commands(recipe: Recipe, image: Image) -> None:
    for line in recipe.commands:
        for step in (part.strip() for part in line.split("&&")):
            if step.startswith(SKIPPED_COMMANDS):
                continue
            subprocess.run(
                ["/bin/sh", "-c", step.replace(image.workdir, str(image.app))],
                cwd=image.app,
                env=process_environment(image),
                check=True,
                timeout=RUN_SECONDS_MAX,
                stdout=sys.stderr,
            )


def main() -> None:
    """The command line: build all images of a repository."""
    parser = argparse.ArgumentParser(prog="python -m local.images")
    parser.add_argument("action", choices=["build"])
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--state", type=Path, default=Path(".sluice"))
    chosen = parser.parse_args()
    print(json.dumps(build_all(chosen.root.resolve(), chosen.state.resolve() / "images")))


if __name__ == "__main__":
    main()
