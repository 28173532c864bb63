"""The part of a Dockerfile that decides what a task runs, read without Docker."""

import json
import re
import shlex
from dataclasses import dataclass, field

KNOWN = ("FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "LABEL")


class DockerfileError(ValueError):
    """The Dockerfile uses something that this interpreter does not know."""


@dataclass
class Recipe:
    """What a Dockerfile says: copies (sources, target), commands to run, environment, entrypoint."""

    copies: list[tuple[list[str], str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    entrypoint: list[str] = field(default_factory=list)


def parse(text: str) -> Recipe:
    """Read a Dockerfile of one stage; raises DockerfileError on an instruction outside `KNOWN`."""
    recipe, arguments = Recipe(), {}
    for instruction, rest in _instructions(text):
        if instruction == "ARG":
            name, _, value = rest.partition("=")
            arguments[name.strip()] = _unquote(value)
        elif instruction == "ENV":
            for word in shlex.split(rest):
                name, _, value = word.partition("=")
                recipe.environment[name] = _expand(value, {**arguments, **recipe.environment})
        elif instruction == "WORKDIR":
            recipe.workdir = rest
        elif instruction == "COPY":
            recipe.copies.append(_copy(rest, recipe.workdir))
        elif instruction == "RUN":
            recipe.commands.append(_expand(rest, arguments))
        elif instruction == "ENTRYPOINT":
            recipe.entrypoint = _exec_form(rest)
    if not recipe.entrypoint:
        raise DockerfileError("the Dockerfile has no ENTRYPOINT")
    return recipe


def _instructions(text: str) -> list[tuple[str, str]]:
    joined = re.sub(
        r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    )
    found = []
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word.upper() not in KNOWN:
            raise DockerfileError(f"the instruction {word} is not understood by the local image builder")
        found.append((word.upper(), rest.strip()))
    return found


def _copy(rest: str, workdir: str) -> tuple[list[str], str]:
    words = [word for word in shlex.split(rest) if not word.startswith("--")]
    if "--from=" in rest:
        raise DockerfileError("COPY --from is not understood by the local image builder")
    if len(words) < 2:
        raise DockerfileError(f"COPY needs a source and a target: {rest}")
    target = words[-1] if words[-1].startswith("/") else f"{workdir.rstrip('/')}/{words[-1]}"
    return words[:-1], target


def _exec_form(rest: str) -> list[str]:
    try:
        words = json.loads(rest)
    except ValueError as error:
        raise DockerfileError(f"ENTRYPOINT must be in exec form (a JSON array): {rest}") from error
    return [str(word) for word in words]


def _unquote(value: str) -> str:
    return value.strip().strip("\"'")


def _expand(value: str, names: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda found: names.get(found[1], found[0]), value)
