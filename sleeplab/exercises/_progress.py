"""What a trainee has done: one line of JSON per event, only ever added to, without a name.

A line holds the time, what happened to which exercise, and which known mistake it was: no answer, no file
name, nothing that the trainee typed. A line that a crash cut short is skipped.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeplab.exercises._catalogue import exercises_folder

if TYPE_CHECKING:
    import pandas as pd

PLACE = "SLEEPLAB_PROGRESS"
LONGEST_PAUSE_S = 15 * 60
"""A longer time between two events was not spent on the exercise."""
_CONSONANTS = "bcdfghjkmnpqrstv"


def progress_file() -> Path:
    """Return where the progress is kept: ``sleeplab-out/exercises/progress.jsonl`` of the project."""
    if os.environ.get(PLACE):
        return Path(os.environ[PLACE])
    return exercises_folder().parent / "sleeplab-out" / "exercises" / "progress.jsonl"


def add_event(path: Path, **event: Any) -> None:
    """Add one event, on a line of its own even where the last one was cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at_s": int(time.time()), **event})
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode() + b"\n")


def read_events(path: Path) -> list[dict[str, Any]]:
    """Return the events in order; lines that are none are skipped."""
    return events_in(path.read_bytes()) if path.exists() else []


def events_in(content: bytes) -> list[dict[str, Any]]:
    r"""Return the events in the bytes of a progress file.

    Examples
    --------
    >>> events_in(b'{"at_s": 1, "event": "start"}\n{"at_s": 2, "ev')
    [{'at_s': 1, 'event': 'start'}]
    """
    events = []
    for line in content.decode("utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if (
            isinstance(event, dict)
            and isinstance(event.get("at_s"), int)
            and isinstance(event.get("event"), str)
        ):
            events.append(event)
    return events


def pseudonym(path: Path) -> str:
    """Return the trainee's pseudonym, eight consonants drawn when it is first asked for."""
    if not (names := _trainees(path)):
        drawn = "".join(secrets.choice(_CONSONANTS) for _ in range(8))
        add_event(path, event="trainee", trainee=drawn)
        names = _trainees(path) or [drawn]  # another notebook may have drawn one at the same moment
    return names[0]


def _trainees(path: Path) -> list[str]:
    events = read_events(path)
    return [event["trainee"] for event in events if isinstance(event.get("trainee"), str)]


def summary(events: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Count by exercise.

    Parameters
    ----------
    events : iterable of dict
        Of one trainee, in order.

    Returns
    -------
    pandas.DataFrame
        ``exercise, outcome`` (passed once it was, else the last one), ``tries, hints, solution`` (was it
        shown before it passed), ``mistakes`` (names, as often as they were made) and ``minutes``: the times
        from one event to the next, pauses over 15 min left out.

    Examples
    --------
    >>> made = [{"at_s": 0, "event": "start"},
    ...         {"at_s": 60, "event": "check", "exercise": "01-1", "outcome": "wrong", "key": "bits"},
    ...         {"at_s": 90, "event": "hint", "exercise": "01-1"},
    ...         {"at_s": 150, "event": "check", "exercise": "01-1", "outcome": "passed", "key": "alone"}]
    >>> summary(made)[["exercise", "outcome", "tries", "hints", "minutes"]].values.tolist()
    [['01-1', 'passed', 2, 1, 2.5]]
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    last_s = None
    for event in events:
        spent_s = 0 if last_s is None else event["at_s"] - last_s
        last_s = event["at_s"]
        if not isinstance(event.get("exercise"), str):
            continue
        row = rows.setdefault(event["exercise"], _no_event(event["exercise"]))
        row["minutes"] += spent_s / 60 if 0 <= spent_s <= LONGEST_PAUSE_S else 0.0
        _count(row, event)
    columns = list(_no_event(""))
    return pd.DataFrame(list(rows.values()), columns=columns).sort_values("exercise", ignore_index=True)


def _no_event(exercise: str) -> dict[str, Any]:
    return {
        "exercise": exercise,
        "outcome": "not attempted",
        "tries": 0,
        "hints": 0,
        "solution": False,
        "mistakes": [],
        "minutes": 0.0,
    }


def _count(row: dict[str, Any], event: dict[str, Any]) -> None:
    outcome = str(event.get("outcome", ""))
    if event["event"] == "hint":
        row["hints"] += 1
    elif event["event"] in ("solution", "rejoin") and row["outcome"] != "passed":
        row["solution"] = row["solution"] or event["event"] == "solution"
    elif event["event"] == "check":
        row["tries"] += outcome in ("passed", "wrong", "raised")
        if row["outcome"] != "passed" and (outcome != "not attempted" or not row["tries"]):
            row["outcome"] = outcome
        if outcome == "wrong":
            row["mistakes"].append(str(event.get("key", "")))
