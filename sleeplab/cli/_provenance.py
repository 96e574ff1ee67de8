"""``sleeplab verify``."""

from __future__ import annotations

import argparse

from sleeplab.cli._screen import print_table


def add_verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("verify", help="are the results in a folder still what was written?")
    parser.add_argument("folder", metavar="DIR", help="what `report`, `demo` or `deidentify` wrote")
    parser.add_argument("--recording", metavar="FILE", help="is this the recording that they are made from?")
    parser.add_argument("--scoring", metavar="FILE", help="is this the scoring?")
    parser.add_argument("--key", metavar="KEYFILE", help="the hospital's key, for inputs of `deidentify`")
    parser.set_defaults(run=run_verify)


def run_verify(options: argparse.Namespace) -> int:
    """Say what no longer matches; exit code 1 when something does not."""
    from sleeplab import datasets, privacy, provenance

    inputs = {}
    if options.recording:
        inputs["recording"] = datasets.locate(options.recording)
    if options.scoring:
        inputs["scoring"] = options.scoring
    key = privacy.read_key(options.key) if options.key else b""
    found = provenance.verify(options.folder, inputs=inputs, key=key)
    if len(found):
        print_table(found)
        print(f"Not as sleeplab wrote it: {len(found)}. Run it again, or ask who changed it.")
        return 1
    asked = f", and made from the {' and the '.join(inputs)} given" if inputs else ""
    print(f"All results are as they were written{asked}. No signature: who changes both is not seen.")
    return 0
