"""Every committed lesson, run on other parameters than its own."""

import re
import subprocess
import sys
import warnings

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
OTHER_PERSON = {
    "00_welcome": {"seed": 7, "age": 62},
    "01_load_a_recording": {"recording": "simulated:clara", "look_at_min": 150.0},
}
REAL_FILES = ("nox/nox_a1_2min.edf", "sleep-edf/SC4001E0_first5min.edf")


def run_lesson(notebooks, stem, parameters, out):
    """Run a lesson by papermill, as the lesson's last section tells its reader to.

    Returns
    -------
    nbformat.NotebookNode
        The executed notebook.

    Raises
    ------
    ValueError
        The lesson does not have one of the parameters: papermill itself only warns, and runs the defaults.
    """
    source = str(notebooks / f"{stem}.ipynb")
    unknown = sorted(parameters.keys() - papermill.inspect_notebook(source).keys())
    if unknown:
        msg = f"{stem} has no parameter {', '.join(unknown)}"
        raise ValueError(msg)
    return papermill.execute_notebook(
        source,
        str(out / f"{stem}.ipynb"),
        parameters,
        progress_bar=False,
        cwd=str(out),
        extra_arguments=QUIET_KERNEL,
    )


def printed(notebook):
    """All text that the cells of a notebook have printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)


def test_every_lesson_has_another_person_to_be_tried_on(notebooks):
    assert OTHER_PERSON.keys() == {path.stem for path in notebooks.glob("*.ipynb")}


def test_every_lesson_is_in_the_index(notebooks):
    index = (notebooks / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+\.ipynb)\)", index)) == {path.name for path in notebooks.glob("*.ipynb")}


def test_the_index_says_the_minutes_of_the_card(notebooks):
    index = (notebooks / "README.md").read_text(encoding="utf-8")
    for path in notebooks.glob("*.ipynb"):
        card = nbformat.read(path, as_version=4).cells[1].source
        minutes = re.findall(r"(\d+) min to (?:read|practise)", card)
        (line,) = [line for line in index.splitlines() if line.startswith("|") and path.name in line]
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


@pytest.mark.slow
@pytest.mark.parametrize("stem", OTHER_PERSON)
def test_a_lesson_runs_on_another_person(notebooks, tmp_path, stem):
    own = nbformat.read(notebooks / f"{stem}.ipynb", as_version=4)
    other = run_lesson(notebooks, stem, OTHER_PERSON[stem], tmp_path)
    assert printed(other)
    if "age" in OTHER_PERSON[stem]:
        assert printed(other) != printed(own)


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL_FILES)
def test_the_loading_lesson_runs_on_a_real_file(notebooks, tmp_path, shared_data, name):
    path = shared_data(name)
    notebook = run_lesson(notebooks, "01_load_a_recording", {"recording": str(path)}, tmp_path)
    assert path.stem not in printed(notebook)
    assert not (tmp_path / "night.edf").exists()


@pytest.mark.slow
def test_the_tagged_numbers_of_the_committed_lessons_still_come_out(notebooks):
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q",
         *sorted(notebooks.glob("*.ipynb"))],
        capture_output=True, text=True, timeout=900, cwd=notebooks.parent,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
