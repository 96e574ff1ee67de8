"""The exercises of a lesson, from ``exercises/checks``, open or sealed.

A learner archive holds the checks *sealed*: compressed and coded, so that no answer meets the eye in an
editor or a search. This hides; it does not protect: whoever wants to can open them.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sleeplab.exercises._exercise import Exercise
from sleeplab.exercises._messages import message

FOLDER = "SLEEPLAB_EXERCISES"
SEALED = "sealed.txt"
NUMBER = re.compile(r"\d\d-\d+")


class UnknownExerciseError(ValueError):
    """There is no exercise of that number; the message says which there are."""


class Lesson(NamedTuple):
    """The exercises of a lesson by number, and for each the text of its solution."""

    exercises: dict[str, Exercise]
    solutions: dict[str, str]


def exercises_folder() -> Path:
    """Return the folder ``exercises``: here, above here, or beside the package.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    import os

    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER])
    here = Path.cwd()
    for parent in (here, *here.parents, Path(__file__).parents[2]):
        for folder in (parent / "exercises", parent):
            if folder.name == "exercises" and (folder / "checks").is_dir():
                return folder
    msg = (
        "the folder 'exercises' with its checks was searched here, above here and beside sleeplab, and not "
        f"found. Start JupyterLab with 'python run.py lab', or set {FOLDER}."
    )
    raise FileNotFoundError(msg)


def find_exercise(number: str) -> tuple[Exercise, str]:
    """Return an exercise and the text of its solution.

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise UnknownExerciseError(message("help", "no number", number=repr(number)).said())
    lesson = load_lesson(number[:2], exercises_folder())
    if number not in lesson.exercises:
        known = {"lesson": number[:2], "known": ", ".join(lesson.exercises) or "–", "number": repr(number)}
        raise UnknownExerciseError(message("help", "no exercise", **known).said())
    return lesson.exercises[number], lesson.solutions.get(number, "")


@cache
def load_lesson(lesson: str, folder: Path) -> Lesson:
    """Return the exercises of a lesson, for example ``"06"``, from its open check file or the sealed one."""
    open_file = folder / "checks" / f"lesson_{lesson}.py"
    if open_file.exists():
        source, solutions = open_file.read_text(encoding="utf-8"), solutions_in(lesson, folder)
    else:
        sealed = folder / "checks" / SEALED
        content = unseal(sealed.read_text(encoding="ascii")) if sealed.exists() else {}
        source, solutions = (
            content.get(lesson, {}).get("checks", ""),
            content.get(lesson, {}).get("solutions", {}),
        )
    made: dict[str, Any] = {"__name__": f"lesson_{lesson}"}
    exec(compile(source, open_file.name, "exec"), made)  # noqa: S102  # the course's own file
    return Lesson({exercise.number: exercise for exercise in made.get("EXERCISES", [])}, solutions)


def lesson_numbers(folder: Path) -> list[str]:
    """List the lessons that have checks."""
    names = sorted(path.stem.removeprefix("lesson_") for path in (folder / "checks").glob("lesson_??.py"))
    sealed = folder / "checks" / SEALED
    return names or (sorted(unseal(sealed.read_text(encoding="ascii"))) if sealed.exists() else [])


def solutions_in(lesson: str, folder: Path) -> dict[str, str]:
    """Return the text of each solution of a lesson, from its built solution notebook."""
    found = {}
    for path in (folder / "solutions").glob(f"{lesson}_*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code" and "exercise" in cell["metadata"]:
                found[cell["metadata"]["exercise"]] = re.sub(
                    r" *# given$", "", "".join(cell["source"]), flags=re.M
                )
    return found


def seal(content: dict[str, Any]) -> str:
    """Return a JSON-like content as text in which no word of it can be read or searched.

    Examples
    --------
    >>> unseal(seal({"01": {"checks": "the answer"}}))
    {'01': {'checks': 'the answer'}}
    >>> "answer" in seal({"01": {"checks": "the answer"}})
    False
    """
    return base64.b64encode(zlib.compress(json.dumps(content, sort_keys=True).encode())).decode()


def unseal(text: str) -> dict[str, Any]:
    """Return the content of a sealed text."""
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return content
