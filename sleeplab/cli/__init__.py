"""The command line: ``sleeplab report NIGHT.edf``, ``sleeplab demo``, ``sleeplab channels FILE`` and more."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.cli._cohort import add_cohort
from sleeplab.cli._exercises import add_exercises
from sleeplab.cli._privacy import add_privacy
from sleeplab.cli._provenance import add_verify
from sleeplab.cli._screen import console, download_progress, print_summary, print_table, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sleeplab.flow import Results


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="sleeplab",
        description="From a night of sleep EEG to a worklist of minutes. "
        "For teaching and research: not a medical device.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_report(commands.add_parser("report", help="a recording becomes a report and its tables"))
    _add_demo(commands.add_parser("demo", help="the same on a simulated night, made first as an EDF file"))
    _add_simulate(commands.add_parser("simulate", help="write a simulated night, and what is true of it"))
    channels = commands.add_parser("channels", help="which channel is what, and why")
    channels.add_argument("recording", help="the recording, for example NIGHT.edf")
    channels.set_defaults(run=run_channels)
    _add_fetch(commands.add_parser("fetch", help="download recordings of a public data set, verified"))
    datasets = commands.add_parser("datasets", help="the data sets and simulated nights that have a name")
    datasets.set_defaults(run=run_datasets)
    add_privacy(commands)
    add_cohort(commands)
    add_verify(commands)
    add_exercises(commands)
    commands.add_parser("doctor", help="is this computer ready?").set_defaults(run=run_doctor)
    lab = commands.add_parser("lab", help="open JupyterLab on the lessons; takes JupyterLab's own options")
    lab.set_defaults(run=run_lab)
    return parser


def _version() -> str:
    from sleeplab import __version__

    return f"sleeplab {__version__}"


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recording", help="the recording, for example NIGHT.edf or simulated:anna; it is never changed"
    )
    parser.add_argument(
        "--scoring", metavar="FILE", help="a human scoring of this night: the agreement is reported"
    )
    parser.add_argument("--age", type=float, help="age in years, for the norms")
    parser.add_argument("--sex", choices=["female", "male"], help="for the norms")
    parser.add_argument("--reference", metavar="FILE", help="other nights to compare with: a saved reference")
    parser.add_argument(
        "--eeg", metavar="LABEL", action="append", default=[], help="an EEG channel, when none is recognised"
    )
    _add_page(parser)
    parser.set_defaults(run=run_report)


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=["en", "fr"], default="en", help="language of the report")
    parser.add_argument(
        "--minutes", type=_budget, default=10.0, help="review budget in minutes (default: %(default)g)"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="the folder for the report (default: sleeplab-out/<night>)"
    )


def _budget(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        msg = f"the review budget must be a number of minutes, 0 or more, such as 7.5; got {text}"
        raise argparse.ArgumentTypeError(msg)
    return minutes


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=int, default=0, help="another number is another person (default: %(default)s)"
    )
    _add_page(parser)
    parser.set_defaults(run=run_demo)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="NIGHT.edf", help="the file to write; it must not exist yet")
    parser.add_argument(
        "--seed", type=int, default=0, help="another number is another person (default: %(default)s)"
    )
    parser.add_argument("--age", type=float, default=35, help="age in years (default: %(default)s)")
    parser.add_argument("--hours", type=float, default=8.0, help="length (default: %(default)s)")
    parser.add_argument(
        "--patient", default="healthy", help="healthy, insomnia, apnea … (default: %(default)s)"
    )
    parser.set_defaults(run=run_simulate)


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="NAME", help="the data set, as `sleeplab datasets` lists them")
    parser.add_argument(
        "--subjects", nargs="+", default=[], help="beginnings of file names, for example SC4001; or all"
    )
    parser.add_argument("--to", metavar="DIR", help="the folder to fill (default: the data folder)")
    parser.set_defaults(run=run_fetch)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 2 an input cannot be used, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):  # a Windows console may not know every character
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = build_parser()
    options, rest = parser.parse_known_args(argv)
    if options.command == "lab":
        options.jupyter = rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except (ValueError, OSError) as error:
        print(f"error: {_one_message(error, sys.argv[1:] if argv is None else argv)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is left", file=sys.stderr)
        return 130


def _one_message(error: Exception, typed: Sequence[str]) -> str:
    if not isinstance(error, OSError) or not error.filename:
        return str(error.args[-1]) if error.args else type(error).__name__
    there = Path(os.fsdecode(error.filename))  # as the system raises it; its name may be that of a person
    beside = [word for word in typed[1:] if there.is_relative_to(word) or there.parent == Path(word).parent]
    named = max(beside, key=len, default="a file of sleeplab's own")
    return (
        f"files and folders must be there and open to you, got {named} ({error.strerror}). "
        "Check it, or name another."
    )


def run_report(options: argparse.Namespace) -> int:
    """``sleeplab report``: the flow on one file."""
    page, results = _report(options, Path(options.recording))
    print_summary(results, page)
    return 0


def run_demo(options: argparse.Namespace) -> int:
    """``sleeplab demo``: a simulated night as EDF, then what ``report`` does, compared with the truth."""
    from sleeplab import provenance, review, simulate
    from sleeplab.flow import FILES, check_writable

    folder = Path(options.out or "sleeplab-out/demo")
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    night = folder / "night.edf"
    with console().status(f"simulating a night of 8 hours: {night}"):
        truth = simulate.write_demo_edf(night, seed=options.seed)
    options.out, options.eeg = str(folder), []
    options.scoring = options.age = options.sex = options.reference = None
    page, results = _report(options, night)
    truth.truth.to_csv(folder / "truth.csv", index=False)
    outputs = [folder / name for name in (*FILES, "truth.csv")]
    provenance.write_sidecar(folder / "provenance.json", results.context["provenance"], outputs)
    print_summary(results, page)
    events = truth.truth[~truth.truth["kind"].isin(simulate.ORDINARY)]
    print("\nWhat was put into this night, and what of it the report shows:")
    print_table(review.count_found(events, results.anomalies, results.worklist))
    return 0


def _report(options: argparse.Namespace, night: Path) -> tuple[Path, Results]:
    from sleeplab import flow, recording

    night = _located(str(night))
    recording.read_header(night)  # a file that cannot be read is refused before any folder is made
    folder = Path(options.out or Path("sleeplab-out") / recording.night_id(night))
    flow.check_writable(folder)
    with progress() as on_step:
        known = {name: getattr(options, name) for name in ("scoring", "age", "sex", "reference", "lang")}
        results = flow.process_night(
            night, minutes=options.minutes, eeg=options.eeg, on_step=on_step, **known
        )
    return flow.write_results(results, folder), results


def run_simulate(options: argparse.Namespace) -> int:
    """``sleeplab simulate``: the night as EDF, its stages and its events beside it."""
    from sleeplab import scoring, simulate

    path = Path(options.out)
    if path.exists():
        msg = f"the file to write must not exist yet, got {path}. Name another one, or delete it."
        raise ValueError(msg)
    truth = simulate.write_simulated_edf(
        path, options.seed, age=options.age, hours=options.hours, patient=options.patient
    )
    scoring.write_hypnogram(truth.hypnogram, path.with_suffix(".hypnogram.csv"))
    truth.truth.to_csv(path.with_suffix(".truth.csv"), index=False)
    print(f"{path}, with its stages and events beside it")
    return 0


def run_fetch(options: argparse.Namespace) -> int:
    """``sleeplab fetch``: files of a data set, downloaded, verified, continued where they broke off."""
    from sleeplab import datasets

    with download_progress() as on_progress:
        paths = datasets.fetch_dataset(
            options.dataset, subjects=options.subjects, to=options.to, on_progress=on_progress
        )
    print(*paths, sep="\n")
    return 0


def run_datasets(_: argparse.Namespace) -> int:
    """``sleeplab datasets``: the data sets, the simulated subjects, and where data are kept."""
    from sleeplab import datasets

    table = datasets.dataset_table()[["name", "title", "size_gb", "access", "licence"]]
    print_table(table.astype({"size_gb": object}).fillna("?"))
    print("\nSimulated subjects, without network: simulated:NAME in the place of a path")
    print_table(datasets.subject_table()[["name", "age", "hours", "shows"]])
    print(f"\nData folder: {datasets.data_folder()}")
    return 0


def _located(name: str) -> Path:
    from sleeplab import datasets

    with console().status(f"looking for {name}"):
        return datasets.locate(name)


def run_channels(options: argparse.Namespace) -> int:
    """``sleeplab channels``: what each channel is and why, and where the signal belies its label."""
    from sleeplab import recording

    night = _located(options.recording)
    header = recording.read_header(night)
    channels = header.channels.assign(label=recording.read_labels(night))  # on this screen only
    print_table(channels[["label", "name", "role", "kind", "sfreq", "unit", "reason"]])
    try:
        raw = recording.read_recording(night)
        notes = [*raw.info["temp"]["problems"], *recording.check_labels(raw)["evidence"]]
    except ValueError as error:  # the table is of use all the same
        notes = [*header.problems, str(error)]
    for note in notes:
        print(f"note: {note}")
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """``sleeplab doctor``: exit code 0 when all is well, 1 when something is missing."""
    from sleeplab.doctor import check_computer

    checks = check_computer()
    print_table(checks.assign(ok=checks["ok"].map({True: "yes", False: "NO"})))
    return 0 if checks["ok"].all() else 1


def run_lab(options: argparse.Namespace) -> int:
    """``sleeplab lab``: JupyterLab on the lessons, with its token, reachable from this computer only."""
    import subprocess

    folder = Path("exercises")
    if not folder.is_dir():
        msg = "the folder 'exercises' was searched here and not found. Start this from the project's folder."
        raise FileNotFoundError(msg)
    places = ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{folder}"]
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", *places, *options.jupyter]
    return subprocess.call(command)  # noqa: S603  # our own interpreter and arguments
