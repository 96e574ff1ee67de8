"""Set sleeplab up and start it: ``python run.py demo | lab | test | wheels FOLDER``.

Standard library only. The file parses on every Python 3 since 3.6, so that an old one gets a sentence
instead of a SyntaxError: hence no newer syntax and no annotations here. What it prints is ASCII, because
the console of a French Windows knows little else.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
LONGEST_ROOT = 90  # characters; packages add up to 165, and Windows knows 260 for a path
STATE = "sleeplab-state.json"


class SetupError(Exception):
    """The environment could not be made; the message says why and what to do."""


def check_python(version):
    """Return what is wrong with this Python version, as a sentence; an empty string when nothing is."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return ""
    old, new = "{}.{}".format(*OLDEST), "{}.{}".format(*NEWEST)
    return (
        f"sleeplab needs Python {old} to {new}, this is Python {version[0]}.{version[1]}. "
        f"Install Python {new} and start this file with it: python{new} run.py demo "
        f"(on Windows: py -{new} run.py demo)"
    )


def environment_python(venv):
    """Return the path of the Python program inside the environment `venv`."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted_state():
    """Describe the environment that this checkout needs: when a value changes, it is installed anew."""
    digest = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return {"packages": digest, "python": list(sys.version_info[:3]), "root": str(ROOT)}


def read_state(venv):
    """Return the state file's content: ``complete`` is only true after an installation that ended well."""
    try:
        return json.loads((venv / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_state(venv, *, complete):
    """Write the state file in one step, so that it is never half there."""
    part = venv / (STATE + ".part")
    part.write_text(json.dumps(dict(wanted_state(), complete=complete)), encoding="utf-8")
    part.replace(venv / STATE)


def path_advice(system, root):
    """Return what to do on Windows where the project's folder lies so deep that packages do not fit."""
    if system != "nt" or len(root) <= LONGEST_ROOT:
        return ""
    return (
        f"The path of this folder has {len(root)} characters, too many for Windows: "
        "move it, for example to C:\\sleeplab, and start again.\n"
    )


def run_logged(command, log, what):
    """Run `command` with its output in the file `log`, showing the seconds; SetupError when it fails."""
    begin = time.time()
    live = sys.stdout.isatty()
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, cwd=str(ROOT))
        try:
            while process.poll() is None:
                if live:
                    print(f"\r  {what} ... {time.time() - begin:.0f} s ", end="", flush=True)
                time.sleep(0.3)
        except BaseException:
            process.kill()
            process.wait()
            raise
    print("{}  {}: {:.0f} s     ".format("\r" if live else "", what, time.time() - begin), flush=True)
    if process.returncode:
        tail = "\n    ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        message = (
            f"{what} failed (exit code {process.returncode}). The last lines it wrote:\n    {tail}\n"
            f"{path_advice(os.name, str(ROOT))}"
            "Without internet, install from a folder of packages that another computer made with "
            "'python run.py wheels FOLDER': python run.py demo --wheels FOLDER"
        )
        raise SetupError(message)


def remove_environment(venv):
    """Delete an environment that is incomplete or no longer fits."""
    try:
        shutil.rmtree(str(venv))
    except OSError as error:
        message = (
            f"the folder {venv.name} cannot be deleted ({error.strerror}). Close the programs that use it "
            "(JupyterLab, an editor), or delete it yourself, and start again."
        )
        raise SetupError(message) from error


def is_usable(venv, state):
    """Tell whether packages can be added to `venv`: not interrupted, not moved, and its Python starts."""
    if state and not state.get("complete"):
        return False
    if state and (state["root"], state["python"]) != (str(ROOT), list(sys.version_info[:3])):
        return False
    try:
        return subprocess.call([str(environment_python(venv)), "-c", "pass"]) == 0
    except OSError:
        return False


def install(venv, log, wheels):
    """Install the pinned packages, then sleeplab itself, then check that they can be imported."""
    python = str(environment_python(venv))
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    source = ["--no-index", "--find-links", str(Path(wheels).resolve())] if wheels else []
    packages = [*pip, *source, "--require-hashes", "-r", str(LOCK)]
    run_logged(packages, log, "installing the pinned packages (about 1.3 GB)")
    # The build backend is one of the pinned packages, so that this step needs no network.
    own = [*pip, "--no-deps", "--no-index", "--no-build-isolation", "-e", str(ROOT)]
    run_logged(own, log, "installing sleeplab")
    run_logged([python, "-c", "import sleeplab.cli, mne, yasa, jupyterlab"], log, "checking the installation")


def prepare_environment(venv, wheels=None):
    """Make or complete the environment; return the seconds that it took, 0 when it was ready."""
    state = read_state(venv)
    if state == dict(wanted_state(), complete=True) and environment_python(venv).exists():
        return 0.0
    begin = time.time()
    if venv.exists() and not is_usable(venv, state):
        print("The environment is incomplete or from elsewhere: it is made anew.", flush=True)
        remove_environment(venv)
    log = ROOT / f"{venv.name}-install.log"
    log.write_bytes(b"")
    if not venv.exists():
        venv.mkdir()
        write_state(venv, complete=False)
        run_logged([sys.executable, "-m", "venv", str(venv)], log, f"making the environment {venv.name}")
    write_state(venv, complete=False)
    install(venv, log, wheels)
    write_state(venv, complete=True)
    log.unlink()
    return time.time() - begin


def download_wheels(folder):
    """Download the pinned packages, for computers without internet with the same system and Python."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    return subprocess.call([*pip, "download", "--require-hashes", "-r", str(LOCK), "-d", folder])


def start(command, python, rest):
    """Start `command` in the environment and return its exit code."""
    module = ["pytest"] if command == "test" else ["sleeplab", command]
    begin = time.time()
    code = subprocess.call([str(python), "-m", *module, *rest], cwd=str(ROOT))
    if command == "demo" and code == 0:
        print(f"The job took {time.time() - begin:.0f} s.", flush=True)
    return code


def parse_arguments(argv):
    """Return the parsed arguments, and those meant for the command itself."""
    parser = argparse.ArgumentParser(prog="run.py", description="Set sleeplab up and start it.")
    parser.add_argument(
        "command",
        choices=["demo", "lab", "test", "wheels"],
        help="demo: a simulated night becomes a report; lab: JupyterLab on the lessons; test: the tests; "
        "wheels FOLDER: download the packages for computers without internet",
    )
    parser.add_argument("--wheels", metavar="FOLDER", help="install from this folder, without internet")
    return parser.parse_known_args(argv)


def main(argv=None):
    """Run the command line; return the exit code."""
    wrong = check_python(sys.version_info)
    if wrong:
        print("error: " + wrong, file=sys.stderr)
        return 1
    options, rest = parse_arguments(argv)
    try:
        if options.command == "wheels":
            if len(rest) != 1:
                print("error: name one folder: python run.py wheels FOLDER", file=sys.stderr)
                return 2
            return download_wheels(rest[0])
        seconds = prepare_environment(ROOT / ".venv", options.wheels)
        if seconds:
            print(f"The set-up took {seconds:.0f} s; the next call skips it.", flush=True)
        return start(options.command, environment_python(ROOT / ".venv"), rest)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on, and repairs what is incomplete.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
