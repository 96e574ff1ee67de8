"""What every reader hands over, and how it becomes a hypnogram and an events table."""

import math
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sleeplab.scoring._grid import EPOCH_S, check_time, fill_durations, to_epochs
from sleeplab.scoring._vocabulary import Style, find_kind, find_stage

if TYPE_CHECKING:
    import pandas as pd
    import yasa

EVENT_COLUMNS = ("onset_s", "duration_s", "kind", "channel", "scorer")
START_KEY = "StartTime"  # in the .json beside a BIDS table
UNNAMED = "unnamed"  # kind of an event to which its file gives no words
UNKNOWN_COLUMNS = ("kind", "count", "first_onset_s")


class Scoring(NamedTuple):
    """One night's scoring.

    Attributes
    ----------
    hypnogram : yasa.Hypnogram or None
        30-s epochs; None when the file holds no stage.
    events : pandas.DataFrame
        Columns `EVENT_COLUMNS`; onsets in s from the start of the file's own time axis.
    unknown : pandas.DataFrame
        What the vocabulary does not hold and is kept with its own words: ``kind, count, first_onset_s``.
    start : datetime.datetime or None
        Wall clock of onset 0, naive; None when the file has no clock.
    """

    hypnogram: "yasa.Hypnogram | None"
    events: "pd.DataFrame"
    unknown: "pd.DataFrame"
    start: datetime | None = None


class Mark(NamedTuple):
    """One line of a scoring: seconds, and the words (or the stage, where the format says it by code)."""

    onset_s: float
    duration_s: float
    words: str
    channel: str = ""
    scorer: str = ""
    stage: str = ""


class Source(NamedTuple):
    """A scoring as read, before its words are understood.

    ``style``: what bare signs mean, see `find_stage`. ``proba``: one row per 30-s epoch.
    """

    marks: list[Mark]
    start: datetime | None = None
    scorer: str = ""
    style: Style = "text"
    proba: "pd.DataFrame | None" = None


def assemble(source: Source) -> Scoring:
    """Understand the words: stages into a hypnogram, the rest into events."""
    for number, mark in enumerate(source.marks, start=1):
        check_time(mark.onset_s, mark.duration_s, number)
    if source.start is not None and not 1900 <= source.start.year <= 2200:
        msg = f"a scoring must start in a year from 1900 to 2200; got {source.start.year}. Correct its dates."
        raise ValueError(msg)
    stages: list[Mark] = []
    events: list[tuple[float, float, str, str, str]] = []
    unknown: dict[str, list[float]] = {}
    for mark in sorted(source.marks, key=lambda mark: mark.onset_s):
        if stage := mark.stage or find_stage(mark.words, style=source.style):
            stages.append(mark._replace(stage=stage))
            continue
        kind = find_kind(mark.words)
        if not kind:
            kind = mark.words if mark.words.strip() else UNNAMED
            unknown.setdefault(kind, []).append(mark.onset_s)
        duration_s = 0.0 if math.isnan(mark.duration_s) else mark.duration_s
        events.append((mark.onset_s, duration_s, kind, mark.channel, mark.scorer or source.scorer))
    return Scoring(_hypnogram(stages, source), events_table(events), _unknown_table(unknown), source.start)


def events_table(rows: list[tuple[float, float, str, str, str]]) -> "pd.DataFrame":
    """Events table in its one order: by onset, then by the other columns."""
    import pandas as pd

    table = pd.DataFrame(sorted(rows), columns=list(EVENT_COLUMNS))
    return table.astype({"onset_s": float, "duration_s": float, "kind": str, "channel": str, "scorer": str})


def _unknown_table(unknown: dict[str, list[float]]) -> "pd.DataFrame":
    import pandas as pd

    rows = [(kind, len(onsets), min(onsets)) for kind, onsets in unknown.items()]
    table = pd.DataFrame(rows, columns=list(UNKNOWN_COLUMNS))
    return table.astype({"kind": str, "count": int, "first_onset_s": float})


def _hypnogram(stages: list[Mark], source: Source) -> "yasa.Hypnogram | None":
    if not stages:
        return None
    import yasa

    spans = fill_durations([(mark.onset_s, mark.duration_s, mark.stage) for mark in stages])
    # Without a clock, the scoring starts with the recording; with one, the first scored epoch sets the grid.
    origin_s = 0.0 if source.start is None else spans[0][0]
    end_s = max(onset_s + duration_s for onset_s, duration_s, _ in spans)
    n_epochs = max(1, math.floor((end_s - origin_s) / EPOCH_S + 0.5))
    values = to_epochs(spans, origin_s=origin_s, n_epochs=n_epochs)
    start = None if source.start is None else source.start + timedelta(seconds=origin_s)
    proba = source.proba if source.proba is not None and len(source.proba) == n_epochs else None
    scorers = Counter(mark.scorer for mark in stages)
    scorer = source.scorer or (next(iter(scorers)) if len(scorers) == 1 else "")
    return yasa.Hypnogram(
        values, start=start, tz=None if start is None else "UTC", scorer=scorer or None, proba=proba
    )
