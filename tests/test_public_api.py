"""Every public name: it exists, it is documented, its example runs; and importing it all costs nothing."""

import doctest
import importlib
import inspect
import json
import subprocess
import sys

import pytest

import sleeplab

FUNCTIONS = [name for name in sleeplab.__all__ if inspect.isfunction(getattr(sleeplab, name))]
MODULES = [name for name in sleeplab.__all__ if inspect.ismodule(getattr(sleeplab, name))]


def test_names_are_what_dir_shows() -> None:
    assert sorted(dir(sleeplab)) == sorted(sleeplab.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = sleeplab.no_such_name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_documented(name: str) -> None:
    function = getattr(sleeplab, name)
    text = inspect.getdoc(function) or ""
    gives_nothing = inspect.signature(function).return_annotation in (None, "None")
    assert gives_nothing or "Returns\n-------" in text or "Yields\n------" in text
    for parameter in inspect.signature(function).parameters:
        assert parameter in text, f"parameter {parameter} is not described"


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"sleeplab.{name}")
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in finder.find(module, name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_import_is_light() -> None:
    code = "import sleeplab, sys, json; print(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"mne", "yasa", "dask", "matplotlib", "numba", "lightgbm", "scipy", "pandas", "numpy"}
    assert not heavy & set(json.loads(out.stdout))


def test_help_is_light() -> None:
    code = (
        "import sys; from sleeplab.cli import build_parser; build_parser().format_help(); print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"mne", "yasa", "matplotlib", "numpy", "pandas", "rich"} & set(out.stdout.split())
