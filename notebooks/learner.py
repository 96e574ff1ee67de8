"""The learners' copies and the solutions, from the sources of the lessons; ``build.py`` calls ``products``.

A *learner's copy* is the lesson with each solution taken out: lines that end in ``# given`` stay, the answer
becomes ``...``, and below it stand ``check``, ``hint`` and ``solution``. It has no outputs. A *solution
notebook* is the executed lesson, and after each solution what the instructor wants to know: the hints, the
mistakes that are known, and what the trainee then reads.
"""

import ast
import hashlib
import itertools
import re

import jupytext
import nbformat

GIVEN = "# given"
ANSWER = re.compile(r"^\*\*Your answer:\*\* `([a-z]\w*)`", re.MULTILINE)
START = """\
from sleeplab.exercises import check, hint, rejoin, solution, start

start("{lesson}")"""
EXERCISE = """\
# Exercise {number}: put your answer in the place of the three points, then press Shift + Enter.
{stub}

check("{number}", {answer})
# hint("{number}")  # stuck? Take away the first "# " of this line; again for the next hint
# solution("{number}")  # after two tries"""
REJOIN = (
    '{answer} = rejoin("{number}")  # your answer when it is right, else the reference: the lesson goes on'
)


def products(source, built):
    """Return what a lesson gives to learners and instructors.

    Parameters
    ----------
    source : pathlib.Path
        The lesson's ``.py`` file, in ``notebooks/src``.
    built : nbformat.NotebookNode
        The executed lesson.

    Returns
    -------
    dict of pathlib.Path to nbformat.NotebookNode
        Empty where the lesson has no exercise.
    """
    marks = exercises_of(source)
    if not marks:
        return {}
    folder = source.parents[2] / "exercises"
    copy = learner_copy(source.stem, built, marks)
    return {
        folder / f"{source.stem}.ipynb": copy,
        folder / "originals" / f"{source.stem}.ipynb": copy,  # for those who want to begin anew
        folder / "solutions" / f"{source.stem}.ipynb": solved(source.stem, built, marks, folder),
    }


def exercises_of(source):
    """Return ``{index of the solution's cell: (number, name of the answer)}`` of a source."""
    cells = [cell for cell in jupytext.read(source, fmt="py:percent").cells if "lang" not in cell.metadata]
    marks = {}
    for n, (prompt, cell) in enumerate(itertools.pairwise(cells), 1):
        number = cell.metadata.get("exercise")
        if number and cell.cell_type == "code" and (found := ANSWER.search(prompt.source)):
            marks[n] = (number, found[1])
    return marks


def learner_copy(stem, built, marks):
    """Return the lesson with its exercises as stubs, without outputs."""
    code = [n for n, cell in enumerate(built.cells) if cell.cell_type == "code"]
    cells = []
    for n, cell in enumerate(built.cells):
        if n not in marks:
            cells.append(_cell(cell.cell_type, cell.source, cell.metadata))
        else:
            number, answer = marks[n]
            text = EXERCISE.format(number=number, stub=stub(cell.source, answer), answer=answer)
            cells.append(_cell("code", text, {"exercise": number}))
            if _is_used(answer, built.cells[n + 1 :]):
                cells.append(_cell("code", REJOIN.format(number=number, answer=answer)))
        if n == code[min(1, len(code) - 1)]:  # after the set-up
            cells.append(_cell("code", START.format(lesson=stem[:2])))
    return _notebook(f"{stem}/learner", cells)


def solved(stem, built, marks, folder):
    """Return the executed lesson with notes for the instructor after each solution."""
    known = known_exercises(folder / "checks" / f"lesson_{stem[:2]}.py")
    cells = []
    for n, cell in enumerate(built.cells):
        copy = _cell(cell.cell_type, cell.source, cell.metadata)
        if cell.cell_type == "code":
            copy |= {"execution_count": cell.execution_count, "outputs": cell.outputs}
        cells.append(copy)
        if n in marks:
            number, _ = marks[n]
            copy["metadata"]["exercise"] = number
            if number in known:
                cells.append(_cell("markdown", notes(known[number])))
    return _notebook(f"{stem}/solution", cells)


def stub(solution, answer):
    r"""Return what is left of a solution: the given lines, and ``...`` for the answer.

    Examples
    --------
    >>> print(stub('seconds = 3600  # given\npages = seconds / 30\nprint(pages)', "pages"))
    seconds = 3600
    pages = ...
    """
    lines = solution.splitlines()
    kept = []
    for statement in ast.parse(solution).body:
        text = lines[statement.lineno - 1 : statement.end_lineno]
        if text[-1].rstrip().endswith(GIVEN):
            kept += [*text[:-1], text[-1].rstrip().removesuffix(GIVEN).rstrip()]
        elif isinstance(statement, ast.FunctionDef) and statement.name == answer:
            kept += [text[0], "    return ..."]
        elif answer in _stored(statement) and f"{answer} = ..." not in kept:
            kept.append(f"{answer} = ...")
    return "\n".join(kept)


def _stored(statement):
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _is_used(name, cells):
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        for tree in trees
        for node in ast.walk(tree)
    )


def known_exercises(path):
    """Return the exercises of a check file by number; none where it is not written yet."""
    if not path.exists():
        return {}
    made = {}
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), made)  # noqa: S102  # our own file
    return {exercise.number: exercise for exercise in made["EXERCISES"]}


def notes(exercise):
    """Return what the instructor wants to know of an exercise, as Markdown."""
    hints = [f"{n}. {hint.en}" for n, hint in enumerate(exercise.hints, 1)]
    mistakes = [f"| `{mistake.name}` | {mistake.text.en} |" for mistake in exercise.mistakes]
    return "\n".join(
        [
            f"**For the instructor: {exercise.number}**",
            "",
            "Hints:",
            "",
            *hints,
            "",
            "| mistake | what the trainee reads |",
            "|---|---|",
            *mistakes,
        ]
    )


def _cell(kind, source, metadata=None):
    cell = {"cell_type": kind, "metadata": dict(metadata or {}), "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _notebook(stem, cells):
    for n, cell in enumerate(cells):
        cell["id"] = hashlib.sha256(f"{stem}/{n}".encode()).hexdigest()[:8]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
