"""``sleeplab cohort`` and its kin: many nights, on this computer or on a cluster."""

from __future__ import annotations

import ast
import hashlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleeplab.cli._screen import console, print_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pandas as pd

    from sleeplab.cohort import Progress, Settings, Summary, Workers

_SOURCES = (
    "recordings, folders, patterns, lists (.txt, .csv), BIDS data sets, or any of them as a URL "
    "(abfs://, s3://, https://)"
)
_SHOWN = 10
_DOING = {"named": "naming", "computed": "computing"}


def add_cohort(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands for many nights."""
    _add_cohort(commands.add_parser("cohort", help="many nights become Parquet tables; resumed at will"))
    _add_index(commands.add_parser("index", help="what is there: a table from the headers alone"))
    reference = commands.add_parser(
        "cohort-reference", help="learn from a cohort what nights are usually like"
    )
    reference.add_argument("folder", metavar="DIR", help="the folder that `sleeplab cohort` filled")
    reference.add_argument("--out", metavar="FILE", required=True, help="the reference to write, as JSON")
    reference.add_argument("--description", default="", help="who these people are; findings quote it")
    reference.set_defaults(run=run_reference)
    _add_notebook(commands.add_parser("cohort-notebook", help="run a notebook once per night"))


def _add_cohort(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help=_SOURCES)
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder for the tables")
    parser.add_argument(
        "--eeg", metavar="LABEL", action="append", default=[], help="an EEG channel, when none is recognised"
    )
    parser.add_argument("--reference", metavar="FILE", help="other nights to compare with: a saved reference")
    parser.add_argument("--reports", action="store_true", help="also write a page for each night")
    parser.add_argument(
        "--names", metavar="FILE", help="also write which pseudonym is which file; keep it safe"
    )
    parser.add_argument(
        "--cache-gb",
        type=float,
        default=4.0,
        help="largest copy that a worker may keep (default: %(default)g)",
    )
    _add_workers(parser)
    parser.set_defaults(run=run_cohort)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", default="", help="a Dask scheduler that runs already"
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, default=0, help="workers here (default: one per core)"
    )
    parser.add_argument(
        "--memory", metavar="GB", type=float, default=3.0, help="memory per worker (default: %(default)g)"
    )


def _add_index(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help=_SOURCES)
    parser.add_argument(
        "--out", metavar="FILE", default="index.parquet", help="the table to write (default: %(default)s)"
    )
    parser.add_argument(
        "--names", metavar="FILE", help="also write which pseudonym is which file; keep it safe"
    )
    parser.set_defaults(run=run_index)


def _add_notebook(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", metavar="NOTEBOOK", help="a notebook with a parameter named recording")
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help=_SOURCES)
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder for the executed notebooks")
    parser.add_argument(
        "-p", dest="parameters", metavar=("NAME", "VALUE"), nargs=2, action="append", default=[],
        help="another parameter, the same for each night",
    )  # fmt: skip
    _add_workers(parser)
    parser.set_defaults(run=run_notebook)


def _workers(options: argparse.Namespace) -> Workers:
    from sleeplab.cohort import Workers

    if options.workers < 0 or options.memory <= 0:
        got = f"{options.workers} and {options.memory:g}"
        msg = f"--workers must be 0 or more and --memory above 0 GB, got {got}."
        raise ValueError(msg)
    return Workers(options.scheduler, options.workers, options.memory)


def _settings(options: argparse.Namespace) -> Settings:
    from sleeplab.anomalies.cohort import load_reference
    from sleeplab.cohort import Settings

    reference, digest = None, ""
    if options.reference:
        reference = load_reference(options.reference)
        digest = hashlib.sha256(Path(options.reference).read_bytes()).hexdigest()
    return Settings(
        eeg=tuple(options.eeg),
        reference=reference,
        reference_hash=digest,
        reports=options.reports,
        most_bytes=options.cache_gb * 1e9,
    )


def run_cohort(options: argparse.Namespace) -> int:
    """``sleeplab cohort``: the flow on many nights; exit code 1 when some failed."""
    from sleeplab import cohort

    settings = _settings(options)
    with _progress() as on_progress:
        done = cohort.run_cohort(
            options.sources,
            options.out,
            settings=settings,
            workers=_workers(options),
            on_progress=on_progress,
        )
    page = cohort.cohort_page(options.out, reference=settings.reference).save(
        Path(options.out, "cohort.html")
    )
    if options.names:
        cohort.write_names(done.items, done.night_ids, options.names)
    _print_summary(done, page)
    return 1 if len(done.failures) else 0


@contextmanager
def _progress() -> Iterator[Any]:
    """Show a bar; yields the function that is told how far the cohort is."""
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, "{task.description}", console=console()) as bar:
        task = bar.add_task("looking for recordings", total=None)
        told: set[str] = set()

        def on_progress(now: Progress) -> None:
            if now.dashboard and now.dashboard not in told:
                told.add(now.dashboard)
                bar.console.print(f"Dashboard: {now.dashboard}", soft_wrap=True)
            words = f"{_DOING.get(now.stage, now.stage)}, {now.n_failed} failed"
            bar.update(task, completed=now.done, total=now.total, description=words)

        yield on_progress


def _print_summary(done: Summary, page: Path) -> None:
    from rich.markup import escape

    from sleeplab.cohort._places import shown

    hours = done.seconds / 3600
    print(
        f"{done.n_recordings} recordings: {done.n_computed} nights computed, {done.n_finished} finished "
        f"before, {done.n_duplicates} further copies, {len(done.failures)} failed. "
        f"{done.seconds:.0f} s, {done.n_computed / hours:.0f} nights per hour."
    )
    if done.fetched_bytes:
        print(f"Fetched: {done.fetched_bytes / 1e6:.0f} MB.")
    for row in done.failures.head(_SHOWN).itertuples():
        place = shown(done.items[row.position - 1].place)  # on this screen only
        console().print(escape(f"  {place}: {row.reason} (step: {row.step})"), soft_wrap=True)
    if len(done.failures) > _SHOWN:
        print(f"  … and {len(done.failures) - _SHOWN} more in failures.parquet")
    print(f"Cohort: {page}")


def run_index(options: argparse.Namespace) -> int:
    """``sleeplab index``: a row per recording, and on the screen what kinds there are."""
    from sleeplab import cohort

    cohort.check_installed()
    with _progress() as on_progress:
        table = cohort.index_recordings(
            options.sources,
            on_done=lambda done, total: on_progress(cohort.Progress("named", done, total)),
        )
    path = cohort.write_index(table, options.out)
    if options.names:
        night_ids = dict(zip(table["position"], table["night_id"].fillna(""), strict=True))
        cohort.write_names(cohort.list_recordings(options.sources), night_ids, options.names)
    _print_index(table)
    print(f"{path}")
    return 0


def _print_index(table: pd.DataFrame) -> None:
    readable = table[table["reason"] == ""]
    if len(readable):
        kinds = readable.groupby(["montage", "format", "channels", "rates_hz"], sort=False)
        sums = kinds.agg(
            recordings=("position", "size"), hours=("duration_min", "sum"), gb=("size_mb", "sum")
        ).sort_values("recordings", ascending=False)
        print_table(sums.assign(hours=sums["hours"] / 60, gb=sums["gb"] / 1000).reset_index().head(_SHOWN))
    copies = int(table["duplicate_of"].notna().sum())
    bad = table[table["reason"] != ""]
    print(f"{len(table)} recordings, {copies} further copies, {len(bad)} that cannot be read.")
    for reason, rows in list(bad.groupby("reason", sort=False))[:_SHOWN]:
        print(f"  {len(rows)} (position {rows['position'].min()} …): {reason}")


def run_reference(options: argparse.Namespace) -> int:
    """``sleeplab cohort-reference``: fit, save."""
    from sleeplab import cohort

    cohort.fit_reference(options.folder, description=options.description).save(options.out)
    print(options.out)
    return 0


def run_notebook(options: argparse.Namespace) -> int:
    """``sleeplab cohort-notebook``: one executed notebook per night; exit code 1 when some failed."""
    from sleeplab import cohort

    failed = cohort.run_notebooks(
        options.notebook,
        options.sources,
        options.out,
        parameters={name: _value(value) for name, value in options.parameters},
        workers=_workers(options),
    )
    for run in failed:
        print(f"position {run.position}: {run.reason}", file=sys.stderr)
    print(options.out)
    return 1 if failed else 0


def _value(text: str) -> Any:
    """Read a parameter as Python would: a number, True, None, a list; anything else is a text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
