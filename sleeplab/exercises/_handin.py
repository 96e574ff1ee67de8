"""What a trainee hands in, read with suspicion: nothing is unpacked, nothing is run here."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from sleeplab.exercises._messages import message
from sleeplab.exercises._progress import events_in

LARGEST_BYTES = 100_000_000  # a notebook with its pictures; they are dropped
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
    """Read the zips and notebooks of a folder and of the folders in it, as a learning platform makes them.

    What cannot be read is told, and the others go on.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or nothing in it.
    """
    places = [*Path(folder).glob("*"), *Path(folder).glob("*/*")]
    names = {path.relative_to(folder).as_posix(): path for path in places if _is_handin(path)}
    paths = {name: names[name] for name in sorted(names) if not _is_litter(name)}
    if not paths:
        msg = f"{folder} was searched for hand-ins (.zip or .ipynb), and there is none. Check the folder."
        raise FileNotFoundError(msg)
    found: list[HandIn] = []
    for number, (name, path) in enumerate(paths.items(), 1):
        try:
            handin = _read(path, number)._replace(file=name)
        except (ValueError, OSError, RecursionError) as error:
            words = str(error if type(error) is ValueError else _refusal("unreadable"))
            handin = HandIn(_named(path, (), number), name, problem=words)
        taken = [(one.trainee, one.lesson) for one in found]
        if (handin.trainee, handin.lesson) in taken:
            handin = handin._replace(trainee=f"{handin.trainee}-{number}")
        found.append(handin)
    return found


def _refusal(key: str, **facts: Any) -> ValueError:
    limits = {"mb": f"{LARGEST_BYTES / 1e6:.0f}", "files": MOST_FILES, "most": MOST_CELLS}
    return ValueError(message("note", key, **limits, **facts).said())


def _is_handin(path: Path) -> bool:
    return path.suffix.lower() in (".zip", ".ipynb") and path.is_file()


def _is_litter(name: str) -> bool:
    """Tell whether macOS, Jupyter or an editor left this beside what was handed in."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.replace("\\", "/").split("/"))


def _read(path: Path, number: int) -> HandIn:
    if path.stat().st_size > LARGEST_BYTES:
        raise _refusal("large file")
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
                raise _refusal("large zip")
            if any(map(_climbs, archive.namelist())):
                raise _refusal("climbs")
            return _one(archive, ".ipynb"), _one(archive, ".jsonl", needed=False)
    except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise _refusal("damaged") from error


def _climbs(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\")) or bool(PureWindowsPath(name).drive)


def _one(archive: zipfile.ZipFile, ending: str, *, needed: bool = True) -> bytes:
    names = [name for name in archive.namelist() if name.endswith(ending) and not _is_litter(name)]
    if len(names) != 1 and (needed or names):
        raise _refusal("one", ending=ending, n=len(names))
    if not names:
        return b""
    with archive.open(names[0]) as file:  # a header may lie about the size
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise _refusal("large file")
    return content


def _parsed(content: bytes) -> Any:
    """Return the notebook without its outputs, whichever editor has saved it."""
    import warnings

    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id, or twice with the same: they get one
            notebook = nbformat.reads(content.decode("utf-8-sig"), as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        for cell in notebook.cells:
            cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    except Exception as error:  # nbformat has many
        raise _refusal("no notebook") from error
    if len(notebook.cells) > MOST_CELLS:
        raise _refusal("cells", n=len(notebook.cells))
    return notebook


def _code(notebook: Any) -> Iterator[str]:
    return (cell.source for cell in notebook.cells if cell.cell_type == "code")


def _lesson(notebook: Any) -> str:
    """Return the lesson that most of its checks belong to."""
    lessons = Counter(number for source in _code(notebook) for number in _CHECK.findall(source))
    if not lessons:
        raise _refusal("no exercise")
    return str(lessons.most_common(1)[0][0])


def _named(path: Path, events: tuple[dict[str, Any], ...], number: int) -> str:
    """Return the pseudonym in the progress or the file's name; else a number: a name may be a person's."""
    for event in events:
        if event["event"] == "trainee" and _PSEUDONYM.fullmatch(str(event.get("trainee"))):
            return str(event["trainee"])
    found = re.fullmatch(rf"\d\d_({_PSEUDONYM.pattern})", path.stem)
    return found[1] if found else f"file-{number}"
