"""An exercise in JupyterLab, in a real browser, by keyboard: a wrong answer, a hint, a right answer."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from test_report_page import CHROMIUM, FLAGS

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]
ROOT = Path(__file__).parents[2]
TOKEN = "only-for-this-test"  # noqa: S105
NOTEBOOK = "06_stage_with_yasa.ipynb"
NUMBER = f"{NOTEBOOK[:2]}-1"
SETTINGS = {  # no news; every cell stays in the page, also those that are scrolled away
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Unpack the learners' archive: what a trainee has."""
    from sleeplab.exercises import _copies

    folder = tmp_path_factory.mktemp("learner")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLEEPLAB_EXERCISES", str(ROOT / "exercises"))
        shutil.unpack_archive(_copies.pack(folder), folder)
    return folder / "sleeplab"


@pytest.fixture(scope="module")
def address(project, tmp_path_factory):
    """JupyterLab, started as ``run.py lab`` starts it."""
    home = tmp_path_factory.mktemp("home")
    for plugin, chosen in SETTINGS.items():
        file = home / "config/lab/user-settings/@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(chosen))
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": str(project),
    }
    environment.pop("SLEEPLAB_LANG", None)
    options = [
        "--no-browser",
        "--port=8931",
        "--ServerApp.port_retries=50",
        f"--IdentityProvider.token={TOKEN}",
    ]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = (home / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-c", START, *options, *root], cwd=project, env=environment, stdout=log, stderr=log
    )
    try:
        yield (url := wait_for(process, Path(log.name), home))
        started = psutil.Process(process.pid).children(recursive=True)
        end = urllib.request.Request(  # noqa: S310
            f"{url}api/shutdown", method="POST", headers={"Authorization": f"token {TOKEN}"}
        )
        urllib.request.urlopen(end, timeout=60).close()  # noqa: S310
        assert process.wait(timeout=60) == 0
        assert not [child for child in started if lives(child)], "JupyterLab must end its kernels"
    finally:
        process.kill()
        log.close()


def lives(process):
    """Whether a process is still there after a moment; one that nobody has buried does not live."""
    for _ in range(40):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        time.sleep(0.25)
    return True


# run.py would first make an environment of its own; its function `start` is what then runs
START = "import run, sys, pathlib; sys.exit(run.start('lab', pathlib.Path(sys.executable), sys.argv[1:]))"


def wait_for(process, log, home):
    """Address of the server, once it answers."""
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        for file in (home / "data" / "runtime").glob("jpserver-*.json"):
            server = json.loads(file.read_text())
            try:
                with urllib.request.urlopen(f"{server['url']}api/status?token={TOKEN}", timeout=2):  # noqa: S310
                    return server["url"]
            except OSError:
                pass
        time.sleep(0.25)
    pytest.fail(log.read_text())


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def cell_with(page, text):
    return page.locator(".jp-CodeCell").filter(has_text=text).first


def run(page, cell):
    """Press Shift+Enter in a cell, and again where it was lost: before the kernel listens, after an error."""
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.text_content()
    for _ in range(12):
        prompt.click()
        page.keyboard.press("Shift+Enter")
        try:
            sync_api.expect(prompt).not_to_have_text(before, timeout=10_000)
        except AssertionError:
            continue
        sync_api.expect(prompt).not_to_have_text("[*]:", timeout=180_000)
        if prompt.text_content() != "[ ]:":
            return
        before = "[ ]:"
    pytest.fail("the kernel does not answer")


def write_and_run(page, cell, code):
    """Replace a cell's text and run it, by keyboard."""
    cell.locator(".cm-content").click()
    cell.locator(".cm-editor.cm-focused").wait_for()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)
    sync_api.expect(cell.locator(".cm-line")).to_have_text(code.splitlines())
    run(page, cell)


def run_up_to_the_exercise(page, path):
    """Run the code cells from the first one to the exercise, by keyboard, on the shortest night."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sources[0].startswith("recording: str")
    write_and_run(
        page, page.locator(".jp-CodeCell").first, sources[0].replace("simulated:henri", "simulated:nap")
    )
    to_run = next(n for n, source in enumerate(sources) if f'check("{NUMBER}"' in source)
    for n in range(1, to_run + 1):
        cell = page.locator(".jp-CodeCell").nth(n)
        run(page, cell)


def picture(page, name):
    if folder := os.environ.get("SLEEPLAB_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"lab_{name}.png"))


def test_an_exercise_answers_back(browser, address, project):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.goto(f"{address}lab/tree/exercises/{NOTEBOOK}?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status=idle]")
    page.keyboard.press("Escape")

    run_up_to_the_exercise(page, project / "exercises" / NOTEBOOK)
    exercise = cell_with(page, f'check("{NUMBER}"')
    said = exercise.locator(".jp-OutputArea-output")
    said.filter(has_text="not attempted yet").wait_for()
    picture(page, "1_untouched")

    write_and_run(
        page, exercise, f'agree_percent = (ours == theirs).mean()\ncheck("{NUMBER}", agree_percent)'
    )
    said.filter(has_text="wrong, because").first.wait_for()
    picture(page, "2_wrong")

    write_and_run(page, exercise, f'agree_percent = 1 / 0\ncheck("{NUMBER}", agree_percent)')
    said.filter(has_text="your code raised an error: ZeroDivisionError").wait_for()
    assert "Traceback" not in exercise.inner_text()
    picture(page, "3_raised")

    write_and_run(page, exercise, f'agree_percent = ...\ncheck("{NUMBER}", agree_percent)\nhint("{NUMBER}")')
    said.filter(has_text="hint 1 of 3").wait_for()
    picture(page, "4_hint")

    write_and_run(
        page, exercise, f'agree_percent = 100 * (ours == theirs).mean()\ncheck("{NUMBER}", agree_percent)'
    )
    said.filter(has_text="passed").wait_for()
    picture(page, "5_passed")
    context.close()

    (log,) = project.glob("sleeplab-out/exercises/progress.jsonl")
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    told = [event.get("outcome", event["event"]) for event in events]
    assert told == ["trainee", "start", "not attempted", "wrong", "raised", "not attempted", "hint", "passed"]
