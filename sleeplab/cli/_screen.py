"""What the command line shows: a progress bar, tables, the summary of a night."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd
    from rich.console import Console

    from sleeplab.flow import Results

DOING = {
    "read": "reading the recording",
    "gate": "checking the signals",
    "stage": "staging",
    "features": "measuring each epoch",
    "anomalies": "looking for anomalies",
    "review": "planning the review",
    "report": "drawing the report",
}


def console() -> Console:
    """Return the terminal, plain where the output goes to a file."""
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show a bar while the flow runs; yields the function that it calls at each step."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from sleeplab.flow import STEPS

    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console()) as bar:
        task = bar.add_task("", total=len(STEPS))

        def on_step(name: str) -> None:
            bar.update(task, description=DOING[name], completed=STEPS.index(name))

        yield on_step
        bar.update(task, description="done", completed=len(STEPS))


@contextmanager
def download_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar per file; yields the function that is told the file, the bytes here and the bytes in all."""
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console()) as bars:
        tasks: dict[str, TaskID] = {}

        def on_progress(file: str, here: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(escape(file.rpartition("/")[2]))
            bars.update(tasks[file], completed=here, total=total or None)

        yield on_progress


def print_summary(results: Results, page: Path) -> None:
    """Print one screen: what was recorded, how it was staged, what to look at, and where the report is."""
    from rich.markup import escape

    screen = console()
    raw, context = results.recording, results.context
    channels = escape(", ".join(raw.ch_names))
    screen.print(f"\n[bold]Night {context['night_id']}[/bold]  {raw.duration / 60:.0f} min, {channels}")
    screen.print(escape(_staging_line(results)))
    if "agreement" in context:
        found = context["agreement"]
        kappa = (
            f"kappa {found.kappa:.2f} (two people: 0.76)" if found.kappa == found.kappa else "one stage only"
        )
        screen.print(f"Agreement with the scoring: {found.accuracy:.0%} of {found.n_epochs} epochs, {kappa}")
    levels = results.anomalies["level"].value_counts()
    screen.print("Findings: " + (", ".join(f"{n} {level}" for level, n in levels.items()) or "none"))
    _print_worklist(results.worklist, screen)
    screen.print(f"[bold]Report:[/bold] {escape(str(page))}", soft_wrap=True)


def _staging_line(results: Results) -> str:
    if "not_staged" in results.context:
        return f"Not staged: {results.context['not_staged']}"
    statistics = results.hypnogram.sleep_statistics()
    unfit = (results.hypnogram.hypno == "UNS").mean()
    return (
        f"Sleep {statistics['TST']:.0f} min, efficiency {statistics['SE']:.0f} %, "
        f"{unfit:.0%} of the night could not be staged"
    )


def _print_worklist(worklist: pd.DataFrame, screen: Console, *, most: int = 5) -> None:
    from rich.markup import escape
    from rich.table import Table

    if worklist.empty:
        screen.print("Nothing to look at within the budget.")
        return
    minutes = worklist["cumulative_min"].iloc[-1]
    table = Table(
        title=f"Worklist: about {minutes:.1f} min, {len(worklist)} to look at", title_justify="left", box=None
    )
    for heading in ("", "at", "what", "evidence"):
        table.add_column(heading, overflow="fold")
    for row in worklist.head(most).itertuples():
        table.add_row(str(row.rank), clock(row.onset_s), escape(str(row.kind)), escape(str(row.evidence)))
    screen.print(table)
    if len(worklist) > most:
        screen.print(f"… and {len(worklist) - most} more in the report.")


def clock(seconds: float) -> str:
    """Return seconds from the start as ``h:mm:ss``.

    Examples
    --------
    >>> clock(3725)
    '1:02:05'
    """
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def print_table(frame: pd.DataFrame) -> None:
    """Print a table, as wide as the terminal is."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None)
    for column in frame.columns:
        table.add_column(str(column), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(f"{value:g}" if isinstance(value, float) else str(value)) for value in row))
    console().print(table)
