"""Mark the hand-ins of a class."""

from __future__ import annotations

import ast
import json
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sleeplab.exercises._catalogue import exercises_folder, lesson_numbers, load_lesson
from sleeplab.exercises._handin import HandIn, read_handins
from sleeplab.exercises._messages import message
from sleeplab.exercises._pages import write_pages
from sleeplab.exercises._progress import read_events, summary
from sleeplab.exercises._sandbox import Limits, run_limited

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "trainee",
    "lesson",
    "exercise",
    "outcome",
    "mistake",
    "tries",
    "hints",
    "solution",
    "minutes",
    "note",
)
HIDDEN_SEED = "7919"


class Marked(NamedTuple):
    """One hand-in after its run: what its checks said, and a note where something was wrong."""

    handin: HandIn
    events: list[dict[str, Any]]
    note: str


def grade(
    folder: str | Path,
    out: str | Path,
    *,
    limits: Limits = Limits(),  # noqa: B008  # a tuple: it cannot be changed
    jobs: int = 2,
    on_done: Callable[[HandIn, str], None] = lambda handin, note: None,
) -> pd.DataFrame:
    """Run every hand-in of a folder and write what came out.

    Each is run on the hidden variant of its lesson first; where something did not pass there, on the lesson's
    own parameters, too. An answer that is right only there was typed in, not computed.

    Parameters
    ----------
    folder : str or pathlib.Path
        With the zips that `submit` made, or notebooks.
    out : str or pathlib.Path
        To write ``grades.csv``, ``class.html`` and ``feedback/`` into.
    limits : Limits
        Time and memory of one run.
    jobs : int
        How many run at once.
    on_done : callable
        Is told each hand-in and what was wrong with it, when it is done.

    Returns
    -------
    pandas.DataFrame
        What ``grades.csv`` holds: one row per trainee and exercise. ``outcome`` is passed, one night only,
        helped (the reference had been shown), wrong, raised, not attempted, not reached or missing; the
        counts are those of the trainee's own progress.

    Raises
    ------
    FileNotFoundError
        If there is nothing to mark.
    """
    import pandas as pd

    known = lesson_numbers(exercises_folder())
    handins = [
        handin
        if not handin.lesson or handin.lesson in known
        else handin._replace(lesson="", problem=message("note", "no lesson").said())
        for handin in read_handins(folder)
    ]
    with _scratch() as place:
        nights = {
            lesson: _warm(lesson, Path(place), limits)
            for lesson in sorted({h.lesson for h in handins} - {""})
        }

        def mark(handin: HandIn) -> Marked:
            try:
                marked = _mark(handin, nights.get(handin.lesson), limits)
            except Exception as error:  # whatever one hand-in does, the class goes on
                marked = Marked(handin, [], message("note", "not marked", kind=type(error).__name__).said())
            on_done(handin, marked.note)
            return marked

        with ThreadPoolExecutor(jobs) as pool:
            done = list(pool.map(mark, handins))
    rows = [row for marked in done for row in _rows(marked)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    table.to_csv(target / "grades.csv", index=False)
    write_pages(table, [load_lesson(lesson, exercises_folder()) for lesson in nights], target)
    return table


def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that goes; Windows keeps what a program that is just ending still holds."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def variants(lesson: str) -> list[dict[str, Any]]:
    """Return the hidden parameters of a lesson, if it has some, and its own."""
    path = exercises_folder() / "hidden" / "variants.toml"
    hidden = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    own = {name: value["default"] for name, value in _parameters(_original(lesson)).items()}
    defaults = {name: ast.literal_eval(value) for name, value in own.items()}
    return [*([{**defaults, **hidden[lesson]}] if lesson in hidden else []), defaults]


def _original(lesson: str) -> Path:
    found = sorted((exercises_folder() / "originals").glob(f"{lesson}_*.ipynb"))
    if not found:
        msg = f"exercises/originals was searched for lesson {lesson}, and it is not there. Build the lessons."
        raise FileNotFoundError(msg)
    return found[0]


def _parameters(path: Path) -> dict[str, Any]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill's readers of remote files warn at import
        import papermill
    found: dict[str, Any] = papermill.inspect_notebook(str(path))
    return found


def _warm(lesson: str, place: Path, limits: Limits) -> Path:
    """Run the untouched original once, so that the nights it needs are there; return their folder."""
    import nbformat

    nights = place / lesson
    nights.mkdir()
    original = nbformat.read(_original(lesson), as_version=4)  # type: ignore[no-untyped-call]
    for parameters in variants(lesson):
        _, broken = _run(HandIn("", "", lesson, original), parameters, nights, limits)
        if broken:
            why = message("note", broken).en
            msg = f"the original of lesson {lesson} must run to its end: {why}. Raise the limits."
            raise ValueError(msg)
    return nights


def _mark(handin: HandIn, nights: Path | None, limits: Limits) -> Marked:
    if handin.problem or nights is None:
        return Marked(handin, [], handin.problem)
    checks: list[dict[str, Any]] = []
    note = ""
    for n, parameters in enumerate(variants(handin.lesson)):
        with _scratch() as copy:  # a hand-in may spoil what it can write
            shutil.copytree(nights, copy, dirs_exist_ok=True)
            events, broken = _run(handin, parameters, Path(copy), limits)
        checks += [{**event, "run": n} for event in events if event["event"] == "check"]
        note = message("note", broken).said() if broken else ""
        wanted = load_lesson(handin.lesson, exercises_folder()).exercises
        if broken not in ("", "cell") or all(_passed(checks, number) for number in wanted):
            break
    return Marked(handin, checks, note)


def _run(
    handin: HandIn, parameters: dict[str, Any], nights: Path, limits: Limits
) -> tuple[list[dict[str, Any]], str]:
    """Run a notebook once, in a folder of its own; return what its checks said and which limit it broke."""
    import nbformat

    with _scratch() as work:
        path = Path(work, "notebook.ipynb")
        text = nbformat.writes(handin.notebook)  # type: ignore[no-untyped-call]
        path.write_text(text, encoding="utf-8")
        log = Path(work, "log.jsonl")
        environment = {
            "SLEEPLAB_PROGRESS": str(log),
            "SLEEPLAB_EXERCISES": str(exercises_folder().resolve()),
            "SLEEPLAB_SEED": HIDDEN_SEED,
            "SLEEPLAB_DATA": str(nights.resolve()),
        }
        arguments = ["-m", "sleeplab.exercises._run", str(path), json.dumps(parameters), handin.lesson]
        broken = run_limited(arguments, Path(work), environment, limits)
        return read_events(log), broken


def _passed(checks: Sequence[dict[str, Any]], number: str) -> bool:
    return any(
        c.get("exercise") == number and c.get("outcome") == "passed" and c.get("key") == "alone"
        for c in checks
    )


def _rows(marked: Marked) -> list[dict[str, Any]]:
    handin = marked.handin
    first = {"trainee": handin.trainee, "lesson": handin.lesson, "note": marked.note}
    if not handin.lesson:
        return [{**dict.fromkeys(COLUMNS, ""), **first}]
    source = "\n".join(cell.source for cell in handin.notebook.cells if cell.cell_type == "code")
    own = summary(handin.events).set_index("exercise")
    rows = []
    for number, exercise in load_lesson(handin.lesson, exercises_folder()).exercises.items():
        outcome, key = _outcome([c for c in marked.events if c.get("exercise") == number], number in source)
        known = {mistake.name for mistake in exercise.mistakes}
        row = {**first, "exercise": number, "outcome": outcome, "mistake": key if key in known else ""}
        counted = {"tries": 0, "hints": 0, "solution": False, "minutes": 0.0}
        if number in own.index:
            counted = {name: own.loc[number, name] for name in counted}
        rows.append({**row, **counted, "minutes": round(float(counted["minutes"]), 1)})
    return rows


def _outcome(checks: list[dict[str, Any]], written: bool) -> tuple[str, str]:  # noqa: FBT001
    """Return what an exercise comes to: the best of its checks on the first run, or else the last one's."""
    if not checks:
        return ("not reached" if written else "missing"), ""
    for run in sorted({check["run"] for check in checks}):
        passed = [check for check in checks if check["run"] == run and check.get("outcome") == "passed"]
        if any(check.get("key") == "alone" for check in passed):
            return ("passed" if run == 0 else "one night only"), ""
        if passed:
            return "helped", ""
    outcome = str(checks[-1].get("outcome"))
    known = ("wrong", "raised", "not attempted")
    return (outcome if outcome in known else "not attempted"), str(checks[-1].get("key"))
