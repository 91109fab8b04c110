"""A frontal face, in face units: half a face's width is 1, and the eyes' line is y = 0."""

from local.fal_media.canvas import Canvas
from local.fal_media.colours import INK, RGB, WHITE, Gradient, darker, lighter, mix
from local.fal_media.mouth import draw_mouth
from local.fal_media.person import Person
from local.fal_media.shapes import Outline, brush, ellipse, flipped, rounded_box, smooth, symmetric

# Fixed places, in face units: a talking clip finds the eyes by the mouth's place and size.
MOUTH_Y = 0.86
MOUTH_HALF_WIDTH = 0.33
EYE_X = 0.42
EYE_HALF_WIDTH = 0.2
_FRECKLES = ((0.05, 0.26, 0.019), (0.13, 0.34, 0.022), (0.24, 0.3, 0.024), (0.35, 0.38, 0.026), (0.46, 0.32, 0.021),
             (0.3, 0.47, 0.022), (0.43, 0.5, 0.026), (0.56, 0.43, 0.024), (0.66, 0.34, 0.02), (0.53, 0.58, 0.02),
             (0.68, 0.5, 0.022), (0.22, 0.41, 0.018))  # fmt: skip


def face_outline(person: Person) -> Outline:
    """Give the outline of the head without hair and ears."""
    wide = person.face_width
    jaw = (0.70 if person.feminine else 0.77) + 0.07 * person.jaw
    chin = (0.30 if person.feminine else 0.38) + 0.06 * person.jaw
    length = 1.26 if person.age == "child" else 1.36
    half = [(0, -1.25), (0.52 * wide, -1.15), (0.88 * wide, -0.75), (0.99 * wide, -0.15), (0.95 * wide, 0.42),
            (jaw * wide, length - 0.38), (chin, length - 0.06), (0.0, length)]  # fmt: skip
    return smooth(symmetric(half))


def neck_half_width(person: Person) -> float:
    """Give half the width of the neck under the chin."""
    return 0.46 if person.feminine or person.age == "child" else 0.56


def draw_neck(canvas: Canvas, person: Person, *, within: Outline | None = None) -> None:
    """Draw the neck with the chin's shadow on it; `within` is the neckline of clothes that lie over it."""
    half = neck_half_width(person)
    neck = smooth(
        [(half, 0.6), (half, 0.6), (half, 1.4), (half + 0.1, 1.75), (1.0, 2.0), (1.0, 2.5), (-1.0, 2.5), (-1.0, 2.0),
         (-half - 0.1, 1.75), (-half, 1.4), (-half, 0.6), (-half, 0.6)]
    )  # fmt: skip
    canvas.fill(neck, person.skin, within=within)
    shadow = smooth([(-1, 0.6), (1, 0.6), (0.75, 1.35), (0.3, 1.72), (0.05, 1.78), (-0.3, 1.66), (-0.75, 1.3)])
    canvas.fill(shadow, skin_shadow(person.skin), opacity=0.75, blur=0.03, within=within or neck)
    for turn in (list, flipped):
        collarbone = turn([(0.08, 1.95), (0.26, 1.89), (0.46, 1.88)])
        canvas.fill(brush(collarbone, 0.03), skin_shadow(person.skin), opacity=0.7, within=within or neck)


def draw_face(canvas: Canvas, person: Person) -> None:
    """Draw ears, face and features; hair, beard, glasses and headwear come on top."""
    _draw_ears(canvas, person)
    outline = face_outline(person)
    canvas.fill(outline, Gradient(lighter(person.skin, 0.10), person.skin))
    side = smooth(
        [(0.5, -1.3), (0.62, -0.5), (0.55, 0.1), (0.62, 0.5), (0.42, 0.95), (0.1, 1.5), (1.3, 1.5), (1.3, -1.3)]
    )
    canvas.fill(side, skin_shadow(person.skin), opacity=0.42, blur=0.06, within=outline)
    cheek = mix(person.skin, (214, 84, 80), 0.42)
    for x in (-0.58, 0.58):
        canvas.fill(ellipse(x, 0.5, 0.24, 0.19), cheek, opacity=0.42, blur=0.09, within=outline)
    if person.freckles:
        _draw_freckles(canvas, person)
    _draw_age(canvas, person)
    _draw_nose(canvas, person)
    for x in (-EYE_X, EYE_X):
        _draw_eye(canvas.at(x, 0.0), person, 1 if x > 0 else -1)
    draw_mouth(canvas.at(0.0, MOUTH_Y, MOUTH_HALF_WIDTH), person.lips, smile=person.smile)
    if person.age != "child":
        canvas.fill(ellipse(0.0, 1.09, 0.14, 0.035), skin_shadow(person.skin), opacity=0.5, blur=0.03)


def skin_shadow(skin: RGB) -> RGB:
    """Give the colour of skin in shadow: deeper and redder, never grey."""
    return mix(skin, (116, 38, 46), 0.32)


def draw_eyelid(canvas: Canvas, skin: RGB, *, side: int, closed: float) -> None:
    """
    Draw the upper lid over an open eye; the origin is the eye's centre.

    `side` is 1 for the eye to the picture's right, else -1; `closed` runs from 0 (open) to 1 (shut).
    """
    rim = -0.11 + 0.2 * closed
    lid = smooth([(-0.235 * side, 0.03), (-0.12 * side, -0.14), (0.07 * side, -0.165), (0.24 * side, -0.02),
                  (0.13 * side, rim), (-0.1 * side, rim)])  # fmt: skip
    canvas.fill(lid, darker(skin, 0.06))
    lash = [(-0.22 * side, 0.03), (-0.1 * side, rim), (0.1 * side, rim), (0.24 * side, -0.01)]
    canvas.fill(brush(lash, 0.055, taper=(0.4, 0.6)), INK)


def _draw_ears(canvas: Canvas, person: Person) -> None:
    ear = [(0.9, -0.16), (1.06, -0.24), (1.16, -0.08), (1.12, 0.22), (1.0, 0.42), (0.9, 0.38)]
    inner = [(0.97, -0.06), (1.06, -0.1), (1.06, 0.1), (0.99, 0.26), (0.95, 0.1)]
    for turn in (list, flipped):
        canvas.fill(smooth(turn(ear)), darker(person.skin, 0.06))
        canvas.fill(smooth(turn(inner)), skin_shadow(person.skin), opacity=0.6)


def _draw_eye(canvas: Canvas, person: Person, side: int) -> None:
    large = 1.15 if person.age == "child" else 1.06 if person.feminine else 1.0
    outer = 0.02 if person.feminine else 0.0
    white = smooth([(-0.2 * side, 0.025), (-0.09 * side, -0.09 * large), (0.08 * side, -0.1 * large),
                    (0.21 * side, -outer),
                    (0.1 * side, 0.085), (-0.08 * side, 0.085)])  # fmt: skip
    socket = ellipse(0.0, -0.06, 0.28, 0.17)
    canvas.fill(socket, skin_shadow(person.skin), opacity=0.28, blur=0.05)
    canvas.fill(white, (250, 246, 240))
    canvas.fill(ellipse(0.0, -0.01, 0.108, 0.108), darker(person.eyes, 0.35), within=white)
    canvas.fill(ellipse(0.0, 0.0, 0.088, 0.09), person.eyes, within=white)
    canvas.fill(ellipse(0.0, -0.005, 0.047, 0.049), (20, 16, 22), within=white)
    canvas.fill(ellipse(0.0, -0.11, 0.22, 0.055), INK, opacity=0.35, blur=0.02, within=white)
    canvas.fill(ellipse(-0.038, -0.042, 0.024, 0.024), WHITE)
    lash = [(-0.21 * side, 0.03), (-0.09 * side, -0.095 * large), (0.09 * side, -0.105 * large), (0.225 * side, -outer)]
    canvas.fill(brush(lash, 0.06 if person.feminine else 0.042, taper=(0.25, 0.6)), INK)
    if person.feminine and person.age != "child":
        canvas.fill(
            brush([(0.17 * side, -0.05), (0.24 * side, -0.06), (0.29 * side, -0.1)], 0.04, taper=(0.9, 0.0)), INK
        )
    crease = [(-0.19 * side, -0.11), (0.0, -0.175 * large), (0.2 * side, -0.13)]
    canvas.fill(brush(crease, 0.022), skin_shadow(person.skin), opacity=0.8)
    lower = [(-0.12 * side, 0.092), (0.02 * side, 0.1), (0.15 * side, 0.06)]
    canvas.fill(brush(lower, 0.016), skin_shadow(person.skin), opacity=0.8)
    _draw_brow(canvas, person, side)


def _draw_brow(canvas: Canvas, person: Person, side: int) -> None:
    colour = darker(person.hair, 0.3) if person.age != "old" else darker(person.hair, 0.15)
    arch = 0.04 + 0.05 * person.brow
    inner_y = -0.27 if person.smile > 0 else -0.22
    line = [
        (-0.24 * side, inner_y),
        (-0.02 * side, -0.31 - arch),
        (0.16 * side, -0.31 - arch * 0.9),
        (0.31 * side, -0.23),
    ]
    width = 0.065 if person.feminine else 0.1 + 0.02 * person.brow
    canvas.fill(brush(line, width, taper=(0.75, 0.1)), colour)


def _draw_freckles(canvas: Canvas, person: Person) -> None:
    colour = mix(person.skin, (140, 62, 32), 0.62)
    for x, y, size in _FRECKLES:
        for turn, shift in ((1, 0.0), (-1, 0.02)):  # not quite alike on both cheeks
            canvas.fill(ellipse(turn * (x + shift), y - shift, size, size * 0.85), colour, opacity=0.7)


def _draw_nose(canvas: Canvas, person: Person) -> None:
    shadow = skin_shadow(person.skin)
    wide = 0.14 + 0.05 * person.nose + (0.0 if person.feminine else 0.02)
    side = smooth([(0.05, -0.1), (0.1, 0.15), (wide, 0.42), (0.05, 0.52), (0.0, 0.46), (0.03, 0.2)])
    canvas.fill(side, shadow, opacity=0.5, blur=0.015)
    base = [(-wide, 0.44), (-wide * 0.55, 0.5), (0.0, 0.53), (wide * 0.55, 0.5), (wide, 0.44)]
    canvas.fill(brush(base, 0.042, taper=(0.1, 0.1)), darker(shadow, 0.2), opacity=0.85)
    canvas.fill(ellipse(-0.03, 0.38, 0.045, 0.06), lighter(person.skin, 0.65), opacity=0.55, blur=0.02)
    canvas.fill(ellipse(0.0, 0.63, 0.05, 0.05), shadow, opacity=0.25, blur=0.02)


def _draw_age(canvas: Canvas, person: Person) -> None:
    if person.age in ("child", "young"):
        return
    strength = 0.75 if person.age == "old" else 0.22
    colour = skin_shadow(person.skin)
    lines = [((0.28, 0.5), (0.42, 0.66), (0.47, 0.88)), ((0.25, 0.15), (0.4, 0.2), (0.56, 0.13))]
    if person.age == "old":
        lines += [((0.68, -0.02), (0.76, -0.05), (0.84, -0.09)), ((0.68, 0.05), (0.77, 0.07), (0.84, 0.1)),
                  ((0.0, -0.66), (0.25, -0.68), (0.45, -0.62)), ((0.0, -0.52), (0.22, -0.535),
                                                                 (0.4, -0.49))]  # fmt: skip
    for line in lines:
        for turn in (list, flipped):
            canvas.fill(brush(turn(line), 0.03), colour, opacity=strength)


def draw_glasses(canvas: Canvas, person: Person) -> None:
    """Draw glasses over the eyes."""
    if person.glasses == "none":
        return
    frame = darker(person.accent, 0.62) if person.glasses != "dark" else INK
    for side in (-1, 1):
        x = EYE_X * side
        if person.glasses == "round":
            rim, lens = ellipse(x, 0.02, 0.325, 0.315), ellipse(x, 0.02, 0.285, 0.275)
        else:
            rim = rounded_box(x - 0.34, -0.24, x + 0.34, 0.28, 0.13)
            lens = rounded_box(x - 0.3, -0.195, x + 0.3, 0.24, 0.1)
        if person.glasses == "dark":
            canvas.fill(rim, frame)
            canvas.fill(lens, Gradient((36, 34, 46), (92, 88, 104)))
        else:
            canvas.fill(lens, WHITE, opacity=0.1)
            canvas.fill([*rim, rim[0], lens[0], *reversed(lens)], frame)
        shine = [(x - 0.22, 0.24), (x - 0.04, -0.24), (x + 0.07, -0.24), (x - 0.11, 0.24)]
        canvas.fill(shine, WHITE, opacity=0.16, within=lens)
        canvas.fill(
            brush([(x + 0.31 * side, -0.06), (0.86 * side, -0.1), (1.02 * side, -0.06)], 0.05, taper=(1, 1)), frame
        )
    canvas.fill(brush([(-0.12, -0.02), (0.0, -0.08), (0.12, -0.02)], 0.05, taper=(1, 1)), frame)
