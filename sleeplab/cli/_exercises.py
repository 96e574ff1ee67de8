"""``sleeplab exercises status | reset | submit | pack | grade``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sleeplab.cli._screen import print_table

if TYPE_CHECKING:
    from sleeplab.exercises._handin import HandIn

_UNTRUSTED = (
    "Marking runs the trainees' code as your user: it has limits of time and memory, {network}, but it can "
    "read and write what you can. Use an account that holds nothing else (SECURITY.md)."
)


def add_exercises(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and what it can do."""
    parser = commands.add_parser("exercises", help="progress, hand-in and marking of the exercises")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    status = actions.add_parser("status", help="what is done, per exercise")
    status.set_defaults(run=run_status)
    reset = actions.add_parser("reset", help="a fresh copy of a lesson beside the old one")
    reset.add_argument("lesson", help="for example 06")
    reset.set_defaults(run=run_reset)
    submit = actions.add_parser("submit", help="make the zip for the instructor: no name in it")
    submit.add_argument("lesson", help="for example 06")
    submit.add_argument("--notebook", metavar="FILE", help="the copy (default: the one saved last)")
    submit.set_defaults(run=run_submit)
    pack = actions.add_parser("pack", help="make the archive for the learners, no answer in sight")
    pack.add_argument("out", metavar="DIR", help="the folder to write into")
    pack.set_defaults(run=run_pack)
    _add_grade(actions.add_parser("grade", help="mark the hand-ins of a class"))


def _add_grade(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the folder with the hand-ins (.zip or .ipynb)")
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to write into")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=180, help="limit of one run (default: %(default)g)")
    parser.add_argument("--memory-gb", type=float, default=4, help="limit of one run (default: %(default)g)")
    parser.set_defaults(run=run_grade)


def run_status(_: argparse.Namespace) -> int:
    """Print what is done, per exercise."""
    from sleeplab.exercises import _progress

    done = _progress.summary(_progress.read_events(_progress.progress_file()))
    if done.empty:
        print("Nothing is done yet. Start with: python run.py lab")
        return 0
    done["mistakes"] = [", ".join(dict.fromkeys(names)) for names in done["mistakes"]]
    print_table(
        done.assign(
            solution=done["solution"].map({True: "shown", False: ""}), minutes=done["minutes"].round(1)
        )
    )
    return 0


def run_reset(options: argparse.Namespace) -> int:
    """Make a fresh copy; the old one stays."""
    from sleeplab.exercises import _copies

    print(f"{_copies.reset(options.lesson)}: a fresh copy; the old one stays as it is")
    return 0


def run_submit(options: argparse.Namespace) -> int:
    """Make the zip for the instructor."""
    from sleeplab.exercises import _copies

    notebook = options.notebook or _copies.latest_copy(options.lesson)
    made = _copies.submit(options.lesson, notebook=notebook)
    print(f"{made}: give this file to your instructor. In it is {notebook}")
    return 0


def run_pack(options: argparse.Namespace) -> int:
    """Make the archive for the learners."""
    from sleeplab.exercises import _copies

    print(_copies.pack(options.out))
    return 0


def run_grade(options: argparse.Namespace) -> int:
    """Mark the hand-ins of a class."""
    from pathlib import Path

    from sleeplab.exercises import _grade, _sandbox

    network = "no network" if _sandbox.isolation() else "BUT THE NETWORK: this system cannot take it away"
    print(_UNTRUSTED.format(network=network))
    print("First each lesson is run as it is, to make its nights: up to two minutes per lesson.", flush=True)

    def on_done(handin: HandIn, note: str) -> None:
        print(f"{handin.trainee}  {handin.lesson or '--'}  {note or 'marked'}  ({handin.file})", flush=True)

    limits = _sandbox.Limits(options.seconds, options.memory_gb)
    _grade.grade(options.folder, options.out, limits=limits, jobs=options.jobs, on_done=on_done)
    print(f"{Path(options.out, 'class.html')}, grades.csv, feedback/")
    return 0
