"""What a trainee hands in, read with suspicion: nothing is unpacked, nothing is run here."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from sleeplab.exercises._progress import events_in

LARGEST_BYTES = 20_000_000
MOST_FILES = 50
MOST_CELLS = 500
_PSEUDONYM = re.compile(r"[bcdfghjkmnpqrstv]{8}")
_CHECK = re.compile(r"""check\(\s*["'](\d\d)-\d+["']""")


class HandIn(NamedTuple):
    """One hand-in: whose (a pseudonym or a number), which lesson, or what is wrong with it."""

    trainee: str
    file: str
    lesson: str = ""
    notebook: Any = None
    events: tuple[dict[str, Any], ...] = ()
    problem: str = ""


def read_handins(folder: str | Path) -> list[HandIn]:
    """Read all zips and notebooks of a folder; what cannot be read is told, and the others go on.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or nothing in it.
    """
    paths = sorted(path for path in Path(folder).glob("*") if path.suffix.lower() in (".zip", ".ipynb"))
    if not paths:
        msg = f"{folder} was searched for hand-ins (.zip or .ipynb), and there is none. Check the folder."
        raise FileNotFoundError(msg)
    found: list[HandIn] = []
    for number, path in enumerate(paths, 1):
        try:
            handin = _read(path, number)
        except (ValueError, OSError, RecursionError) as error:
            words = str(error) if type(error) is ValueError else "the file cannot be read"
            handin = HandIn(_named(path, (), number), path.name, problem=words)
        taken = [(one.trainee, one.lesson) for one in found]
        if (handin.trainee, handin.lesson) in taken:
            handin = handin._replace(trainee=f"{handin.trainee}-{number}")
        found.append(handin)
    return found


def _read(path: Path, number: int) -> HandIn:
    if path.stat().st_size > LARGEST_BYTES:
        msg = f"the file must have at most {LARGEST_BYTES / 1e6:.0f} MB"
        raise ValueError(msg)
    notebook, progress = _members(path) if path.suffix.lower() == ".zip" else (path.read_bytes(), b"")
    events = tuple(events_in(progress))
    parsed = _parsed(notebook)
    return HandIn(_named(path, events, number), path.name, _lesson(parsed), parsed, events)


def _members(path: Path) -> tuple[bytes, bytes]:
    """Return notebook and progress of a zip, read in memory up to a size."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST_BYTES:
                msg = f"the zip must hold at most {MOST_FILES} files and {LARGEST_BYTES / 1e6:.0f} MB"
                raise ValueError(msg)
            if any(map(_climbs, archive.namelist())):
                msg = "the zip holds a path that leads out of its folder: it was not opened"
                raise ValueError(msg)
            return _one(archive, ".ipynb"), _one(archive, ".jsonl", needed=False)
    except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
        msg = "the zip is damaged, locked or none"
        raise ValueError(msg) from error


def _climbs(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\")) or bool(PureWindowsPath(name).drive)


def _one(archive: zipfile.ZipFile, ending: str, *, needed: bool = True) -> bytes:
    names = [name for name in archive.namelist() if name.endswith(ending)]
    if len(names) != 1 and (needed or names):
        msg = f"the zip must hold one {ending} file, and it holds {len(names)}"
        raise ValueError(msg)
    if not names:
        return b""
    with archive.open(names[0]) as file:  # a header may lie about the size
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        msg = f"a file in the zip must have at most {LARGEST_BYTES / 1e6:.0f} MB"
        raise ValueError(msg)
    return content


def _parsed(content: bytes) -> Any:
    import nbformat

    try:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except Exception as error:  # nbformat has many
        msg = "this is not a Jupyter notebook"
        raise ValueError(msg) from error
    if len(notebook.cells) > MOST_CELLS:
        msg = f"a notebook must have at most {MOST_CELLS} cells, and this one has {len(notebook.cells)}"
        raise ValueError(msg)
    return notebook


def _code(notebook: Any) -> Iterator[str]:
    return (cell.source for cell in notebook.cells if cell.cell_type == "code")


def _lesson(notebook: Any) -> str:
    """Return the lesson that most of its checks belong to."""
    lessons = Counter(number for source in _code(notebook) for number in _CHECK.findall(source))
    if not lessons:
        msg = 'the notebook has no exercise: no cell calls check("NN-k", …)'
        raise ValueError(msg)
    return str(lessons.most_common(1)[0][0])


def _named(path: Path, events: tuple[dict[str, Any], ...], number: int) -> str:
    """Return the pseudonym in the progress or the file's name; else a number: a name may be a person's."""
    for event in events:
        if event["event"] == "trainee" and _PSEUDONYM.fullmatch(str(event.get("trainee"))):
            return str(event["trainee"])
    found = re.fullmatch(rf"\d\d_({_PSEUDONYM.pattern})", path.stem)
    return found[1] if found else f"file-{number}"
