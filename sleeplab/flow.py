"""The one flow: a recording in, the tables and the report of a night out.

This is the only place where the steps are put in order. The command line, the lessons and a cohort call it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import mne
    import pandas as pd
    import yasa

    from sleeplab.report import Report

STEPS = ("read", "gate", "stage", "features", "anomalies", "review", "report")
PACKAGES = ("sleeplab", "yasa", "mne", "edfio", "numpy", "scipy", "scikit-learn", "lightgbm", "pandas")


_FORMULA = frozenset("=+-@\t\r")  # what makes a spreadsheet compute a cell


class Results(NamedTuple):
    """What the flow makes of one night, in the order in which it is made."""

    recording: mne.io.BaseRaw
    gate: pd.DataFrame
    hypnogram: yasa.Hypnogram
    features: pd.DataFrame
    anomalies: pd.DataFrame
    worklist: pd.DataFrame
    report: Report
    context: dict[str, Any]


def _no_step(name: str) -> None:
    """Show no progress."""


def process_night(
    path: str | Path,
    *,
    scoring: str | Path | None = None,
    minutes: float = 10.0,
    eeg: Sequence[str] = (),
    on_step: Callable[[str], None] = _no_step,
) -> Results:
    """Run the whole flow on one recording; nothing is written.

    Parameters
    ----------
    path
        The recording: EDF, EDF+, BDF, or what `read_recording` reads; or a name, see `locate`.
    scoring
        A human scoring of the same night; the report then states the agreement.
    minutes
        The review budget in minutes of human time.
    eeg
        Labels of the EEG channels, where they are not recognised by themselves.
    on_step
        Called with the name of each step in `STEPS` before it begins.

    Returns
    -------
    Results
        A night too short to be staged (under 5 min of fit EEG) has a hypnogram of ``UNS`` only, and
        ``context["not_staged"]`` says why.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the recording or the scoring cannot be used; the message says what to do.
    """
    from sleeplab import anomalies, features, quality, report, review

    on_step("read")
    raw, context, expert = _read(path, scoring=scoring, eeg=eeg)
    context["provenance"]["parameters"]["minutes"] = minutes
    on_step("gate")
    gate = quality.check_quality(raw)
    on_step("stage")
    hypnogram = _stage(raw, gate, context, expert)
    on_step("features")
    table = features.epoch_features(raw, hypnogram, gate)
    on_step("anomalies")
    ledger = anomalies.find_anomalies(raw, gate, hypnogram, table, expert=expert)
    on_step("review")
    worklist = review.plan_review(ledger, minutes=minutes)
    on_step("report")
    page = report.night_report(raw, gate, hypnogram, ledger, worklist, context=context)
    return Results(raw, gate, hypnogram, table, ledger, worklist, page, context)


def _read(
    path: str | Path, *, scoring: str | Path | None, eeg: Sequence[str]
) -> tuple[mne.io.BaseRaw, dict[str, Any], yasa.Hypnogram | None]:
    """Read the recording, what the report says beside the tables, and the scoring."""
    from sleeplab import recording
    from sleeplab import scoring as scorings

    raw = recording.read_recording(path, eeg=eeg)
    if raw.duration < 30:
        msg = f"a recording must last at least one epoch (30 s), this one lasts {raw.duration:.1f} s."
        raise ValueError(msg)
    header = replace(recording.read_header(path), problems=raw.info["temp"]["problems"])
    context = {
        "night_id": recording.night_id(path),
        "header": header,
        "channels": header.channels,
        "provenance": {
            "versions": {name: version(name) for name in PACKAGES},
            "parameters": {"eeg": list(eeg)},
        },
    }
    expert = None if scoring is None else scorings.align_hypnogram(scorings.read_hypnogram(scoring), raw)
    return raw, context, expert


def _stage(
    raw: mne.io.BaseRaw, gate: pd.DataFrame, context: dict[str, Any], expert: yasa.Hypnogram | None
) -> yasa.Hypnogram:
    """Stage the night, or say in `context` why not; compare with the human scoring where there is one."""
    from sleeplab import agreement, staging

    try:
        hypnogram = staging.stage(raw, gate)
    except staging.NotStageableError as error:
        context["not_staged"] = str(error)
        return staging.unstaged(raw)
    if expert is not None:
        context["agreement"] = agreement.compare_scorings(hypnogram, expert)
    return hypnogram


def write_results(results: Results, out: str | Path) -> Path:
    """Write the results into the folder `out`: all of them, or none.

    ``report.html``, ``hypnogram.csv``, ``ledger.csv``, ``worklist.csv``, ``findings.edf`` (EDF+ annotations
    that a viewer opens beside the recording) and ``provenance.json``. Each file is written beside its
    place and then renamed; other files in the folder are left alone.

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
            "Nothing is left behind. Free some space, or name another folder: --out DIR"
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
    from sleeplab import scoring

    start = results.recording.info["meas_date"]
    results.report.save(folder / "report.html")
    scoring.write_hypnogram(results.hypnogram, folder / "hypnogram.csv")
    without_formulas(results.anomalies).to_csv(folder / "ledger.csv", index=False)
    without_formulas(results.worklist).to_csv(folder / "worklist.csv", index=False)
    scoring.write_events(findings_as_events(results.anomalies), folder / "findings.edf", start=start)
    provenance = {"night_id": results.context["night_id"], **results.context["provenance"]}
    (folder / "provenance.json").write_text(json.dumps(provenance, indent=2), encoding="utf-8")


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
    """Return the ledger as an events table, for an EDF viewer.

    Parameters
    ----------
    anomalies
        The ledger.

    Returns
    -------
    pandas.DataFrame
        ``onset_s, duration_s, kind, channel, scorer``.
    """
    events = anomalies[["onset_s", "duration_s", "kind"]].copy()
    events["channel"] = anomalies["ch_names"]
    events["scorer"] = "sleeplab"
    return events
