"""The storyboard page in a real browser, from a folder: it plays, and all of it can be operated by keyboard."""

from pathlib import Path

import pytest

from tests.browser.chromium import Chromium
from tests.browser.conftest import EVIL, PART_SECONDS

FOCUSABLE = "a[href], button, summary, video, [tabindex='0']"
ENTER, TAB, DOWN, END = ("Enter", 13, "\r"), ("Tab", 9, ""), ("ArrowDown", 40, ""), ("End", 35, "")
SHOWS_A_FRAME = "document.querySelector('video').readyState >= 2"


@pytest.fixture
def page(browser: Chromium, episode_folder: Path) -> Chromium:
    """Return the browser with a done episode's page in it, whose video can play."""
    browser.requests.clear()
    browser.complaints.clear()
    browser.show(episode_folder / "storyboard.html")
    browser.run("document.querySelector('video').muted = true")
    browser.until(SHOWS_A_FRAME)
    return browser


def test_it_plays_with_captions_and_asks_for_nothing_but_itself_and_the_video(
    page: Chromium, episode_folder: Path
) -> None:
    # when it plays
    page.run("document.querySelector('video').play()")
    page.until("document.querySelector('video').currentTime > 0.5")
    # then the caption that is spoken is shown
    shown = page.run(
        "[...document.querySelector('video').textTracks].map(t => [t.kind, t.mode, t.activeCues[0]?.text])"
    )
    assert shown == [["captions", "showing", "We could sell."]]
    # and the part that is shown is marked where it is listed, and in its shot
    marked = page.run("[...document.querySelectorAll('[aria-current]')].map(e => [e.tagName, e.dataset.part])")
    assert marked == [["BUTTON", "0"], ["LI", "0"]]
    # and nothing was asked for, and nothing complained of
    asked = {url for url in page.requests if not url.startswith("data:")}
    assert asked == {(episode_folder / name).as_uri() for name in ("storyboard.html", "episode.mp4")}
    assert page.complaints == []


def test_chapters_jump_and_arrow_keys_go_through_them(page: Chromium) -> None:
    # when somebody goes down the chapters, to the last one, and chooses it
    page.run("document.querySelector('.chapters button').focus()")
    page.press(*DOWN)
    assert page.run("document.activeElement.dataset.part") == "0"
    page.press(*END)
    assert page.run("document.activeElement.dataset.part") == "3"
    page.press(*ENTER)
    # then it plays from there
    page.until("document.querySelector('.chapters [aria-current]')?.dataset.part === '3'")
    assert page.run("document.querySelector('video').currentTime") >= 3 * PART_SECONDS - 0.001
    assert page.run("document.querySelector('video').paused") is False
    # and the first chapter, which starts at nothing, begins it anew
    page.run("document.querySelector('.chapters button').click()")
    page.until("document.querySelector('video').currentTime < 1")


def test_a_part_plays_to_its_end(page: Chromium) -> None:
    page.run("document.querySelector('.parts [data-part=\"1\"] .play').click()")
    page.until("!document.querySelector('video').paused")
    page.until("document.querySelector('video').paused")
    assert page.run("document.querySelector('video').currentTime") == pytest.approx(2 * PART_SECONDS, abs=0.5)


def test_the_video_floats_while_it_plays_out_of_sight(page: Chromium) -> None:
    # given the end of the page, where the player is out of sight
    place = "document.querySelector('video').getBoundingClientRect()"
    page.run("scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
    page.until(f"{place}.bottom < 0")
    # when it plays, then it is in sight
    page.run("document.querySelector('video').play()")
    page.until(f"{place}.top >= 0 && {place}.bottom <= innerHeight && {place}.right <= innerWidth")
    # and goes back to its place when it pauses
    page.run("document.querySelector('video').pause()")
    page.until(f"{place}.bottom < 0")


def test_another_video_goes_on_where_the_first_one_was(page: Chromium) -> None:
    page.run("document.querySelector('video').currentTime = 3")
    page.run("document.querySelector('[data-video=\"episode-9x16.mp4\"]').click()")
    page.until(f"{SHOWS_A_FRAME} && !document.querySelector('video').seeking")
    assert page.run("document.querySelector('video').currentSrc").endswith("/episode-9x16.mp4")
    assert page.run("document.querySelector('video').currentTime") == pytest.approx(3, abs=0.01)
    pressed = page.run("[...document.querySelectorAll('[aria-pressed]')].map(e => e.getAttribute('aria-pressed'))")
    assert pressed == ["false", "true"]


def test_every_control_is_reached_by_tab_and_shows_that_it_is(page: Chromium) -> None:
    # given everything that can be operated and is to be seen
    page.run(f"window.wanted = [...document.querySelectorAll({FOCUSABLE!r})].filter(e => e.checkVisibility())")
    wanted = page.run("wanted.length")
    # when somebody goes through the page by Tab
    reached, ringed = set(), set()
    for _ in range(wanted + 40):  # the video has controls of its own
        page.press(*TAB)
        place = page.run("wanted.indexOf(document.activeElement)")
        reached.add(place)
        if page.run("getComputedStyle(document.activeElement).outlineStyle") != "none":
            ringed.add(place)
    # then each is reached, and each shows it
    assert set(range(wanted)) <= reached
    assert set(range(wanted)) <= ringed


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", ["storyboard.html", "trapped.html"])
def test_nothing_is_wider_than_the_window(browser: Chromium, episode_folder: Path, width: int, name: str) -> None:
    browser.show(episode_folder / name, width=width)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_what_people_write_does_nothing(browser: Chromium, episode_folder: Path) -> None:
    browser.complaints.clear()
    browser.show(episode_folder / "trapped.html")
    browser.until(SHOWS_A_FRAME)
    assert browser.run("document.querySelector('h1').textContent").startswith(EVIL)
    assert browser.run("window.tripped") is None
    assert browser.run("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.complaints == []


def test_every_picture_is_shown(page: Chromium) -> None:
    sizes = page.run("[...document.images].map(image => [image.complete, image.naturalWidth, image.naturalHeight])")
    assert len(sizes) == 9
    assert all(size == [True, 480, 270] for size in sizes)


def test_a_page_without_its_video_says_so(browser: Chromium, episode_folder: Path) -> None:
    browser.show(episode_folder / "alone" / "storyboard.html")
    browser.until("document.querySelector('.absent').checkVisibility()")
    assert "not beside this page" in browser.run("document.querySelector('.absent').textContent")


def test_on_paper_everything_is_open_and_the_player_is_not_there(page: Chromium) -> None:
    page.call("Page.printToPDF")
    assert page.run("[...document.querySelectorAll('details')].every(each => each.open)")
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("document.querySelector('.player').checkVisibility()") is False
    page.call("Emulation.setEmulatedMedia", media="")
