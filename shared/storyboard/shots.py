"""Each shot: its pictures with their prompts, and its parts with how they were made."""

from collections.abc import Sequence

from shared.addresses import Address
from shared.bill import BillLine
from shared.keys import FileRef
from shared.plan.models import Offer, Plan, PlannedAsset, PlannedShot
from shared.providers.names import TITLES, Place, ProviderName
from shared.storyboard.facts import Ending, Origin, ShownPart, Storyboard, shown_parts
from shared.storyboard.gallery import Gallery
from shared.storyboard.html import Html, element
from shared.storyboard.pictures import pictures_of
from shared.storyboard.words import clock_time, counted, dollars, made_at

_ORIGINS = {
    Origin.BOUGHT: "bought",
    Origin.REUSED: "reused",
    Origin.SHARED: "the same clip as an earlier part's",
    Origin.STILL: "made from the composite",
    Origin.OWN: "the script's own video",
    Origin.NOT_MADE: "not made",
}


def shots_section(storyboard: Storyboard, gallery: Gallery) -> Html:
    """Return every shot of the plan."""
    parts = {shown.part.index: shown for shown in shown_parts(storyboard)}
    lines = {line.address: line for line in storyboard.bill.lines}
    cards = [
        _shot(shot, [parts[index] for index in shot.parts], lines, storyboard, gallery)
        for shot in storyboard.record.plan.shots
    ]
    return element("section", element("h2", "Shots", id="shots"), *cards, aria_labelledby="shots", class_="shots")


def _shot(
    shot: PlannedShot,
    parts: Sequence[ShownPart],
    lines: dict[Address, BillLine],
    storyboard: Storyboard,
    gallery: Gallery,
) -> Html:
    heading = f"shot-{shot.index + 1}"
    when = f"{clock_time(parts[0].start)} · " if parts and storyboard.ending is Ending.DONE else ""
    return element(
        "article",
        element("p", f"{when}Shot {shot.index + 1} · {counted(len(parts), 'part')}", class_="eyebrow"),
        element("h3", shot.label, id=heading, dir="auto"),
        _pictures(shot, lines, storyboard, gallery),
        element("ol", *(_part(part, lines, storyboard) for part in parts), class_="parts"),
        class_="shot",
        aria_labelledby=heading,
    )


def _pictures(shot: PlannedShot, lines: dict[Address, BillLine], storyboard: Storyboard, gallery: Gallery) -> Html:
    plan = storyboard.record.plan
    pictures = pictures_of(shot, plan)
    if pictures is None:
        return element("p", "Its lines bring videos of their own.", class_="pictures note")
    figures = [
        _figure(kind, file, lines.get(file.address), plan, gallery)
        for kind, file in (
            ("Composite", pictures.composite),
            ("Portrait", pictures.portrait),
            ("Background", pictures.background),
        )
    ]
    return element("div", *figures, class_="pictures", data_ratio=plan.edit.outputs[0].replace(":", "x"))


def _figure(kind: str, file: FileRef, line: BillLine | None, plan: Plan, gallery: Gallery) -> Html:
    asset = plan.assets.get(file.address)
    label = asset.label if asset else "the script's own picture"
    if asset is None:
        paid = "own picture"
    elif line is None:
        paid = "not made"
    else:
        maker = "" if line.provider is ProviderName.FAL else f", made by {TITLES[line.provider]}"
        paid = ("reused" if line.reused else dollars(line.usd)) + maker
    missing = "no thumbnail" if asset is None or line else "not made"
    prompt = _offer_taken(asset, line).arguments.get("prompt") if asset else None
    return element(
        "figure",
        gallery.picture(file, f"{kind}: {label}", missing),
        element(
            "figcaption",
            element("span", kind, class_="kind"),
            element("span", paid, class_="note"),
            _prompt(f"{kind.lower()} of shot", str(prompt)) if prompt else None,
        ),
        class_=kind.lower(),
    )


def _offer_taken(asset: PlannedAsset, line: BillLine | None) -> Offer:
    """Return the offer by which an asset was made, or else the one that comes first: their prompts may differ."""
    return asset.offer_at(Place(provider=line.provider, endpoint=line.endpoint)) if line else asset.first


def _prompt(whose: str, prompt: str) -> Html:
    summary = element("summary", "Prompt", element("span", f" of the {whose}", class_="unseen"))
    return element("details", summary, element("p", prompt, dir="auto"))


def _part(shown: ShownPart, lines: dict[Address, BillLine], storyboard: Storyboard) -> Html:
    part, plays = shown.part, storyboard.ending is Ending.DONE
    piece = f", piece {part.piece} of {part.pieces}" if part.pieces > 1 else ""
    if part.piece > 1:
        spoken = element("p", "The line goes on.", class_="note")
    elif part.text:
        spoken = element("blockquote", part.text, dir="auto", lang=storyboard.record.plan.edit.language)
    else:
        spoken = element("p", "The script has no text for it.", class_="note")
    return element(
        "li",
        element(
            "p",
            element("span", clock_time(shown.start), class_="time") if plays else None,
            element("strong", part.character, dir="auto"),
            element("span", f"line {part.line}{piece}", class_="note"),
            class_="who",
        ),
        spoken,
        _facts(shown, lines),
        _play_button(shown) if plays else None,
        *(
            element(
                "p", element("strong", f"{entry.engine} gave no clip: "), entry.reason, class_="trouble", dir="auto"
            )
            for entry in shown.given_up
        ),
        data_part=part.index,
    )


def _facts(shown: ShownPart, lines: dict[Address, BillLine]) -> Html:
    entries = {
        "Engine": _engine(shown, lines),
        "Length": f"{shown.part.seconds:.1f} s",
        "Paid": dollars(shown.usd) if shown.usd else "nothing",
        "Clip": _ORIGINS[shown.origin],
    }
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in entries.items()]
    return element("dl", *rows, class_="facts")


def _engine(shown: ShownPart, lines: dict[Address, BillLine]) -> str:
    """Return the engine of a part, with who ran it."""
    clips = (engine.clip for engine in shown.part.engines if engine.name == shown.engine)
    line = next((lines[clip.address] for clip in clips if clip and clip.address in lines), None)
    if shown.engine is None:
        return f"{shown.part.engines[0].name} (planned)"
    return made_at(shown.engine, line.provider) if line else shown.engine


def _play_button(shown: ShownPart) -> Html:
    label = f"Play line {shown.part.line}" + (f", piece {shown.part.piece}" if shown.part.pieces > 1 else "")
    return element(
        "button",
        element("span", "▶", aria_hidden="true"),
        element("span", "Play", class_="label", aria_hidden="true"),
        element("span", label, class_="unseen"),
        type="button",
        class_="play",
        data_start=shown.start,
        data_end=shown.end,
    )
