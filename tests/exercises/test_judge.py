"""What a check says of an answer, of every type that a trainee may give."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeplab.exercises import Exercise, Mistake, Text, judge
from sleeplab.exercises._compare import difference

MINUTES = Exercise(
    "99-1",
    answer=lambda n_epochs: n_epochs / 2,
    hints=[Text("a", "b")] * 3,
    mistakes=[
        Mistake("epochs", lambda right: right * 2, Text("these are epochs.", "ce sont des époques.")),
        Mistake("hours", lambda n_epochs: n_epochs / 120, Text("these are hours.", "ce sont des heures.")),
        Mistake("not here", lambda no_such_name: 1, Text("never.", "jamais.")),
    ],
)
DOUBLE = Exercise(
    "99-2",
    answer=lambda: lambda x: 2 * x,
    hints=[],
    mistakes=[Mistake("square", lambda: lambda x: x**2, Text("squared.", "au carré."))],
    cases=lambda rng: [(rng.normal(size=5),), (np.arange(3.0),)],
)


@pytest.mark.parametrize(
    "got",
    [480, 480.0, np.float32(480), np.int64(480), np.array(480.0), np.array([480.0]), pd.Series([480]), 478.0],
)
def test_a_right_number_passes_in_any_type(got):
    assert judge(MINUTES, got, {"n_epochs": 960})[:2] == ("passed", "alone")


@pytest.mark.parametrize(
    ("got", "outcome", "key"),
    [
        (..., "not attempted", "untouched"),
        ([1, ...], "not attempted", "untouched"),
        (None, "wrong", "nothing"),
        (960, "wrong", "epochs"),
        (8.0, "wrong", "hours"),
        (500, "wrong", "too large"),
        (1, "wrong", "too small"),
        (0, "wrong", "too small"),
        ("480", "wrong", "not a number"),
        (True, "wrong", "not a number"),
        ([480, 480], "wrong", "not a number"),
        (math.nan, "wrong", "not defined"),
    ],
)
def test_a_wrong_number_is_told_why(got, outcome, key):
    assert judge(MINUTES, got, {"n_epochs": 960})[:2] == (outcome, key)


def test_an_object_that_claims_to_equal_everything_is_not_right():
    class Liar:
        def __eq__(self, other):
            return True

        __hash__ = None

    assert judge(MINUTES, Liar(), {"n_epochs": 960})[:2] == ("wrong", "not a number")


def test_the_answer_follows_the_recording():
    assert judge(MINUTES, 480, {"n_epochs": 960}).outcome == "passed"
    assert judge(MINUTES, 480, {"n_epochs": 900}).outcome == "wrong"


def test_names_that_are_missing_or_have_another_meaning_are_told():
    assert judge(MINUTES, 480, {})[:2] == ("not attempted", "names")
    assert judge(MINUTES, 480, {"n_epochs": "many"})[:2] == ("not attempted", "changed")


def test_a_tolerance_is_in_the_unit_of_the_answer_and_smaller_for_a_small_mistake():
    asked = Exercise(
        "99-3", lambda: 60.0, [], [Mistake("hz", lambda right: right / 60, Text("hz.", "hz."))], within=2.0
    )
    assert judge(asked, 61.9, {}).outcome == "passed"
    assert judge(asked, 62.1, {}).key == "too large"
    assert judge(asked, 1.0, {}).key == "hz"
    assert judge(asked, 2.0, {}).key == "too small"


@pytest.mark.parametrize(
    ("got", "key"),
    [
        (0.68, "rounded"),
        (0.7, "rounded"),
        (np.float32(0.68), "rounded"),
        (0.66, "too small"),
        (0, "too small"),
    ],
)
def test_a_number_that_was_rounded_too_much_is_told_so(got, key):
    assert difference(got, 0.68234, within=0.001).key == key
    assert difference(0.682, 0.68234, within=0.001) is None
    assert difference(0, 0.04).key == "too small"


@pytest.mark.parametrize(
    ("got", "right", "name"),
    [
        (pd.DataFrame({"a": [1]}), [1], "DataFrame"),
        (pd.Series([1, 2]), 1, "Series"),
        (np.arange(3), 1, "ndarray"),
    ],
)
def test_the_type_is_called_as_the_trainee_knows_it(got, right, name):
    assert difference(got, right).facts["type"] == name


def test_a_function_is_tried_and_its_inputs_are_its_own():
    def spoils(x):
        result = 2 * x
        x[:] = 0
        return result

    assert judge(DOUBLE, spoils, {}).outcome == "passed"


@pytest.mark.parametrize(
    ("got", "outcome", "key"),
    [
        (lambda x: x**2, "wrong", "square"),
        (lambda x: x, "wrong", "item"),
        (lambda x: None, "wrong", "nothing"),
        (lambda x: ..., "not attempted", "untouched"),
        (lambda x: x / "2", "raised", "TypeError"),
        (lambda x: ... * x[0], "not attempted", "untouched"),
        (lambda: 1, "raised", "TypeError"),
        (3.0, "wrong", "not a function"),
    ],
)
def test_a_wrong_function_is_told_why(got, outcome, key):
    verdict = judge(DOUBLE, got, {})
    assert verdict.outcome == outcome
    assert verdict.key == key


@pytest.mark.parametrize(
    ("got", "right", "key"),
    [
        ([1, 2], (1, 2), None),
        (pd.Series([1, 2]), [1, 2], None),
        ({"a": 1.0}, {"a": 1}, None),
        (pd.Series({"a": 1, "b": 2}), {"a": 1, "b": 2}, None),
        (pd.DataFrame({"a": [1, 2]}), {"a": [1, 2]}, None),
        (["n2", "N3 "], ["N2", "N3"], None),
        (["b", "a", "a"], {"a", "b"}, None),
        (np.eye(2), [[1, 0], [0, 1]], None),
        (np.array([[1, 2, 3]]), [1, 2, 3], None),
        ([[1, 2], [3, 4]], [1, 2], "item"),
        ([[1, 2]], [[1, 2], [3, 4]], "length"),
        ({1, 2}, [1, 2], "not a list"),
        ([1, 2, 3], [1, 2], "length"),
        ([2, 1], [1, 2], "item"),
        (["a", "c"], {"a", "b"}, "too many"),
        (["a"], {"a", "b"}, "too few"),
        ({"a": 1}, {"a": 1, "b": 2}, "key"),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "named"),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}, "too many"),
        (3, {"a": 1}, "not a table"),
        (1, True, "not true or false"),
        (False, True, "value"),
        (1, "one", "not a text"),
    ],
)
def test_values_of_each_type_are_compared(got, right, key):
    found = difference(got, right)
    assert (found and found.key) == key


@given(right=st.integers(-1000, 1000), got=st.integers(-1000, 1000))
def test_whole_numbers_are_exact(right, got):
    assert (difference(got, right) is None) == (got == right)


@given(right=st.floats(-1e6, 1e6), off=st.floats(-0.5, 0.5))
def test_other_numbers_are_right_within_a_hundredth(right, off):
    got = right * (1 + off)
    if not 0.0099 < abs(off) < 0.0101 and abs(right) > 1e-3:
        assert (difference(got, right) is None) == (abs(off) < 0.01)
