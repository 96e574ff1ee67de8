"""The report of a night: one HTML file that needs nothing else.

The page holds its pictures, its style and its script; it asks no network for anything, and tells the
browser to refuse it. Words that come from a file are escaped.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeplab.report._language import check_language
from sleeplab.report._spectrogram import spectrogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    import mne
    import pandas as pd
    import yasa

__all__ = ["Report", "check_language", "night_report", "spectrogram"]


@dataclass(frozen=True)
class Report:
    """A page.

    Attributes
    ----------
    html : str
        The whole page.

    Examples
    --------
    >>> Report("<p>A night</p>").html
    '<p>A night</p>'
    """

    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page: beside its place first, then renamed, so that no half page is left.

        Parameters
        ----------
        path : str or pathlib.Path
            The file; an older one of that name is replaced.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        FileNotFoundError
            The folder does not exist.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Report("<p>A night</p>").save(Path(folder) / "night.html").name
        'night.html'
        """
        path = Path(path)
        if not path.parent.is_dir():
            msg = f"The report must go into a folder that exists, but {path.parent} does not. Make it first."
            raise FileNotFoundError(msg)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.write_text(self.html, encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        return path


def night_report(  # noqa: PLR0913  the five tables of the flow, and what is said beside them
    recording: mne.io.BaseRaw,
    gate: pd.DataFrame,
    hypnogram: yasa.Hypnogram,
    anomalies: pd.DataFrame,
    worklist: pd.DataFrame,
    *,
    context: Mapping[str, Any] | None = None,
    lang: str = "en",
) -> Report:
    """Make the page of a night.

    Parameters
    ----------
    recording : mne.io.BaseRaw
        In volts, canonical channel names.
    gate : pandas.DataFrame
        From :func:`sleeplab.quality.check_quality`.
    hypnogram : yasa.Hypnogram
        One stage per 30-s epoch of the recording; UNS where it could not be staged.
    anomalies : pandas.DataFrame
        The ledger, from :func:`sleeplab.anomalies.find_anomalies`.
    worklist : pandas.DataFrame
        The part of the ledger to look at, from :func:`sleeplab.review.plan_review`.
    context : mapping, optional
        What else is known. Each entry may be left out: ``night_id`` (pseudonym), ``channels`` (table of
        :func:`sleeplab.channels.channel_table`), ``header`` (of :func:`sleeplab.recording.read_header`),
        ``agreement`` (of :func:`sleeplab.agreement.compare_scorings`), ``expected`` (of
        :func:`sleeplab.agreement.expected_agreement`), ``age`` and ``sex`` (norms move with them),
        ``not_staged`` (a sentence: why), ``recall`` (a sentence: what the budget is expected to find),
        ``provenance`` (versions and parameters).
    lang : {"en", "fr"}
        Language of the page.

    Returns
    -------
    Report
        The page.

    Raises
    ------
    ValueError
        Another language, or:
        The hypnogram and the recording do not cover the same number of 30-s epochs.

    Examples
    --------
    Half a minute of a dead electrode: nothing is staged, nothing is found.

    >>> import mne, numpy as np, pandas as pd, yasa
    >>> info = mne.create_info(["C3-M2"], 100.0, "eeg")
    >>> recording = mne.io.RawArray(np.zeros((1, 3000)), info, verbose="error")
    >>> gate = pd.DataFrame({"epoch": [0], "ch_name": "C3-M2", "fit": False, "reason": "flat"})
    >>> gate = gate.assign(value=0.0, limit=0.5, unit="µV")
    >>> nothing = pd.DataFrame(columns=["onset_s", "duration_s", "level", "kind", "ch_names", "review_s"])
    >>> page = night_report(recording, gate, yasa.Hypnogram(["UNS"]), nothing, nothing)
    >>> "100 %</b>" in page.html, "could not be staged: flat" in page.html
    (True, True)
    """
    from sleeplab.report._figures import EPOCH_S, Inputs
    from sleeplab.report._language import speak
    from sleeplab.report._page import render

    n_epochs = int(recording.duration // EPOCH_S)
    if hypnogram.n_epochs != n_epochs:
        msg = (
            f"hypnogram covers {hypnogram.n_epochs} epochs ({hypnogram.n_epochs / 2:.1f} min) but the "
            f"recording lasts {recording.duration / 60:.1f} min. "
            "Crop the recording or pad the hypnogram with UNS."
        )
        raise ValueError(msg)
    inputs = Inputs(recording, gate, hypnogram, anomalies, worklist, speak(lang))
    return Report(render(inputs, dict(context or {})))
