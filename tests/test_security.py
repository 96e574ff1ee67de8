"""What SECURITY.md promises of the code itself: nothing that a user gives is run, unpickled or unpacked."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sleeplab"
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "joblib",
    "cloudpickle",
    "shelve",
    "marshal",
    "tarfile",
    "xml",
    "lxml",
    "yaml",
}
CALLS = {
    "eval",
    "exec",
    "read_pickle",
    "to_pickle",
    "extractall",
    "extract",
    "unpack_archive",
    "render_template_string",
}


TRUSTED = {
    "staging/_yasa.py": ["joblib"],  # the models of the installed YASA, by a path that no user gives
    "exercises/_catalogue.py": ["exec"],  # the course's own checks
}


def unsafe(code: str) -> Iterator[str]:
    """Names of what must not be imported or called; types that are only checked are no import."""
    tree = ast.parse(code)
    types = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    checked = {id(node) for block in types for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            yield from MODULES & {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            yield from MODULES & {(node.module or "").partition(".")[0]}
        elif isinstance(node, ast.Call):
            yield from CALLS & {ast.unparse(node.func).rpartition(".")[2]}
            yield from (
                k.arg for k in node.keywords if k.arg == "allow_pickle" and ast.unparse(k.value) != "False"
            )
            yield from (k.arg for k in node.keywords if k.arg == "shell" and ast.unparse(k.value) != "False")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_from_a_user_is_run_or_unpickled(path: Path) -> None:
    found = list(unsafe(path.read_text(encoding="utf-8")))
    assert found == ([] if not found else TRUSTED.get(path.relative_to(PACKAGE).as_posix(), []))


def test_the_rule_can_fail() -> None:
    code = (
        "import joblib\nfrom xml.etree import ElementTree\nif TYPE_CHECKING:\n    import lxml\n"
        "numpy.load(f, allow_pickle=True)\npandas.read_pickle(f)\nzipfile.ZipFile(f).extractall()\neval(x)\n"
    )
    assert set(unsafe(code)) == {"joblib", "xml", "allow_pickle", "read_pickle", "extractall", "eval"}


def test_every_test_that_security_names_is_there() -> None:
    root = PACKAGE.parent
    words = (root / "SECURITY.md").read_text(encoding="utf-8").split("`")
    named = [word for word in words if word.startswith("tests/")]
    assert len(named) > 5
    assert not [name for name in named if not (root / name).is_file()]
