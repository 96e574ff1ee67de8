"""Files that go from hand to hand: a fresh copy, a hand-in, the learners' archive."""

from __future__ import annotations

import builtins
import getpass
import json
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from sleeplab.exercises import _progress
from sleeplab.exercises._catalogue import (
    SEALED,
    exercises_folder,
    lesson_numbers,
    seal,
    solutions_in,
)

NOTEBOOK, PROGRESS = "notebook.ipynb", "progress.jsonl"
ARCHIVE = "sleeplab-learner.zip"
PACKED = ("run.py", "requirements.lock", "pyproject.toml", "LICENSE", "README.md", "SECURITY.md",
          "notebooks/GLOSSARY.md", "sleeplab", "datasets", "docs")  # fmt: skip
"""What of the project the learners get, beside their copies and the sealed checks; nothing else."""
_MOMENT = (1980, 1, 1, 0, 0, 0)
_LEAST_LETTERS = 3


def reset(lesson: str) -> Path:
    """Copy a lesson's original beside the copy that is worked in, under the next free number.

    Raises
    ------
    FileNotFoundError
        If the lesson has no exercises.
    """
    folder = exercises_folder()
    original = _original(lesson, folder)
    for number in range(2, 1000):
        fresh = folder / f"{original.stem}_{number}.ipynb"
        if not fresh.exists():
            shutil.copyfile(original, fresh)
            return fresh
    msg = f"there are 998 copies of lesson {lesson} already. Delete some."
    raise ValueError(msg)


def _original(lesson: str, folder: Path) -> Path:
    found = sorted((folder / "originals").glob(f"{lesson}_*.ipynb")) if re.fullmatch(r"\d\d", lesson) else []
    if not found:
        known = ", ".join(path.stem[:2] for path in sorted((folder / "originals").glob("*.ipynb")))
        msg = f"exercises/originals was searched for lesson {lesson!r}. The lessons with exercises: {known}."
        raise FileNotFoundError(msg)
    return found[0]


def submit(lesson: str, *, notebook: str | Path | None = None) -> Path:
    """Make the zip for the instructor: the notebook without outputs, and the progress of this lesson.

    Parameters
    ----------
    lesson : str
        For example ``"06"``.
    notebook : str or pathlib.Path, optional
        The copy to hand in; left out, `latest_copy`.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If something in it could tell who you are.
    """
    original = _original(lesson, exercises_folder())
    place = Path(notebook) if notebook else latest_copy(lesson)
    if not place.is_file():
        msg = f"there is no notebook at {place}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    trainee = _progress.pseudonym(_progress.progress_file())
    content = {NOTEBOOK: _bare(place), PROGRESS: _of_lesson(lesson, trainee)}
    _refuse_identity(content, names=_own_names(original))
    target = _progress.progress_file().parent / f"{lesson}_{trainee}.zip"
    _write_zip(target, content)
    return target


def latest_copy(lesson: str) -> Path:
    """Return the copy of a lesson that was saved last, one that was worked in where there is one.

    Raises
    ------
    FileNotFoundError
        If there is no copy.
    """
    folder = exercises_folder()
    original = _original(lesson, folder)
    copies = sorted(folder.glob(f"{original.stem}*.ipynb"), key=lambda path: path.stat().st_mtime)
    if not copies:
        msg = f"exercises was searched for {original.name}. Make one: sleeplab exercises reset {lesson}"
        raise FileNotFoundError(msg)
    worked_in = [path for path in copies if path.read_bytes() != original.read_bytes()]
    return (worked_in or copies)[-1]


def _bare(path: Path) -> bytes:
    """Return a notebook without outputs and without what a program noted about the computer."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        kept = [_bare_cell(cell, n) for n, cell in enumerate(cells)]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"a Jupyter notebook is expected ({type(error).__name__}). Save it again in JupyterLab."
        raise ValueError(msg) from error
    notebook = {
        "cells": kept,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def _bare_cell(cell: dict[str, Any], n: int) -> dict[str, Any]:
    kind = cell["cell_type"]
    metadata = {
        key: cell.get("metadata", {})[key] for key in ("tags", "exercise") if key in cell.get("metadata", {})
    }
    kept = {"cell_type": kind, "id": f"cell-{n}", "metadata": metadata, "source": "".join(cell["source"])}
    return kept | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _of_lesson(lesson: str, trainee: str) -> bytes:
    events = [
        event
        for event in _progress.read_events(_progress.progress_file())
        if str(event.get("exercise", lesson)).startswith(lesson) and event["event"] != "trainee"
    ]
    first = {"at_s": 0, "event": "trainee", "trainee": trainee}
    return "".join(json.dumps(event) + "\n" for event in [first, *events]).encode()


def _own_names(original: Path) -> list[str]:
    """Return the name of the account, unless it is a word of the lesson or of Python, as `bruno` or `max`."""
    from sleeplab.privacy import check_identity

    user = getpass.getuser()
    if len(user) < _LEAST_LETTERS or user.casefold() in dir(builtins):
        return []
    return [] if len(check_identity([original], names=[user])) else [user]


def _refuse_identity(content: dict[str, bytes], *, names: list[str]) -> None:
    from sleeplab.privacy import check_identity

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in content]
        for path in paths:
            path.write_bytes(content[path.name])
        found = check_identity(paths, names=names)
    if len(found):
        kinds = ", ".join(sorted(set(found["kind"]))).replace("name 1", "the name of your account")
        msg = (
            f"a hand-in must not tell who you are; in the notebook there is: {kinds}. Look for it in your "
            "cells, take it out, save, and submit again."
        )
        raise ValueError(msg)


def pack(out: str | Path) -> Path:
    """Write the archive for the learners: the program, the copies, the checks sealed; no answer in sight.

    Left out are the lessons and their sources (they show the solutions), the solution notebooks, the open
    checks, the hidden variants, and all that is not named in ``PACKED``.

    Parameters
    ----------
    out : str or pathlib.Path
        The folder to write into.
    """
    folder = exercises_folder()
    root = folder.parent
    content = {}
    for name in PACKED:
        place = root / name
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                content[path.relative_to(root).as_posix()] = path.read_bytes()
    for path in sorted((folder / "originals").glob("*.ipynb")):
        content[f"exercises/{path.name}"] = content[f"exercises/originals/{path.name}"] = path.read_bytes()
    content[f"exercises/checks/{SEALED}"] = seal(_sealed(folder)).encode()
    target = Path(out) / ARCHIVE
    _write_zip(target, {f"sleeplab/{name}": content[name] for name in content})
    return target


def _sealed(folder: Path) -> dict[str, Any]:
    return {
        lesson: {
            "checks": (folder / "checks" / f"lesson_{lesson}.py").read_text(encoding="utf-8"),
            "solutions": solutions_in(lesson, folder),
        }
        for lesson in lesson_numbers(folder)
    }


def _write_zip(target: Path, content: dict[str, bytes]) -> None:
    """Write a zip beside its place, then rename; without times and without names of people."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(".part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), data, zipfile.ZIP_DEFLATED)
    beside.replace(target)
