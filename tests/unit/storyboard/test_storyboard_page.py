"""The storyboard page: what it shows of a run that is done, failed or waits, and that no text becomes markup."""

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import AssetKind
from shared.plan.models import Plan
from shared.providers.names import ProviderName
from shared.storyboard.facts import Ending
from shared.storyboard.gallery import PICTURE_BYTES
from shared.storyboard.html import Html, data_script, element
from shared.storyboard.page import storyboard_page
from shared.storyboard.pictures import pictures_to_show
from tests.builders import EVERYBODY, TWO_SCENES, addresses_of, part_of, plan_of
from tests.unit.storyboard.boards import board_of
from tests.unit.storyboard.reading import Node, facts_of, read_page

PLAN = plan_of(TWO_SCENES)
EVIL = "</script><img src=x onerror=alert(1)>\"'&<!--"


def thumbnails_of(plan: Plan, size: int = 10) -> dict[str, bytes]:
    return {picture.address: picture.address.encode().ljust(size, b"x") for picture in pictures_to_show(plan)}


def page_of(plan: Plan = PLAN, ending: Ending = Ending.DONE, **fields: Any) -> Node:
    return read_page(storyboard_page(board_of(plan, ending, **fields), thumbnails_of(plan)))


def parts_of(page: Node) -> list[Node]:
    return [entry for entry in page.all("li") if "data-part" in entry.attributes]


def data_of(page: Node) -> dict[str, Any]:
    data = json.loads(page.one("script", id="data").text)
    assert isinstance(data, dict)
    return data


def test_a_done_run_can_be_played_from_each_scene_and_line() -> None:
    # given an episode with pauses, a title card and two videos
    edit = {"title_card": True, "pause": 0.32}
    page = page_of(plan_of({**TWO_SCENES, "edit": edit, "outputs": ["16:9", "9:16"]}))
    # then its player has both videos, beside the page
    assert page.one("video").attributes["src"] == "episode.mp4"
    assert [button.attributes["data-video"] for button in page.all("button") if "data-video" in button.attributes] == [
        "episode.mp4",
        "episode-9x16.mp4",
    ]
    # and its chapters are the scenes, from the first one's card on, and the lines with their times
    jumps = [(button.text, button.attributes["data-jump"]) for button in page.one("nav").all("button")]
    assert jumps == [
        ("0:00Scene 1", "0.0"),
        ("0:02AlexWe could sell.", "2.88"),
        ("0:08Mara…", "8.0"),
        ("0:13Alex…", "13.12"),
        ("0:18Scene 2", "18.24"),
        ("0:18Mara…", "18.24"),
    ]
    # and the script knows when each part is shown, and the captions
    data = data_of(page)
    assert data["parts"] == [[0, 2.88, 8.0], [1, 8.0, 13.12], [2, 13.12, 18.24], [3, 18.24, 23.04]]
    assert [text for _, _, text in data["captions"]] == ["We could sell."]


def test_captions_that_are_in_the_picture_are_not_shown_once_more() -> None:
    assert data_of(page_of(plan_of({**TWO_SCENES, "captions": {"burn_in": True}})))["captions"] == []


def test_each_part_says_how_it_was_made_and_what_it_cost() -> None:
    # given a line whose clip was there already, and one that was made with the last engine
    first, second = (PLAN.parts[number].engines[0].clip for number in (0, 1))
    assert first
    assert second
    page = page_of(reused=[first.address], failed=[second.address], stepped_down=[1])
    told = {int(part.attributes["data-part"]): facts_of(part) for part in parts_of(page)}
    # then
    assert told[0] == {"Engine": "hedra", "Length": "4.8 s", "Paid": "nothing", "Clip": "reused"}
    assert told[2]["Clip"] == "bought"
    assert told[2]["Paid"] == f"${PLAN.assets[PLAN.parts[2].engines[0].clip.address].price_usd:.2f}"  # type: ignore[union-attr]  # a bought clip has an address
    assert (told[1]["Engine"], told[1]["Clip"]) == ("still", "made from the composite")
    # and why the better engine was given up, at the part and above
    (made_do,) = [part for part in parts_of(page) if part.attributes["data-part"] == "1"]
    assert "hedra gave no clip: prompt: it was flagged" in made_do.text
    assert "line 2 (Mara)" in page.one("ul", class_="troubles").text


def test_a_clip_that_two_parts_share_is_paid_for_at_the_first() -> None:
    # given a line that comes back as it was
    last = TWO_SCENES["scenes"][1]
    plan = plan_of({**TWO_SCENES, "scenes": [last, {**last, "number": 3}]})
    first, second = (facts_of(part) for part in parts_of(page_of(plan)))
    # then
    assert first["Clip"] == "bought"
    assert first["Paid"] != "nothing"
    assert (second["Paid"], second["Clip"]) == ("nothing", "the same clip as an earlier part's")


def test_what_parts_and_pictures_say_they_cost_comes_to_the_total() -> None:
    board = board_of(PLAN, stepped_down=[3])
    page = read_page(storyboard_page(board, {}))
    paid = re.findall(r"\$(\d+\.\d\d)", " ".join(part.text for part in parts_of(page)))
    pictures = sum(line.usd for line in board.bill.lines if line.kind != AssetKind.CLIP)
    assert sum(map(float, paid)) + pictures == pytest.approx(board.bill.total_usd, abs=0.005 * len(paid))
    assert facts_of(page.one("dl", class_="figures"))["Paid"] == f"${board.bill.total_usd:.2f}"


def test_each_shot_shows_its_pictures_with_their_prompts_and_each_is_embedded_once() -> None:
    page = page_of()
    shots = page.all("article")
    assert len(shots) == len(PLAN.shots)
    # then every shot has all three
    for shot in shots:
        assert [figure.attributes["class"] for figure in shot.all("figure")] == ["composite", "portrait", "background"]
        assert all(image.attributes["alt"] for image in shot.all("img"))
    assert any("lighthouse keeper" in details.text for details in page.all("details"))
    # and each picture is in the page once
    sources = [image.attributes["src"] for image in page.all("img") if "src" in image.attributes]
    assert len(sources) == len(set(sources)) == len(pictures_to_show(PLAN))
    embedded = {image.attributes["id"] for image in page.all("img") if "src" in image.attributes}
    again = [image.attributes["data-same-as"] for image in page.all("img") if "src" not in image.attributes]
    assert len(again) == 3 * len(shots) - len(sources) > 0
    assert set(again) <= embedded


def test_what_a_stand_in_made_names_who_made_it() -> None:
    # given an episode that fal was to make, and of which Hedra's own API made the pictures and the clips
    script = {**TWO_SCENES, "style": {"style_name": "own", "style_prompt": "film", "negative_prompt": "blur"}}
    plan = plan_of({**script, "providers": "resilient"}, router=EVERYBODY)
    by_fal, by_hedra = page_of(plan), page_of(plan, by=ProviderName.HEDRA)
    # then every picture says so, and so does every part
    notes = [figure.one("span", class_="note").text for figure in by_hedra.all("figure")]
    assert notes
    assert {note.partition(", ")[2] for note in notes} == {"made by Hedra's API"}
    assert {facts_of(part)["Engine"] for part in parts_of(by_hedra)} == {"hedra at Hedra's API"}
    # and the table of the money
    assert "nano-banana-2 at Hedra's API" in by_hedra.one("section", class_="money").text
    # and the prompt that is shown is the one that was sent there
    assert "There is none of this in it: blur." in by_hedra.all("figure")[0].text
    # while fal, which makes everything else, goes without saying
    assert "made by" not in by_fal.text.replace("Made by", "").lower()
    assert "Hedra's API" not in by_fal.text
    assert "There is none of this" not in by_fal.text


def test_an_own_picture_is_shown_as_the_scripts_own() -> None:
    portrait, *rest = TWO_SCENES["characters"]
    plan = plan_of({**TWO_SCENES, "characters": [{**portrait, "portrait": "alex.png"}, *rest]})
    figures = page_of(plan).all("figure", class_="portrait")
    assert "own picture" in figures[0].text
    assert not figures[0].all("details")


def test_a_picture_without_a_thumbnail_is_told_of_in_words() -> None:
    page = read_page(storyboard_page(board_of(PLAN), {}))
    assert page.all("img") == []
    assert {place.text for place in page.all("div", class_="picture missing")} == {"no thumbnail"}


def test_a_failed_run_says_why_and_shows_what_there_is_without_a_player() -> None:
    # given a run that failed of a composite
    composite = min(addresses_of(PLAN, AssetKind.COMPOSITE))
    page = page_of(ending=Ending.FAILED, failed=[composite], message="Alex in scene 1: prompt: it was flagged")
    # then
    assert page.all("video") == page.all("nav") == page.all("button") == []
    assert "Alex in scene 1: prompt: it was flagged" in page.one("header").text
    assert "What went wrong" in [heading.text for heading in page.all("h2")]
    assert "flagged" in page.one("ul", class_="troubles").text
    assert "not made" in page.one("section", aria_labelledby="shots").text
    # and what was bought all the same, and what may cost
    figures = facts_of(page.one("dl", class_="figures"))
    assert figures["Paid"] != "$0.00"
    assert figures["Perhaps on top"] == f"${PLAN.assets[composite].price_usd:.2f}"


def test_a_run_that_waits_says_how_to_answer() -> None:
    commands = {"approve": "episode approve lighthouse", "reject": "episode reject lighthouse --reason 'what is wrong'"}
    page = page_of(ending=Ending.WAITING, message="the storyboard is ready", how_to_answer=commands)
    assert facts_of(page.one("dl", class_="commands")) == {
        "Approve": commands["approve"],
        "Reject": commands["reject"],
    }
    assert page.all("video") == []
    assert {facts_of(part)["Engine"] for part in parts_of(page)} == {"hedra (planned)"}


@pytest.mark.parametrize("ending", Ending)
def test_headings_are_in_order_and_everything_that_is_referred_to_is_there(ending: Ending) -> None:
    page = page_of(ending=ending, stepped_down=[1])
    levels = [int(node.name[1]) for node in page.all() if re.fullmatch("h[1-6]", node.name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    identifiers = [node.attributes["id"] for node in page.all() if "id" in node.attributes]
    assert len(identifiers) == len(set(identifiers))
    named = [node.attributes["aria-labelledby"] for node in page.all() if "aria-labelledby" in node.attributes]
    links = [node.attributes["href"].removeprefix("#") for node in page.all("a") if node.attributes["href"][0] == "#"]
    assert set(named) | set(links) <= set(identifiers)
    assert [len(page.all(landmark)) for landmark in ("header", "main", "footer")] == [1, 1, 1]


def evil_script(text: str) -> dict[str, Any]:
    scene = TWO_SCENES["scenes"][0]
    line = {**scene["lines"][0], "character": f"A{text}"[:40], "text": text, "position": text}
    return {
        "title": text,
        "engines": ["hedra"],
        "characters": [{"name": f"A{text}"[:40], "prompt": text}],
        "scenes": [{**scene, "environment": text, "lines": [line]}],
    }


def shape_of(node: Node) -> list[Any]:
    return [node.name, sorted(node.attributes), [shape_of(child) for child in node.children]]


def test_what_people_write_is_text_and_nothing_else() -> None:
    # given a script that is all traps
    plan = plan_of(evil_script(EVIL))
    trapped = page_of(plan, message=EVIL)
    # then it is shown as it was written, in a page of the same elements as any other
    assert trapped.one("h1").text == EVIL
    assert trapped.one("blockquote").text == EVIL
    assert EVIL in trapped.one("header").text
    assert "".join(text for _, _, text in data_of(trapped)["captions"]).replace("\n", " ").startswith("</script>")
    assert shape_of(trapped) == shape_of(page_of(plan_of(evil_script("x" * len(EVIL))), message="x"))


@given(st.text(), st.text())
def test_any_text_comes_out_of_an_element_as_it_went_in(text: str, value: str) -> None:
    node = read_page(element("p", text, title=value)).one("p")
    parsed = text.replace("\r\n", "\n").replace("\r", "\n")
    assert node.text.replace("\r\n", "\n").replace("\r", "\n") == parsed
    assert node.attributes["title"] == value
    assert node.children == []


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_any_data_comes_out_of_a_script_as_it_went_in(value: Any) -> None:
    node = read_page(data_script("data", value)).one("script")
    assert json.loads(node.text) == value


def test_markup_is_not_escaped_twice() -> None:
    assert element("p", Html("<b>"), "<b>", None) == "<p><b>&lt;b&gt;</p>"


def test_nothing_but_what_is_in_the_page_may_run_or_be_loaded() -> None:
    page = page_of()
    policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert (rules["img-src"], rules["media-src"]) == ("data:", "'self'")
    assert rules["script-src"].startswith("'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    # and no element has a style or a handler of its own, or refers to anything but the videos and the page itself
    for node in page.all():
        assert not [name for name in node.attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href"):
            assert re.match(r"#|data:image/webp;base64,|episode(-\d+x\d+)?\.mp4$|$", node.attributes.get(name, ""))


def large_plan() -> Plan:
    """Return a plan of 400 parts, each in a shot of its own."""
    scene = TWO_SCENES["scenes"][0]
    scenes = [
        {
            "number": number,
            "environment": f"room {number}",
            "lines": [
                {"character": "Alex", "position": f"at place {place}", "audio": f"{number}-{place}.mp3", "text": "Yes."}
                for place in range(20)
            ],
        }
        for number in range(1, 21)
    ]
    assert scene
    plan = plan_of({**TWO_SCENES, "characters": TWO_SCENES["characters"][:1], "scenes": scenes})
    assert len(plan.parts) == len(plan.shots) == 400
    return plan


def test_a_page_of_400_parts_stays_below_ten_megabytes() -> None:
    # given the largest episode, with thumbnails as large as they come, and larger
    plan = large_plan()
    board = board_of(plan)
    for size in (12_000, 60_000):
        page = storyboard_page(board, thumbnails_of(plan, size))
        # then
        assert len(page.encode()) < 10_000_000
        tree = read_page(page)
        embedded = [image for image in tree.all("img") if "src" in image.attributes]
        pictures = len(pictures_to_show(plan))
        assert len(embedded) == min(pictures, PICTURE_BYTES // size)
        # and what is left out is told
        assert ("left out" in tree.one("footer").text) == (len(embedded) < pictures)


def test_a_line_in_pieces_is_written_once() -> None:
    pieces = {0: [part_of("one"), part_of("two")]}
    page = page_of(plan_of(TWO_SCENES, pieces=pieces))
    assert [quote.text for quote in page.all("blockquote")] == ["We could sell."]
    (second,) = [part for part in parts_of(page) if "piece 2 of 2" in part.text]
    assert "The line goes on." in second.text
