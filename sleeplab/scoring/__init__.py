"""Hypnograms and events in and out, whatever program scored the night.

The format is recognised from the content. Stages become a `yasa.Hypnogram` of 30-s epochs (R&K S3 and S4 are
N3, movement is ART, unknown is UNS); all else becomes the events table. Words that the vocabulary
(``vocabulary.toml``, French and English) does not hold are kept as they are and listed in ``unknown``.

Clocks are wall clocks without a time zone; where a library insists on one, they are written as UTC.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.scoring._align import align_hypnogram, align_scoring
from sleeplab.scoring._edf import TAL
from sleeplab.scoring._model import EVENT_COLUMNS, Scoring, assemble
from sleeplab.scoring._read import read_source
from sleeplab.scoring._vocabulary import find_kind, find_stage
from sleeplab.scoring._write import STAGE_TEXTS, write_events, write_hypnogram

if TYPE_CHECKING:
    import pandas as pd
    import yasa

__all__ = [
    "EVENT_COLUMNS",
    "STAGE_TEXTS",
    "TAL",
    "Scoring",
    "align_hypnogram",
    "align_scoring",
    "find_kind",
    "find_stage",
    "read_events",
    "read_hypnogram",
    "read_scoring",
    "write_events",
    "write_hypnogram",
]


def read_scoring(path: str | Path) -> Scoring:
    r"""Read stages and events.

    Parameters
    ----------
    path : str or pathlib.Path
        EDF+ annotations, Noxturnal CSV, Profusion or NSRR XML, DOD JSON, DREAMS text, Luna ``.annot``, BIDS
        ``events.tsv``, a CSV with a stage column, or text with one stage per line. Integer stage codes are
        read only where the format or a first line (``# 0=WAKE 1=N1 …``) gives them a meaning.

    Returns
    -------
    Scoring
        ``hypnogram``, ``events``, ``unknown`` and ``start``. Epochs of other lengths are brought to 30 s: the
        stage that fills most of it, the earlier of two with equal parts; holes are UNS.

    Raises
    ------
    FileNotFoundError
        Where there is no file.
    ValueError
        Where the format is not recognised, a line cannot be read, codes have no meaning, or stages contradict
        each other over more than one epoch.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "night.txt")
    ...     _ = path.write_text("W\nN1\nN2\n")
    ...     read_scoring(path).hypnogram.hypno.tolist()
    ['WAKE', 'N1', 'N2']
    """
    return assemble(read_source(Path(path)))


def read_hypnogram(path: str | Path) -> "yasa.Hypnogram":
    r"""Read the stages of a scoring; see `read_scoring`.

    Returns
    -------
    yasa.Hypnogram
        Epochs of 30 s; ``start`` is the wall clock of the first one, None where the file has no clock.

    Raises
    ------
    ValueError
        Where the file holds no stage, and as `read_scoring`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "night.txt")
    ...     _ = path.write_text("Sleep stage W\nSleep stage 4\n")
    ...     read_hypnogram(path).hypno.tolist()
    ['WAKE', 'N3']
    """
    scoring = read_scoring(path)
    if scoring.hypnogram is None:
        msg = f"a hypnogram needs stages; this file has {len(scoring.events)} events and none. Give another."
        raise ValueError(msg)
    return scoring.hypnogram


def read_events(path: str | Path) -> "pd.DataFrame":
    r"""Read the events of a scoring; see `read_scoring`.

    Returns
    -------
    pandas.DataFrame
        Columns `EVENT_COLUMNS`, in order of onset.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "events.tsv")
    ...     _ = path.write_text("onset\tduration\ttrial_type\n12.5\t3\tMicro-éveil\n", encoding="utf-8")
    ...     read_events(path)[["onset_s", "duration_s", "kind"]].values.tolist()
    [[12.5, 3.0, 'arousal']]
    """
    return read_scoring(path).events
