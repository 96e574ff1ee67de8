"""What an exercise is: its answer, its hints, and the mistakes that it knows."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

LANGUAGE = "SLEEPLAB_LANG"


class Text(NamedTuple):
    """A message in both languages.

    Examples
    --------
    >>> Text("An epoch lasts 30 s.", "Une époque dure 30 s.").said("fr")
    'Une époque dure 30 s.'
    """

    en: str
    fr: str

    def said(self, language: str = "") -> str:
        """Return the message in `language`, or in that of the environment variable ``SLEEPLAB_LANG``."""
        chosen = language or os.environ.get(LANGUAGE, "")
        return self.fr if chosen.lower().startswith("fr") else self.en


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make, defined by the wrong value that it gives.

    Parameters
    ----------
    name : str
        A short name without spaces; the class page counts mistakes by it.
    value : callable
        Makes the wrong value. Its parameters are names of the lesson, and ``right``, the right answer.
        Where the answer is a function, it makes the wrong function.
    text : Text
        What the trainee reads: what was mixed up, and how to see it. Never the answer itself.
    picture : callable, optional
        Draws what the text explains; its parameters are ``ax``, ``got`` and names as above.
    """

    name: str
    value: Callable[..., Any]
    text: Text
    picture: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Exercise:
    """An exercise, as a file of ``exercises/checks`` defines it.

    Parameters
    ----------
    number : str
        Lesson and place in it, for example ``"06-2"``.
    answer : callable
        Makes the right answer. Its parameters are names that the lesson has made before the exercise, so
        that the answer is right for any recording, person or seed.
    hints : sequence of Text
        Three, from a question to nearly the solution.
    mistakes : sequence of Mistake
        At least three; the first that fits is told.
    within : float, optional
        The greatest difference that is still right, in the unit of the answer. Left out: whole numbers are
        compared exactly, others to 1 %.
    cases : callable, optional
        Only where the answer is a function: makes the list of argument tuples to try it on, from a random
        generator ``rng`` and names of the lesson.
    """

    number: str
    answer: Callable[..., Any]
    hints: Sequence[Text]
    mistakes: Sequence[Mistake]
    within: float | None = None
    cases: Callable[..., Any] | None = None


class MissingNamesError(Exception):
    """The lesson's names that a check needs are not there: cells above were not run."""


def call(function: Callable[..., Any], names: Mapping[str, Any]) -> Any:
    """Call a function of a check with the names that its parameters ask for.

    Raises
    ------
    MissingNamesError
        If one of them is not there.

    Examples
    --------
    >>> call(lambda rate, seconds: rate * seconds, {"rate": 100, "seconds": 30, "night": None})
    3000
    """
    wanted = inspect.signature(function).parameters
    missing = [name for name in wanted if name not in names]
    if missing:
        raise MissingNamesError(", ".join(missing))
    return function(**{name: names[name] for name in wanted})
