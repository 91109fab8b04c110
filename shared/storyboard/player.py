"""The player: the videos beside the page, with chapters to choose from; what its script needs to know."""

import base64
from itertools import groupby

from shared.keys import video_name
from shared.plan.timeline import captions, episode_seconds, scene_starts, stretches
from shared.storyboard.facts import ShownPart, Storyboard, shown_parts
from shared.storyboard.html import Html, element
from shared.storyboard.words import clock_time

_TEXT_OF_A_CHAPTER = 90


def player_section(storyboard: Storyboard, poster: bytes | None) -> Html:
    """Return the player, its outputs and its chapters; the poster is a JPEG."""
    plan = storyboard.record.plan
    first = plan.edit.outputs[0]
    names = {output: video_name(output, is_first=output == first) for output in plan.edit.outputs}
    outputs = [
        element("button", output, type="button", data_video=name, aria_pressed="true" if output == first else "false")
        for output, name in names.items()
    ]
    video = element(
        "video",
        element("a", "Download the episode", href=names[first]),
        src=names[first],
        controls=True,
        playsinline=True,
        preload="metadata",
        poster=f"data:image/jpeg;base64,{base64.b64encode(poster).decode()}" if poster else None,
        aria_label=plan.title,
    )
    return element(
        "section",
        element("h2", "Episode", id="player", class_="unseen"),
        element(
            "div",
            element("div", video, class_="screen"),
            element(
                "p",
                "The video is not beside this page. Keep both in one folder, as the command line downloads them.",
                class_="trouble absent",
                hidden=True,
                role="status",
            ),
            element("div", *outputs, class_="outputs", role="group", aria_label="Videos") if len(outputs) > 1 else None,
            class_="stage",
            data_ratio=first.replace(":", "x"),
        ),
        _chapters(storyboard),
        class_="player",
        aria_labelledby="player",
    )


def player_data(storyboard: Storyboard) -> dict[str, object]:
    """Return what the page's script needs: when parts are shown, and the captions that no video shows burnt in."""
    plan = storyboard.record.plan
    shown = stretches(plan, {}, plan.edit.outputs[0])
    return {
        "parts": [[part.part.index, part.start, part.end] for part in shown_parts(storyboard)],
        "captions": [] if plan.edit.burn_in else [[cue.start, cue.end, "\n".join(cue.rows)] for cue in captions(shown)],
        "language": plan.edit.language or "",
    }


def _chapters(storyboard: Storyboard) -> Html:
    plan = storyboard.record.plan
    starts = scene_starts(stretches(plan, {}, plan.edit.outputs[0]))
    scenes = groupby(shown_parts(storyboard), key=lambda shown: shown.part.scene)
    entries = [
        element(
            "li",
            _chapter(f"Scene {scene}", start, class_="scene"),
            element("ol", *(element("li", _line(part)) for part in parts)),
        )
        for (start, _), (scene, parts) in zip(starts, scenes, strict=True)
    ]
    length = element("span", clock_time(episode_seconds(plan)), class_="note")
    return element(
        "nav",
        element("h3", "Chapters ", length, id="chapters"),
        element("ol", *entries, class_="chapters"),
        aria_labelledby="chapters",
    )


def _line(shown: ShownPart) -> Html:
    text = shown.part.text if shown.part.piece == 1 else "…"
    if len(text) > _TEXT_OF_A_CHAPTER:
        text = text[:_TEXT_OF_A_CHAPTER].rsplit(" ", 1)[0] + "…"
    said = element("span", text or "…", class_="said", dir="auto")
    return _chapter(shown.part.character, shown.start, said, data_part=shown.part.index)


def _chapter(
    name: str, start: float, said: Html | None = None, *, class_: str | None = None, data_part: int | None = None
) -> Html:
    return element(
        "button",
        element("span", clock_time(start), class_="time"),
        element("span", name, class_="name", dir="auto"),
        said,
        type="button",
        class_=class_,
        data_part=data_part,
        data_jump=start,
    )
