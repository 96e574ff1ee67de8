"""Build the lessons, one way: ``notebooks/src/NN_slug.py`` → executed ``notebooks/NN_slug.ipynb``.

    python notebooks/build.py              build every lesson
    python notebooks/build.py 01           build the lessons whose name starts with 01
    python notebooks/build.py --check      write nothing; say where a notebook is not what its source gives

Only the source is edited (jupytext, py:percent). A cell may carry, after its ``# %%``:

- ``tags=["parameters"]``: the one cell that papermill may replace;
- ``tags=["nbval-check-output"]``: its printed numbers are regression-tested;
- ``lang="fr" of="a1b2c3"``: the French twin of the text cell above it, and the hash of the English that it
  translates; ``notebooks/fr/NN_slug.ipynb`` is the lesson with its twins and the outputs of the same run;
- ``exercise="01-2"``: the prompt of an exercise, and the code cell below that solves it.

``notebooks/README.md`` says what each is for. Two builds are byte-identical: cell ids come from the lesson's
name and the cell's place, metadata is reduced to the tags, and the kernel runs with a configuration of its
own in an empty folder. Two lessons are executed at a time.
"""

import argparse
import asyncio
import base64
import hashlib
import io
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import nbformat
import numpy as np
from anatomy import lint, lint_source
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

try:
    import learner  # the learners' copies and the solutions
except ModuleNotFoundError:
    learner = None

HERE = Path(__file__).parent
CELL_TIMEOUT_S = 120
BESIDE = {"fr", "exercises", "solutions"}  # folders of what a lesson gives besides itself
AT_A_TIME = 2  # lessons; each has a kernel of its own
COLOUR = re.compile(r"\x1b\[[\d;]*m")  # of a terminal, in a traceback
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Below this level a kernel warns of unencrypted TCP on one's own machine; a PNG would name its matplotlib.
KERNEL_CONFIG = """
c.IPKernelApp.log_level = 40
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Software": None}}
"""
# Another processor or zlib writes other bytes for the same figure: pixels are compared, a few may differ.
VISIBLE = 16  # grey levels of 255
SAME_SHARE = 5e-4  # of the pixels


def read(source):
    """Read a lesson's source; its cells keep ``lang``, ``of`` and ``exercise`` in their metadata."""
    return jupytext.read(source, fmt="py:percent")


def build(source):
    """Execute one lesson, in English.

    Parameters
    ----------
    source : pathlib.Path
        The lesson's ``.py`` file.

    Returns
    -------
    nbformat.NotebookNode
        Executed and normalised.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell of the lesson fails.
    """
    notebook = read(source)
    notebook.cells = [cell for cell in notebook.cells if "lang" not in cell.metadata]
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        # not client.execute: in a thread it leaves its event loop open
        asyncio.run(client.async_execute(env=kernel_environment(Path(folder))))
    return normalise(notebook, source.stem)


def kernel_environment(folder):
    """Environment of a kernel that runs in ``folder`` and knows no setting of the person who builds."""
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL_CONFIG)
    (folder / "matplotlibrc").touch()  # matplotlib looks in the working folder first
    return {**os.environ, "IPYTHONDIR": str(profile.parent), "PYTHONHASHSEED": "0"}


def normalise(notebook, stem):
    """Return the notebook without what changes from one run to the next."""
    cells = []
    for index, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags")
        kept = {
            "cell_type": cell.cell_type,
            "id": hashlib.sha256(f"{stem}/{index}".encode()).hexdigest()[:8],
            "metadata": {"tags": tags} if tags else {},
            "source": cell.source,
        }
        if cell.cell_type == "code":
            kept["execution_count"] = cell.execution_count
            kept["outputs"] = [{**o, "metadata": {}} if "metadata" in o else dict(o) for o in cell.outputs]
        cells.append(kept)
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def translate(built, source):
    """Put the French twins in the place of their English cells.

    Parameters
    ----------
    built : nbformat.NotebookNode
        The executed lesson in English; its outputs are used as they are.
    source : pathlib.Path
        The lesson's ``.py`` file, with the twins.

    Returns
    -------
    nbformat.NotebookNode or None
        None where the lesson has no twin. A cell without one stays English.
    """
    twins, n_english = {}, 0
    for cell in read(source).cells:
        if "lang" in cell.metadata:
            twins[n_english - 1] = cell.source
        else:
            n_english += 1
    if not twins:
        return None
    cells = [{**cell, "source": twins.get(n, cell.source)} for n, cell in enumerate(built.cells)]
    return nbformat.from_dict({**built, "cells": cells})


def products(source, built):
    """Return what a lesson gives, ``{path: notebook}``: the lesson, its French, the learners' copies."""
    folder = source.parents[1]
    given = {folder / f"{source.stem}.ipynb": built}
    if french := translate(built, source):
        given[folder / "fr" / f"{source.stem}.ipynb"] = french
    return given | (learner.products(source, built) if learner else {})


def as_text(notebook):
    """Return the bytes-to-be of the file: keys sorted, one newline at the end."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def first_difference(committed, built):
    """Say which cell of the committed notebook is not what the source gives, and in what; "" when none is."""
    n_committed, n_built = len(committed.cells), len(built.cells)
    for n, (old, new) in enumerate(zip(committed.cells, built.cells, strict=False), 1):
        if part := _differing_part(old, new):
            opening = (new.source.splitlines() or [""])[0]
            return (
                f"cell {n} of {n_built} ({new.cell_type}, {opening!r}) is not what the source gives: {part}"
            )
    if n_committed != n_built:
        return f"it has {n_committed} cells, its source gives {n_built}"
    return ""


def _differing_part(old, new):
    for key in ("cell_type", "source", "metadata", "id", "execution_count"):
        if old.get(key) != new.get(key):
            return f"its {key.replace('_', ' ')} differs"
    pairs = list(zip(old.get("outputs", []), new.get("outputs", []), strict=False))
    if len(old.get("outputs", [])) != len(new.get("outputs", [])):
        return "it has another number of outputs"
    if any(_without_picture(a) != _without_picture(b) for a, b in pairs):
        return "its printed output differs"
    if not all(_same_picture(a, b) for a, b in pairs):
        return "its figure differs"
    return ""


def _without_picture(output):
    data = output.get("data", {})
    return {**output, "data": {kind: data[kind] for kind in data if kind != "image/png"}}


def _same_picture(old, new):
    pictures = [output.get("data", {}).get("image/png", "") for output in (old, new)]
    if pictures[0] == pictures[1]:
        return True
    if not all(pictures):
        return False
    from matplotlib.image import imread

    a, b = (imread(io.BytesIO(base64.b64decode(picture))) for picture in pictures)
    return a.shape == b.shape and float(np.mean(np.abs(a - b).max(axis=-1) > VISIBLE / 255)) <= SAME_SHARE


def write(notebook, path):
    """Write a notebook beside its place, then rename: an interrupted build leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(as_text(notebook), encoding="utf-8", newline="\n")
    beside.replace(path)


def check(notebook, path):
    """List what is wrong with the committed notebook at ``path``, given what its source gives."""
    name = f"{path.parent.name}/{path.name}" if path.parent.name in BESIDE else path.name
    again = f"Run: python notebooks/build.py {path.stem}"
    if not path.exists():
        return [f"{name}: not built. {again}"]
    text = path.read_text(encoding="utf-8")
    if text == as_text(notebook):
        return []
    difference = first_difference(nbformat.reads(text, as_version=4), notebook)
    return [f"{name}: {difference}. {again}"] if difference else []


def strays(folder):
    """List notebooks without a source: a lesson is edited, renamed and removed in ``src`` only."""
    translated = {source.stem for source in sources(folder) if 'lang="fr"' in source.read_text("utf-8")}
    found = [
        *((path.name, path.stem in {s.stem for s in sources(folder)}) for path in folder.glob("*.ipynb")),
        *((f"fr/{path.name}", path.stem in translated) for path in (folder / "fr").glob("*.ipynb")),
    ]
    return [
        f"{name}: has no source src/{Path(name).stem}.py{' with French twins' * name.startswith('fr/')}"
        for name, sourced in sorted(found)
        if not sourced
    ]


def sources(folder, prefix=""):
    """Lessons' sources whose name starts with ``prefix``, in order."""
    return sorted((folder / "src").glob(f"{prefix}*.py"))


def make(source, *, write_them):
    """Build one lesson, then write or check all that it gives; return the faults."""
    faults = lint_source(source.stem, read(source))
    try:
        built = build(source)
    except CellExecutionError as error:
        return [*faults, f"{source.stem}: a cell fails.\n{COLOUR.sub('', str(error))}"]
    faults += lint(source.stem, built)
    for path, notebook in products(source, built).items():
        if write_them:
            write(notebook, path)
        else:
            faults += check(notebook, path)
    return faults


def main(argv=None, *, folder=HERE):
    """Build or check the lessons under ``folder``; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the lessons from notebooks/src.")
    parser.add_argument(
        "lesson", nargs="?", default="", help="start of a lesson's name, for example 01; default: all"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; compare with what is there")
    options = parser.parse_args(argv)
    lessons = sources(folder, options.lesson)
    if not lessons:
        parser.error(f"no lesson in notebooks/src starts with {options.lesson!r}")
    faults = strays(folder)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        made = pool.map(lambda source: make(source, write_them=not options.check), lessons)
        for source, found in zip(lessons, made, strict=True):
            faults += found
            print(f"{source.stem}: {'ok' if not found else f'{len(found)} faults'}", flush=True)
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
