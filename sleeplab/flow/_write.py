"""Write the results of a night: all of them, or none."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sleeplab.flow import Results

TABLES = ("hypnogram.csv", "ledger.csv", "worklist.csv")
FINDINGS = ("findings.edf", "findings_events.tsv", "findings_events.json")
FILES = ("report.html", *TABLES, *FINDINGS)
_FORMULA = frozenset("=+-@\t\r")  # what makes a spreadsheet compute a cell


def write_results(results: Results, out: str | Path) -> Path:
    """Write the results into the folder `out`: all of them, or none.

    ``report.html``, ``hypnogram.csv``, ``ledger.csv``, ``worklist.csv``, ``findings.edf`` (EDF+ annotations
    that a viewer opens beside the recording), ``findings_events.tsv`` with its ``.json`` (the same as BIDS
    events) and ``provenance.json``. Each file is written beside its place and then renamed; other files in
    the folder are left alone.

    Parameters
    ----------
    results
        What `process_night` returned.
    out
        The folder; it is made where it does not exist.

    Returns
    -------
    pathlib.Path
        The report.

    Raises
    ------
    OSError
        If the folder cannot be written; nothing is left behind.
    ValueError
        If the results hold no report.
    """
    folder = Path(out)
    made = _make_folder(folder)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".sleeplab-") as beside:
            _write_all(results, Path(beside))
            for path in sorted(Path(beside).iterdir()):
                path.replace(folder / path.name)
    except OSError as error:
        _remove(made)
        msg = (
            f"the results must fit into the output folder, writing them failed ({error.strerror or error}). "
            "Nothing is left behind. Free some space, close what has a table open (Excel), or name another "
            "folder: --out DIR"
        )
        raise OSError(error.errno, msg) from error
    except BaseException:
        _remove(made)
        raise
    return folder / "report.html"


def check_writable(folder: str | Path) -> None:
    """Check that `folder` can be made and written, before an hour of work; nothing is left behind.

    Parameters
    ----------
    folder
        The folder that `write_results` will get.

    Raises
    ------
    OSError
        If it cannot be made or written.
    """
    _remove(_make_folder(Path(folder)))


def _remove(made: Path | None) -> None:
    if made:
        shutil.rmtree(made, ignore_errors=True)


def _make_folder(folder: Path) -> Path | None:
    """Make `folder` and check that it can be written; return the topmost folder that was new, or None."""
    made = next((p for p in reversed([folder, *folder.parents]) if not p.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _remove(made)
        msg = f"the output folder must be writable, got {folder} ({error.strerror}). Name another: --out DIR"
        raise OSError(error.errno, msg) from error
    return made


def _write_all(results: Results, folder: Path) -> None:
    from sleeplab import provenance, scoring
    from sleeplab.recording.edf import EDF_YEARS, NO_DATE

    start = results.recording.info["meas_date"]
    if start is not None and start.year not in EDF_YEARS:  # the time of day stays
        start = start.replace(year=NO_DATE.year, month=NO_DATE.month, day=NO_DATE.day)
    if results.report is None:
        msg = "results must hold a report to be written, got none. Run process_night(..., lang='en') or 'fr'."
        raise ValueError(msg)
    results.report.save(folder / "report.html")
    scoring.write_hypnogram(results.hypnogram, folder / "hypnogram.csv")
    without_formulas(results.anomalies).to_csv(folder / "ledger.csv", index=False)
    without_formulas(results.worklist).to_csv(folder / "worklist.csv", index=False)
    events = findings_as_events(results.anomalies)
    for name in ("findings.edf", "findings_events.tsv"):
        scoring.write_events(events, folder / name, start=start)
    outputs = [folder / name for name in FILES]
    provenance.write_sidecar(folder / "provenance.json", results.context["provenance"], outputs)


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before each text that a spreadsheet would take for a formula.

    Labels of channels come from files that others made.

    Parameters
    ----------
    table
        Any table.

    Returns
    -------
    pandas.DataFrame
        The same, with texts that begin with ``= + - @``, a tab or a carriage return made harmless.

    Examples
    --------
    >>> import pandas as pd
    >>> without_formulas(pd.DataFrame({"ch_names": ["=1+1", "C3-M2"], "score": [-2.5, 1.0]})).values.tolist()
    [["'=1+1", -2.5], ['C3-M2', 1.0]]
    """
    return table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULA else cell)


def findings_as_events(anomalies: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as an events table in the order of time, for an EDF viewer or a BIDS data set.

    Parameters
    ----------
    anomalies
        The ledger.

    Returns
    -------
    pandas.DataFrame
        ``onset_s, duration_s, kind, channel, scorer``.
    """
    events = anomalies[["onset_s", "duration_s", "kind"]].assign(
        channel=anomalies["ch_names"], scorer="sleeplab"
    )
    return events.sort_values("onset_s", kind="stable", ignore_index=True)
