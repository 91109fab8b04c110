"""The storyboard page as one HTML file: styles, script and pictures are within it."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files

from shared.addresses import Address
from shared.plan.timeline import episode_seconds
from shared.storyboard.facts import Ending, Storyboard
from shared.storyboard.gallery import Gallery
from shared.storyboard.html import Html, data_script, element, join
from shared.storyboard.money import money_section
from shared.storyboard.player import player_data, player_section
from shared.storyboard.shots import shots_section
from shared.storyboard.waterfall import waterfall
from shared.storyboard.words import clock_time, counted, dollars
from shared.workflow.status import iso_time

_STYLES = Html(files("shared.storyboard").joinpath("page.css").read_text())
_SCRIPT = Html(files("shared.storyboard").joinpath("page.js").read_text())

_HEADLINES = {
    Ending.DONE: "Episode",
    Ending.FAILED: "No episode: this run failed",
    Ending.WAITING: "Waiting for a review",
}


def storyboard_page(storyboard: Storyboard, thumbnails: Mapping[Address, bytes], poster: bytes | None = None) -> str:
    """Return the page of a run.

    Parameters
    ----------
    thumbnails
        WebP pictures, by the address of the picture that each is of; a picture without one is told of in words.
    poster
        The JPEG that is shown until the video plays.
    """
    plan = storyboard.record.plan
    gallery = Gallery(plan, thumbnails)
    plays = storyboard.ending is Ending.DONE
    chart = waterfall(storyboard.record)
    main = element(
        "main",
        player_section(storyboard, poster) if plays else None,
        _review(storyboard),
        _troubles(storyboard),
        shots_section(storyboard, gallery),
        element(
            "section", element("h2", "The run, second by second", id="waterfall"), chart, aria_labelledby="waterfall"
        )
        if chart
        else None,
        money_section(storyboard),
        id="main",
    )
    body = element(
        "body",
        element("a", "Skip to the shots", href="#shots", class_="skip"),
        _header(storyboard),
        main,
        _footer(storyboard, gallery),
        data_script("data", player_data(storyboard)) if plays else None,
        element("script", _SCRIPT),
    )
    return "<!DOCTYPE html>\n" + element("html", _head(plan.title), body, lang="en")


def _head(title: str) -> Html:
    policy = (
        f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLES)}; img-src data:; "
        "media-src 'self'; base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} · storyboard"),
        element("style", _STYLES),
    )


def _hash(text: str) -> str:
    """Return the source expression that allows just this: https://www.w3.org/TR/CSP3/#match-element-to-source-list."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _header(storyboard: Storyboard) -> Html:
    record, bill = storyboard.record, storyboard.bill
    lines = len({part.line for part in record.plan.parts})
    figures = {
        "Length": clock_time(episode_seconds(record.plan)),
        "Lines": f"{lines:,}",
        "Shots": f"{len(record.plan.shots):,}",
        "Bought": f"{bill.bought:,}",
        "Reused": f"{bill.reused:,}",
        "Paid": dollars(bill.total_usd),
    }
    doubtful = bill.possible_duplicate_usd + bill.possibly_charged_usd
    if doubtful:
        figures["Perhaps on top"] = dollars(doubtful)
    return element(
        "header",
        element("p", _HEADLINES[storyboard.ending], class_=f"eyebrow {storyboard.ending.name.lower()}"),
        element("h1", record.plan.title, dir="auto", lang=record.plan.edit.language),
        element("p", f"{storyboard.message[:1].upper()}{storyboard.message[1:]}", class_="lede", dir="auto"),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", figure)) for name, figure in figures.items()),
            class_="figures",
        ),
    )


def _review(storyboard: Storyboard) -> Html | None:
    if not storyboard.how_to_answer:
        return None
    answers = [
        join(element("dt", name.capitalize()), element("dd", element("code", command)))
        for name, command in storyboard.how_to_answer.items()
    ]
    return element(
        "section",
        element("h2", "How to answer", id="answer"),
        element("dl", *answers, class_="commands"),
        element("p", "A run on one's own machine is answered without --stack.", class_="lede"),
        aria_labelledby="answer",
    )


def _troubles(storyboard: Storyboard) -> Html | None:
    troubles = [
        element("li", element("strong", trouble.what, dir="auto"), element("span", trouble.message, dir="auto"))
        for trouble in storyboard.troubles
    ]
    warnings = [element("li", element("span", warning, dir="auto")) for warning in storyboard.record.plan.warnings]
    if not troubles and not warnings:
        return None
    name = "What went wrong" if storyboard.ending is Ending.FAILED else "Good to know"
    return element(
        "section",
        element("h2", name, id="troubles"),
        element("ul", *troubles, *warnings, class_="troubles"),
        aria_labelledby="troubles",
    )


def _footer(storyboard: Storyboard, gallery: Gallery) -> Html:
    run = storyboard.record.run
    left_out = (
        element("p", f"{counted(gallery.left_out, 'thumbnail')} left out, to keep this page small.")
        if gallery.left_out
        else None
    )
    ended = f", ended {_day_and_time(run.ended_at)}" if run.ended_at is not None else ""
    return element(
        "footer",
        element("p", f"Run {run.name}, attempt {run.attempt}. Started {_day_and_time(run.started_at)}{ended}."),
        left_out,
    )


def _day_and_time(at: float) -> str:
    return iso_time(at).replace("T", " ").replace("+00:00", " UTC")
