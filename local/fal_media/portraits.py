"""Portraits: a person before a plain, soft backdrop."""

from PIL import Image

from local.fal_media.canvas import Canvas
from local.fal_media.clothes import GOLD, draw_clothes
from local.fal_media.colours import Gradient, darker, lighter
from local.fal_media.face import MOUTH_HALF_WIDTH, MOUTH_Y, draw_face, draw_glasses, draw_neck
from local.fal_media.hair import draw_beard, draw_hair_behind, draw_hair_in_front
from local.fal_media.headwear import draw_headscarf, draw_headwear
from local.fal_media.mouth import draw_mouth
from local.fal_media.person import Person
from local.fal_media.shapes import box, ellipse
from local.fal_media.tags import Mouth

# The widest shoulders, in face units; they must fit, or a composite of another aspect would show where they end.
WIDEST = 5.0


def mouth_place(size: tuple[int, int]) -> Mouth:
    """Give where a portrait's mouth lies."""
    x, y, unit = _face_place(size)
    return Mouth(x / size[0], (y + MOUTH_Y * unit) / size[1], MOUTH_HALF_WIDTH * unit / size[0])


def _face_place(size: tuple[int, int]) -> tuple[float, float, float]:
    """Give the eyes' middle and the face unit, in pixels; there is room above for a hat."""
    width, height = size
    unit = min(height * 0.178, width / WIDEST)
    return width / 2, max(unit * 2.45, height * 0.36), unit


def paint_portrait(size: tuple[int, int], person: Person) -> Image.Image:
    """Draw a person, frontal, head and shoulders."""
    image = Image.new("RGB", size)
    canvas = Canvas(image)
    _draw_backdrop(canvas, person)
    draw_person(canvas.at(*_face_place(size)), person)
    return image


def draw_person(canvas: Canvas, person: Person) -> None:
    """Draw a person from back to front; the canvas is in face units."""
    draw_hair_behind(canvas, person)
    draw_neck(canvas, person)
    draw_clothes(canvas, person)
    draw_face(canvas, person)
    if person.beard != "none":
        draw_beard(canvas, person)
        draw_mouth(canvas.at(0.0, MOUTH_Y, MOUTH_HALF_WIDTH), person.lips, smile=person.smile)
    if person.earrings and person.headwear != "headscarf":
        for x in (-1.08, 1.08):
            canvas.fill(ellipse(x, 0.5, 0.06, 0.08), Gradient(lighter(GOLD, 0.5), darker(GOLD, 0.2)))
    draw_hair_in_front(canvas, person)
    if person.headwear == "headscarf":
        draw_headscarf(canvas, person)
    draw_glasses(canvas, person)
    draw_headwear(canvas, person)


def _draw_backdrop(canvas: Canvas, person: Person) -> None:
    width, height = canvas.image.size
    canvas.fill(box(0, 0, width, height), Gradient(lighter(person.backdrop, 0.12), darker(person.backdrop, 0.10)))
    canvas.glow(width * 0.5, height * 0.42, max(width, height) * 0.75, lighter(person.backdrop, 0.32), 0.6)
