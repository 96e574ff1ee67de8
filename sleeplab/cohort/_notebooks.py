"""One run of a notebook per night, each with its own recording, as tasks on the same workers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sleeplab.cohort._fetch import local_copy
from sleeplab.cohort._night import why
from sleeplab.cohort._places import Item, is_remote, list_recordings
from sleeplab.cohort._run import name_all
from sleeplab.cohort._workers import Task, Workers, check_installed, connect, run_tasks

RECORDING = "recording"
"""The parameter of every lesson that takes the place of its own recording."""


class NotebookRun(NamedTuple):
    """What became of a notebook on one night: its text, or why there is none; and the error if it stopped."""

    position: int
    night_id: str
    text: str
    reason: str


def run_notebooks(
    notebook: str | Path,
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    workers: Workers = Workers(),  # noqa: B008  # a tuple cannot be changed
) -> list[NotebookRun]:
    """Run a notebook once per recording; ``out`` gets one executed notebook per night, by its pseudonym.

    The notebook sees each recording as ``NIGHT_ID.edf`` in the folder where it runs, so that neither the path
    nor a token of the source can come into what is written. What is there already is not run again.

    Parameters
    ----------
    notebook
        With a cell tagged ``parameters`` that has a parameter ``recording``.
    sources
        See `list_recordings`.
    out
        The folder for the executed notebooks.
    parameters
        Other parameters, the same for each night.
    workers
        Who does the work.

    Returns
    -------
    list of NotebookRun
        Those that failed, without their text; of a notebook that stopped in a cell, what it had is written
        as ``NIGHT_ID.failed.ipynb``.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook or source.
    ValueError
        If the notebook does not have one of the parameters.

    Examples
    --------
    >>> run_notebooks("nowhere.ipynb", ["night.edf"], "out")
    Traceback (most recent call last):
    FileNotFoundError: There is no notebook at nowhere.ipynb. Check the spelling and the folder.
    """
    check_installed()
    given = dict(parameters or {})
    check_parameters(notebook, [RECORDING, *given])
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    failures: list[NotebookRun] = []

    def keep(_: int, done: NotebookRun) -> None:
        if done.text:
            suffix = ".failed.ipynb" if done.reason else ".ipynb"
            _write(folder / f"{done.night_id}{suffix}", done.text)
        if done.reason:
            failures.append(done._replace(text=""))
        else:
            (folder / f"{done.night_id}.failed.ipynb").unlink(missing_ok=True)

    source = Path(notebook).read_text(encoding="utf-8")
    with connect(workers) as client:
        todo, unnamed = _todo(list_recordings(sources), folder)
        tasks = (Task(item.position, (source, item, night_id, given)) for item, night_id in todo)
        lost = run_tasks(client, execute, tasks, keep)
    died = [NotebookRun(t.number, t.arguments[2], "", "The worker died each time.") for t in lost]
    return sorted([*unnamed, *failures, *died])


def _todo(items: Sequence[Item], folder: Path) -> tuple[list[tuple[Item, str]], list[NotebookRun]]:
    """Return what has to be run, the first copy of each night only, and what has no name."""
    first: dict[str, Item] = {}
    unnamed = []
    for item, (_, night_id, reason) in zip(items, name_all(items), strict=True):
        if reason:
            unnamed.append(NotebookRun(item.position, "", "", reason))
        elif not (folder / f"{night_id}.ipynb").is_file():
            first.setdefault(night_id, item)
    return [(item, night_id) for night_id, item in first.items()], unnamed


def check_parameters(notebook: str | Path, names: Sequence[str]) -> None:
    """Raise ValueError unless the notebook has all these parameters; papermill itself would run the defaults.

    Parameters
    ----------
    notebook
        The notebook.
    names
        The parameters that will be given.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If it lacks one of them; the message lists what it has.
    """
    import papermill

    if not Path(notebook).is_file():
        msg = f"There is no notebook at {notebook}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    known = papermill.inspect_notebook(str(notebook))
    for name in names:
        if name not in known:
            there = ", ".join(known) or "it has none"
            msg = f"A parameter must be one of the notebook's ({there}), got {name!r}."
            raise ValueError(msg)


def execute(source: str, item: Item, night_id: str, parameters: Mapping[str, Any]) -> NotebookRun:
    """Run a notebook on one night; never raises."""
    try:
        with local_copy(item.place) as path, tempfile.TemporaryDirectory(prefix="sleeplab-") as folder:
            beside = Path(folder, f"{night_id}{path.suffix.lower()}")
            _link(path, beside)
            text, reason = _papermill(source, Path(folder), {**parameters, RECORDING: beside.name})
            names = [] if is_remote(item.place) else [path.name]
            text = _without_paths(text, [item.place, str(path), folder, *names])
            return NotebookRun(item.position, night_id, text, reason)
    except Exception as error:  # one bad night never stops the others
        return NotebookRun(item.position, night_id, "", why(error, item.place))


def _link(path: Path, beside: Path) -> None:
    """Give the recording a neutral name; where links are not allowed, copy it."""
    try:
        beside.symlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, beside)


def _papermill(source: str, folder: Path, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Execute in `folder`; return the notebook as far as it came, and the error that stopped it."""
    import nbformat
    import papermill

    before, after = folder / "source.ipynb", folder / "executed.ipynb"
    before.write_text(source, encoding="utf-8")
    reason = ""
    try:
        papermill.execute_notebook(
            str(before), str(after), parameters=dict(parameters), cwd=str(folder), progress_bar=False
        )
    except papermill.PapermillExecutionError as error:
        reason = f"The notebook stopped in cell {error.exec_count} ({error.ename})."
    ran = nbformat.read(after, as_version=4)  # type: ignore[no-untyped-call]
    for key in ("input_path", "output_path", "environment_variables"):
        ran.metadata.get("papermill", {}).pop(key, None)
    return str(nbformat.writes(ran)), reason  # type: ignore[no-untyped-call]


def _without_paths(text: str, places: Sequence[str]) -> str:
    """Take the places out of a notebook's text, in case an output quotes one, and whatever grants access."""
    for place in sorted({p for p in places if len(p) > 3}, key=len, reverse=True):
        for written in (place, place.replace("\\", "\\\\")):
            text = text.replace(written, "…")
    return text


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
