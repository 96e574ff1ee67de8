"""The anatomy of a lesson, as rules that a machine can check.

``lint(stem, notebook)`` returns what is wrong with a built lesson, in plain words; an empty list when it is
sound. Each rule in ``RULES`` is one small function: it looks at one thing and says what must hold, what was
found and in which cell. Cells are counted from 1, as a reader does. ``lint_source(stem, notebook)`` looks at
what the built lesson no longer shows: its French twins and the marks of its exercises.
"""

import ast
import hashlib
import re
from collections.abc import Iterator

import nbformat

MAX_CELLS = 40
MAX_CODE_LINES = 12
MAX_DEF_LINES = 5
MAX_SETUP_LINES = 5
MAX_OBJECTIVES = 3
MAX_BYTES = 1_500_000
MINUTES_PER_EXERCISE = 15

TAGS = {"parameters", "nbval-check-output"}
CARD = ("**You can then**", "**Before this**", "**Time**", "**Data**")
SECTIONS = ("## Frequent errors", "## Key points", "## Self-assessment", "## Reuse this")
READING, IN_WORDS = "**Reading.**", "*In words:"
PREDICT, CLINIC = "**Predict.**", "**In the clinic.**"

_ABSOLUTE = re.compile(
    r"(?<![\w.:/])/(?:home|root|tmp|var|mnt|media|work|opt|private|Users|Volumes)/|\b[A-Za-z]:\\+\w"
)
_NETWORK = re.compile(r"(?:https?|s?ftp|abfss?|s3)://|\b(?:urllib|requests|socket|httpx|aiohttp)\b")
_SHELL = re.compile(r"^\s*[!%]|\bpip\b|\bconda\b|\bsubprocess\b|\bos\.system\b", re.MULTILINE)
_FILTERS = re.compile(r"\b(?:filterwarnings|simplefilter|catch_warnings)\b")
_EXERCISE = re.compile(r"^### Exercise \d\d-\d+", re.MULTILINE)
_ANSWER = re.compile(r"^\*\*Your answer:\*\* `([a-z]\w*)`", re.MULTILINE)
_MINUTES = re.compile(r"(\d+) min to (?:read|practise)")


def lint(stem, notebook):
    """Return what is wrong with a built lesson.

    Parameters
    ----------
    stem : str
        Name of the lesson, for example ``"01_load_a_recording"``.
    notebook : nbformat.NotebookNode
        The executed lesson.

    Returns
    -------
    list of str
        One sentence per fault, ``"<stem>: <what must hold, what was found>"``.
    """
    return [f"{stem}: {fault}" for rule in RULES for fault in rule(notebook)]


def _cells(notebook, kind) -> Iterator[tuple[int, nbformat.NotebookNode]]:
    return ((n, cell) for n, cell in enumerate(notebook.cells, 1) if cell.cell_type == kind)


def _prose(notebook):
    return "\n\n".join(cell.source for _, cell in _cells(notebook, "markdown"))


def _tags(cell):
    return cell.metadata.get("tags", [])


def _code_lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def _tree(cell):
    """Syntax tree of a cell; lines for the shell or IPython are left out, another rule refuses them."""
    return ast.parse("\n".join(x for x in cell.source.splitlines() if not x.lstrip().startswith(("!", "%"))))


def _title(notebook):
    first = notebook.cells[0]
    line = first.source.splitlines()[0]
    if first.cell_type != "markdown" or not line.startswith("# "):
        yield f"the first cell must open with a title (# …), found {line!r}"
    elif not line.endswith("?"):
        yield f"the title must be the question that the lesson answers and end with '?', found {line!r}"
    n_titles = len(re.findall(r"^# ", _prose(notebook), re.MULTILINE))
    if n_titles > 1:
        yield f"one title (# …) per lesson, found {n_titles}"


def _card(notebook):
    cards = [cell.source for _, cell in _cells(notebook, "markdown") if CARD[0] in cell.source]
    if len(cards) != 1:
        yield f"one card (a cell with {CARD[0]}), found {len(cards)}"
        return
    for label in CARD:
        if label not in cards[0]:
            yield f"the card lacks {label}"
    objectives = len(re.findall(r"^\s*\d\. ", cards[0], re.MULTILINE))
    if not 1 <= objectives <= MAX_OBJECTIVES:
        yield f"the card must number 1 to {MAX_OBJECTIVES} objectives, found {objectives}"
    if len(_MINUTES.findall(cards[0])) != 2 or "s for the machine" not in cards[0]:
        yield "the card's time must say '… min to read, … min to practise, … s for the machine'"


def _quiz(notebook):
    first_code = next((n for n, _ in _cells(notebook, "code")), 0)
    opening = "".join(cell.source for n, cell in _cells(notebook, "markdown") if n < first_code)
    if "<details>" not in opening or "<summary>" not in opening or "</details>" not in opening:
        yield "before the first code cell: a recall quiz, its answers in <details><summary>…</details>"


def _parameters(notebook):
    tagged = [(n, cell) for n, cell in _cells(notebook, "code") if "parameters" in _tags(cell)]
    first_code = next((n for n, _ in _cells(notebook, "code")), 0)
    if [n for n, _ in tagged] != [first_code]:
        yield f"the first code cell alone must be tagged 'parameters'; tagged: {[n for n, _ in tagged]}"
        return
    n, cell = tagged[0]
    for statement in _tree(cell).body:
        value = statement.value if isinstance(statement, ast.AnnAssign) else None
        line = cell.source.splitlines()[statement.lineno - 1]
        if not isinstance(value, ast.Constant) or "#" not in line:
            yield f"cell {n}: a parameter must read 'name: type = literal  # what it is', found {line!r}"


def _set_up(notebook):
    code = [cell for _, cell in _cells(notebook, "code")][1:2]
    if not code or len(_code_lines(code[0])) > MAX_SETUP_LINES or "import" not in code[0].source:
        yield f"the second code cell must be the set-up: imports, at most {MAX_SETUP_LINES} lines"


def _sizes(notebook):
    if len(notebook.cells) > MAX_CELLS:
        yield f"at most {MAX_CELLS} cells, found {len(notebook.cells)}"
    size = len(nbformat.writes(notebook).encode())
    if size > MAX_BYTES:
        yield f"at most {MAX_BYTES / 1e6:.1f} MB, found {size / 1e6:.1f} MB; draw fewer or smaller figures"
    for n, cell in _cells(notebook, "code"):
        if len(_code_lines(cell)) > MAX_CODE_LINES:
            yield f"cell {n}: at most {MAX_CODE_LINES} lines of code, found {len(_code_lines(cell))}"


def _definitions(notebook):
    for n, cell in _cells(notebook, "code"):
        for node in ast.walk(_tree(cell)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > MAX_DEF_LINES:
                    yield f"cell {n}: {node.name} has {lines} lines; over {MAX_DEF_LINES} goes to sleeplab"


def _forbidden_code(notebook):
    refused = (
        (_SHELL, "no pip, shell or % commands: the environment is made once, by run.py"),
        (_FILTERS, "no warning filters: a warning is read, or its cause removed"),
        (_NETWORK, "no network: a lesson runs offline"),
    )
    for n, cell in _cells(notebook, "code"):
        for pattern, why in refused:
            if found := pattern.search(cell.source):
                yield f"cell {n}: {why}; found {found.group().strip()!r}"


def _machine_paths(notebook):
    for n, cell in enumerate(notebook.cells, 1):
        if found := _ABSOLUTE.search(cell.source):
            yield f"cell {n}: no path of one machine, found {found.group()!r}"
        if any(_ABSOLUTE.search(text) for output in cell.get("outputs", []) for text in _texts(output)):
            yield f"cell {n}: its output shows a path of one machine"


def _texts(output):
    data = output.get("data", {})
    return [output.get("text", ""), *(str(data[kind]) for kind in data if kind.startswith("text/"))]


def _figures(notebook):
    following = [*notebook.cells[1:], nbformat.v4.new_code_cell()]
    for n, (cell, after) in enumerate(zip(notebook.cells, following, strict=True), 1):
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            text = after.source if after.cell_type == "markdown" else ""
            if not text.startswith(READING):
                yield f"cell {n}: the cell after a figure must be text that opens with {READING}"
            if IN_WORDS not in text:
                yield f"cell {n}: the text after a figure must hold its alt text: {IN_WORDS} …*"


def _sections(notebook):
    prose = _prose(notebook)
    for section in SECTIONS:
        if not re.search(rf"^{section}\b", prose, re.MULTILINE):
            yield f"a section is missing: {section}"
    if "| Symptom | Cause | Remedy |" not in prose:
        yield "frequent errors must be a table: | Symptom | Cause | Remedy |"
    if "papermill notebooks/" not in prose.partition(SECTIONS[-1])[2]:
        yield f"{SECTIONS[-1]} must give the papermill line"
    for phrase in (PREDICT, CLINIC):
        if phrase not in prose:
            yield f"at least once in a lesson: {phrase}"


def _exercises(notebook):
    prose = _prose(notebook)
    minutes = sum(int(m) for m in _MINUTES.findall(prose))
    needed, found = max(1, minutes // MINUTES_PER_EXERCISE), len(_EXERCISE.findall(prose))
    if found < needed:
        yield f"{minutes} min need {needed} exercises (### Exercise NN-k), found {found}"


def _known_tags(notebook):
    used = {tag: n for n, cell in enumerate(notebook.cells, 1) for tag in _tags(cell)}
    for tag in sorted(used.keys() - TAGS):
        yield f"cell {used[tag]}: unknown tag {tag!r}; known: {', '.join(sorted(TAGS))}"
    checked = [cell for _, cell in _cells(notebook, "code") if "nbval-check-output" in _tags(cell)]
    if not checked:
        yield "no cell is tagged nbval-check-output: its numbers would never be tested"
    if any(not cell.outputs for cell in checked):
        yield "a cell tagged nbval-check-output has no output: nothing would be tested"


def _clean_run(notebook):
    code = [cell for _, cell in _cells(notebook, "code")]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "every code cell must have been run, in order, once"
    for n, cell in _cells(notebook, "code"):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {n}: ends in an error, {output.ename}"
            if output.get("name") == "stderr":
                yield f"cell {n}: prints a warning: {output.text.strip().splitlines()[-1]}"


RULES = (
    _title,
    _card,
    _quiz,
    _parameters,
    _set_up,
    _sizes,
    _definitions,
    _forbidden_code,
    _machine_paths,
    _figures,
    _sections,
    _exercises,
    _known_tags,
    _clean_run,
)


def lint_source(stem, notebook):
    """Return what is wrong with a lesson's source, before anything is run.

    Parameters
    ----------
    stem : str
        Name of the lesson.
    notebook : nbformat.NotebookNode
        The source as jupytext reads it, with the metadata of its cells.

    Returns
    -------
    list of str
        One sentence per fault.
    """
    return [f"{stem}: {fault}" for rule in (_twins, _marks) for fault in rule(notebook)]


def hash_of(text):
    """Hash of a cell's words, six characters: where its lines break does not matter."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:6]


def _twins(notebook):
    english = None
    for cell in notebook.cells:
        if "lang" not in cell.metadata:
            english = cell
            continue
        opening = (cell.source.splitlines() or [""])[0]
        if english is None or {cell.cell_type, english.cell_type} != {"markdown"}:
            yield f"a twin must be a text cell right after the text cell that it translates: {opening!r}"
        elif cell.metadata["lang"] != "fr":
            yield f'a twin must be lang="fr", found lang="{cell.metadata["lang"]}"'
        elif (wanted := hash_of(english.source)) != cell.metadata.get("of"):
            yield (
                f"the French cell {opening!r} translates an older text than the English cell above it. "
                f'Read both, mend the French, then write lang="fr" of="{wanted}"'
            )
        english = None


def _marks(notebook):
    english = [cell for cell in notebook.cells if "lang" not in cell.metadata]
    for n, cell in enumerate(english):
        name = cell.metadata.get("exercise")
        if name and cell.cell_type == "markdown":
            following = english[n + 1] if n + 1 < len(english) else cell
            if following.cell_type != "code" or following.metadata.get("exercise") != name:
                yield f"exercise {name}: the cell after its prompt must be the code that solves it"
            else:
                yield from _prompt(name, cell, following, english[n + 2 :])
    solved = [c.metadata["exercise"] for c in english if "exercise" in c.metadata and c.cell_type == "code"]
    asked = [c.metadata["exercise"] for c in english if "exercise" in c.metadata and c.cell_type != "code"]
    if solved != asked or len(set(asked)) != len(asked):
        yield f"each exercise has one prompt and one solution; prompts {asked}, solutions {solved}"


def _prompt(name, prompt, solution, later):
    answers = _ANSWER.findall(prompt.source)
    if f"### Exercise {name}" not in prompt.source or len(answers) != 1:
        yield (
            f"exercise {name}: its prompt must hold '### Exercise {name}' and one line "
            f"'**Your answer:** `name`, what it is', found {answers}"
        )
    made = {name for name, is_made in _names(solution) if is_made}
    if set(answers) - made:
        yield f"exercise {name}: its solution must assign {answers[0]}"
    code = [cell for cell in later if cell.cell_type == "code"]
    used = {name for cell in code for name, is_made in _names(cell) if not is_made}
    if lost := sorted((made & used) - set(answers)):
        yield f"exercise {name}: its solution is not in a learner's copy, but {', '.join(lost)} is used below"


def _names(cell):
    """Names in a code cell, and whether the cell makes them (or uses them)."""
    for node in ast.walk(_tree(cell)):
        if isinstance(node, ast.Name):
            yield node.id, isinstance(node.ctx, ast.Store)
        elif isinstance(node, ast.FunctionDef):
            yield node.name, True
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0], True
