"""The page in a real browser: no request, nothing off the screen, every step by keyboard."""

import shutil

import pytest
from report_night import make_context, make_night

from sleeplab.report import night_report

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "night.html"
    return night_report(*make_night(), context=make_context()).save(path).as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[1280, 400])
def wide_and_narrow(browser, address, request):
    with browser.new_context(viewport={"width": request.param, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        yield page


@pytest.fixture
def page(browser, address):
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        yield page


def current(page):
    return page.evaluate("document.activeElement.id")


def test_no_request_and_no_complaint(browser, address):
    asked, said = [], []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        page.keyboard.press("j")
        page.wait_for_timeout(200)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert said == []


def test_policy_stops_a_request_that_someone_slips_in(page):
    blocked = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
            fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert blocked == "connect-src"


def test_title_and_language_are_set(page):
    assert page.title() == "Night 0123456789ab – sleeplab"
    assert page.get_attribute("html", "lang") == "en"


def test_nothing_sticks_out_sideways(wide_and_narrow):
    width = wide_and_narrow.viewport_size["width"]
    assert wide_and_narrow.evaluate("document.documentElement.scrollWidth") <= width


def test_text_is_large_enough_to_read(wide_and_narrow):
    smallest = wide_and_narrow.evaluate(
        """Math.min(...[...document.querySelectorAll("p, li, td, th, dd, dt, a, figcaption, label")]
            .filter((e) => e.offsetParent && e.textContent.trim())
            .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 12


def test_one_overview_is_shown_and_it_fits(wide_and_narrow):
    shown = [image for image in wide_and_narrow.query_selector_all(".night img") if image.is_visible()]
    assert len(shown) == 1
    box = shown[0].bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= wide_and_narrow.viewport_size["width"]


def test_every_image_is_decoded_and_described(page):
    images = page.evaluate("[...document.images].map((i) => [i.naturalWidth, i.alt.length])")
    assert len(images) == 6
    assert all(width > 100 and alt > 20 for width, alt in images)


def test_keys_step_through_the_items_and_stop_at_the_ends(page):
    visited = []
    for key in ("j", "ArrowRight", "j", "j", "j", "k", "ArrowLeft"):
        page.keyboard.press(key)
        visited.append(current(page))
    assert visited == ["item-1", "item-2", "item-3", "item-4", "item-4", "item-3", "item-2"]
    assert "Item 2 of 4" in page.inner_text(".steps output")


def test_the_item_stepped_to_is_on_the_screen(page):
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("j")
    page.keyboard.press("j")
    box = page.query_selector("#item-2").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900


def test_checking_off_counts_down_the_minutes(page):
    assert "1.8 min left" in page.inner_text(".steps output")  # 15 + 3 × 30 s = 1.75 min
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.is_checked("#item-1 input")
    assert "1.5 min left" in page.inner_text(".steps output")
    page.keyboard.press("x")
    assert not page.is_checked("#item-1 input")
    for rank in range(1, 5):
        page.check(f"#item-{rank} input")
    assert "all looked at" in page.inner_text(".steps output")


def test_nothing_is_stored(page):
    page.check("#item-1 input")
    page.reload()
    assert not page.is_checked("#item-1 input")


def test_a_mark_on_the_night_jumps_to_its_item(page):
    page.emulate_media(reduced_motion="reduce")
    mark = page.query_selector(".night.wide a[href='#item-3']")
    page.evaluate("(mark) => mark.scrollIntoView({ block: 'center' })", mark)
    box = mark.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**#item-3")
    page.wait_for_timeout(200)
    assert current(page) == "item-3"


def test_keys_scroll_a_table_instead_of_stepping(page):
    page.focus("#others .scroll")
    page.keyboard.press("ArrowRight")
    assert current(page) == ""


def test_prints_to_pdf_with_every_item(browser, address, tmp_path):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.emulate_media(media="print")
        assert not page.is_visible(".steps")
        assert page.is_visible(".night.wide")
        printed = page.pdf(path=tmp_path / "night.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 8
