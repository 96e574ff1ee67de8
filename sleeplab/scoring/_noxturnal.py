"""Noxturnal's event list: CSV with wall clocks to the second, in the language of the program."""

import re
from datetime import datetime, timedelta

from sleeplab.scoring._model import Mark, Source
from sleeplab.scoring._vocabulary import find_column

CLOCK = re.compile(
    r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})[ T]+(\d{1,2}):(\d\d):(\d\d)(\.\d+)?\s*([AaPp][Mm])?"
)


def is_noxturnal(text: str) -> bool:
    """Whether the first line names a start, an event, and an end or a duration."""
    roles = set(_roles(text)[0])
    return {"start", "event"} <= roles and bool({"end", "duration"} & roles)


def read_noxturnal(text: str) -> Source:
    """Onsets from the earliest line. Columns by name; the line of units is passed over.

    Day before month, unless only the other order gives dates within one week or the clock has AM and PM.
    Nothing is quoted: a line with more cells than the header has delimiters in its event, or a decimal
    comma in its duration.
    """
    rows = _rows(text)
    if not rows:
        return Source([])
    numbers = [number for number, _ in rows]
    # Starts and ends together: one order of day and month for the whole file.
    clocks = _clocks(
        [row.get(role, row["start"]) for role in ("start", "end") for _, row in rows], numbers * 2
    )
    starts, ends = clocks[: len(rows)], clocks[len(rows) :]
    start = min(starts)
    marks = [
        Mark((begin - start).total_seconds(), _duration(row, number, end - begin), row["event"])
        for begin, end, (number, row) in zip(starts, ends, rows, strict=True)
    ]
    return Source(marks, start)


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by role."""
    roles, delimiter = _roles(text)
    rows: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(text.split("\n")[1:], start=2):
        cells = line.rstrip("\r").split(delimiter)
        if all(re.fullmatch(r"\[.*\]|", cell.strip()) for cell in cells):
            continue
        if len(cells) < len(roles) - (roles[-1] == ""):
            msg = (
                f"each line must have {len(roles)} columns; line {number} has {len(cells)}. Export it again."
            )
            raise ValueError(msg)
        if "duration" in roles and len(cells) > len(roles):
            at = roles.index("duration") - len(roles) + len(cells) - 1  # where a decimal comma cut it
            if all(re.fullmatch(r"\d+", cell) for cell in cells[at : at + 2]):
                cells[at : at + 2] = [f"{cells[at]}.{cells[at + 1]}"]
        event, more = roles.index("event"), max(0, len(cells) - len(roles))
        cells[event : event + more + 1] = [delimiter.join(cells[event : event + more + 1])]
        rows.append((number, {role: cell.strip(' "') for role, cell in zip(roles, cells, strict=False)}))
    return rows


def _roles(text: str) -> tuple[list[str], str]:
    """Roles of the columns that the first line names, and its delimiter."""
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    return [find_column(name) for name in header.split(delimiter)], delimiter


def _duration(row: dict[str, str], number: int, whole: timedelta) -> float:
    """Duration column (ms), else end minus start (whole seconds)."""
    try:
        text = row.get("duration", "")
        return float(text.replace(",", ".")) if text else whole.total_seconds()
    except ValueError:
        msg = f"line {number}: the duration must be a number of seconds. Export the file again."
        raise ValueError(msg) from None


def _clocks(texts: list[str], numbers: list[int]) -> list[datetime]:
    matches = [CLOCK.fullmatch(text.strip()) for text in texts]
    for match, number in zip(matches, numbers, strict=True):
        if match is None:
            msg = f"line {number}: start and end must be a date and a time (25/07/2018 23:45:40)."
            raise ValueError(msg)
    found = [match for match in matches if match is not None]
    orders = ["dmy", "mdy"] if not any(match[8] for match in found) else ["mdy", "dmy"]
    readings = [reading for order in orders if (reading := _read_as(found, order))]
    if not readings:
        msg = f"all {len(found)} dates must be day/month/year, or all month/day/year. Export the file again."
        raise ValueError(msg)
    return next((r for r in readings if max(r) - min(r) < timedelta(days=7)), readings[0])


def _read_as(matches: list[re.Match[str]], order: str) -> list[datetime]:
    """Dates read in one order; empty where one of them does not exist."""
    moments = []
    for match in matches:
        a, b, c = (int(part) for part in match.group(1, 2, 3))
        year, month, day = (a, b, c) if len(match[1]) == 4 else (c, b, a) if order == "dmy" else (c, a, b)
        hour, minute, second = (int(part) for part in match.group(4, 5, 6))
        if match[8]:
            hour = hour % 12 + 12 * (match[8].lower() == "pm")
        micro = round(float(match[7] or 0) * 1e6)
        try:
            year += 2000 if year < 100 else 0
            moments.append(datetime(year, month, day, hour, minute, second, micro))
        except ValueError:
            return []
    return moments
