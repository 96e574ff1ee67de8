"""The page: what the template is filled with."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sleeplab.agreement import HUMAN_KAPPA
from sleeplab.anomalies import span
from sleeplab.report import _tables
from sleeplab.report._excerpts import draw_item
from sleeplab.report._overview import NARROW, WIDE, best_eeg, draw_overview, fit_spectrogram
from sleeplab.report._words import LEVELS, group_provenance, say_clock

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from sleeplab.report._figures import Inputs, Picture
    from sleeplab.report._language import Language

SLEEP = ("N1", "N2", "N3", "REM")
MOST_PICTURE_BYTES = 3_600_000  # the page stays below 5 MB


def render(inputs: Inputs, context: dict[str, Any]) -> str:
    """Fill the template; everything is escaped but our own style and script."""
    from importlib.resources import files

    from markupsafe import Markup

    here = files("sleeplab.report")
    style, script = ((here / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    template = _environment(inputs.language).from_string((here / "report.html").read_text(encoding="utf-8"))
    return template.render(
        lang=inputs.language.name,
        style=Markup(style),  # noqa: S704  our own file
        script=Markup(script),  # noqa: S704  our own file
        style_hash=_hash(style),
        script_hash=_hash(script),
        **_night(inputs, context),
        **_quality(inputs, context),
        **_findings(inputs),
    )


def _environment(language: Language) -> Environment:
    """Escape everything, refuse unknown names, and speak `language`."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    texts = language.texts
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension brings it
        lambda text: texts.get(text, text),
        lambda one, many, n: texts.get(one, one) if n == 1 else texts.get(many, many),
        newstyle=True,
    )
    environment.filters["say"] = language.say
    return environment


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode("ascii")


def _night(inputs: Inputs, context: dict[str, Any]) -> dict[str, Any]:
    """Say who, when, how long, and how the staging compares."""
    recording = inputs.recording
    start = recording.info["meas_date"]
    header = context.get("header")
    facts = [
        ("Start", say_clock(0, start)[:5] if start else "not recorded"),
        ("Duration", span(recording.duration)),
        ("Channels read", str(len(recording.ch_names))),
    ]
    if header is not None:
        facts.append(("Format", header.format))
    agreement = context.get("agreement")
    minutes = _tables.stage_minutes(inputs)
    return {
        "night_id": context.get("night_id", "without a name"),
        "facts": facts,
        "problems": list(header.problems) if header is not None else [],
        "not_staged": context.get("not_staged", ""),
        "recall": context.get("recall", ""),
        "architecture": _tables.architecture_rows(inputs, context.get("age"), context.get("sex")),
        "expected": context.get("expected"),
        "age": context.get("age"),
        "stage_minutes": minutes,
        "asleep": span(60 * sum(minutes.get(stage, 0.0) for stage in SLEEP)),
        "agreement": agreement,
        "agreement_rows": _tables.agreement_rows(agreement) if agreement is not None else [],
        "human_kappa": HUMAN_KAPPA,
        "provenance": group_provenance(context.get("provenance", {})),
    }


def _quality(inputs: Inputs, context: dict[str, Any]) -> dict[str, Any]:
    """Say what could not be judged and which channels there were; draw the night."""
    eeg = best_eeg(inputs)
    power_db = fit_spectrogram(inputs, eeg) if eeg else None
    share, reasons = _tables.unjudged(inputs)
    channels = context.get("channels")
    columns, rows = (
        _tables.channel_rows(channels, inputs.recording.ch_names) if channels is not None else ([], [])
    )
    return {
        "eeg": eeg,
        "ch_names": ", ".join(inputs.recording.ch_names),
        "wide": draw_overview(inputs, power_db, eeg, layout=WIDE),
        "narrow": draw_overview(inputs, power_db, eeg, layout=NARROW),
        "unjudged_share": share,
        "unjudged_reasons": reasons,
        "gate_rows": _tables.gate_rows(inputs.gate, inputs.recording.info["meas_date"]),
        "channel_columns": columns,
        "channel_rows": rows,
    }


def _findings(inputs: Inputs) -> dict[str, Any]:
    """List the items with their pictures, and the findings that no item shows."""
    start: datetime | None = inputs.recording.info["meas_date"]
    items = _tables.finding_rows(inputs.worklist, start)
    pictures = _draw_items(inputs)
    last_s = inputs.recording.duration
    for item, row, picture in zip(items, inputs.worklist.itertuples(), pictures, strict=True):
        width = min(max(row.duration_s, last_s / 300), last_s)
        item.update(rank=int(row.rank), kind_key=row.kind, review_s=float(row.review_s), picture=picture)
        item.update(left=row.onset_s / last_s, width=min(width / last_s, 1 - row.onset_s / last_s))
    others = _tables.finding_rows(_tables.not_in_worklist(inputs.anomalies, inputs.worklist), start)
    counts = inputs.anomalies["level"].value_counts()
    return {
        "items": items,
        "others": others,
        "review_min": float(inputs.worklist["review_s"].sum()) / 60,
        "levels": [(level, words, int(counts[level])) for level, words in LEVELS.items() if level in counts],
    }


def _draw_items(inputs: Inputs) -> list[Picture | None]:
    """Draw each item in its rank; none any more once the page would grow past its limit."""
    pictures: list[Picture | None] = []
    used = 0
    for item in inputs.worklist.itertuples():
        picture = draw_item(inputs, item) if used < MOST_PICTURE_BYTES else None
        used += len(picture.source) if picture else 0
        pictures.append(picture)
    return pictures
