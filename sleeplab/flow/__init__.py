"""The one flow: a recording in, the tables and the report of a night out.

This is the only place where the steps are put in order. The command line, the lessons and a cohort call it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sleeplab.flow._write import FILES, check_writable, findings_as_events, without_formulas, write_results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import mne
    import pandas as pd
    import yasa

    from sleeplab.anomalies import Known
    from sleeplab.anomalies.cohort import CohortReference
    from sleeplab.report import Report
    from sleeplab.scoring import Scoring

STEPS = ("read", "gate", "stage", "features", "anomalies", "review", "report")

__all__ = [
    "FILES",
    "STEPS",
    "Results",
    "check_writable",
    "findings_as_events",
    "process_night",
    "without_formulas",
    "write_results",
]


class Results(NamedTuple):
    """What the flow makes of one night, in the order in which it is made; the report may be None."""

    recording: mne.io.BaseRaw
    gate: pd.DataFrame
    hypnogram: yasa.Hypnogram
    features: pd.DataFrame
    anomalies: pd.DataFrame
    worklist: pd.DataFrame
    report: Report | None
    context: dict[str, Any]


def _no_step(name: str) -> None:
    """Show no progress."""


def process_night(  # noqa: PLR0913  # the one front door
    path: str | Path,
    *,
    scoring: str | Path | None = None,
    age: float | None = None,
    sex: str | None = None,
    reference: str | Path | CohortReference | None = None,
    minutes: float = 10.0,
    eeg: Sequence[str] = (),
    lang: str | None = "en",
    on_step: Callable[[str], None] = _no_step,
) -> Results:
    """Run the whole flow on one recording; nothing is written.

    Parameters
    ----------
    path
        The recording: EDF, EDF+, BDF, or what `read_recording` reads; or a name, see `locate`.
    scoring
        A human scoring of the same night: the report states the agreement, its events are taken over.
    age, sex
        Age in years (1 to 120), "female" or "male": the norms are those of such people, and staging is told
        when both are known.
    reference
        Other nights to compare with: a `CohortReference`, or the file that its ``save`` wrote.
    minutes
        The review budget in minutes of human time.
    eeg
        Labels of the EEG channels, where they are not recognised by themselves.
    lang
        Language of the report: "en" or "fr"; None for no report, which takes a quarter of the time.
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

    if lang is not None:
        report.check_language(lang)
    on_step("read")
    raw, context = _read(path, eeg=eeg)
    scored = None if scoring is None else _scored(scoring, raw, context)
    known = _known(age=age, sex=sex, scored=scored, reference=reference)
    context |= {"age": age, "sex": sex}
    if lang is not None:  # what is not written needs no hashes of its inputs
        sources = {"recording": path, "scoring": scoring, "reference": _path_of(reference)}
        parameters = {"minutes": minutes, "age": age, "sex": sex, "eeg": _names_of_eeg(raw) if eeg else []}
        context["provenance"] = _provenance(context["night_id"], sources, parameters)
    on_step("gate")
    gate = quality.check_quality(raw)
    on_step("stage")
    hypnogram = _stage(raw, gate, context, known)
    on_step("features")
    table = features.epoch_features(raw, hypnogram, gate)
    on_step("anomalies")
    ledger = anomalies.find_anomalies(raw, gate, hypnogram, table, known=known)
    on_step("review")
    worklist = review.plan_review(ledger, minutes=minutes)
    if "not_staged" not in context:
        context["recall"] = review.say_recall(minutes, hours=raw.duration / 3600)
    page = None
    if lang is not None:
        on_step("report")
        page = report.night_report(raw, gate, hypnogram, ledger, worklist, context=context, lang=lang)
    return Results(raw, gate, hypnogram, table, ledger, worklist, page, context)


def _read(path: str | Path, *, eeg: Sequence[str]) -> tuple[mne.io.BaseRaw, dict[str, Any]]:
    """Read the recording, and what the report says beside the tables."""
    from sleeplab import recording

    raw = recording.read_recording(path, eeg=eeg)
    if raw.duration < 30:
        msg = f"a recording must last at least one epoch (30 s), this one lasts {raw.duration:.1f} s."
        raise ValueError(msg)
    header = replace(recording.read_header(path), problems=raw.info["temp"]["problems"])
    return raw, {"night_id": recording.night_id(path), "header": header, "channels": header.channels}


def _provenance(
    night_id: str, sources: dict[str, str | Path | None], parameters: dict[str, Any]
) -> dict[str, Any]:
    from sleeplab import provenance
    from sleeplab.datasets import locate

    inputs = {name: source and locate(source) for name, source in sources.items()}
    return {"night_id": night_id} | provenance.describe_run(inputs, parameters=parameters)


def _names_of_eeg(raw: mne.io.BaseRaw) -> list[str]:
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    return [name for name, kind in kinds if kind == "eeg"]


def _path_of(reference: str | Path | CohortReference | None) -> str | Path | None:
    return reference if isinstance(reference, str | Path) else None


def _scored(path: str | Path, raw: mne.io.BaseRaw, context: dict[str, Any]) -> Scoring:
    """Read the human scoring and align it; what the report must say of it goes to the problems."""
    from sleeplab import scoring

    read = scoring.read_scoring(path)
    if read.hypnogram is None and read.events.empty:
        msg = "a scoring must hold stages or events, and this file has none. Give the file that holds them."
        raise ValueError(msg)
    scored = scoring.align_scoring(read, raw)
    problems = context["header"].problems
    if read.start is not None and scored.start is None:
        problems += ("The recording has no clock: its scoring is taken to start with it.",)
    if n_unknown := int(read.unknown["count"].sum()):
        problems += (f"Entries of the scoring in words that sleeplab does not know: {n_unknown}.",)
    context["header"] = replace(context["header"], problems=problems)
    return _without_free_text(scored)


def _known(
    *,
    age: float | None,
    sex: str | None,
    scored: Scoring | None,
    reference: str | Path | CohortReference | None,
) -> Known:
    """Check and read what is known beside the recording."""
    from sleeplab.anomalies import Known

    if age is not None and not 1 <= age <= 120:
        msg = f"age must be from 1 to 120 years, got {age:g}. Give the age at the time of the recording."
        raise ValueError(msg)
    if sex not in (None, "female", "male"):
        msg = f"sex must be female or male, got {sex!r}. Leave it out when it is not known."
        raise ValueError(msg)
    if isinstance(reference, str | Path):
        from sleeplab.anomalies.cohort import load_reference

        reference = load_reference(reference)
    return Known(age=age, sex=sex, scoring=scored, reference=reference)


def _without_free_text(scored: Scoring) -> Scoring:
    """Keep of the words of a scoring what is known: a comment and a scorer can be a name."""
    from sleeplab.channels import parse_label

    events = scored.events
    clean = events.assign(
        kind=events["kind"].mask(events["kind"].isin(scored.unknown["kind"]), "unnamed"),
        channel=[parse_label(label).name if label else "" for label in events["channel"]],
        scorer="",
    )
    return scored._replace(events=clean, unknown=scored.unknown.iloc[:0])


def _stage(raw: mne.io.BaseRaw, gate: pd.DataFrame, context: dict[str, Any], known: Known) -> yasa.Hypnogram:
    """Stage the night, or say in `context` why not; compare with the human scoring where there is one."""
    from sleeplab import agreement, staging

    try:
        hypnogram = staging.stage(raw, gate, age=known.age, sex=known.sex)
    except staging.NotStageableError as error:
        context["not_staged"] = str(error)
        return staging.unstaged(raw)
    context["expected"] = agreement.expected_agreement(hypnogram)
    if known.scoring is not None and known.scoring.hypnogram is not None:
        context["agreement"] = agreement.compare_scorings(hypnogram, known.scoring.hypnogram)
    return hypnogram
