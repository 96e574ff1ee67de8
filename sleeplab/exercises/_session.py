"""One notebook at work: what was tried, what was shown, and how it is said."""

from __future__ import annotations

import html
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from sleeplab.exercises import _progress
from sleeplab.exercises._catalogue import NUMBER, UnknownExerciseError, find_exercise
from sleeplab.exercises._exercise import MissingNamesError, Text, call
from sleeplab.exercises._judge import PASSED, RAISED, WRONG, Verdict, judge, raised
from sleeplab.exercises._messages import message

TRIES_BEFORE_SOLUTION = 2
SEED = "SLEEPLAB_SEED"
COLON = ": "
_SIGNS = {"passed": ("✓", "#1a7f4b"), "wrong": ("✗", "#b3541e"), "raised": ("!", "#8c2f6b")}
_CHECK = re.compile(rf"""check\(\s*["']({NUMBER.pattern})["']""")


@dataclass
class Session:
    """The exercises of one kernel; `path` is where the progress is kept, None where it is not."""

    path: Path | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    passed: dict[str, Any] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def note(self, event: str, number: str, **facts: Any) -> None:
        """Remember an event, here and in the progress file."""
        self.events.append({"event": event, "exercise": number, **facts})
        if self.path:
            try:
                _progress.add_event(self.path, event=event, exercise=number, **facts)
            except OSError:
                self.path = None
                show("sleeplab", message("help", "not kept").said())

    def count(self, event: str, number: str) -> int:
        """Return how often an event happened; of checks only those count that were tries."""
        return sum(
            past["event"] == event
            and past.get("exercise") == number
            and past.get("outcome", WRONG) in (WRONG, RAISED, PASSED)
            for past in self.events
        )

    def check(self, number: str, got: Any, names: Mapping[str, Any]) -> Verdict:
        """Judge an answer and remember the verdict."""
        import os

        verdict = judge(find_exercise(number)[0], got, names, seed=int(os.environ.get(SEED, "0")))
        if verdict.outcome == PASSED:
            if number in self.shown:
                seen = "helped" if self.count("solution", number) else "rejoined"
                verdict = verdict._replace(key="helped", text=message("passed", seen))
            self.passed[number] = got
        self.note("check", number, outcome=verdict.outcome, key=verdict.key)
        return verdict

    def hint(self, number: str) -> list[Text]:
        """Return the hints up to the next one."""
        exercise, _ = find_exercise(number)
        self.note("hint", number)
        n = self.count("hint", number)
        lines = [*exercise.hints[:n]]
        return [*lines, message("help", "last", number=number)] if n >= len(exercise.hints) else lines

    def solution(self, number: str) -> str:
        """Return the solution's text, or nothing before two tries."""
        _, text = find_exercise(number)
        if self.count("check", number) < TRIES_BEFORE_SOLUTION:
            return ""
        self.note("solution", number)
        self.shown.add(number)
        return text

    def rejoin(self, number: str, names: Mapping[str, Any]) -> Any:
        """Return the trainee's answer when it passed, else the right one."""
        if number in self.passed:
            return self.passed[number]
        self.shown.add(number)
        self.note("rejoin", number)
        try:
            return call(find_exercise(number)[0].answer, names)
        except MissingNamesError as missing:
            msg = message("not attempted", "names", names=str(missing)).said()
            raise ValueError(msg) from missing


_current = Session()


def current() -> Session:
    """Return the session of this kernel."""
    return _current


def begin(path: Path) -> str:
    """Keep the progress from now on, and catch errors in the cells of exercises.

    Returns the pseudonym, "" where no progress can be written here.
    """
    if shell := _shell():
        shell.set_custom_exc((Exception,), _on_error)
    try:
        _current.path, _current.events = None, _progress.read_events(path)
        trainee = _progress.pseudonym(path)
        _progress.add_event(path, event="start")
    except OSError:
        return ""
    _current.path = path
    return trainee


def _shell() -> Any:
    """Return IPython's shell where there is one; IPython is not imported for that."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _on_error(
    shell: Any,
    kind: type[Exception],
    error: Exception,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Say in one line what an exercise's cell raised; elsewhere show the traceback as ever."""
    if isinstance(error, UnknownExerciseError):
        show("sleeplab", str(error))
        return
    source = shell.history_manager.input_hist_raw[-1]
    found = _CHECK.search(source)
    if not found or trace is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    verdict = raised(error, *_where(error, trace, source))
    _current.note("check", found[1], outcome=verdict.outcome, key=verdict.key)
    show_verdict(found[1], verdict, {})


def _where(error: Exception, trace: TracebackType, source: str) -> tuple[int, str]:
    """Return the line of the cell in which an error happened, and its code."""
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
    else:
        frames = [frame for frame in traceback.extract_tb(trace) if "ipykernel" in frame.filename]
        frames = [frame for frame in frames if "site-packages" not in frame.filename]
        line = (frames[-1].lineno or 0) if frames else 0
    lines = source.splitlines()
    return line, lines[line - 1].strip() if 0 < line <= len(lines) else ""


def show_verdict(number: str, verdict: Verdict, names: Mapping[str, Any]) -> None:
    """Show what a check says, and the picture that explains it."""
    sign, colour = _SIGNS.get(verdict.outcome, ("…", "#57606a"))
    outcome = message("outcome", verdict.outcome).said()
    separator = {WRONG: " ", RAISED: COLON}.get(verdict.outcome, ". ")
    show(f"{sign} {number} {outcome}", verdict.text.said(), colour, separator)
    if verdict.picture:
        _draw(verdict, names)


def show(title: str, text: str, colour: str = "#2f6f9f", separator: str = COLON) -> None:
    """Show a title and a text: in a notebook with a coloured edge, elsewhere as a line."""
    if separator == COLON:
        separator = Text(COLON, " : ").said()
    if not (shell := _shell()):
        print(f"{title}{separator}{text}")  # noqa: T201  # what a check is for
        return
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)).replace("\n", "<br>")
    page = (
        f'<div style="border-left: 4px solid {colour}; padding: 4px 12px">'
        f"<b>{html.escape(title)}</b>{separator}{marked}</div>"
    )
    shell.display_pub.publish({"text/plain": f"{title}{separator}{text}", "text/html": page})


def show_code(title: str, code: str) -> None:
    """Show a piece of code as it would be typed."""
    if not (shell := _shell()):
        print(f"{title}:\n{code}")  # noqa: T201
        return
    page = f"<b>{html.escape(title)}</b><pre>{html.escape(code)}</pre>"
    shell.display_pub.publish({"text/plain": f"{title}:\n{code}", "text/html": page})


def _draw(verdict: Verdict, names: Mapping[str, Any]) -> None:
    """Draw a mistake's picture; one that cannot be drawn on these data is left out."""
    import matplotlib.pyplot as plt

    if verdict.picture is None:
        return
    figure, ax = plt.subplots(figsize=(6, 1.9), layout="constrained")
    try:
        call(verdict.picture, {**names, "ax": ax})
        if _shell():
            from IPython.display import display

            display(figure)  # type: ignore[no-untyped-call]
    except Exception:  # noqa: S110  # the words stand without it
        pass
    finally:
        plt.close(figure)
