"""XML of Compumedics Profusion (`CMPStudyConfig`) and of the NSRR (`PSGAnnotation`)."""

import re
from datetime import datetime, time
from typing import TYPE_CHECKING

from sleeplab.recording.edf import NO_DATE
from sleeplab.scoring._model import Mark, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Compumedics codes. YASA reads 9 as WAKE; the NSRR, which exports the same nights, as unscored: so do we.
PROFUSION = {"0": "WAKE", "1": "N1", "2": "N2", "3": "N3", "4": "N3", "5": "REM", "6": "ART", "9": "UNS"}


def read_xml(data: bytes) -> Source:
    """Stages and events of either dialect.

    Raises
    ------
    ValueError
        Where the XML is broken, holds entity declarations, or has another root.
    """
    import defusedxml.ElementTree as ElementTree
    from defusedxml import DefusedXmlException

    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as err:
        problem = type(err).__name__
        msg = f"XML must be whole and without entities; these {len(data)} bytes are not ({problem})."
        raise ValueError(msg) from None
    if root.tag == "CMPStudyConfig":
        return _read_profusion(root)
    if root.tag == "PSGAnnotation":
        return _read_nsrr(root)
    msg = "an XML scoring must have the root CMPStudyConfig (Profusion) or PSGAnnotation (NSRR)."
    raise ValueError(msg)


def _read_profusion(root: "Element") -> Source:
    epoch_s = _number(root.findtext("EpochLength") or "30", "EpochLength", 0)
    codes = [(node.text or "").strip() for node in root.iterfind("./SleepStages/SleepStage")]
    marks = [
        Mark(i * epoch_s, epoch_s, f"Sleep stage code {code}", stage=PROFUSION.get(code, ""))
        for i, code in enumerate(codes)
    ]
    for i, node in enumerate(root.iterfind("./ScoredEvents/ScoredEvent"), start=1):
        marks.append(_event(node, i, words=node.findtext("Name") or "", channel=node.findtext("Input") or ""))
    return Source(marks)


def _read_nsrr(root: "Element") -> Source:
    marks, start = [], None
    for i, node in enumerate(root.iterfind("./ScoredEvents/ScoredEvent"), start=1):
        words = node.findtext("EventConcept") or ""
        if clock := node.findtext("ClockTime"):
            start = start or _clock(clock)
        marks.append(_event(node, i, words=words, channel=node.findtext("SignalLocation") or ""))
    return Source(marks, start)


def _event(node: "Element", number: int, *, words: str, channel: str) -> Mark:
    onset_s = _number(node.findtext("Start") or "0", "Start", number)
    duration_s = _number(node.findtext("Duration") or "nan", "Duration", number)
    return Mark(onset_s, duration_s, words.strip(), channel.strip())


def _number(text: str, name: str, number: int) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        msg = (
            f"{name} must be a number of seconds; that of scored event {number} is not one. Correct the file."
        )
        raise ValueError(msg) from None


def _clock(text: str) -> datetime | None:
    """Time of day of "00.00.00 23.05.10"; the NSRR has taken the dates away."""
    match = re.fullmatch(r"\S+ (\d\d)[.:](\d\d)[.:](\d\d)", text.strip())
    hour, minute, second = (int(part) for part in match.groups()) if match else (99, 0, 0)
    return (
        datetime.combine(NO_DATE, time(hour, minute, second))
        if max(hour - 23, minute - 59, second - 59) <= 0
        else None
    )
