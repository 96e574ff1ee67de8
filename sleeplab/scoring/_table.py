"""Tables with a header: YASA's and plain hypnogram CSV, BIDS ``events.tsv``, sleeplab's events CSV."""

import csv
import io
import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sleeplab.scoring._clock import parse_clock, seconds_since, wall_clock
from sleeplab.scoring._lists import YASA, decode_codes, read_legend
from sleeplab.scoring._model import Mark, Source
from sleeplab.scoring._vocabulary import STAGES, find_column

if TYPE_CHECKING:
    import pandas as pd

NOTHING = ("", "n/a")  # an empty cell, as CSV and as BIDS write it


class Table:
    """Cells by column; columns are found by name or by role."""

    def __init__(self, text: str) -> None:
        body = text
        while body.startswith("#"):
            body = body.partition("\n")[2]
        first = body.partition("\n")[0]
        self.legend = read_legend(text)
        rows = list(
            csv.reader(io.StringIO(body, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
        )
        self.names = [name.strip() for name in rows[0]] if rows else []
        self.rows = [row for row in rows[1:] if row]
        self.roles = [find_column(name) for name in self.names]
        if self.names[0:1] in (["Epoch"], ["Time"]) and "stage" not in self.roles and len(self.names) > 1:
            self.roles[1] = "stage"  # YASA names the column after its scorer

    def check_rows(self) -> None:
        """Refuse a row with more or fewer cells than the header."""
        for number, row in enumerate(self.rows, start=2):
            if len(row) != len(self.names):
                msg = (
                    f"each row must have the {len(self.names)} columns of the header; row {number} has "
                    f"{len(row)}. Correct it."
                )
                raise ValueError(msg)

    def column(self, *roles: str) -> list[str] | None:
        """Cells of the first column with one of the roles, None where there is none."""
        for role in roles:
            if role in self.roles:
                at = self.roles.index(role)
                return ["" if row[at] in NOTHING else row[at] for row in self.rows]
        return None

    def named(self, names: Sequence[str]) -> list[list[str]]:
        """Rows of the columns with exactly these names."""
        at = [self.names.index(name) for name in names]
        return [[row[i] for i in at] for row in self.rows]


def read_table(text: str) -> Source | None:
    """Hypnogram or events; None where the header names neither."""
    try:
        table = Table(text)
    except csv.Error:
        return None
    is_events = {"onset", "event"} <= set(table.roles)
    if not is_events and "stage" not in table.roles:
        return None
    table.check_rows()
    return _read_events(table) if is_events else _read_stages(table)


def _read_events(table: Table) -> Source:
    onsets = _numbers(table.column("onset") or [], "onset", " of seconds")
    durations = _numbers(table.column("duration") or [""] * len(onsets), "duration")
    words = table.column("event") or []
    empty = [""] * len(onsets)
    columns = (onsets, durations, words, table.column("channel") or empty, table.column("scorer") or empty)
    return Source([Mark(*cells) for cells in zip(*columns, strict=True)], style="signs")


def _read_stages(table: Table) -> Source:
    words = table.column("stage") or []
    # YASA's own header and codes: the rival codings have a 5 (R&K's REM, sleepecg's WAKE), YASA has none.
    is_yasa = table.names[0] in ("Epoch", "Time") and table.names[1] == "Stage"
    stages = decode_codes(words, table.legend or (YASA if is_yasa else {}))
    onsets, start, epoch_s = _onsets(table, len(words))
    durations = _numbers(table.column("duration") or [str(epoch_s)] * len(words), "duration")
    channel, scorers = [""] * len(words), table.column("scorer") or [_yasa_scorer(table)] * len(words)
    columns = (onsets, durations, words, channel, scorers, stages)
    marks = [Mark(*cells) for cells in zip(*columns, strict=True) if cells[2].strip()]
    return Source(marks, start, style="stages", proba=_proba(table))


def _yasa_scorer(table: Table) -> str:
    name = table.names[table.roles.index("stage")]
    return "" if find_column(name) == "stage" else name


def _onsets(table: Table, n_rows: int) -> tuple[list[float], datetime | None, float]:
    """Onset of each row, clock of onset 0, and the distance of the rows, s."""
    start = None
    if (times := table.column("time", "onset", "start")) is not None:
        clocks = [moment for text in times if (moment := parse_clock(text))]
        if len(clocks) == len(times) and clocks:
            if wall_clock(clocks[0]) is None:
                msg = (
                    "times that start at 0:00:00 can be clocks or times since the start; this file does not "
                    "say which. Write seconds (0, 30, 60), or dates with the times."
                )
                raise ValueError(msg)
            onsets, start = seconds_since(clocks), clocks[0]
        else:
            onsets = _numbers(
                times, "time", ", a time of day 23:50:00, or a date and time 2024-03-01 23:50:00"
            )
    elif (epochs := table.column("epoch")) is not None:
        numbers = _numbers(epochs, "epoch")
        onsets = [30.0 * (number - (0 if 0 in numbers else 1)) for number in numbers]
        return onsets, None, 30.0
    else:
        return [30.0 * i for i in range(n_rows)], None, 30.0
    gaps = sorted(after - before for before, after in itertools.pairwise(onsets))
    return onsets, start, gaps[len(gaps) // 2] if gaps else 30.0


def _proba(table: Table) -> "pd.DataFrame | None":
    import pandas as pd

    names = [stage for stage in STAGES if stage in table.names]
    if not names or not table.rows:
        return None
    cells = [_numbers(row, "probability") for row in table.named(names)]
    proba = pd.DataFrame(cells, columns=names)
    return proba if ((proba.sum(axis=1) - 1).abs() < 1e-6).all() else None


def _numbers(cells: list[str], name: str, or_else: str = "") -> list[float]:
    numbers = []
    for row, cell in enumerate(cells, start=2):
        try:
            numbers.append(float(cell.replace(",", ".")) if cell.strip() else float("nan"))
        except ValueError:
            msg = f"each {name} must be a number{or_else}; row {row} has something else. Correct the file."
            raise ValueError(msg) from None
    return numbers
