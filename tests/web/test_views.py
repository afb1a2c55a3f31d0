"""Each view used as a person would, in a browser that is installed: no error on its console, nothing asked of other hosts, and
axe-core (axe.min.js, 4.14.1, MPL-2.0, unchanged) finds nothing to mend. With SSGAN_PICTURES=FOLDER the pictures of the docs
are written there.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ssgan.web.app import STREAMS
from ssgan.web.guard import LARGEST_BODY
from ssgan.web.serving import handed_over
from tests.web.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
AXE = Path(__file__).with_name("axe.min.js")
PICTURES = os.environ.get("SSGAN_PICTURES")
LONG = 60_000  # milliseconds

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    # Those of the driver's own pipes, when it ends.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def photo(cover: bytes) -> bytes:
    """A photograph, where there are any; else a picture as rough as one."""
    from ssgan import images
    from ssgan.experiments.demo import photographs

    return images.encode(photographs.shown()) if photographs.available() else cover


@pytest.fixture
def wrong() -> list[str]:
    """What has gone wrong in the page."""
    return []


@pytest.fixture
def page(browser: Browser, site: Site, wrong: list[str]) -> Iterator[Page]:
    """A new browser that has opened the page's address; at the end nothing may have gone wrong in it."""
    site.settings.allowed.used = False
    opened = browser.new_page(viewport={"width": 1180, "height": 820})
    opened.set_default_timeout(LONG)
    opened.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda asked: wrong.append(asked.url) if not _own(asked.url, site) else None)
    opened.goto(f"{site.address}/?token={site.settings.allowed.token}")
    opened.wait_for_url("**/hide")
    yield opened
    opened.close()
    assert wrong == []


def test_the_file_that_a_browser_is_handed_opens_the_page(browser: Browser, site: Site) -> None:
    site.settings.allowed.used = False
    opened = browser.new_page()
    # By no click, and from a file, whose origin is nobody's: a strict cookie has to come nevertheless.
    with handed_over(f"{site.address}/?token={site.settings.allowed.token}") as handed:
        opened.goto(handed, wait_until="commit")
        opened.wait_for_url(f"{site.address}/hide", timeout=LONG)
    assert opened.inner_text("h1")
    opened.close()


def test_hide_then_reveal(page: Page, photo: bytes, tmp_path: Path) -> None:
    page.set_input_files("#cover", {"name": "photo.png", "mimeType": "image/png", "buffer": photo})
    page.fill("#message", "Meet me\nat nine")
    page.wait_for_selector("#meter meter")
    assert page.evaluate("document.querySelector('#meter meter').value") == 15
    page.fill("#hide-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".risk")
    page.fill("#slide", "20")
    assert "20%" in page.evaluate("document.querySelector('.over').style.clipPath")
    _look(page, "hide")
    boxes = page.locator("[data-zoomed]")  # cover and stego, and the map of changes
    assert boxes.count() == 2
    for number in range(2):
        _zooms(boxes.nth(number))
    with page.expect_download() as taken:
        page.click("a.button")
    taken.value.save_as(tmp_path / "stego.png")
    page.click("nav >> text=Reveal")
    page.set_input_files("#stego", tmp_path / "stego.png")
    page.fill("#reveal-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".message")
    assert page.evaluate("document.querySelector('.message').textContent") == "Meet me\nat nine"
    with page.expect_download() as taken:
        page.click("a.button")
    assert taken.value.path().read_bytes() == b"Meet me\nat nine"
    _look(page, "reveal")
    page.fill("#reveal-passphrase", "other words")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "No message found" in page.inner_text("[role=alert]")


def test_a_result_has_an_address_that_survives_reload_and_back(page: Page, photo: bytes) -> None:
    page.set_input_files("#cover", {"name": "Photo 1.png", "mimeType": "image/png", "buffer": photo})
    page.fill("#message", "Meet me at nine")
    page.click("[data-make]")
    page.wait_for_selector("[data-made]:not([hidden])")
    passphrase = page.input_value("#hide-passphrase")
    assert passphrase == page.inner_text("[data-made] .words")
    assert len(passphrase.split()) == 10
    page.click("button[type=submit]")
    page.wait_for_selector(".risk")
    address = page.url
    assert "/jobs/" in address
    assert page.input_value("#message") == "Meet me at nine"  # the form is beside it
    outcome = page.locator("#outcome").bounding_box()
    assert outcome is not None
    assert -1 < outcome["y"] < 820
    page.go_back()
    page.wait_for_function("!document.querySelector('#outcome > *')")
    assert page.url.endswith("/hide")
    assert page.input_value("#message") == "Meet me at nine"
    page.go_forward()
    page.wait_for_selector(".risk")
    page.reload()
    page.wait_for_selector(".risk")
    assert page.inner_text("h1") == "Hide: Photo 1.png"
    _check(page)
    page.click("text=Read it back, to be sure")
    page.fill("#back-passphrase", passphrase)
    page.click(".back button[type=submit]")
    page.wait_for_selector("#read-back .message")
    assert page.inner_text("#read-back .message") == "Meet me at nine"
    _check(page)
    assert page.url == address
    page.click("text=All results")
    assert page.locator("tbody tr td.name").all_inner_texts()[:2] == ["stego.png", "Photo 1.png"]
    _check(page)
    page.click("text=Photo 1.png >> nth=0")
    page.wait_for_selector(".risk")
    assert page.url == address


def test_a_passphrase_can_be_looked_at(page: Page) -> None:
    page.fill("#hide-passphrase", "several words")
    for words, kind in (("Show", "text"), ("Hide", "password")):
        page.click(f"[data-show]:text-is('{words}')")
        assert page.get_attribute("#hide-passphrase", "type") == kind
    assert page.input_value("#hide-passphrase") == "several words"


def test_a_refused_photograph_gets_its_remedy(page: Page) -> None:
    import numpy as np
    from PIL import Image

    deep = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 2**16, (90, 120), dtype=np.uint16)).save(deep, "PNG")
    page.set_input_files("#cover", {"name": "scan 16.png", "mimeType": "image/png", "buffer": deep.getvalue()})
    page.wait_for_selector("#meter [role=alert]")
    assert page.inner_text("#meter [role=alert]").startswith("scan 16.png cannot be used as a cover")
    _check(page)
    page.click("text=Make a PNG at half its size")
    page.wait_for_selector("#meter meter")
    assert page.evaluate("document.querySelector('#cover').files[0].name") == "scan 16-half.png"
    assert page.inner_text(".previews figcaption") == "scan 16-half.png"
    page.fill("#message", "x")
    page.fill("#hide-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".risk")


MIDDLE = """box => [
    (box.scrollLeft + box.clientWidth / 2) / box.scrollWidth, (box.scrollTop + box.clientHeight / 2) / box.scrollHeight
]"""


def _zooms(box: Locator) -> None:
    """Twice as large by its button, and again by the keyboard, around the same middle; back as it was."""

    def width() -> float:
        return float(seen.locator("> *").evaluate("shown => shown.getBoundingClientRect().width"))

    seen, larger, smaller = box.locator(".scroll"), box.get_by_label("Larger: "), box.get_by_label("Smaller: ")
    before = width()
    larger.click()
    assert width() == pytest.approx(2 * before, rel=0.02)
    larger.press("+")
    assert width() == pytest.approx(4 * before, rel=0.02)
    assert seen.evaluate(MIDDLE) == pytest.approx([0.5, 0.5], abs=0.02)
    larger.press("Control++")  # the browser's own
    assert width() == pytest.approx(4 * before, rel=0.02)
    for _ in range(3):
        smaller.press("Enter")
    assert width() == pytest.approx(before, rel=0.02)
    assert smaller.get_attribute("aria-disabled") == "true"
    box.page.keyboard.press("=")  # who pressed the button still has it
    assert width() == pytest.approx(2 * before, rel=0.02)
    box.page.keyboard.press("-")
    assert width() == pytest.approx(before, rel=0.02)


def test_a_message_draws_a_cover_of_a_wall_without_a_choice(page: Page, tmp_path: Path) -> None:
    page.click("nav >> text=Generate")
    page.fill("#count", "24")
    page.click("button[type=submit]")
    page.wait_for_selector(".covers img")
    assert page.locator("[data-cover]").count() == 0
    _look(page, "generate")
    page.click("text=Let a message draw one")
    page.wait_for_selector("#meter meter")
    assert page.is_hidden("#cover")
    promise = page.inner_text("#meter [data-bytes]")
    page.fill("#generator", "artist")
    page.press("#generator", "Tab")
    changed = "before => document.querySelector('#meter [data-bytes]')?.innerText !== before"
    page.wait_for_function(changed, arg=promise)
    page.fill("#message", "Not at all")
    page.fill("#hide-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".risk:has-text('distributed as any cover')")
    _check(page)
    with page.expect_download() as taken:
        page.click("a.button")
    taken.value.save_as(tmp_path / "drawn.png")
    page.click("nav >> text=Reveal")
    page.set_input_files("#stego", tmp_path / "drawn.png")
    page.fill("#reveal-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".message")
    assert page.evaluate("document.querySelector('.message').textContent") == "Not at all"


def test_a_cover_is_made_chosen_and_changed(page: Page) -> None:
    page.click("nav >> text=Generate")
    page.fill("#count", "4")
    page.click("text=Covers to change, instead")
    page.check("[name=changed]")
    page.click("button[type=submit]")
    page.wait_for_selector("[data-cover]")
    page.locator("[data-cover]").nth(3).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/hide")
    page.wait_for_selector("#meter meter")
    page.fill("#message", "x")
    page.fill("#hide-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector(".risk")


def test_what_does_not_fit_is_said_while_it_is_written(page: Page, cover: bytes) -> None:
    page.set_input_files("#cover", {"name": "small.png", "mimeType": "image/png", "buffer": cover})
    page.wait_for_selector("#meter meter")
    capacity_bytes = int(page.get_attribute("#meter [data-bytes]", "data-bytes") or 0)
    page.fill("#message", "x" * (capacity_bytes + 7))
    assert page.inner_text("#meter [data-over]") == "7 bytes too many."
    page.fill("#message", "x")
    assert page.is_hidden("#meter [data-over]")
    page.click("text=Hide a file instead")
    page.set_input_files("#payload", {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": bytes(200)})
    page.wait_for_function("document.querySelector('#meter meter').value == 200")
    page.fill("#hide-passphrase", "several words")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert "two messages" in page.inner_text("[role=alert]")


DROPPED = """([count, size]) => {
    const carrier = new DataTransfer();
    for (let number = 0; number < count; number++) carrier.items.add(new File([new Uint8Array(size)], `${number}.png`));
    document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: carrier, bubbles: true}));
}"""


def test_what_is_not_taken_is_said_where_the_outcome_would_be(page: Page, site: Site, wrong: list[str]) -> None:
    for number, (count, size, words) in enumerate(
        ((65, 10, "is 64."), (1, LARGEST_BODY + 1, "32 MiB"), (1, 10, "not get through"))
    ):
        if number == 2:
            page.route("**/detect", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
        page.goto(f"{site.address}/detect")
        page.evaluate(DROPPED, [count, size])
        page.click("button[type=submit]")
        page.wait_for_selector("#outcome [role=alert]")
        assert words in page.inner_text("#outcome [role=alert]")
        assert page.locator("#outcome [role=alert] p").count() == 2  # what to do, too
        assert page.is_enabled("button[type=submit]")
        _check(page)
    page.goto(f"{site.address}/hide")
    page.evaluate(DROPPED, [1, LARGEST_BODY + 1])
    page.wait_for_selector("#meter [role=alert]")
    assert "32 MiB" in page.inner_text("#meter")
    assert wrong
    wrong.clear()


def test_a_window_too_many_says_so(page: Page, site: Site, wrong: list[str]) -> None:
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(httpx.Client(headers=site.own, timeout=20))
        for _ in range(STREAMS):
            stack.enter_context(client.stream("GET", f"{site.address}/runs/first/events"))
        page.goto(f"{site.address}/runs/first")
        page.wait_for_selector("#state:has-text('Close some')")
    assert wrong
    wrong.clear()


def test_a_run_of_an_odd_name_is_found(page: Page, runs: Path) -> None:
    from ssgan.storage.runs import Run

    Run(runs / "odd #1? 50%", {"preset": "tiny"}).log(100, critic=-1.0)
    page.click("nav >> text=Runs")
    page.click("text=odd #1")
    page.wait_for_selector("#state:has-text('100 images')")


def test_many_are_dropped_and_the_suspicious_come_first(page: Page, photo: bytes) -> None:
    page.click("nav >> text=Detect")
    dropped = """bytes => {
        const carrier = new DataTransfer(), type = "image/png";
        for (const name of ["one.png", "two.png"]) carrier.items.add(new File([new Uint8Array(bytes)], name, { type }));
        carrier.items.add(new File([new Uint8Array(bytes), "PK\\u0003\\u0004 and more than that"], "three.png", { type }));
        carrier.items.add(new File(["words"], "notes.txt", { type: "text/plain" }));
        document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: carrier, bubbles: true}));
    }"""
    page.evaluate(dropped, list(photo))
    assert page.locator(".previews figcaption").all_inner_texts() == ["one.png", "two.png", "three.png", "notes.txt"]
    assert page.inner_text(".previews > p") == "1 of 4 files does not look like a picture by name."
    page.click("button[type=submit]")
    page.wait_for_selector("table")
    names = page.locator("tbody th span:last-child")
    assert names.all_inner_texts() == ["three.png", "notes.txt", "one.png", "two.png"]
    assert page.inner_text("tbody tr >> nth=0").count("found") >= 1
    for ordered, way in (
        ([*sorted(names.all_inner_texts())], "ascending"),
        (["two.png", "three.png", "one.png", "notes.txt"], "descending"),
    ):
        page.click("[data-sort=name]")
        assert names.all_inner_texts() == ordered
        assert page.locator("th[aria-sort]:has([data-sort=name])").get_attribute("aria-sort") == way
    page.click("[data-sort=rank]")
    assert names.all_inner_texts()[0] == "three.png"
    _look(page, "detect")


def test_a_picture_is_inspected(page: Page, photo: bytes) -> None:
    page.click("nav >> text=Inspect")
    page.set_input_files("#image", {"name": "photo.png", "mimeType": "image/png", "buffer": photo})
    page.click("button[type=submit]")
    page.wait_for_selector(".maps")
    _look(page, "inspect")


def test_a_run_is_watched(page: Page, runs: Path) -> None:
    from ssgan.storage.runs import STATS

    page.click("nav >> text=Runs")
    page.click("text=first")
    page.wait_for_selector("#state:has-text('1,000 images')")
    with (runs / "first" / STATS).open("a") as file:
        file.write('{"images_seen": 1100, "critic": -1.9}\n')
    page.wait_for_selector("#state:has-text('1,100 images')")
    _look(page, "runs")


def test_a_job_is_cancelled(page: Page) -> None:
    import numpy as np

    from ssgan import images

    large = images.encode(np.random.default_rng(1).integers(0, 255, (3, 1500, 1500), dtype=np.uint8))
    page.click("nav >> text=Inspect")
    page.set_input_files("#image", {"name": "large.png", "mimeType": "image/png", "buffer": large})
    page.click("button[type=submit]")
    page.click("text=Cancel")
    page.wait_for_selector("text=Cancelled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["generate", "hide", "reveal", "detect", "inspect", "results", "runs"])
def test_every_view_can_be_read_by_all_and_on_a_phone(page: Page, site: Site, name: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site.address}/{name}")
    _check(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    _check(page)


def test_a_page_is_light(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/hide", wait_until="networkidle")
    sized = "kind => performance.getEntriesByType(kind).map(entry => entry.encodedBodySize)"
    kinds = [page.evaluate(sized, kind) for kind in ("navigation", "resource")]
    assert [len(sizes) > 0 and min(sizes) > 0 for sizes in kinds] == [True, True]
    assert sum(map(sum, kinds)) <= 200_000


def _look(page: Page, name: str) -> None:
    """Check what is shown; write its picture where that is asked for."""
    page.wait_for_load_state("networkidle") if name != "runs" else page.wait_for_timeout(300)
    _check(page)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"web-{name}.png", full_page=name in ("hide", "detect"))


def _check(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []


def _own(address: str, site: Site) -> bool:
    return address.startswith((site.address, "data:", "blob:"))
