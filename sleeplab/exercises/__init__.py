"""Exercises that answer back: ``check``, ``hint``, ``solution`` and ``rejoin`` in a notebook.

An exercise is known by lesson and number, ``"06-2"``. What it asks, its hints and the mistakes that it knows
stand in ``exercises/checks``; ``exercises/README.md`` says how one is written. Messages are in English, or in
French where the environment variable ``SLEEPLAB_LANG`` is ``fr``.
"""

from __future__ import annotations

import sys
from typing import Any

from sleeplab.exercises import _progress, _session
from sleeplab.exercises._exercise import Exercise, Mistake, Text
from sleeplab.exercises._judge import Verdict, judge
from sleeplab.exercises._messages import message

__all__ = [
    "Exercise",
    "Mistake",
    "Text",
    "Verdict",
    "check",
    "hint",
    "judge",
    "rejoin",
    "solution",
    "start",
]


def _names() -> dict[str, Any]:
    """Return the names of the notebook that called."""
    return sys._getframe(2).f_globals


def start(lesson: str) -> None:
    """Begin a lesson's exercises: the progress is kept, and an error in an exercise's cell is explained.

    Parameters
    ----------
    lesson : str
        Number of the lesson, for example ``"06"``.
    """
    trainee = _session.begin(_progress.progress_file())
    key = "start" if trainee else "not kept"
    _session.show("sleeplab", message("help", key, lesson=lesson, trainee=trainee).said())


def check(exercise: str, *answer: Any) -> None:
    """Say whether an answer is right: passed, not attempted, wrong because …, or your code raised ….

    Parameters
    ----------
    exercise : str
        Lesson and number, for example ``"06-2"``.
    *answer
        The answer; several values where the exercise asks for several.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> check("00-1", ...)
    … 00-1 not attempted yet. Replace each ... with your answer, then run the cell again.
    """
    names = _names()
    got = answer[0] if len(answer) == 1 else answer or ...
    verdict = _session.current().check(exercise, got, names)
    _session.show_verdict(exercise, verdict, {**names, "got": got})


def hint(exercise: str) -> None:
    """Show the next of three hints, below those already shown.

    Parameters
    ----------
    exercise : str
        Lesson and number, for example ``"06-2"``.
    """
    for n, text in enumerate(_session.current().hint(exercise), 1):
        title = message("help", "hint", n=n).said() if n <= 3 else "…"
        _session.show(f"{exercise} {title}", text.said())


def solution(exercise: str) -> None:
    """Show a solution, after two tries.

    Parameters
    ----------
    exercise : str
        Lesson and number, for example ``"06-2"``.
    """
    session = _session.current()
    if text := session.solution(exercise):
        _session.show_code(f"{exercise} {message('help', 'solution').said()}", text)
    else:
        n = session.count("check", exercise)
        _session.show(exercise, message("help", "early", n=n, number=exercise).said())


def rejoin(exercise: str) -> Any:
    """Return what the lesson goes on with: your answer when it passed, else the right one.

    Parameters
    ----------
    exercise : str
        Lesson and number, for example ``"06-2"``.

    Returns
    -------
    object
        The value, or a tuple where the exercise asks for several.

    Raises
    ------
    ValueError
        If there is no such exercise, or cells above were not run.
    """
    session = _session.current()
    if exercise not in session.passed:
        _session.show(exercise, message("help", "rejoin").said())
    return session.rejoin(exercise, _names())
