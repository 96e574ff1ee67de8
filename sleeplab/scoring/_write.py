"""Hypnograms and events out: CSV, BIDS ``events.tsv`` with its ``.json``, EDF+ annotations."""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.recording.edf import EDF_YEARS
from sleeplab.scoring._clock import wall_clock
from sleeplab.scoring._edf import OURS, SCORED_BY, split_text
from sleeplab.scoring._grid import EPOCH_S, check_time
from sleeplab.scoring._model import EVENT_COLUMNS, START_KEY

if TYPE_CHECKING:
    import pandas as pd
    import yasa

STAGE_TEXTS = {
    "WAKE": "Sleep stage W",
    "N1": "Sleep stage N1",
    "N2": "Sleep stage N2",
    "N3": "Sleep stage N3",
    "REM": "Sleep stage R",
    "ART": "Sleep stage M",
    "UNS": "Sleep stage ?",
}
BIDS_COLUMNS = {
    "onset": {"Description": "Start, from the start of the recording", "Units": "s"},
    "duration": {"Description": "Length", "Units": "s"},
    "trial_type": {"Description": "Sleep stage, or kind of event"},
    "channel": {"Description": "Channel on which the event was scored"},
    "scorer": {"Description": "Who or what scored"},
}


def write_hypnogram(hypnogram: "yasa.Hypnogram", path: str | Path) -> None:
    """Write a hypnogram; `read_hypnogram` gives it back.

    Parameters
    ----------
    hypnogram : yasa.Hypnogram
        Five stages, 30-s epochs.
    path : str or pathlib.Path
        ``.csv``: ``Epoch`` or ``Time``, ``Stage``, ``Scorer`` and the probabilities, where there are any.
        ``.tsv``: BIDS events with a ``.json`` beside. ``.edf``: EDF+ annotations with the standard texts.
        Probabilities go into the CSV only.

    Raises
    ------
    ValueError
        For another suffix, number of stages or epoch length, or for a start that EDF+ cannot hold.
    FileNotFoundError
        Where the folder does not exist.

    Examples
    --------
    >>> import pathlib, tempfile, yasa
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "night.csv")
    ...     write_hypnogram(yasa.Hypnogram(["WAKE", "N1"]), path)
    ...     path.read_text().split()
    ['Epoch,Stage', '0,WAKE', '1,N1']
    """
    if hypnogram.n_stages != 5 or not math.isclose(1 / hypnogram.sampling_frequency, EPOCH_S):
        msg = (
            f"a hypnogram is written with 5 stages and epochs of 30 s; this one has {hypnogram.n_stages} and "
            f"{hypnogram.freq}. Align it with its recording first."
        )
        raise ValueError(msg)
    path = Path(path)
    start = wall_clock(hypnogram.start)
    scorer = "" if hypnogram.scorer is None else str(hypnogram.scorer)
    stages = [str(stage) for stage in hypnogram.hypno]
    rows = [(EPOCH_S * i, EPOCH_S, stage, "", scorer) for i, stage in enumerate(stages)]
    suffix = _suffix(path)
    if suffix == ".csv":
        _replace(path, _hypnogram_csv(hypnogram, stages, start, scorer))
    elif suffix == ".tsv":
        _write_bids(rows, path, start)
    else:
        texts = [(onset_s, duration_s, STAGE_TEXTS[stage]) for onset_s, duration_s, stage, _, _ in rows]
        _replace(path, _edf_bytes(texts, start, scorer))


def write_events(events: "pd.DataFrame", path: str | Path, *, start: datetime | None = None) -> None:
    r"""Write an events table; `read_events` gives it back.

    Parameters
    ----------
    events : pandas.DataFrame
        Columns `EVENT_COLUMNS`.
    path : str or pathlib.Path
        ``.csv``: the same columns. ``.tsv``: BIDS events with a ``.json`` beside. ``.edf``: EDF+ annotations,
        ``kind@@channel``, which an EDF viewer shows over the recording.
    start : datetime.datetime, optional
        Wall clock of onset 0, for ``.edf`` and ``.tsv``: the start of the recording.

    Raises
    ------
    ValueError
        For another suffix, missing columns, or text or a start that the format cannot hold.
    FileNotFoundError
        Where the folder does not exist.

    Examples
    --------
    >>> import pathlib, tempfile, pandas as pd
    >>> events = pd.DataFrame([(30.0, 3.5, "arousal", "C4-M1", "")], columns=list(EVENT_COLUMNS))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "events.tsv")
    ...     write_events(events, path)
    ...     path.read_text().splitlines()[1].split("\t")
    ['30.0', '3.5', 'arousal', 'C4-M1', 'n/a']
    """
    path = Path(path)
    if missing := [name for name in EVENT_COLUMNS if name not in events.columns]:
        msg = f"events must have the columns {', '.join(EVENT_COLUMNS)}; missing: {', '.join(missing)}."
        raise ValueError(msg)
    rows = [
        (float(onset_s), float(duration_s), str(kind), str(channel), str(scorer))
        for onset_s, duration_s, kind, channel, scorer in events[list(EVENT_COLUMNS)].itertuples(index=False)
    ]
    _check_rows(rows)
    suffix = _suffix(path)
    start = wall_clock(start)
    if suffix == ".csv":
        _replace(path, _delimited([EVENT_COLUMNS, *rows], ","))
    elif suffix == ".tsv":
        _write_bids(rows, path, start)
    else:
        scorers = {scorer for *_, scorer in rows}
        common = scorers.pop() if len(scorers) == 1 else ""
        texts = [_annotation(row, number, common) for number, row in enumerate(rows, start=1)]
        _replace(path, _edf_bytes(texts, start, common))


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".tsv", ".edf"):
        msg = f"the file to write must end in .csv, .tsv or .edf; got the suffix {suffix!r}."
        raise ValueError(msg)
    return suffix


def _check_rows(rows: Sequence[tuple[float, float, str, str, str]]) -> None:
    for number, (onset_s, duration_s, kind, *_) in enumerate(rows, start=1):
        check_time(onset_s, duration_s, number)
        if math.isnan(duration_s) or not kind.strip():
            msg = (
                f"each event needs a duration and a kind; event {number} has {duration_s} s and a kind of "
                f"{len(kind.strip())} characters. Give it both."
            )
            raise ValueError(msg)


def _hypnogram_csv(
    hypnogram: "yasa.Hypnogram", stages: list[str], start: datetime | None, scorer: str
) -> bytes:
    times: Iterable[object] = range(len(stages))
    if start is not None:
        times = [start + timedelta(seconds=EPOCH_S * i) for i in range(len(stages))]
    columns: dict[str, Iterable[object]] = {"Epoch" if start is None else "Time": times, "Stage": stages}
    if scorer:
        columns["Scorer"] = [scorer] * len(stages)
    if hypnogram.proba is not None:
        columns |= {name: hypnogram.proba[name].tolist() for name in hypnogram.proba.columns}
    return _delimited([tuple(columns), *zip(*columns.values(), strict=True)], ",")


def _delimited(rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _write_bids(
    rows: Sequence[tuple[float, float, str, str, str]], path: Path, start: datetime | None
) -> None:
    described: dict[str, object] = dict(BIDS_COLUMNS)
    if start is not None:
        described[START_KEY] = start.isoformat(sep=" ")
    cells = [[*row[:2], *(text or "n/a" for text in row[2:])] for row in rows]
    _replace(path.with_suffix(".json"), (json.dumps(described, indent=2) + "\n").encode())
    _replace(path, _delimited([tuple(BIDS_COLUMNS), *cells], "\t"))


def _annotation(
    row: tuple[float, float, str, str, str], number: int, common: str
) -> tuple[float, float, str]:
    """Text of an event; the scorer is in it where the events have several."""
    onset_s, duration_s, kind, channel, scorer = row
    text = kind if scorer == common else f"{kind} | {scorer}"
    text = f"{text}@@{channel}" if channel else text
    told = split_text(text, onset_s, duration_s, ours=True)
    if (told.words, told.channel, told.scorer or common) != row[2:] or text.startswith(SCORED_BY):
        msg = (
            f"EDF+ keeps kind, scorer and channel apart by ' | ' and '@@'; event {number} has these signs in "
            f"its own text. Write .csv."
        )
        raise ValueError(msg)
    return onset_s, duration_s, text


def _edf_bytes(texts: list[tuple[float, float, str]], start: datetime | None, scorer: str) -> bytes:
    import edfio

    if bad := sum(any(c in text for c in "\x00\x14\x15") for text in [scorer, *(text for *_, text in texts)]):
        msg = f"EDF+ annotations cannot hold the control characters 0, 20 and 21; {bad} texts do. Write .csv."
        raise ValueError(msg)
    if start is not None and start.year not in EDF_YEARS:
        held = f"EDF+ holds years from {EDF_YEARS[0]} to {EDF_YEARS[-1]}"
        msg = f"{held}; the start is in {start.year}. Correct it, or write .csv."
        raise ValueError(msg)
    annotations = [edfio.EdfAnnotation(*text) for text in texts]
    if scorer:
        annotations.append(edfio.EdfAnnotation(0.0, None, f"{SCORED_BY}{scorer}"))
    identification = edfio.Recording(startdate=start.date() if start else None, equipment_code=OURS)
    edf = edfio.Edf(
        [],
        recording=identification,
        starttime=start.time() if start else None,
        annotations=annotations or [edfio.EdfAnnotation(0.0, None, "")],
    )
    return edf.to_bytes()


def _replace(path: Path, data: bytes) -> None:
    """Write beside, then rename: whoever reads sees the old file or the new one, never half of it."""
    if not path.parent.is_dir():
        msg = f"the folder to write into must exist; there is none at {path.parent}. Make it first."
        raise FileNotFoundError(msg)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
