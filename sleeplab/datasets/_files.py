"""The files of a data set: which there are, where they come from, and how one comes to lie here, checked."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sleeplab.datasets._download import INSTEAD, copy_file, download, is_url, join_url
from sleeplab.datasets._registry import Dataset
from sleeplab.datasets._trust import is_right, parse_sums, record_hash, recorded_hash

MIRROR = "SLEEPLAB_MIRROR"
OnProgress = Callable[[str, int, int], None]


def no_progress(file: str, here: int, total: int) -> None:
    """Show nothing."""


def known_files(dataset: Dataset, root: Path, on_progress: OnProgress = no_progress) -> Mapping[str, str]:
    """Return the files of a data set with their hashes ("" where unknown); their list may be fetched."""
    if not dataset.sums:
        return dataset.files
    path = fetch_file(dataset, dataset.sums, root, on_progress)
    return parse_sums(path.read_text(encoding="utf-8"))


def choose_files(dataset: Dataset, files: Collection[str], subjects: Collection[str]) -> list[str]:
    """Return the files whose name begins with one of `subjects`, a number being compared as a whole.

    Raises
    ------
    ValueError
        If there is none of a subject.
    """
    chosen: list[str] = []
    for subject in subjects:
        begins = re.compile(re.escape(subject) + (r"(?!\d)" if subject[-1:].isdigit() else ""))
        found = [file for file in files if begins.match(Path(file).name)]
        if not found:
            some = ", ".join(Path(file).name for file in sorted(files)[:4])
            msg = (
                f"--subjects are the beginnings of file names; no file of {dataset.name} begins with "
                f"{subject!r}. There are {len(files)}: {some} …"
            )
            raise ValueError(msg)
        chosen += [file for file in found if file not in chosen]
    return chosen


def fetch_file(dataset: Dataset, file: str, root: Path, on_progress: OnProgress, *, known: str = "") -> Path:
    """Return the path of a file below `root`, where it is fetched to unless it lies there and is right.

    Raises
    ------
    ValueError
        If the file that lies there, or the one that came, is not what it should be.
    OSError
        If it does not come.
    """
    key = f"{dataset.name}/{file}"
    path = root / dataset.name / file
    expected = known or recorded_hash(key)
    if not path.exists():
        _bring(dataset, file, path, expected, on_progress)
    elif expected and not is_right(path, expected):
        msg = (
            f"{key} in the data folder must have the hash {expected}, and it has another: it was changed or "
            "damaged. Delete it, then fetch it again."
        )
        raise ValueError(msg)
    if not expected:
        record_hash(key, path)
    return path


def _bring(dataset: Dataset, file: str, path: Path, expected: str, on_progress: OnProgress) -> None:
    """Fetch a file beside its place, check it, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    if not expected:  # the end of another version could not be told from the right one
        part.unlink(missing_ok=True)

    def on_bytes(here: int, total: int) -> None:
        on_progress(file, here, total)

    place = os.environ.get(MIRROR, "")
    if place and not is_url(place):
        copy_file(Path(place) / dataset.name / file, part, on_bytes)
    else:
        url = join_url(place, f"{dataset.name}/{file}") if place else join_url(dataset.base_url, file)
        download(url, part, on_bytes)
    if problem := _problem(part, dataset, file, expected):
        part.unlink()
        msg = f"what came as {dataset.name}/{file} {problem}. It was thrown away. {INSTEAD}"
        raise ValueError(msg)
    part.replace(path)


def _problem(part: Path, dataset: Dataset, file: str, expected: str) -> str:
    with part.open("rb") as opened:
        head = opened.read(64).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "is a web page: does this network ask for a log-in?"
    if expected and not is_right(part, expected):
        return f"must have the hash {expected}, and has another: it was changed on its way or at its source"
    if file == dataset.sums and not parse_sums(part.read_text(encoding="utf-8", errors="replace")):
        return "must list hashes and names, and does not"
    return ""
