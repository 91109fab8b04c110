"""Clothes over the shoulders, in face units (see `face`)."""

from local.fal_media.canvas import Canvas
from local.fal_media.colours import RGB, WHITE, Gradient, darker, distance, lighter, rgb
from local.fal_media.face import draw_neck, neck_half_width, skin_shadow
from local.fal_media.person import Person
from local.fal_media.shapes import Outline, box, brush, ellipse, flipped, rounded_box, smooth, symmetric

GOLD: RGB = rgb("d8a94a")


def torso_outline(person: Person, bottom: float) -> Outline:
    """Give shoulders, arms and chest, down to `bottom`."""
    half = {"child": 1.62}.get(person.age, 1.95 if person.feminine else 2.25)
    neck = 0.5 if person.feminine else 0.6
    slope = 0.06 if person.feminine else 0.0
    right = [(neck, 1.62), (neck + 0.35, 1.84 + slope), (half - 0.42, 2.1 + slope), (half - 0.08, 2.42),
             (half + 0.08, 3.0),
             (half + 0.14, max(bottom, 3.4)), (half + 0.14, max(bottom, 3.4))]  # fmt: skip
    return smooth([(0, 1.66), *right, *reversed(flipped(right))])


def draw_clothes(canvas: Canvas, person: Person) -> None:
    """Draw what the person wears, over the neck and down to the picture's lower edge."""
    bottom = canvas.bottom + 0.6
    torso = torso_outline(person, bottom)
    cloth = person.cloth
    canvas.fill(torso, Gradient(lighter(cloth, 0.07), darker(cloth, 0.16)))
    side = [(0.7, 1.5), (1.0, 2.4), (0.85, 3.2), (1.0, bottom), (4, bottom), (4, 1.5)]
    canvas.fill(smooth(side), darker(cloth, 0.55), opacity=0.22, blur=0.12, within=torso)
    _draw_folds(canvas, person, torso, bottom)
    match person.outfit:
        case "t-shirt" | "blouse":
            neckline = _neckline(person)
            draw_neck(canvas, person, within=smooth(neckline, closed=False))
            canvas.fill(brush(neckline, 0.1, taper=(1, 1)), darker(cloth, 0.28))
        case "shirt":
            _draw_placket(canvas, cloth, bottom)
            _draw_shirt_collar(canvas, lighter(cloth, 0.16), inside=skin_shadow(person.skin))
        case "suit" | "uniform" | "white coat":
            _draw_jacket(canvas, person, torso, bottom)
        case "turtleneck":
            _draw_turtleneck(canvas, cloth)
        case "hoodie":
            _draw_hood(canvas, person, torso)
        case "coat":
            _draw_coat(canvas, person, torso, bottom)
    if person.scarf:
        _draw_scarf(canvas, person)


def _neckline(person: Person) -> Outline:
    """Give the front edge of clothes that leave the neck free, from the left shoulder to the right."""
    half = neck_half_width(person)
    match person.outfit:
        case "t-shirt":
            return [(-half - 0.06, 1.52), (-half + 0.06, 1.9), (0, 2.14), (half - 0.06, 1.9), (half + 0.06, 1.52)]
        case "blouse":
            return [
                (-half - 0.06, 1.52),
                (-half + 0.04, 1.95),
                (0, 2.6),
                (0, 2.6),
                (half - 0.04, 1.95),
                (half + 0.06, 1.52),
            ]
        case _:
            return []


def _draw_folds(canvas: Canvas, person: Person, torso: Outline, bottom: float) -> None:
    shade = darker(person.cloth, 0.4)
    half = 1.45 if person.feminine else 1.7
    for turn in (list, flipped):
        arm = turn([(half - 0.02, 2.75), (half - 0.1, 3.3), (half - 0.06, bottom)])
        canvas.fill(brush(arm, 0.07, taper=(0.1, 1.0)), shade, opacity=0.7, within=torso)
    canvas.fill(brush([(1.3, 2.9), (1.05, 3.15), (0.75, 3.22)], 0.07), shade, opacity=0.35, within=torso)
    canvas.fill(brush([(-1.35, 2.85), (-1.1, 3.05), (-0.8, 3.1)], 0.07), shade, opacity=0.25, within=torso)


def _draw_placket(canvas: Canvas, cloth: RGB, bottom: float) -> None:
    canvas.fill(box(-0.09, 2.0, 0.09, bottom), lighter(cloth, 0.08))
    canvas.fill(brush([(0.1, 2.0), (0.1, 3.0), (0.1, bottom)], 0.03, taper=(1, 1)), darker(cloth, 0.4), opacity=0.6)
    y = 2.5
    while y < bottom:
        canvas.fill(ellipse(0, y, 0.045, 0.045), darker(cloth, 0.45))
        y += 0.62


def _draw_shirt_collar(canvas: Canvas, cloth: RGB, *, inside: RGB) -> None:
    canvas.fill([(-0.5, 1.4), (0.5, 1.4), (0.3, 1.84), (0.0, 2.08), (-0.3, 1.84)], inside)
    flap = [(0.5, 1.42), (0.66, 1.56), (0.78, 1.9), (0.42, 2.32), (0.0, 2.02), (0.28, 1.82)]
    for turn in (list, flipped):
        points = turn(flap)
        canvas.fill([(x, y + 0.06) for x, y in points], darker(cloth, 0.6), opacity=0.3, blur=0.04)
        canvas.fill(points, cloth)
        canvas.fill(brush(points[2:5], 0.03, taper=(1, 1)), darker(cloth, 0.3), opacity=0.6)


def _draw_jacket(canvas: Canvas, person: Person, torso: Outline, bottom: float) -> None:
    """Draw a shirt with a tie (or a tunic's buttons) under lapels."""
    shirt = WHITE if distance(person.cloth, WHITE) > 60 else lighter(person.accent, 0.35)  # noqa: PLR2004 -- colour distance
    opening = [(-0.6, 1.5), (0.6, 1.5), (0.62, 1.9), (0.0, 3.5), (-0.62, 1.9)]
    canvas.fill(opening, Gradient(shirt, darker(shirt, 0.12)))
    open_collar = person.outfit == "white coat" or (person.feminine and person.outfit != "uniform")
    if not open_collar:
        tie = person.accent if person.outfit != "uniform" else darker(person.cloth, 0.4)
        canvas.fill([(-0.1, 2.26), (0.1, 2.26), (0.2, 3.1), (0.0, 3.5), (-0.2, 3.1)], tie)
        canvas.fill([(0.0, 2.26), (0.1, 2.26), (0.2, 3.1), (0.0, 3.5)], darker(tie, 0.3), opacity=0.6)
        canvas.fill(smooth([(-0.15, 2.0), (0.15, 2.0), (0.1, 2.28), (-0.1, 2.28)], steps=4), darker(tie, 0.12))
    _draw_shirt_collar(
        canvas, darker(shirt, 0.03), inside=skin_shadow(person.skin) if open_collar else darker(shirt, 0.3)
    )
    cloth = person.cloth
    canvas.fill(brush([(0.0, 3.4), (0.0, 4.0), (0.0, bottom)], 0.05, taper=(1, 1)), darker(cloth, 0.5), within=torso)
    for side, turn in ((-1, flipped), (1, list)):
        lapel = turn(
            [
                (0.62, 1.5),
                (0.86, 1.78),
                (1.12, 2.3),
                (0.78, 2.42),
                (0.96, 2.56),
                (0.02, 3.62),
                (0.36, 2.62),
                (0.56, 2.0),
            ]
        )
        canvas.fill([(x + 0.04 * side, y + 0.07) for x, y in lapel], darker(cloth, 0.7), opacity=0.35, blur=0.05)
        canvas.fill(lapel, lighter(cloth, 0.12 if side < 0 else 0.05))
        canvas.fill(brush([lapel[4], lapel[3], lapel[2]], 0.03, taper=(1, 1)), darker(cloth, 0.4))
    if person.outfit == "uniform":
        for x in (-0.42, 0.42):
            for y in (3.55, 4.15, 4.75):
                canvas.fill(ellipse(x, y, 0.09, 0.09), Gradient(lighter(GOLD, 0.4), darker(GOLD, 0.2)))
        for turn in (list, flipped):
            strap = turn([(1.02, 1.86), (1.78, 2.14), (1.72, 2.4), (0.96, 2.1)])
            canvas.fill(strap, darker(cloth, 0.45))
            for share in (0.35, 0.6, 0.85):
                x, y = 1.0 + 0.74 * share, 1.88 + 0.27 * share
                canvas.fill(brush(turn([(x, y), (x - 0.03, y + 0.12), (x - 0.06, y + 0.24)]), 0.07, taper=(1, 1)), GOLD)
    elif person.outfit == "white coat":
        canvas.fill(rounded_box(0.86, 3.0, 1.36, 3.5, 0.05), darker(cloth, 0.12))
        canvas.fill(rounded_box(1.0, 2.72, 1.05, 3.2, 0.02), person.accent)


def _draw_turtleneck(canvas: Canvas, cloth: RGB) -> None:
    collar = smooth(symmetric([(0, 1.22), (0.46, 1.16), (0.56, 1.3), (0.62, 1.78), (0.5, 2.0), (0, 2.08)]))
    canvas.fill([(x, y + 0.07) for x, y in collar], darker(cloth, 0.6), opacity=0.35, blur=0.05)
    canvas.fill(collar, Gradient(darker(cloth, 0.25), lighter(cloth, 0.1)))
    canvas.fill(brush([(-0.57, 1.5), (0, 1.62), (0.57, 1.5)], 0.035, taper=(1, 1)), darker(cloth, 0.4), opacity=0.6)
    for x in (-0.4, -0.2, 0.0, 0.2, 0.4):
        canvas.fill(brush([(x, 1.62), (x * 1.06, 1.8), (x * 1.04, 1.98)], 0.02), darker(cloth, 0.35), opacity=0.35)


def _draw_hood(canvas: Canvas, person: Person, torso: Outline) -> None:
    cloth = person.cloth
    canvas.fill(smooth([(-0.45, 1.6), (0.45, 1.6), (0.3, 2.1), (0, 2.3), (-0.3, 2.1)]), WHITE)
    canvas.fill(smooth([(-0.42, 1.5), (0.42, 1.5), (0.28, 1.94), (0, 2.08), (-0.28, 1.94)]), skin_shadow(person.skin))
    for turn in (list, flipped):
        roll = smooth(
            turn(
                [
                    (0.42, 1.22),
                    (0.8, 1.36),
                    (1.12, 1.72),
                    (0.98, 2.1),
                    (0.3, 2.52),
                    (0.02, 2.42),
                    (0.36, 2.02),
                    (0.48, 1.66),
                ]
            )
        )
        canvas.fill([(x, y + 0.08) for x, y in roll], darker(cloth, 0.7), opacity=0.35, blur=0.06, within=torso)
        canvas.fill(roll, Gradient(lighter(cloth, 0.14), darker(cloth, 0.1)))
        canvas.fill(brush(turn([(0.5, 1.4), (0.66, 1.8), (0.3, 2.28)]), 0.06), darker(cloth, 0.4), opacity=0.5)
        cord = turn([(0.3, 2.4), (0.36, 2.8), (0.32, 3.2)])
        canvas.fill(brush(cord, 0.055, taper=(1, 1)), lighter(cloth, 0.6))


def _draw_coat(canvas: Canvas, person: Person, torso: Outline, bottom: float) -> None:
    cloth = person.cloth
    canvas.fill([(-0.6, 1.5), (0.6, 1.5), (0.5, 2.4), (0, 2.9), (-0.5, 2.4)], lighter(person.accent, 0.2))
    canvas.fill(smooth([(-0.45, 1.42), (0.45, 1.42), (0.3, 1.9), (0, 2.02), (-0.3, 1.9)]), skin_shadow(person.skin))
    canvas.fill(brush([(0.05, 2.8), (0.1, 3.6), (0.1, bottom)], 0.05, taper=(1, 1)), darker(cloth, 0.5), within=torso)
    for side, turn in ((-1, flipped), (1, list)):
        flap = turn(
            [(0.46, 1.3), (0.74, 1.36), (1.14, 1.9), (1.22, 2.4), (0.5, 2.72), (0.06, 3.0), (0.3, 2.3), (0.5, 1.8)]
        )
        canvas.fill(
            [(x + 0.03 * side, y + 0.08) for x, y in flap], darker(cloth, 0.7), opacity=0.4, blur=0.06, within=torso
        )
        canvas.fill(flap, lighter(cloth, 0.14 if side < 0 else 0.06))
    for y in (3.35, 4.1):
        for x in (-0.5, 0.62):
            canvas.fill(ellipse(x, y, 0.1, 0.1), darker(cloth, 0.55))
            canvas.fill(ellipse(x - 0.02, y - 0.02, 0.06, 0.06), darker(cloth, 0.3))


def _draw_scarf(canvas: Canvas, person: Person) -> None:
    colour = person.accent
    tail = [(0.2, 2.0), (0.62, 2.0), (0.72, 3.5), (0.26, 3.55)]
    canvas.fill([(x + 0.05, y + 0.06) for x, y in tail], darker(colour, 0.8), opacity=0.3, blur=0.06)
    canvas.fill(tail, Gradient(darker(colour, 0.2), colour))
    for x in (0.3, 0.41, 0.52, 0.63):
        canvas.fill(box(x, 3.5, x + 0.06, 3.7), colour)
    lower = smooth([(-0.86, 1.62), (-0.5, 1.9), (0, 2.0), (0.5, 1.9), (0.86, 1.62), (0.92, 1.94), (0.5, 2.3), (0, 2.4),
                    (-0.5, 2.3), (-0.92, 1.94)])  # fmt: skip
    upper = smooth([(-0.66, 1.2), (-0.3, 1.46), (0, 1.52), (0.3, 1.46), (0.66, 1.2), (0.88, 1.6), (0.5, 1.98),
                    (0, 2.08),
                    (-0.5, 1.98), (-0.88, 1.6)])  # fmt: skip
    canvas.fill([(x, y + 0.07) for x, y in lower], darker(colour, 0.8), opacity=0.3, blur=0.06)
    canvas.fill(lower, Gradient(colour, darker(colour, 0.3)))
    canvas.fill(upper, Gradient(lighter(colour, 0.12), darker(colour, 0.08)))
    for line in ([(-0.6, 1.55), (-0.1, 1.78), (0.5, 1.66)], [(-0.4, 1.8), (0.1, 1.92), (0.6, 1.72)]):
        canvas.fill(brush(line, 0.05), darker(colour, 0.4), opacity=0.4)
