"""Every committed lesson: its index, its words, its tagged numbers, and its runs on other parameters.

``tests/contracts/NN.json`` says on what each lesson is run and what must come out::

    {"parameters": {"seed": 7, "age": 62},
     "numbers": {"n_deep": {"min": 60, "max": 400, "why": "one night has no more N3 than that"}},
     "real": [{"parameters": {"recording": "real:nox/nox_a1_2min.edf"}, "numbers": {}}]}

A key of ``numbers`` is an expression over the names that the lesson makes. It is evaluated by a cell that the
test adds at the end of a copy of the lesson; the lesson itself knows nothing of it. ``real:`` stands for the
folder of real files; a run on a file that is not there is skipped, with its name.
"""

import ast
import json
import re
import subprocess
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
import numpy as np
import pytest

from sleeplab.simulate import simulate_night

with (
    warnings.catch_warnings()
):  # papermill's readers of remote files warn at import; nothing remote is read here
    warnings.simplefilter("ignore", DeprecationWarning)
    import papermill

QUIET_KERNEL = ["--IPKernelApp.log_level=40"]  # else it warns of unencrypted TCP, on one's own machine
CONTRACTS = Path(__file__).parents[1] / "contracts"
LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NUMBERS = "numbers of the contract: "


def contract(stem):
    """Return the contract of a lesson."""
    path = CONTRACTS / f"{stem[:2]}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def runs():
    """Return the runs of all contracts: name → lesson and what must hold."""
    found = {}
    for stem in (path.stem for path in LESSONS):
        if not (terms := contract(stem)):
            continue
        found[f"{stem[:2]}-other"] = (stem, terms)
        found |= {f"{stem[:2]}-real-{k}": (stem, case) for k, case in enumerate(terms.get("real", []), 1)}
    return found


RUNS = runs()


def run_lesson(notebooks, stem, parameters, out, expressions=()):
    """Run a lesson by papermill, as the lesson's last section tells its reader to.

    Parameters
    ----------
    notebooks : pathlib.Path
        Folder of the lessons.
    stem : str
        Name of the lesson.
    parameters : dict
        What replaces the values of the lesson's parameters cell.
    out : pathlib.Path
        Folder to run in and to write to.
    expressions : iterable of str
        What a last cell, added to the copy, evaluates and prints.

    Returns
    -------
    nbformat.NotebookNode
        The executed notebook.

    Raises
    ------
    ValueError
        The lesson does not have one of the parameters: papermill itself only warns, and runs the defaults.
    """
    lesson = nbformat.read(notebooks / f"{stem}.ipynb", as_version=4)
    source, target = out / "lesson.ipynb", out / f"{stem}.ipynb"
    pairs = ", ".join(f"{text!r}: float({text})" for text in expressions)
    lesson.cells.append(
        nbformat.v4.new_code_cell(f"import json\n\nprint({NUMBERS!r} + json.dumps({{{pairs}}}))")
    )
    nbformat.write(lesson, source)
    unknown = sorted(parameters.keys() - papermill.inspect_notebook(str(source)).keys())
    if unknown:
        msg = f"{stem} has no parameter {', '.join(unknown)}"
        raise ValueError(msg)
    return papermill.execute_notebook(
        str(source), str(target), parameters, progress_bar=False, cwd=str(out), extra_arguments=QUIET_KERNEL
    )


def numbers_of(notebook):
    """Return the numbers that the last cell of a run has printed."""
    said = "".join(output.text for output in notebook.cells[-1].outputs)  # may come in pieces
    return json.loads(said.removeprefix(NUMBERS))


def broken(terms, found):
    """List which of a contract's numbers are not what they must be."""
    return [
        f"{text} is {found[text]:g}, must be {low:g} to {high:g}: {limits['why']}"
        for text, limits in terms.items()
        for low, high in [(limits.get("min", -np.inf), limits.get("max", np.inf))]
        if not low <= found[text] <= high
    ]


def printed(notebook):
    """All text that the cells of a notebook have printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def test_every_lesson_has_a_contract_with_numbers():
    assert {path.stem for path in CONTRACTS.glob("*.json")} == {path.stem[:2] for path in LESSONS}
    for path in LESSONS:
        terms = contract(path.stem)
        assert terms["parameters"], path.stem
        assert terms["numbers"], path.stem
        for case in (terms, *terms.get("real", [])):
            for limits in case["numbers"].values():
                assert limits.keys() <= {"min", "max", "why"}
                assert limits["why"]
                assert limits.keys() & {"min", "max"}


def test_a_contract_runs_a_lesson_on_other_values_than_its_own(notebooks):
    for path in LESSONS:
        known = papermill.inspect_notebook(str(path))
        other = contract(path.stem)["parameters"]
        assert other.keys() <= known.keys(), path.stem
        own = {name: ast.literal_eval(known[name]["default"]) for name in other}
        assert other != own, path.stem


def test_a_number_outside_its_contract_is_named():
    terms = {"kappa": {"min": 0.5, "why": "people reach 0.7"}, "n": {"min": 2, "max": 3, "why": "by design"}}
    assert broken(terms, {"kappa": 0.5, "n": 3}) == []
    assert broken(terms, {"kappa": 0.4, "n": 4}) == [
        "kappa is 0.4, must be 0.5 to inf: people reach 0.7",
        "n is 4, must be 2 to 3: by design",
    ]
    assert broken(terms, {"kappa": float("nan"), "n": 3}) == [
        "kappa is nan, must be 0.5 to inf: people reach 0.7"
    ]


def test_every_lesson_is_in_the_index(notebooks):
    index = (notebooks / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+\.ipynb)\)", index)) == {path.name for path in notebooks.glob("*.ipynb")}


def test_every_french_lesson_is_in_the_index(notebooks):
    index = (notebooks / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(fr/(\w+\.ipynb)\)", index)) == {
        path.name for path in (notebooks / "fr").glob("*.ipynb")
    }


def test_the_index_says_the_question_and_the_minutes_of_the_lesson(notebooks):
    index = (notebooks / "README.md").read_text(encoding="utf-8")
    for path in LESSONS:
        title, card = (cell.source for cell in nbformat.read(path, as_version=4).cells[:2])
        minutes = re.findall(r"(\d+) min to (?:read|practise)", card)
        (line,) = [line for line in index.splitlines() if line.startswith("|") and path.name in line]
        assert title.splitlines()[0].removeprefix("# ") in line
        assert f"{minutes[0]} + {minutes[1]} min" in line


def glossary(notebooks):
    """First cells of the glossary's rows, in lower case."""
    text = (notebooks / "GLOSSARY.md").read_text(encoding="utf-8").casefold()
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:]


def test_the_glossary_is_in_alphabetical_order(notebooks):
    assert glossary(notebooks) == sorted(glossary(notebooks))


def test_the_words_that_a_lesson_sets_in_italics_are_in_the_glossary(notebooks):
    known = {word.strip(" `") for row in glossary(notebooks) for word in row.split(",")}
    for path in notebooks.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        words = re.findall(r"(?<![*\w])\*(?!In words:|I )([^*\s][^*|]*)\*(?!\*)", prose)
        new = {" ".join(word.casefold().split()) for word in words}
        assert new
        assert {word for word in new if word not in known and word.removesuffix("s") not in known} == set()


def test_papermill_finds_the_parameters_that_stand_in_the_lesson(notebooks):
    for path in notebooks.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        written = [line.partition(":")[0] for line in cell.source.splitlines()]
        assert list(papermill.inspect_notebook(str(path))) == written


def test_the_night_of_the_welcome_lesson_shows_what_its_text_says(notebooks):
    parameters = papermill.inspect_notebook(str(notebooks / "00_welcome.ipynb"))
    seed, age = (int(parameters[name]["default"]) for name in ("seed", "age"))
    stages = simulate_night(seed, age=age).hypnogram.hypno.to_numpy()
    early, late = np.array_split(stages, 2)
    assert (early == "N3").sum() > 2 * (late == "N3").sum()
    assert (late == "REM").sum() > 2 * (early == "REM").sum()
    assert 0.18 < (stages == "REM").sum() / (stages != "WAKE").sum() < 0.26  # a fifth to a quarter
    assert (stages != "WAKE").mean() > 0.85  # a healthy sleeper's efficiency


def test_an_unknown_parameter_is_refused(notebooks, tmp_path):
    with pytest.raises(ValueError, match="00_welcome has no parameter sead"):
        run_lesson(notebooks, "00_welcome", {"sead": 3}, tmp_path)


@pytest.fixture(scope="module")
def executed(request, notebooks, shared_data, tmp_path_factory):
    """Start the runs that were asked for, two at a time; return them as futures."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = {}
        for item in request.session.items:
            name = getattr(item, "callspec", None) and item.callspec.params.get("run")
            if name and not missing(name, shared_data):
                stem, terms = RUNS[name]
                parameters = {
                    key: real_path(value, shared_data) for key, value in terms["parameters"].items()
                }
                out = tmp_path_factory.mktemp(name)
                futures[name] = pool.submit(run_lesson, notebooks, stem, parameters, out, [*terms["numbers"]])
        yield futures


def real_path(value, shared_data):
    """Return a parameter's value, ``real:`` replaced by the folder of the real files."""
    is_real = isinstance(value, str) and value.startswith("real:")
    return str(shared_data(value.removeprefix("real:"))) if is_real else value


def missing(name, shared_data):
    """Say which file a run needs and does not find."""
    try:
        for value in RUNS[name][1]["parameters"].values():
            real_path(value, shared_data)
    except pytest.skip.Exception as reason:
        return str(reason)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_a_lesson_keeps_its_contract(executed, shared_data, run):
    if reason := missing(run, shared_data):
        pytest.skip(reason)
    stem, terms = RUNS[run]
    notebook = executed[run].result()
    assert broken(terms["numbers"], numbers_of(notebook)) == []
    for value in terms["parameters"].values():  # the name of a real file may be that of a person
        if isinstance(value, str) and value.startswith("real:"):
            assert Path(value).stem not in printed(notebook)
    left = {path.name for path in Path(notebook.metadata.papermill.output_path).parent.iterdir()}
    assert left == {"lesson.ipynb", f"{stem}.ipynb"}  # a lesson writes nothing where it is run


NAP = {"recording": "simulated:nap", "scoring": "simulated:nap.hypnogram.csv"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stem", "parameters", "says"),
    [
        (
            "02_look_at_signals",
            {"brain": "Cz", "page_1_min": 1.0},
            r"needs the channels \['Cz'\]; the file has",
        ),
        ("04_hypnogram", {"lights_off_min": 600.0}, "there is no sleep from lights off to lights on"),
        ("08_microstructure", NAP, "must lie in the recording, which lasts 60.0 min"),
        ("10_first_detector", {**NAP, "stage": "REM"}, "there are 0 epochs of REM; 20 are needed"),
    ],
)
def test_parameters_that_do_not_fit_are_explained(notebooks, tmp_path, stem, parameters, says):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        run = pool.submit(run_lesson, notebooks, stem, parameters, tmp_path)
        with pytest.raises(papermill.PapermillExecutionError, match=says):
            run.result()


@pytest.mark.slow
def test_the_tagged_numbers_of_the_committed_lessons_still_come_out(notebooks):
    halves = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider",
             "-q", *LESSONS[first::2]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=notebooks.parent,
        )
        for first in (0, 1)
    ]  # fmt: skip
    said = [half.communicate(timeout=900)[0] for half in halves]
    assert [half.returncode for half in halves] == [0, 0], "\n".join(said)
