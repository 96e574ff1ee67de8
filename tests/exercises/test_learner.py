"""The learners' copies and the solutions that the build makes of a lesson."""

import ast
from pathlib import Path

import jupytext
import learner
import nbformat
import pytest

ROOT = Path(__file__).parents[2]

LESSON = """\
# %% tags=["parameters"]
beats: int = 20  # counted

# %%
import math

# %% [markdown] exercise="99-1"
# ### Exercise 99-1: how many per minute?
#
# **Your answer:** `per_minute`, in beats per minute.

# %% exercise="99-1"
import math as m  # given
seconds = [
    10,
    20,
]  # given
trial = beats * 6
per_minute = trial
print(per_minute)

# %% [markdown] lang="fr" of=""
# En français.

# %% [markdown] exercise="99-2"
# ### Exercise 99-2: write it as a function
#
# **Your answer:** `double`, a function.

# %% exercise="99-2"
def double(x):
    return 2 * x

# %%
print(per_minute + 1)
"""


@pytest.fixture
def made(tmp_path):
    source = tmp_path / "notebooks" / "src" / "99_heart.py"
    source.parent.mkdir(parents=True)
    source.write_text(LESSON, encoding="utf-8")
    built = jupytext.read(source, fmt="py:percent")
    built.cells = [cell for cell in built.cells if "lang" not in cell.metadata]
    for cell in built.cells:
        cell.metadata.pop("exercise", None)
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="120\n")]
    return {path.relative_to(tmp_path).as_posix(): nb for path, nb in learner.products(source, built).items()}


def code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_a_lesson_gives_a_copy_an_original_and_a_solution(made):
    assert sorted(made) == [
        f"exercises/{folder}99_heart.ipynb" for folder in ("", "originals/", "solutions/")
    ]
    for notebook in made.values():
        nbformat.validate(notebook)


def test_given_lines_stay_and_the_answer_is_left_open(made):
    (cell,) = [text for text in code(made["exercises/99_heart.ipynb"]) if 'check("99-1"' in text]
    assert cell.splitlines()[1:8] == [
        "import math as m", "seconds = [", "    10,", "    20,", "]", "per_minute = ...", "",
    ]  # fmt: skip
    assert 'check("99-1", per_minute)' in cell
    assert "trial" not in cell


def test_a_function_keeps_its_first_line(made):
    (cell,) = [text for text in code(made["exercises/99_heart.ipynb"]) if 'check("99-2"' in text]
    assert "def double(x):\n    return ..." in cell
    assert "2 * x" not in cell


def test_an_answer_that_the_lesson_uses_later_is_rejoined_and_no_other(made):
    copy = code(made["exercises/99_heart.ipynb"])
    assert [text for text in copy if "= rejoin(" in text] == [
        learner.REJOIN.format(number="99-1", answer="per_minute")
    ]


def test_a_copy_starts_after_the_set_up_and_has_no_output(made):
    copy = made["exercises/99_heart.ipynb"]
    assert code(copy)[2].endswith('start("99")')
    assert all(
        not cell.outputs and cell.execution_count is None for cell in copy.cells if cell.cell_type == "code"
    )
    assert "En français" not in str(copy)


def test_a_solution_keeps_its_outputs_and_says_which_exercise_it_is(made):
    cells = made["exercises/solutions/99_heart.ipynb"].cells
    solved = [cell for cell in cells if "exercise" in cell.metadata]
    assert [cell.metadata.exercise for cell in solved] == ["99-1", "99-2"]
    assert all(cell.outputs for cell in solved)


def test_a_lesson_without_exercises_gives_nothing(tmp_path):
    source = tmp_path / "notebooks" / "src" / "98_none.py"
    source.parent.mkdir(parents=True)
    source.write_text("# %%\n1 + 1\n", encoding="utf-8")
    assert learner.products(source, nbformat.v4.new_notebook()) == {}


def test_the_instructors_notes_hold_hints_and_mistakes():
    exercise = learner.known_exercises(ROOT / "exercises/checks/lesson_01.py")["01-1"]
    text = learner.notes(exercise)
    assert all(hint.en in text for hint in exercise.hints)
    assert all(f"| `{mistake.name}` | {mistake.text.en} |" in text for mistake in exercise.mistakes)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "exercises").glob("*/*.ipynb")), ids=lambda p: f"{p.parent.name}/{p.stem}"
)
def test_every_built_notebook_has_a_source_and_copies_hold_no_solution(path):
    source = ROOT / "notebooks/src" / f"{path.stem}.py"
    assert source.exists()
    if path.parent.name == "originals":
        notebook = nbformat.read(path, as_version=4)
        assert (ROOT / "exercises" / path.name).exists()
        for number, answer in learner.exercises_of(source).values():
            (cell,) = [text for text in code(notebook) if f'check("{number}"' in text]
            assigned = [
                statement for statement in ast.parse(cell).body if answer in learner._stored(statement)
            ]
            assert [ast.unparse(statement) for statement in assigned] in ([f"{answer} = ..."], [])
