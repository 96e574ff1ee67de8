"""Luna's ``.annot``: tab-separated class, instance, channel, start, stop, meta."""

import re
from datetime import datetime

from sleeplab.scoring._clock import parse_clock, seconds_since
from sleeplab.scoring._model import Mark, Source

NOTHING = ("", ".")


def is_luna(text: str) -> bool:
    """Whether the first line of data has Luna's columns: by name, or four or six with two times."""
    line = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    cells = line.split("\t")
    if [cell.casefold() for cell in cells[:2]] == ["class", "instance"]:
        return True
    return len(cells) in (4, 6) and all(
        re.match(r"\+?[\d:.]+$|e:\d+$|\.\.\.$", cell) for cell in _times(cells)
    )


def read_luna(text: str) -> Source:
    """Seconds, elapsed times (``0+00:10:00``), epochs (``e:1``) or clocks, which must not be mixed.

    The stop is a time, a length (``+30``) or ``...`` (until the next line). An instance is added to words
    that it makes clear: class ``arousal`` with instance ``RERA`` has the words "arousal RERA".
    """
    rows = [
        (number, line.split("\t"))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#") and not line.casefold().startswith("class\tinstance")
    ]
    if wrong := [number for number, cells in rows if len(cells) not in (4, 6)]:
        msg = f"a Luna line has 4 or 6 columns apart by tabs; line {wrong[0]} has not. Correct the file."
        raise ValueError(msg)
    starts, clock = _starts([_times(cells)[0] for _, cells in rows], [number for number, _ in rows])
    marks = []
    for i, (number, cells) in enumerate(rows):
        following_s = starts[i + 1] if i + 1 < len(starts) else float("nan")
        duration_s = _duration(_times(cells), starts[i], following_s, number)
        channel = cells[2] if len(cells) == 6 and cells[2] not in NOTHING else ""
        words = cells[0] if cells[1] in (*NOTHING, cells[0]) else f"{cells[0]} {cells[1]}"
        marks.append(Mark(starts[i], duration_s, words, channel))
    return Source(marks, clock, style="signs")


def _times(cells: list[str]) -> list[str]:
    return [cell.strip() for cell in (cells[3:5] if len(cells) == 6 else cells[2:4])]


def _starts(texts: list[str], numbers: list[int]) -> tuple[list[float], datetime | None]:
    clocks = [moment for text in texts if "+" not in text and (moment := parse_clock(text))]
    if texts and len(clocks) == len(texts):
        return seconds_since(clocks), clocks[0]
    return [_seconds(text, number) for text, number in zip(texts, numbers, strict=True)], None


def _seconds(text: str, number: int, *, end: bool = False) -> float:
    """Elapsed s; an epoch ``e:N`` (from 1, of 30 s) starts or ends there."""
    try:
        if epoch := re.fullmatch(r"e:(\d+)", text):
            return 30.0 * (int(epoch[1]) - 1 + end)
        if elapsed := re.fullmatch(r"0\+(\d+):(\d\d):(\d\d(?:\.\d+)?)", text):
            return 3600.0 * int(elapsed[1]) + 60.0 * int(elapsed[2]) + float(elapsed[3])
        return float(text)
    except ValueError:
        msg = f"line {number}: times must be s, 0+hh:mm:ss, e:N, or all of them clocks hh:mm:ss. Correct it."
        raise ValueError(msg) from None


def _duration(times: list[str], start_s: float, following_s: float, number: int) -> float:
    start, stop = times
    if stop == "...":
        return following_s - start_s
    if re.fullmatch(r"\+[\d.]+", stop):
        return _seconds(stop[1:], number)
    clocks = [parse_clock(text) for text in (start, stop)]
    if "+" not in stop and clocks[0] and clocks[1]:
        return seconds_since([clocks[0], clocks[1]])[1]
    return _seconds(stop, number, end=True) - start_s
