"""The package's shape: imports go one way, files and functions stay small."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sleeplab"
ORDER = [
    "channels",
    "simulate",
    "datasets",
    "recording",
    "scoring",
    "quality",
    "staging",
    "agreement",
    "features",
    "norms",
    "anomalies",
    "review",
    "plotting",
    "report",
    "provenance",
    "flow",
    "privacy",
    "cohort",
    "exercises",
    "doctor",
    "cli",
]
MODULES = sorted(PACKAGE.rglob("*.py"))
PLUMBING = {"__init__", "__main__"}


def noun(path: Path) -> str:
    """Return the row of DESIGN's table that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_nouns(path: Path) -> set[str]:
    """Return the sleeplab modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("sleeplab.")}
        elif isinstance(node, ast.ImportFrom) and node.module == "sleeplab":
            found |= {name.name for name in node.names if name.name in ORDER}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sleeplab."):
            found.add(node.module.split(".")[1])
    return found


def code_lines(function: ast.FunctionDef) -> int:
    """Count the lines of a function that hold code: no docstring, no blank lines, no signature."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    lines = set()
    for statement in body:
        for node in ast.walk(statement):
            if hasattr(node, "lineno"):
                lines |= {node.lineno, node.end_lineno}
    return len(lines)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_is_small_and_in_its_row(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    if noun(path) in PLUMBING:
        return
    row = ORDER.index(noun(path))
    below = {name for name in imported_nouns(path) if ORDER.index(name) > row}
    assert not below, f"imports from rows below it: {below}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_functions_are_small(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {f.name: code_lines(f) for f in functions if code_lines(f) > 30}
    assert not long, f"more than 30 code lines: {long}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_user_input_is_not_asserted(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def test_the_rules_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from sleeplab.cli import main\nimport sleeplab.flow\nfrom sleeplab import report\n")
    assert imported_nouns(bad) == {"cli", "flow", "report"}
    long = ast.parse("def f():\n" + "    x = 1\n" * 31).body[0]
    assert code_lines(long) == 31


def tracked_text() -> list[Path]:
    root = PACKAGE.parent
    kinds = {".py", ".md", ".toml", ".lock", ".html", ".ipynb", ".yml", ""}
    skip = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "sleeplab-out"}
    paths = (p for p in root.rglob("*") if not skip & set(p.relative_to(root).parts))
    return [p for p in paths if p.is_file() and p.suffix in kinds and "egg-info" not in str(p)]


def test_no_registry_host_in_the_repository() -> None:
    host = re.compile(r"(py" r"pi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npm" r"js)")
    found = [p.name for p in tracked_text() if host.search(p.read_text(encoding="utf-8", errors="replace"))]
    assert not found
