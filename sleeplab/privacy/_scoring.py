"""De-identify a human scoring: rewritten as EDF+ annotations, with the shift of its recording."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sleeplab.channels import is_known_label
from sleeplab.privacy._edf import Deidentified, subject_of
from sleeplab.privacy._key import Person, check_apart, read_key
from sleeplab.privacy._layout import read_layout
from sleeplab.privacy._removed import Removed
from sleeplab.privacy._words import REMOVED, is_known_text
from sleeplab.privacy._write import beside
from sleeplab.recording.edf import NO_DATE

if TYPE_CHECKING:
    import pandas as pd

    from sleeplab.scoring import Scoring

_EPOCH_S = 30.0


def deidentify_scoring(
    source: str | Path, out: str | Path, *, recording: str | Path, key: str | Path, patient: str = ""
) -> Deidentified:
    r"""Write a scoring as EDF+ annotations without the person, named like its de-identified recording.

    Whatever format the source has, only stages (in epochs of 30 s), known kinds of events, their times and
    their channels are written; other words become X, the scorer is left out.

    Parameters
    ----------
    source : str or pathlib.Path
        A scoring that `sleeplab.read_scoring` reads: Noxturnal CSV, Profusion or NSRR XML, EDF+ and more.
    out : str or pathlib.Path
        The folder to write into.
    recording : str or pathlib.Path
        The *source* recording of this night: it says who the person is and gives the shift.
    key : str or pathlib.Path
        The key file.
    patient : str
        As in `deidentify`; the same as for the recording.

    Returns
    -------
    Deidentified
        The path, where the identity comes from, and the table of what was replaced.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    ValueError
        If one of the files cannot be read, the key is not safe, or the file to write exists.

    Examples
    --------
    >>> import tempfile
    >>> from sleeplab import read_scoring
    >>> from sleeplab.privacy import new_key
    >>> head = b"0       " + b"MRN-7 F 02-MAR-1951 Jane_Smith".ljust(80) + b"Startdate 14-MAR-2020".ljust(80)
    >>> head += b"14.03.2022.15.00" + b"512".ljust(52) + b"1".ljust(8) + b"1".ljust(8) + b"1".ljust(4)
    >>> head += b"EEG C3-M2".ljust(96) + b"uV".ljust(8) + b"-100    100     -100    100     "
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     night, scoring, key = (Path(folder, name) for name in ("a.edf", "a.csv", "key"))
    ...     _ = night.write_bytes(head + b"".ljust(80) + b"1".ljust(40) + b"\7\0")
    ...     _ = scoring.write_text("onset_s,duration_s,kind,channel\n3,4,arousal,C3\n9,1,Jane,\n")
    ...     new_key(key)
    ...     done = deidentify_scoring(scoring, Path(folder, "out"), recording=night, key=key)
    ...     read_scoring(done.path).events[["onset_s", "kind", "channel", "scorer"]].values.tolist()
    [[3.0, 'arousal', 'C3', ''], [9.0, 'X', '', '']]
    """
    from sleeplab.scoring import read_scoring, write_events

    folder, night = Path(out), Path(recording)
    check_apart(Path(key), folder)
    subject = subject_of(night, read_layout(night), read_key(key), patient)
    scoring, removed = read_scoring(source), Removed(frozenset())
    start = _shifted(scoring.start, subject.person)
    table = _all_rows(scoring, removed)
    target = folder / f"{subject.stem}.scoring.edf"
    with beside(target) as part, TemporaryDirectory() as folder_of_one:
        edf = Path(folder_of_one, "scoring.edf")
        write_events(table, edf, start=start)
        part.write_bytes(_signed(edf.read_bytes(), subject.person))
    return Deidentified(target, subject.identity_from, removed)


def _all_rows(scoring: Scoring, removed: Removed) -> pd.DataFrame:
    """Stages and events in one table, in the words of our own files, without scorers."""
    import pandas as pd

    rows = [
        (row.onset_s, row.duration_s, *_clean(row.kind, row.channel, f"{row.onset_s:.1f} s", removed), "")
        for row in scoring.events.itertuples()
    ]
    if (hypnogram := scoring.hypnogram) is not None:
        from sleeplab.scoring import STAGE_TEXTS

        begin = hypnogram.start.replace(tzinfo=None) if scoring.start else None
        origin_s = (begin - scoring.start).total_seconds() if begin and scoring.start else 0.0
        stages = enumerate(STAGE_TEXTS[str(stage)] for stage in hypnogram.hypno)
        rows += [(origin_s + _EPOCH_S * i, _EPOCH_S, words, "", "") for i, words in stages]
    return pd.DataFrame(rows, columns=list(scoring.events.columns)).sort_values("onset_s", kind="stable")


def _clean(kind: str, channel: str, place: str, removed: Removed) -> tuple[str, str]:
    if not is_known_text(kind):
        removed.note("annotation", place, f"replaced by {REMOVED}", kind)
        kind = REMOVED
    if channel and not is_known_label(channel):
        removed.note("label", place, "emptied", channel)
        channel = ""
    return kind, channel


def _signed(edf: bytes, person: Person) -> bytes:
    """Put the pseudonym into the patient field."""
    return edf[:8] + f"{person.pseudonym} X X X".encode().ljust(80) + edf[88:]


def _shifted(start: datetime | None, person: Person) -> datetime | None:
    """Clock on the shifted day; a clock without a day stays without."""
    if start is None or start.date() == NO_DATE:
        return start
    day = person.shifted(start.date())
    return datetime.combine(NO_DATE if day is None else day, start.time())
