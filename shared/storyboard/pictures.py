"""Which pictures a plan's shots are made of, and where their thumbnails lie."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.addresses import Address, address_of
from shared.keys import FileKind, FileRef
from shared.plan.models import Plan, PlannedShot

THUMBNAIL_RECIPE = 1
"""The version of the way thumbnails are made; they are derived, so a new one costs nothing."""

THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class ShotPictures:
    """What a shot's composite is made of, whether bought or the script's own, and the composite."""

    portrait: FileRef
    background: FileRef
    composite: FileRef


def pictures_of(shot: PlannedShot, plan: Plan) -> ShotPictures | None:
    """Return a shot's pictures; None where its lines bring videos of their own."""
    composite = plan.assets.get(shot.composite)
    if composite is None:
        return None
    portrait, background = (entry.file for entry in composite.first.inputs)
    return ShotPictures(portrait, background, composite.file)


def pictures_to_show(plan: Plan) -> list[FileRef]:
    """Return every picture of a plan's shots once: composites, portraits, backgrounds."""
    shown = [pictures for shot in plan.shots if (pictures := pictures_of(shot, plan))]

    def in_order() -> Iterator[FileRef]:
        yield from (pictures.composite for pictures in shown)
        yield from (pictures.portrait for pictures in shown)
        yield from (pictures.background for pictures in shown)

    return list({picture.address: picture for picture in in_order()}.values())


def thumbnail_of(picture: Address) -> FileRef:
    """Return where a picture's thumbnail lies."""
    return FileRef(kind=FileKind.THUMBNAIL, address=address_of(THUMBNAIL_RECIPE, FileKind.THUMBNAIL, picture=picture))
