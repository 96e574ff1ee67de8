"""Every exercise of every lesson: its solution, its stub, its mistakes, and values that are wrong."""

import contextlib
import dataclasses
import io
import json
import os
import tempfile
import tomllib
import warnings
from pathlib import Path
from typing import NamedTuple

import jupytext
import learner
import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeplab.exercises import Exercise, judge
from sleeplab.exercises._catalogue import load_lesson
from sleeplab.exercises._compare import plain
from sleeplab.exercises._exercise import call

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in sorted((ROOT / "notebooks/src").glob("*.py")) if learner.exercises_of(path)]
EXERCISES = ROOT / "exercises"
LEAST_MISTAKES, N_HINTS = 3, 3


class Asked(NamedTuple):
    """An exercise at its place in the run of its lesson."""

    exercise: Exercise
    names: dict
    solution: object


def run(source, parameters, folder):
    """Execute a lesson's source as one program; return each exercise with the names there were before it."""
    cells = [cell for cell in jupytext.read(source, fmt="py:percent").cells if "lang" not in cell.metadata]
    marks, known = learner.exercises_of(source), load_lesson(source.stem[:2], EXERCISES).exercises
    names, found = {"__name__": "lesson"}, []
    before_folder = os.getcwd()  # noqa: PTH109  # restored below
    os.chdir(folder)
    try:
        for n, cell in enumerate(cells):
            if cell.cell_type != "code":
                continue
            before = dict(names)
            exec(compile(cell.source, f"cell {n}", "exec"), names)  # noqa: S102  # our own lesson
            if "parameters" in cell.metadata.get("tags", []):
                names.update(parameters)
            if n in marks:
                number, answer = marks[n]
                found.append(Asked(known[number], before, names[answer]))
    finally:
        os.chdir(before_folder)
    return found


def run_quietly(source, parameters, folder):
    mpl.use("agg")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # a lesson's warnings are the business of its build
        found = run(source, parameters, folder)
        mpl.pyplot.close("all")
    return found


def tidy(found):
    """Remove the folders that a lesson keeps until its kernel stops."""
    for value in found[-1].names.values():
        if isinstance(value, tempfile.TemporaryDirectory):
            value.cleanup()


@pytest.fixture(scope="module", params=SOURCES, ids=lambda path: path.stem)
def lesson(request, tmp_path_factory):
    found = run_quietly(request.param, {}, tmp_path_factory.mktemp("lesson"))
    yield found
    tidy(found)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_exercise_of_a_lesson_has_its_check_and_nothing_more(source):
    numbers = [number for number, _ in learner.exercises_of(source).values()]
    assert list(load_lesson(source.stem[:2], EXERCISES).exercises) == numbers
    assert source.stem[:2] == "00" or len(numbers) >= 3


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_exercise_has_three_hints_and_three_mistakes_in_two_languages(source):
    for exercise in load_lesson(source.stem[:2], EXERCISES).exercises.values():
        names = [mistake.name for mistake in exercise.mistakes]
        assert len(exercise.hints) == N_HINTS, exercise.number
        assert len(names) >= LEAST_MISTAKES, exercise.number
        assert len(set(names)) == len(names), exercise.number
        texts = [*exercise.hints, *(mistake.text for mistake in exercise.mistakes)]
        assert all(text.en.strip() and text.fr.strip() and text.en != text.fr for text in texts), (
            exercise.number
        )
        for mistake in exercise.mistakes:
            first = mistake.text.en.split()[0]  # it goes on after "wrong, because"
            assert not first[0].isupper() or first.isupper(), mistake.name
            assert mistake.text.en.endswith((".", "?")), mistake.name


@pytest.mark.slow
def test_every_solution_passes(lesson):
    assert [judge(*one[:1], one.solution, one.names).outcome for one in lesson] == ["passed"] * len(lesson)


@pytest.mark.slow
def test_every_untouched_stub_is_not_attempted(lesson):
    for one in lesson:
        stub = (lambda *_: ...) if one.exercise.cases else ...
        assert judge(one.exercise, stub, one.names)[:2] == ("not attempted", "untouched")


@pytest.mark.slow
def test_every_mistake_gets_exactly_its_message(lesson):
    for exercise, names, _ in lesson:
        right = call(exercise.answer, names)
        for mistake in exercise.mistakes:
            verdict = judge(exercise, call(mistake.value, {**names, "right": right}), names)
            assert verdict == ("wrong", mistake.name, mistake.text, mistake.picture), exercise.number


@pytest.mark.slow
def test_every_picture_can_be_drawn(lesson):
    import matplotlib.pyplot as plt

    for exercise, names, _ in lesson:
        right = call(exercise.answer, names)
        for mistake in exercise.mistakes:
            if mistake.picture:
                figure, ax = plt.subplots()
                got = call(mistake.value, {**names, "right": right})
                call(mistake.picture, {**names, "right": right, "got": got, "ax": ax})
                assert ax.has_data(), mistake.name
                plt.close(figure)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=8),
    st.lists(st.integers(-5, 5), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
    st.complex_numbers(allow_nan=False),
    st.just(object()),
)


@st.composite
def wrong_values(draw, right, within):  # noqa: PLR0911  # one per type
    """Draw a value that is certainly wrong, of another type or of the same."""
    right = plain(right)
    kind = type(right)
    if draw(st.booleans()):
        return draw(ANYTHING.filter(lambda value: not isinstance(value, kind) and value != right))
    if kind is bool:
        return not right
    if kind in (int, float):
        allowed = within if within is not None else (0.5 if kind is int else 0.0101 * abs(right))
        away = allowed + draw(st.floats(1e-6, 1e9)) * max(1.0, abs(right))
        return float(right + away * draw(st.sampled_from([-1, 1])))
    if kind is str:
        return draw(st.text().filter(lambda text: text.strip().casefold() != right.strip().casefold()))
    if kind is dict:
        key = draw(st.sampled_from(sorted(right)))
        return {**right, key: draw(wrong_values(right[key], within))}
    if kind is set:
        return {item for item in right if item != sorted(right, key=str)[0]} if right else {"something"}
    if kind is list and right:
        place = draw(st.integers(0, len(right) - 1))
        spoilt = draw(st.sampled_from(["dropped", "doubled", "changed"]))
        if spoilt == "dropped":
            return right[:place] + right[place + 1 :]
        if spoilt == "doubled":
            return [*right[: place + 1], *right[place:]]
        return [*right[:place], draw(wrong_values(right[place], within)), *right[place + 1 :]]
    return ["something"]


def assert_never_passes(one):
    right = plain(call(one.exercise.answer, one.names))
    alone = dataclasses.replace(one.exercise, answer=lambda: right, mistakes=())  # the rest costs time only

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(value=wrong_values(right, one.exercise.within).filter(lambda value: value != [right]))
    def never_passes(value):
        assert judge(alone, value, {}).outcome == "wrong"

    never_passes()


@pytest.mark.slow
def test_random_wrong_values_never_pass(lesson):
    for one in lesson:
        if not one.exercise.cases:  # functions: the next test
            assert_never_passes(one)


@pytest.mark.slow
def test_wrong_functions_never_pass(lesson):
    for exercise, names, _ in lesson:
        if exercise.cases:
            right = call(exercise.answer, names)
            for wrong in (
                lambda *_: 0.123,
                lambda *a: np.zeros(3),
                lambda *a, f=right: [f(*a), 1],
                3.0,
                "text",
            ):
                assert judge(exercise, wrong, names).outcome == "wrong", exercise.number
            raising = judge(exercise, lambda *_: 1 / 0, names)
            assert raising[:2] == ("raised", "ZeroDivisionError")


def run_untouched(source, parameters):
    """Execute a learner's copy as it is, on other parameters; return its exercises, solved beside it."""
    copy = nbformat.read(EXERCISES / "originals" / f"{source.stem}.ipynb", as_version=4)
    lesson = load_lesson(source.stem[:2], EXERCISES)
    answers = dict(learner.exercises_of(source).values())
    names, found = {"__name__": "lesson"}, []
    for n, cell in enumerate(cell for cell in copy.cells if cell.cell_type == "code"):
        if number := cell.metadata.get("exercise"):
            solved = dict(names)
            exec(compile(lesson.solutions[number], number, "exec"), solved)  # noqa: S102  # our own
            found.append(Asked(lesson.exercises[number], dict(names), solved[answers[number]]))
        exec(compile(cell.source, f"cell {n}", "exec"), names)  # noqa: S102  # our own
        if "parameters" in cell.metadata.get("tags", []):
            names.update(parameters)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_an_untouched_copy_runs_to_its_end_and_solutions_pass_on_the_hidden_variant(
    source, tmp_path, own_progress, monkeypatch
):
    hidden = tomllib.loads((EXERCISES / "hidden/variants.toml").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        found = run_untouched(source, hidden[source.stem[:2]])
    mpl.pyplot.close("all")
    verdicts = [judge(one.exercise, one.solution, one.names, seed=7919).outcome for one in found]
    tidy(found)
    assert verdicts == ["passed"] * len(found)
    events = [json.loads(line) for line in own_progress.read_text().splitlines()]
    outcomes = [event["outcome"] for event in events if event["event"] == "check"]
    assert outcomes == ["not attempted"] * len(found)


def test_the_catalogue_counts_its_mistakes():
    lessons = [load_lesson(source.stem[:2], EXERCISES).exercises.values() for source in SOURCES]
    mistakes = [mistake for exercises in lessons for exercise in exercises for mistake in exercise.mistakes]
    assert len(mistakes) >= 3 * sum(map(len, lessons))
