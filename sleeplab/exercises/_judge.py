"""The verdict on one answer: passed, not attempted, wrong because …, or raised."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from sleeplab.exercises._compare import Difference, difference, plain
from sleeplab.exercises._exercise import Exercise, MissingNamesError, Text, call
from sleeplab.exercises._messages import has_message, message

PASSED, NOT_ATTEMPTED, WRONG, RAISED = "passed", "not attempted", "wrong", "raised"


class Verdict(NamedTuple):
    """What is said of an answer: the outcome, which mistake or message it is, and the words."""

    outcome: str
    key: str
    text: Text
    picture: Callable[..., Any] | None = None


def judge(exercise: Exercise, got: Any, names: Mapping[str, Any], *, seed: int = 0) -> Verdict:
    """Judge one answer.

    Parameters
    ----------
    exercise : Exercise
        What is asked.
    got : object
        The answer; a tuple where the exercise asks for several values.
    names : mapping
        The names of the notebook.
    seed : int
        Of the inputs on which an answer that is a function is tried.

    Returns
    -------
    Verdict
        With one of the four outcomes; a wrong answer that a known mistake gives has its name as `key`.

    Examples
    --------
    >>> from sleeplab.exercises import Exercise, Mistake, Text
    >>> ask = Exercise("00-9", lambda epochs: epochs / 2, (), [
    ...     Mistake("seconds", lambda right: right * 60, Text("minutes, not seconds", "des minutes"))])
    >>> judge(ask, 480.0, {"epochs": 960}).outcome
    'passed'
    >>> judge(ask, 28800.0, {"epochs": 960}).text.en
    'minutes, not seconds'
    >>> judge(ask, ..., {"epochs": 960}).outcome
    'not attempted'
    """
    if untouched(got):
        return _verdict(NOT_ATTEMPTED, "untouched")
    if got is None:
        return _verdict(WRONG, "nothing")
    try:
        right = call(exercise.answer, names)
        if exercise.cases:
            return _judge_function(exercise, got, {**names, "right": right}, seed)
    except MissingNamesError as missing:
        return _verdict(NOT_ATTEMPTED, "names", names=str(missing))
    except Exception:  # a check is tested: it fails only on names that got another meaning
        return _verdict(NOT_ATTEMPTED, "changed")
    found = difference(got, right, exercise.within)

    def differs(made: Any) -> Difference | None:
        return difference(got, made, _scaled(exercise.within, right, made))

    return _verdict_on(exercise, found, differs, {**names, "right": right})


def _scaled(within: float | None, right: Any, made: Any) -> float | None:
    """Return the tolerance for a mistake's value: 2 of 60 beats a minute is 0.03 of one beat a second."""
    one, other = plain(right), plain(made)
    if within is None or not isinstance(one, float | int) or not isinstance(other, float | int) or not one:
        return within
    return within * min(1.0, abs(other / one))


def untouched(value: Any) -> bool:
    """Tell whether ``...`` still stands somewhere in the answer."""
    if isinstance(value, dict):
        return any(map(untouched, value.values()))
    return value is ... or (isinstance(value, list | tuple | set) and any(map(untouched, value)))


def raised(error: BaseException, line: int = 0, code: str = "") -> Verdict:
    """Return the verdict on code that ended in an error; one about an ``...`` means: not attempted."""
    if "ellipsis" in str(error).casefold():
        return _verdict(NOT_ATTEMPTED, "untouched")
    name = type(error).__name__
    words = f"{name}: {error.msg if isinstance(error, SyntaxError) else error}"
    what = message("raised", "code" if code else "plain", error=words, line=line, code=code)
    kinds = [kind.__name__ for kind in type(error).__mro__ if has_message("raised", kind.__name__)]
    parts = [what, *(message("raised", kind) for kind in kinds[:1]), message("raised", "more")]
    return Verdict(RAISED, name, Text(*("\n".join(part.said(x) for part in parts) for x in ("en", "fr"))))


def _verdict(outcome: str, key: str, **facts: Any) -> Verdict:
    return Verdict(outcome, key, message(outcome, key, **facts))


def _verdict_on(
    exercise: Exercise,
    found: Difference | None,
    differs: Callable[[Any], Difference | None],
    names: Mapping[str, Any],
) -> Verdict:
    """Say what a difference from the right answer comes from, when a known mistake gives the same."""
    if found is None:
        return _verdict(PASSED, "alone")
    for mistake in exercise.mistakes:
        try:
            same = differs(call(mistake.value, names)) is None
        except Exception:  # on this recording the mistake cannot even be made
            same = False
        if same:
            return Verdict(WRONG, mistake.name, mistake.text, mistake.picture)
    return _verdict(WRONG, found.key, **found.facts)


def _judge_function(exercise: Exercise, got: Any, names: Mapping[str, Any], seed: int) -> Verdict:
    import numpy as np

    if not callable(got):
        return _verdict(WRONG, "not a function", type=type(got).__name__)
    cases = call(exercise.cases, {**names, "rng": np.random.default_rng(seed)}) if exercise.cases else []
    try:
        results = [got(*deepcopy(case)) for case in cases]
    except Exception as error:
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
        return raised(error)
    if untouched(results) or all(result is None for result in results):
        return _verdict(*((NOT_ATTEMPTED, "untouched") if untouched(results) else (WRONG, "nothing")))

    def differs(function: Callable[..., Any]) -> Difference | None:
        made = (
            difference(r, function(*deepcopy(c)), exercise.within)
            for r, c in zip(results, cases, strict=True)
        )
        return next(filter(None, made), None)

    verdict = _verdict_on(exercise, differs(names["right"]), differs, names)
    if verdict.outcome == WRONG and verdict.key not in {mistake.name for mistake in exercise.mistakes}:
        return verdict._replace(
            text=Text(*(message("wrong", "case", why=verdict.text.said(x)).said(x) for x in ("en", "fr")))
        )
    return verdict
