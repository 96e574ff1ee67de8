"""``sleeplab deidentify`` and ``sleeplab check-identity``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sleeplab.cli._screen import print_table

if TYPE_CHECKING:
    import pandas as pd

_LIMITS = (
    "Nothing found is no proof: only names that are given are looked for, no picture is read, and the EEG "
    "itself can identify a person who is recorded again."
)
_WINDOWS = (
    "On this system sleeplab cannot check who may read the key. Keep it in a folder that only you can open; "
    'on Windows: icacls KEYFILE /inheritance:r /grant:r "%USERNAME%:F"'
)
_SMALLEST_GROUP = 5  # a group that is smaller is told


def add_privacy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the command line."""
    _add_deidentify(commands.add_parser("deidentify", help="copy a recording without the person"))
    _add_check(commands.add_parser("check-identity", help="search files for what could tell who it is"))


def _add_deidentify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="EDF, EDF+ or BDF; it is never changed")
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to write into")
    parser.add_argument("--key", metavar="KEYFILE", required=True, help="the hospital's key; it never leaves")
    parser.add_argument("--new-key", action="store_true", help="make the key file first")
    parser.add_argument(
        "--scoring", metavar="FILE", help="the human scoring of this night, rewritten as EDF+"
    )
    parser.add_argument(
        "--patient", metavar="FILE", help="a text file with what tells this person from all others"
    )
    parser.add_argument(
        "--keep",
        metavar="WHAT",
        action="append",
        default=[],
        help="'sex', 'age', or a text that a human has read and allows; may be repeated",
    )
    parser.set_defaults(run=run_deidentify)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="recordings, reports, notebooks, tables, archives"
    )
    parser.add_argument(
        "--cohort", metavar="TABLE", help="CSV or Parquet, a row per person: who stands out by age, sex …"
    )
    parser.add_argument("--names", metavar="FILE", help="a UTF-8 text file with one name or number per line")
    parser.set_defaults(run=run_check)


def run_deidentify(options: argparse.Namespace) -> int:
    """Write the recording, and its scoring, without the person; say what a human should look at."""
    from sleeplab import privacy

    patient = " ".join(_lines(options.patient)) if options.patient else ""
    if options.new_key:
        privacy.new_key(options.key)
    if not privacy.CHECKS_RIGHTS:
        print(_WINDOWS)
    done = privacy.deidentify(
        options.source, options.out, key=options.key, patient=patient, keep=options.keep
    )
    outputs = [done]
    try:
        if options.scoring:
            outputs.append(
                privacy.deidentify_scoring(
                    options.scoring, options.out, recording=options.source, key=options.key, patient=patient
                )
            )
    except BaseException:
        done.path.unlink()  # both or none: the same command can be given again
        raise
    for output in outputs:
        _tell(output.path, output.removed)
    sources = {"key": options.key, "scoring": options.scoring, "keep": options.keep}
    print(privacy.record_deidentified(outputs, options.source, **sources))
    print(f"The person is told from others by: {done.identity_from}.")
    if done.identity_from == "this file":
        print("Another night of this person will not be known as theirs. Give --patient to change that.")
    return 0


def _tell(path: Path, removed: pd.DataFrame) -> None:
    print(path)
    if len(removed):
        print("Replaced or left out; read the words at their place in the source, and --keep what may stay:")
        print_table(removed)


def run_check(options: argparse.Namespace) -> int:
    """Print what was found, by file number and field; exit code 1 when something was."""
    from sleeplab.privacy import check_identity

    if not (options.files or options.cohort):
        msg = "something to search must be named: FILE …, or --cohort TABLE, or both."
        raise ValueError(msg)
    standing_out = _check_cohort(options.cohort) if options.cohort else 0
    if not options.files:
        return standing_out
    found = check_identity(options.files, names=_lines(options.names) if options.names else [])
    if len(found):
        counted = found.groupby(["file", "kind", "encoding", "field"], sort=False)["position"]
        print_table(counted.agg(first_position="min", count="size").reset_index())
    print(f"{len(found)} findings in {len(options.files)} files.\n{_LIMITS}")
    return 1 if len(found) or standing_out else 0


def _check_cohort(table: str) -> int:
    """Say how many stand out by what could be known from elsewhere, and without which column fewer do."""
    from sleeplab.privacy import KNOWN_ELSEWHERE, cohort_risk, read_cohort

    cohort = read_cohort(table)
    risk = cohort_risk(cohort, k=_SMALLEST_GROUP)
    print_table(risk)
    rare, missing = int(risk["rare"].iloc[0]), [n for n in KNOWN_ELSEWHERE if n not in cohort.columns]
    print(
        f"{rare} of {len(cohort)} rows share {risk['columns'].iloc[0]} with fewer than {_SMALLEST_GROUP - 1} "
        f"others. Not in the table: {', '.join(missing)}. A row is taken for a person; nights of one person "
        "make a group look larger. Who knows something else of a person (a rare disease, the hour of a "
        "recording) can tell more, and the EEG itself can identify a person who is recorded again.\n"
        "Less stands out with ages in groups of ten, months in place of days, and a column left out."
    )
    return 1 if rare else 0


def _lines(path: str) -> list[str]:
    from sleeplab.scoring._read import decode

    if not Path(path).is_file():
        msg = f"There is no text file at {path}. Check the spelling and the folder."
        raise FileNotFoundError(msg)
    return [line.strip() for line in decode(Path(path).read_bytes()).splitlines() if line.strip()]
