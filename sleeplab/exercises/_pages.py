"""The pages of a marked class: one for the instructor, one for each trainee. They open without network."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeplab.exercises._catalogue import Lesson
from sleeplab.exercises._exercise import Exercise, Text

if TYPE_CHECKING:
    import pandas as pd

SIGNS = {
    "passed": "✓",
    "one night only": "½",
    "helped": "↺",
    "wrong": "✗",
    "raised": "!",
    "not attempted": "·",
    "not reached": "–",
    "missing": "?",
}
WORDS = {
    "passed": Text("passed", "réussi"),
    "one night only": Text(
        "right for one night only: was a number typed in?", "juste pour une seule nuit : un nombre tapé ?"
    ),
    "helped": Text("passed after the reference was shown", "réussi après avoir vu la référence"),
    "wrong": Text("wrong", "faux"),
    "raised": Text("the code raised an error", "le code a provoqué une erreur"),
    "not attempted": Text("not attempted", "pas essayé"),
    "not reached": Text("not reached: the run was stopped before", "pas atteint : exécution arrêtée avant"),
    "missing": Text("its cell is missing", "sa cellule manque"),
}
MOST_MISTAKES = 3


def write_pages(grades: pd.DataFrame, lessons: Sequence[Lesson], out: Path) -> None:
    """Write ``class.html`` and ``feedback/<pseudonym>.html``.

    Parameters
    ----------
    grades : pandas.DataFrame
        As `grade` returns it.
    lessons : sequence of Lesson
        Those that were handed in.
    out : pathlib.Path
        The folder to write into.
    """
    exercises = {number: one for lesson in lessons for number, one in lesson.exercises.items()}
    _write(out / "class.html", "class.html", **_class(grades, exercises))
    for trainee, rows in grades.groupby("trainee"):
        page = out / "feedback" / f"{trainee}.html"
        _write(page, "feedback.html", trainee=trainee, rows=_feedback(rows, exercises), notes=_notes(rows))


def _write(path: Path, template: str, **content: Any) -> None:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = files("sleeplab.exercises")
    style = (here / "pages.css").read_text(encoding="utf-8")
    hashed = "sha256-" + b64encode(sha256(style.encode()).digest()).decode("ascii")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string((here / template).read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {name: words.said() for name, words in WORDS.items()}
    lang = Text("en", "fr").said()
    text = page.render(style=Markup(style), style_hash=hashed, lang=lang, words=said, signs=SIGNS, **content)  # noqa: S704
    path.write_text(text, encoding="utf-8")


def _notes(rows: pd.DataFrame) -> list[str]:
    return sorted(set(rows["note"]) - {""})


def _class(grades: pd.DataFrame, exercises: dict[str, Exercise]) -> dict[str, Any]:
    marked = grades[grades["exercise"] != ""]
    table = [
        {"trainee": trainee, "cells": _cells(rows, exercises), "notes": _notes(rows), **_sums(rows)}
        for trainee, rows in grades.groupby("trainee")
    ]
    asked = [_asked(number, one, marked[marked["exercise"] == number]) for number, one in exercises.items()]
    spent = marked.groupby(["lesson", "trainee"])["minutes"].sum()
    minutes = spent[spent > 0].groupby("lesson").median()  # a bare notebook has no log
    return {
        "numbers": list(exercises),
        "table": sorted(table, key=lambda row: (-row["passed"], row["trainee"])),
        "asked": asked,
        "minutes": {lesson: round(float(value)) for lesson, value in minutes.items()},
        "n_trainees": grades["trainee"].nunique(),
    }


def _cells(rows: pd.DataFrame, exercises: dict[str, Exercise]) -> list[dict[str, Any]]:
    found = {row["exercise"]: row for row in rows.to_dict("records")}
    nothing = {"outcome": "", "mistake": "", "hints": 0}
    return [found.get(number, nothing) for number in exercises]


def _sums(rows: pd.DataFrame) -> dict[str, int]:
    marked = rows[rows["exercise"] != ""]
    return {
        "passed": int((marked["outcome"] == "passed").sum()),
        "hints": int(marked["hints"].sum()) if len(marked) else 0,
        "minutes": round(float(marked["minutes"].sum())) if len(marked) else 0,
    }


def _asked(number: str, exercise: Exercise, rows: pd.DataFrame) -> dict[str, Any]:
    """Count over the class what became of one exercise."""
    texts = {mistake.name: mistake.text.said() for mistake in exercise.mistakes}
    made = Counter(name for name in rows["mistake"] if name in texts)
    spent = rows.loc[rows["minutes"] > 0, "minutes"]
    return {
        "number": number,
        "n": len(rows),
        "passed": int((rows["outcome"] == "passed").sum()),
        "hints": int(rows["hints"].sum()) if len(rows) else 0,
        "minutes": round(float(spent.median()), 1) if len(spent) else 0.0,
        "mistakes": [(name, n, texts[name]) for name, n in made.most_common(MOST_MISTAKES)],
    }


def _feedback(rows: pd.DataFrame, exercises: dict[str, Exercise]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "text": next(
                (m.text.said() for m in exercises[row["exercise"]].mistakes if m.name == row["mistake"]), ""
            ),
        }
        for row in rows.to_dict("records")
        if row["exercise"]
    ]
