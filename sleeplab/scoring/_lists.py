"""Lists of stages: DOD JSON, DREAMS text, and plain text with one stage per line."""

import json
import re

from sleeplab.scoring._model import Mark, Source
from sleeplab.scoring._vocabulary import STAGES, find_kind, find_stage

DREAMS = {
    "5": "WAKE",
    "4": "REM",
    "3": "N1",
    "2": "N2",
    "1": "N3",
    "0": "N3",
    "-1": "ART",
    "-2": "UNS",
    "-3": "UNS",
}
DREAMS_EPOCH_S = 5.0
DOD = {0: "WAKE", 1: "N1", 2: "N2", 3: "N3", 4: "REM", -1: "UNS"}
YASA = {"0": "WAKE", "1": "N1", "2": "N2", "3": "N3", "4": "REM", "-1": "ART", "-2": "UNS"}
DREAMS_HEADER = re.compile(r'\[(?:(\w+?)_)?([^\]/,"]*[A-Za-z][^\]/,"]*)(?:/([^\],]*))?\]\s*')
LEGEND = re.compile(r"(-?\d+)\s*[=:]\s*([^\W\d_]\w*|\?)")


def read_dod(text: str) -> Source:
    """JSON list of the Dreem Open Datasets, one code per 30 s.

    Guillot et al. 2020, DOI 10.1109/TNSRE.2020.3011181.
    """
    try:
        codes = json.loads(text)
    except (ValueError, RecursionError):
        msg = (
            f"a JSON scoring must be whole; these {len(text)} characters are not JSON. Fetch the file again."
        )
        raise ValueError(msg) from None
    if not isinstance(codes, list) or not codes or any(type(c) is not int or c not in DOD for c in codes):
        msg = "a JSON scoring must be a list with one of -1, 0, 1, 2, 3, 4 per 30 s (Dreem Open Datasets)."
        raise ValueError(msg)
    return Source([Mark(30.0 * i, 30.0, "", stage=DOD[code]) for i, code in enumerate(codes)])


def is_dreams(text: str) -> bool:
    """Whether the first line is a DREAMS header such as ``[Hypnogram]`` or ``[vis1_Spindles/C3-A1]``."""
    return DREAMS_HEADER.fullmatch(text.partition("\n")[0]) is not None


def read_dreams(text: str) -> Source:
    """DREAMS text: R&K codes every 5 s, or onset and duration of events.

    Devuyst et al. 2011, DOI 10.1109/IEMBS.2011.6090397.
    """
    first, _, body = text.partition("\n")
    match = DREAMS_HEADER.fullmatch(first)
    scorer, name, channel = match.groups(default="") if match else ("", "", "")
    rows = [line.split() for line in body.splitlines()]
    if name.casefold().startswith("hypnogram"):
        return _dreams_stages(rows)
    if not find_kind(name):
        msg = (
            "a DREAMS scoring starts with [Hypnogram] or [scorer_Events/channel]; this file has another "
            "title, as signals have. Give the scoring."
        )
        raise ValueError(msg)
    marks = [_dreams_event(row, number, name) for number, row in enumerate(rows, start=2) if row]
    return Source([mark._replace(channel=channel) for mark in marks], scorer=scorer)


def _dreams_stages(rows: list[list[str]]) -> Source:
    codes = [row[0] if len(row) == 1 else "" for row in rows if row]
    if wrong := [i for i, code in enumerate(codes) if code not in DREAMS]:
        msg = (
            f"a DREAMS hypnogram has one of {', '.join(DREAMS)} per 5 s; {len(wrong)} of {len(codes)} lines "
            f"have not, first line {wrong[0] + 2}. Fetch the file again."
        )
        raise ValueError(msg)
    marks = [Mark(DREAMS_EPOCH_S * i, DREAMS_EPOCH_S, "", stage=DREAMS[code]) for i, code in enumerate(codes)]
    return Source(marks)


def _dreams_event(row: list[str], number: int, name: str) -> Mark:
    try:
        return Mark(float(row[0]), float(row[1]), name)
    except (ValueError, IndexError):
        msg = f"line {number}: a DREAMS event has an onset and a duration in s. Fetch the file again."
        raise ValueError(msg) from None


def read_legend(text: str) -> dict[str, str]:
    """Meaning of integer codes as comment lines give it; empty where they do not.

    Examples
    --------
    >>> read_legend("# 0=W 1=N1 2=N2 3=N3 5=REM")["5"]
    'REM'
    """
    comments = " ".join(line for line in text.splitlines() if line.startswith("#"))
    legend = {code: find_stage(words.strip(), style="stages") for code, words in LEGEND.findall(comments)}
    return legend if all(legend.values()) else {}


def decode_codes(words: list[str], legend: dict[str, str]) -> list[str]:
    """Stage of each cell that is an integer code; ``""`` for words, which the vocabulary understands.

    1, 2, 3, 4 beside words for wake or REM ("W 1 2 3 4 R") are stage names, not codes.

    Raises
    ------
    ValueError
        Where the legend does not give all integers a meaning.
    """
    cells = [re.sub(r"\.0+$", "", word.strip()) for word in words]
    codes = {cell for cell in cells if re.fullmatch(r"-?\d+", cell)}
    named = {find_stage(cell, style="stages") for cell in cells if cell not in codes}
    # A bare 4 beside "W" alone may be S4 or REM: then the words must have their own REM.
    as_names = codes <= {"1", "2", "3", "4"} and ("REM" in named or ("WAKE" in named and "4" not in codes))
    missing = codes - set(legend)
    if as_names and not legend:
        return [""] * len(words)
    if missing:
        short = sorted((code for code in missing if len(code) <= 3), key=int)[
            :9
        ]  # a longer one may be a person's
        msg = (
            f"integer stage codes need a meaning (3 is N3 in YASA, N1 in sleepecg); this file gives none for "
            f"{', '.join(short) or 'its numbers'}. Write words ({', '.join(STAGES)}), or add a first "
            f"line such as '# 0=WAKE 1=N1 2=N2 3=N3 4=REM -1=ART -2=UNS'."
        )
        raise ValueError(msg)
    return [legend.get(cell, "") for cell in cells]


def read_plain(text: str) -> Source | None:
    """One stage per line and 30 s, after a title or none; None where most lines are no stages."""
    lines = [line.strip().strip('"') for line in text.splitlines() if not line.startswith("#")]
    while lines and not lines[-1]:
        lines.pop()
    known = [
        bool(find_stage(line, style="stages")) or bool(re.fullmatch(r"-?\d+(\.0+)?", line)) for line in lines
    ]
    if sum(known) * 2 <= len(known) or not known:
        return None
    if not known[0]:
        lines = lines[1:]
    stages = decode_codes(lines, read_legend(text))
    marks = [
        Mark(30.0 * i, 30.0, line, stage=stage)
        for i, (line, stage) in enumerate(zip(lines, stages, strict=True))
        if line
    ]
    return Source(marks, style="stages")
