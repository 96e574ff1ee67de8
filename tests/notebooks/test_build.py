"""The build of the lessons, shown on a small sound lesson and on what is wrong with it."""

import base64
import copy
import hashlib
import io
import json
import os
import re
import subprocess
import sys

import build
import nbformat
import numpy as np
import pytest
from anatomy import hash_of, lint, lint_source
from nbclient.exceptions import CellExecutionError
from PIL import Image

SOUND = """# %% [markdown]
# # How fast does this heart beat?

# %% [markdown]
# - **You can then**
#   1. count beats
# - **Before this**: nothing
# - **Time**: 5 min to read, 10 min to practise, 3 s for the machine
# - **Data**: simulated

# %% [markdown] lang="fr" of="1b89c8"
# - **Vous pourrez** compter les battements

# %% [markdown]
# <details><summary>What is a beat?</summary> One R peak. </details>

# %% tags=["parameters"]
beats: int = 12  # counted in ten seconds

# %%
import matplotlib.pyplot as plt

# %% [markdown]
# **Predict.** Above or below 60?

# %%
figure, ax = plt.subplots(figsize=(3, 2))
_ = ax.plot([0, 10], [0, beats])

# %% [markdown]
# **Reading.** The line climbs to 12.
#
# *In words: a straight line from 0 to 12.*
#
# **In the clinic.** Above 100 it is a tachycardia.

# %% tags=["nbval-check-output"]
print(6 * beats, "beats per minute")

# %% [markdown] exercise="99-1"
# ### Exercise 99-1
# Twenty beats?
#
# **Your answer:** `per_minute`, in beats per minute.

# %% exercise="99-1"
per_minute = 6 * 20

# %% [markdown]
# ## Frequent errors
# | Symptom | Cause | Remedy |
# |---|---|---|
# | twice too fast | T waves counted | look at the signal |
#
# ## Key points
# - Six times ten seconds is a minute.
#
# ## Self-assessment
# - [ ] I can count beats.
#
# ## Reuse this
# `papermill notebooks/99_heart.ipynb out.ipynb -p beats 20`
"""


@pytest.fixture(scope="module", autouse=True)
def lessons_alone():
    """Leave out the learners' copies: they have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "learner", None)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Notebooks folder with one sound lesson, built."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "src").mkdir()
    (folder / "src" / "99_heart.py").write_text(SOUND, encoding="utf-8")
    assert build.main([], folder=folder) == 0
    return folder


@pytest.fixture(scope="module")
def heart(folder):
    return nbformat.read(folder / "99_heart.ipynb", as_version=4)


@pytest.fixture
def lesson(heart):
    """Copy of the sound lesson, for the test to spoil."""
    return copy.deepcopy(heart)


def cell_with(lesson, text):
    return next(cell for cell in lesson.cells if text in cell.source)


# what is built ---------------------------------------------------------------------------------------


def test_a_sound_lesson_has_no_fault(heart):
    assert lint("99_heart", heart) == []


def test_the_french_twin_is_left_out_of_the_english_lesson(heart):
    assert "battements" not in nbformat.writes(heart)


def test_the_french_lesson_is_the_english_one_with_its_twins(folder, heart):
    french = nbformat.read(folder / "fr" / "99_heart.ipynb", as_version=4)
    assert french.cells[1].source == "- **Vous pourrez** compter les battements"
    others = [n for n in range(len(heart.cells)) if n != 1]
    assert [french.cells[n] for n in others] == [heart.cells[n] for n in others]  # the outputs too
    assert len(french.cells) == len(heart.cells)


def test_a_lesson_without_a_twin_has_no_french_notebook(folder, heart, tmp_path):
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "99_heart.py"
    source.write_text(re.sub(r"# %% \[markdown\] lang.*?\n\n", "", SOUND, flags=re.DOTALL), encoding="utf-8")
    assert build.translate(heart, source) is None
    assert list(build.products(source, heart)) == [tmp_path / "99_heart.ipynb"]


def test_outputs_are_those_of_the_source(heart):
    assert cell_with(heart, "beats per minute").outputs[0].text == "72 beats per minute\n"


def test_the_file_holds_nothing_of_the_machine_or_the_moment(folder, heart):
    text = (folder / "99_heart.ipynb").read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"] == build.METADATA
    assert {key for cell in notebook["cells"] for key in cell["metadata"]} == {"tags"}
    assert "papermill" not in str(notebook["metadata"])
    (picture,) = [o.data["image/png"] for o in cell_with(heart, "subplots").outputs]
    assert b"Matplotlib" not in base64.b64decode(picture)
    assert str(folder) not in text


def test_ids_follow_from_name_and_place_alone(heart):
    renamed = build.normalise(copy.deepcopy(heart), "98_heart")
    again = build.normalise(copy.deepcopy(heart), "99_heart")
    assert [cell.id for cell in again.cells] == [cell.id for cell in heart.cells]
    assert not {cell.id for cell in renamed.cells} & {cell.id for cell in heart.cells}
    assert len({cell.id for cell in heart.cells}) == len(heart.cells)


def test_a_second_build_gives_the_same_bytes(folder):
    before = (folder / "99_heart.ipynb").read_bytes()
    assert build.main(["99"], folder=folder) == 0
    assert (folder / "99_heart.ipynb").read_bytes() == before


def test_the_settings_of_whoever_builds_do_not_matter(folder, tmp_path, monkeypatch):
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\nfigure.dpi: 300\n")
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text("c.InlineBackend.figure_formats = {'svg'}\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    built = build.build(folder / "src" / "99_heart.py")
    assert build.as_text(built) == (folder / "99_heart.ipynb").read_text(encoding="utf-8")


def test_what_a_cell_prints_bit_by_bit_is_one_output(tmp_path):
    source = tmp_path / "94_slow.py"
    source.write_text(
        "# %%\nimport time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.3)\n"
    )
    (output,) = build.build(source).cells[0].outputs
    assert output.text == "0\n1\n2\n"


def test_nothing_but_the_notebook_is_left_behind(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["99_heart.ipynb", "fr", "src"]
    assert [path.name for path in (folder / "fr").iterdir()] == ["99_heart.ipynb"]


def test_an_interrupted_write_leaves_the_old_file_whole(folder, heart, monkeypatch, tmp_path):
    target = tmp_path / "99_heart.ipynb"
    target.write_text("the old one")

    def killed(self, other):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(target), "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        build.write(heart, target)
    assert target.read_text() == "the old one"


def test_a_failing_cell_is_reported_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "97_broken.py").write_text("# %%\n1 / 0\n")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        build.build(tmp_path / "src" / "97_broken.py")
    assert build.main([], folder=tmp_path) == 1
    assert "97_broken: a cell fails" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.ipynb"))


def test_an_unknown_lesson_is_refused(folder, capsys):
    with pytest.raises(SystemExit, match="2"):
        build.main(["42"], folder=folder)
    assert "no lesson in notebooks/src starts with '42'" in capsys.readouterr().err


# check -----------------------------------------------------------------------------------------------


def test_check_accepts_what_was_built_and_writes_nothing(folder, capsys):
    before = (folder / "99_heart.ipynb").stat().st_mtime_ns
    assert build.main(["--check"], folder=folder) == 0
    assert capsys.readouterr().err == ""
    assert (folder / "99_heart.ipynb").stat().st_mtime_ns == before


def set_source(notebook):
    notebook.cells[2].source += " Or two."


def set_number(notebook):
    cell_with(notebook, "beats per minute").outputs[0].text = "73 beats per minute\n"


def drop_figure(notebook):
    del cell_with(notebook, "subplots").outputs[0]["data"]["image/png"]


def swap_figure(notebook):
    cell_with(notebook, "subplots").outputs[0]["data"]["image/png"] = png(bold=True)


def drop_outputs(notebook):
    cell_with(notebook, "beats per minute").outputs = []


def drop_last_cell(notebook):
    del notebook.cells[-1]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (set_source, "cell 3 of 12 (markdown, '<details>"),
        (set_source, "its source differs"),
        (
            set_number,
            "cell 9 of 12 (code, 'print(6 * beats, \"beats per minute\")') is not what the source gives",
        ),
        (set_number, "its printed output differs"),
        (drop_figure, "its figure differs"),
        (swap_figure, "its figure differs"),
        (drop_outputs, "it has another number of outputs"),
        (drop_last_cell, "it has 11 cells, its source gives 12"),
    ],
)
def test_check_says_in_plain_words_which_cell_differs_first(heart, lesson, tmp_path, spoil, says):
    spoil(lesson)
    build.write(lesson, tmp_path / "99_heart.ipynb")
    faults = build.check(heart, tmp_path / "99_heart.ipynb")
    assert len(faults) == 1
    assert faults[0].startswith("99_heart.ipynb: ")
    assert says in faults[0]
    assert faults[0].endswith("Run: python notebooks/build.py 99_heart")


def png(*, bold=False, level=9):
    """Black line on white, base64; two compression levels are two files of the same picture."""
    pixels = np.full((60, 90), 255, np.uint8)
    pixels[20 : 40 if bold else 21] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(buffer, "png", compress_level=level)
    return base64.b64encode(buffer.getvalue()).decode()


def test_the_same_picture_in_other_bytes_is_the_same_picture(heart, lesson):
    other = copy.deepcopy(heart)
    for notebook, level in ((lesson, 0), (other, 9)):
        cell_with(notebook, "subplots").outputs[0]["data"]["image/png"] = png(level=level)
    assert png(level=0) != png(level=9)
    assert build.first_difference(lesson, other) == ""


def test_another_line_in_a_figure_of_the_same_size_is_seen(heart, lesson):
    other = copy.deepcopy(heart)
    for notebook, bold in ((lesson, False), (other, True)):
        cell_with(notebook, "subplots").outputs[0]["data"]["image/png"] = png(bold=bold)
    assert "its figure differs" in build.first_difference(lesson, other)


def test_check_names_a_lesson_that_was_never_built(heart, tmp_path):
    (fault,) = build.check(heart, tmp_path / "99_heart.ipynb")
    assert fault == "99_heart.ipynb: not built. Run: python notebooks/build.py 99_heart"


def test_faults_of_a_lesson_and_a_notebook_without_a_source_are_reported(tmp_path, capsys):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "96_bare.py").write_text("# %% [markdown]\n# Nothing\n", encoding="utf-8")
    (tmp_path / "fr").mkdir()
    (tmp_path / "95_orphan.ipynb").touch()
    (tmp_path / "fr" / "96_bare.ipynb").touch()
    assert build.main([], folder=tmp_path) == 1
    said = capsys.readouterr().err
    assert "95_orphan.ipynb: has no source src/95_orphan.py" in said
    assert "fr/96_bare.ipynb: has no source src/96_bare.py with French twins" in said
    assert "96_bare: the first cell must open with a title" in said


def test_check_names_the_french_lesson_that_differs(folder, capsys):
    path = folder / "fr" / "99_heart.ipynb"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("compter les battements", "tout compter"), encoding="utf-8")
    assert build.main(["--check"], folder=folder) == 1
    assert capsys.readouterr().err.startswith("fr/99_heart.ipynb: cell 2 of 12 (markdown")
    path.write_text(before, encoding="utf-8")


# the source ------------------------------------------------------------------------------------------


def source_faults(text, folder):
    (folder / "99_heart.py").write_text(text, encoding="utf-8")
    return lint_source("99_heart", build.read(folder / "99_heart.py"))


def test_a_sound_source_has_no_fault(tmp_path):
    assert source_faults(SOUND, tmp_path) == []


def test_the_answer_of_an_exercise_may_be_used_below(tmp_path):
    assert source_faults(SOUND + "\n# %%\nprint(per_minute)\n", tmp_path) == []


def test_a_twin_does_not_grow_old_by_other_line_breaks(tmp_path):
    assert source_faults(SOUND.replace("min to practise,", "min to practise,\n#  "), tmp_path) == []


def test_an_old_twin_is_named_and_the_fault_says_what_to_write(tmp_path):
    changed = SOUND.replace("count beats", "count beats by ear")
    (fault,) = source_faults(changed, tmp_path)
    assert "the French cell '- **Vous pourrez** compter les battements' translates an older text" in fault
    (told,) = re.findall(r'of="(\w+)"', fault)
    assert source_faults(changed.replace("1b89c8", told), tmp_path) == []


def test_the_hash_is_that_of_the_words():
    by_hand = hashlib.sha256(b"A night in bed").hexdigest()[:6]
    assert hash_of("A night\n  in bed\n") == by_hand


def replaced(old, new):
    assert old in SOUND
    return SOUND.replace(old, new)


TWIN = '# %% [markdown] lang="fr" of="1b89c8"\n# - **Vous pourrez** compter les battements\n\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (replaced(' of="1b89c8"', ""), "translates an older text"),
        (replaced('lang="fr"', 'lang="de"'), 'must be lang="fr", found lang="de"'),
        (replaced(TWIN, TWIN + TWIN), "right after the text cell that it translates"),
        (TWIN + SOUND, "right after the text cell that it translates"),
        (replaced('# %% [markdown] lang="fr"', '# %% lang="fr"'), "right after the text cell"),
        (replaced("**Your answer:** `per_minute`", "`per_minute`"), "found \\[\\]"),
        (replaced("### Exercise 99-1", "### Exercise 99-2"), "must hold '### Exercise 99-1'"),
        (replaced("per_minute = 6", "rate = 6"), "its solution must assign per_minute"),
        (replaced('# %% exercise="99-1"', "# %%"), "the cell after its prompt must be the code"),
        (replaced('[markdown] exercise="99-1"', "[markdown]"), r"prompts \[\], solutions \['99-1'\]"),
        (
            replaced("per_minute = 6", "beats_s = 6\nper_minute = 6") + "\n# %%\nprint(beats_s)\n",
            "but beats_s is used below",
        ),
        (
            replaced("per_minute = 6", "import re\nper_minute = 6") + "\n# %%\nre.compile('x')\n",
            "but re is used below",
        ),
    ],
)
def test_a_bad_source_is_refused(tmp_path, text, says):
    faults = source_faults(text, tmp_path)
    assert [fault for fault in faults if re.search(f"^99_heart: .*{says}", fault)], faults


def test_a_fault_of_the_source_fails_the_build_and_the_check(folder, tmp_path, capsys):
    (tmp_path / "src").mkdir()
    old = replaced("count beats", "count beats by ear")
    (tmp_path / "src" / "99_heart.py").write_text(old, encoding="utf-8")
    assert build.main([], folder=tmp_path) == 1
    assert "translates an older text" in capsys.readouterr().err
    assert build.main(["--check"], folder=tmp_path) == 1
    assert "translates an older text" in capsys.readouterr().err


def test_what_the_learners_get_is_written_and_checked_with_the_lesson(tmp_path, heart, monkeypatch):
    class Learner:
        @staticmethod
        def products(source, built):
            return {source.parents[2] / "exercises" / f"{source.stem}.ipynb": built}

    monkeypatch.setattr(build, "learner", Learner)
    monkeypatch.setattr(build, "build", lambda source: heart)
    source = tmp_path / "notebooks" / "src" / "99_heart.py"
    source.parent.mkdir(parents=True)
    source.write_text(SOUND, encoding="utf-8")
    assert build.main([], folder=tmp_path / "notebooks") == 0
    copy_of_learner = tmp_path / "exercises" / "99_heart.ipynb"
    assert copy_of_learner.exists()
    copy_of_learner.unlink()
    assert build.main(["--check"], folder=tmp_path / "notebooks") == 1


# the rules -------------------------------------------------------------------------------------------


def edit(text, old, new):
    """Return a function that replaces ``old`` in the cell that holds ``text``."""

    def spoil(lesson):
        cell = cell_with(lesson, text)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return spoil


def tag(text, *tags):
    def spoil(lesson):
        cell_with(lesson, text).metadata["tags"] = list(tags)

    return spoil


def add_code(source, **fields):
    """Return a function that adds a code cell, as the last that runs."""

    def spoil(lesson):
        n = sum(cell.cell_type == "code" for cell in lesson.cells)
        lesson.cells.append(nbformat.v4.new_code_cell(source, execution_count=n + 1, **fields))

    return spoil


def add_output(text, output):
    def spoil(lesson):
        cell_with(lesson, text).outputs.append(nbformat.from_dict(output))

    return spoil


def add_cells(lesson):
    lesson.cells += [nbformat.v4.new_markdown_cell("More.") for _ in range(40)]


def run_twice(lesson):
    cell_with(lesson, "import").execution_count = 7


def never_run(lesson):
    cell_with(lesson, "import").execution_count = None


def untested(lesson):
    cell_with(lesson, "beats per minute").outputs = []


def figure_last(lesson):
    add_code("figure", outputs=copy.deepcopy(cell_with(lesson, "subplots").outputs))(lesson)


STDERR = {"output_type": "stream", "name": "stderr", "text": "x.py:1:\nUserWarning: odd\n"}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
PATH = {"output_type": "stream", "name": "stdout", "text": "saved in /home/anna/night.edf\n"}
HEAVY = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "x" * 1_500_001}}
LONG_DEF = "def f(x):\n" + "    x += 1\n" * 4 + "    return x"
SHORT_DEF = "def f(x):\n" + "    x += 1\n" * 3 + "    return x"

BAD = [
    (edit("# How", "# How", "How"), "must open with a title"),
    (edit("# How", "beat?", "beat"), "the title must be the question"),
    (edit("Above or below", "**Predict.**", "# Another\n**Predict.**"), "one title"),
    (edit("**You can then**", "**You can then**", "You can"), "one card"),
    (edit("**You can then**", "**Before this**", "Before"), r"the card lacks \*\*Before this\*\*"),
    (edit("**You can then**", "**Time**", "Time"), r"the card lacks \*\*Time\*\*"),
    (edit("**You can then**", "**Data**", "Data"), r"the card lacks \*\*Data\*\*"),
    (edit("**You can then**", "1. count", "count"), "must number 1 to 3 objectives, found 0"),
    (edit("**You can then**", "1. count", "1. a\n  2. b\n  3. c\n  4. count"), "1 to 3 objectives, found 4"),
    (edit("**You can then**", "5 min to read", "5 min"), "the card's time must say"),
    (edit("**You can then**", "3 s for the machine", "fast"), "the card's time must say"),
    (edit("What is a beat", "<details>", ""), "a recall quiz"),
    (edit("What is a beat", "</details>", ""), "a recall quiz"),
    (tag("beats: int"), "must be tagged 'parameters'; tagged: \\[\\]"),
    (tag("import", "parameters"), "must be tagged 'parameters'; tagged: \\[4, 5\\]"),
    (edit("beats: int", ": int", ""), "a parameter must read"),
    (edit("beats: int", "12", "6 * 2"), "a parameter must read"),
    (edit("beats: int", "  # counted in ten seconds", ""), "a parameter must read"),
    (edit("import", "import", "\n".join(["import os"] * 5) + "\nimport"), "must be the set-up"),
    (edit("import", "import matplotlib.pyplot as plt", "plt = 1"), "must be the set-up"),
    (add_cells, "at most 40 cells, found 52"),
    (add_output("import", HEAVY), "at most 1.5 MB"),
    (add_code("x = 1\n" * 13), "at most 12 lines of code, found 13"),
    (add_code(LONG_DEF), "f has 6 lines"),
    (add_code("class A:\n" + "    x = 1\n" * 5), "A has 6 lines"),
    (add_code("%pip install mne"), "no pip.*found '%'"),
    (add_code("!ls"), "no pip.*found '!'"),
    (add_code("import pip"), "no pip.*found 'pip'"),
    (add_code("import warnings\nwarnings.filterwarnings('ignore')"), "no warning filters"),
    (add_code("import urllib.request"), "no network.*found 'urllib'"),
    (add_code("url = 'https://example.org/night.edf'"), "no network"),
    (add_code("open('/home/anna/night.edf')"), "no path of one machine"),
    (add_code("open('C:\\\\Users')"), "no path of one machine"),
    (edit("Above or below", "60", "/mnt/x"), "no path of one machine"),
    (add_output("import", PATH), "its output shows a path of one machine"),
    (edit("**Reading.**", "**Reading.** ", ""), "must be text that opens with"),
    (edit("**Reading.**", "*In words:", "*"), "must hold its alt text"),
    (figure_last, "must be text that opens with"),
    *[(edit("## Key", section, "## Else"), f"missing: {section}") for section in (
        "## Frequent errors", "## Key points", "## Self-assessment", "## Reuse this",
    )],
    (edit("## Key", "| Symptom |", "| Sign |"), "frequent errors must be a table"),
    (edit("## Key", "papermill notebooks/", "run "), "must give the papermill line"),
    (edit("Above or below", "**Predict.** ", ""), r"at least once in a lesson: \*\*Predict"),
    (edit("In the clinic", "**In the clinic.** ", ""), r"at least once in a lesson: \*\*In the clinic"),
    (edit("### Exercise", "### Exercise", "### Task"), "15 min need 1 exercises .* found 0"),
    (edit("**You can then**", "5 min to read", "35 min to read"), "45 min need 3 exercises .* found 1"),
    (tag("per_minute = 6 * 20", "hide-input"), "unknown tag 'hide-input'"),
    (tag("beats per minute"), "no cell is tagged nbval-check-output"),
    (untested, "has no output: nothing would be tested"),
    (run_twice, "every code cell must have been run, in order"),
    (never_run, "every code cell must have been run, in order"),
    (add_output("import", ERROR), "ends in an error, ValueError"),
    (add_output("import", STDERR), "prints a warning: UserWarning: odd"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "says"), BAD, ids=[says for _, says in BAD])
def test_a_bad_lesson_is_refused_and_the_rule_is_named(lesson, spoil, says):
    spoil(lesson)
    faults = lint("99_heart", lesson)
    assert [fault for fault in faults if re.search(f"^99_heart: .*{says}", fault)], faults
    assert len(faults) <= 2


@pytest.mark.parametrize(
    "source",
    [SHORT_DEF, "x = 1\n" * 12, "ratio = 1 / 2 / 3", "path = 'data/night.edf'", "print('and/or')"],
)
def test_what_is_allowed_is_not_refused(lesson, source):
    add_code(source)(lesson)
    assert lint("99_heart", lesson) == []


# the command, for real -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_committed_lessons_are_what_their_sources_give(notebooks):
    run = subprocess.run(
        [sys.executable, notebooks / "build.py", "--check"], capture_output=True, text=True, timeout=900
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


@pytest.mark.slow
def test_two_processes_build_the_same_bytes(folder):
    # of the small lesson; for the committed ones --check is the second process
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import build; "
        "sys.stdout.write(build.as_text(build.build(Path(sys.argv[2]))))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, str(build.HERE), str(folder / "src" / "99_heart.py")],
            capture_output=True, text=True, timeout=120, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
