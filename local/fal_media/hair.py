"""Hair and beards, in face units (see `face`)."""

from collections.abc import Callable
from dataclasses import replace

from local.fal_media.canvas import Canvas
from local.fal_media.colours import Gradient, darker, lighter, mix
from local.fal_media.face import MOUTH_Y
from local.fal_media.person import HairStyle, Person
from local.fal_media.shapes import Outline, Point, brush, ellipse, flipped, smooth, symmetric

_HIDING_HEADWEAR = frozenset({"headscarf"})


def draw_hair_behind(canvas: Canvas, person: Person) -> None:
    """Draw the hair that hangs behind neck and shoulders."""
    if person.headwear in _HIDING_HEADWEAR:
        return
    shade = darker(person.hair, 0.34)
    match person.hair_style:
        case "long":
            shape = [
                (0, -1.5),
                (0.75, -1.35),
                (1.15, -0.7),
                (1.22, 0.2),
                (1.27, 1.2),
                (1.3, 2.3),
                (0.9, 2.75),
                (0, 2.6),
            ]
            canvas.fill(smooth(symmetric(shape)), Gradient(shade, darker(person.hair, 0.12)))
        case "waves":
            shape = [(0, -1.5), (0.8, -1.35), (1.2, -0.7), (1.22, 0.0), (1.42, 0.6), (1.32, 1.15), (1.5, 1.7),
                     (1.3, 2.3),
                     (0.8, 2.4), (0, 2.3)]  # fmt: skip
            canvas.fill(smooth(symmetric(shape)), Gradient(shade, darker(person.hair, 0.12)))
        case "bob":
            shape = [(0, -1.5), (0.8, -1.35), (1.2, -0.7), (1.26, 0.2), (1.33, 0.95), (1.2, 1.32), (0.7, 1.4), (0, 1.3)]
            canvas.fill(smooth(symmetric(shape)), shade)
        case "ponytail":
            tail = [
                (0.5, -1.1),
                (1.2, -1.0),
                (1.62, -0.3),
                (1.6, 0.7),
                (1.42, 1.75),
                (1.25, 1.9),
                (1.22, 1.0),
                (1.12, 0.2),
            ]
            canvas.fill(smooth(_turned(tail, person.parting)), Gradient(person.hair, shade))
        case "bun":
            _draw_hair_ball(canvas.at(0.0, -1.66), person, 0.5)
        case "curls":
            _draw_cloud(canvas, person, _arc(1.3, 1.36, -0.12, 150), 0.36, shade=True)
            _draw_cloud(canvas, person, [(x * s, y) for s in (-1, 1) for x, y in ((1.25, 0.75), (1.15, 1.2),
                (0.95, 1.5))], 0.36,
                        shade=True)  # fmt: skip
        case "afro":
            canvas.fill(ellipse(0, -0.55, 1.72, 1.6), shade)
            _draw_cloud(canvas, person, _arc(1.5, 1.42, -0.55, 160), 0.3, shade=True)
        case _:
            pass


def draw_hair_in_front(canvas: Canvas, person: Person) -> None:
    """Draw the hair on the head, and locks that fall over the shoulders."""
    if person.headwear not in _HIDING_HEADWEAR:
        _IN_FRONT[person.hair_style](canvas, person)


def draw_beard(canvas: Canvas, person: Person) -> None:
    """Draw the beard, which leaves the lips free."""
    person = replace(person, hair=person.beard_colour)
    colour = mix(person.hair, (90, 52, 36), 0.15)
    wide = person.face_width
    if person.beard == "stubble":
        area = [(0, 0.66), (0.4, 0.66), (0.86, 0.15), (0.96, 0.3), (0.82, 1.02), (0.42, 1.36), (0, 1.39)]
        canvas.fill(smooth(symmetric([(x * wide, y) for x, y in area])), colour, opacity=0.3, blur=0.05)
    elif person.beard == "full":
        outer = [(0, 0.66), (0.32, 0.65), (0.6, 0.62), (0.86, 0.22), (0.97, 0.0), (1.03, 0.35), (0.93, 1.02),
                 (0.56, 1.52),
                 (0, 1.66)]  # fmt: skip
        outline = smooth(symmetric([(x * wide, y) for x, y in outer]))
        canvas.fill(outline, Gradient(colour, darker(colour, 0.18)))
        _draw_strands(canvas, person, outline, [turn(strand) for turn in (list, flipped) for strand in (
            [(0.75, 0.75), (0.68, 1.1), (0.45, 1.4)], [(0.4, 1.05), (0.35, 1.3), (0.2, 1.52)])])  # fmt: skip
    elif person.beard == "goatee":
        outline = smooth(symmetric([(0, 0.66), (0.3, 0.68), (0.42, 0.88), (0.36, 1.2), (0.22, 1.46), (0, 1.52)]))
        canvas.fill(outline, colour)
    if person.beard in ("full", "goatee"):
        canvas.fill(ellipse(0, MOUTH_Y + 0.02, 0.36, 0.155), person.skin)
    if person.beard in ("full", "moustache", "goatee"):
        half = [(0, 0.63), (0.18, 0.6), (0.42, 0.72), (0.5, 0.9), (0.34, 0.81), (0.15, 0.78), (0, 0.76)]
        canvas.fill(smooth(symmetric(half)), darker(colour, 0.1))


def _cap(half_width: float, top: float, end: float) -> Outline:
    """Give the outer edge of short hair, from the left temple over the crown to the right."""
    right = [
        (half_width * 0.5, top + 0.05),
        (half_width * 0.88, top + 0.38),
        (half_width * 1.03, -0.55),
        (half_width * 0.97, end),
    ]
    return [*reversed(flipped(right)), (0, top), *right]


def _hairline(temple: float, top: float) -> Outline:
    """Give the inner edge of hair over the forehead, from the right temple to the left."""
    right = [(0.98, temple), (0.93, -0.35), (0.8, top + 0.06), (0.45, top - 0.06)]
    return [*right, (0, top - 0.02), *reversed(flipped(right))]


def _arc(rx: float, ry: float, y: float, spread: float) -> Outline:
    """Give centres of curls on an arc over the head; `spread` is its half angle in degrees."""
    return ellipse(0, y, rx, ry, start=-90 - spread, end=-90 + spread)[:: 3 if spread > 100 else 2]  # noqa: PLR2004 -- degrees


def _turned(points: list[Point], side: int) -> Outline:
    return points if side > 0 else flipped(points)


def _fill_hair(canvas: Canvas, person: Person, outer: Outline, inner: Outline, *, opacity: float = 1.0) -> None:
    outline = smooth([*outer, *inner])
    canvas.fill(outline, person.hair, opacity=opacity)
    canvas.fill(ellipse(-0.45, -1.12, 0.45, 0.14), lighter(person.hair, 0.4), opacity=0.28, blur=0.09, within=outline)


def _draw_strands(canvas: Canvas, person: Person, outline: Outline, strands: list[Outline]) -> None:
    for index, strand in enumerate(strands):
        colour = lighter(person.hair, 0.22) if index % 2 == 0 else darker(person.hair, 0.3)
        canvas.fill(brush(strand, 0.07), colour, opacity=0.55, within=outline)


def _draw_cloud(canvas: Canvas, person: Person, centres: list[Point], radius: float, *, shade: bool = False) -> None:
    colour = darker(person.hair, 0.34) if shade else person.hair
    for x, y in centres:
        canvas.fill(ellipse(x, y, radius, radius), colour)
    if not shade:
        for x, y in centres:
            curl = ellipse(x, y, radius * 0.62, radius * 0.62, start=170, end=320)
            canvas.fill(brush(curl, 0.045), lighter(person.hair, 0.25), opacity=0.5)


def _draw_hair_ball(canvas: Canvas, person: Person, radius: float) -> None:
    ball = ellipse(0, 0, radius, radius * 0.9)
    canvas.fill(ball, Gradient(lighter(person.hair, 0.08), darker(person.hair, 0.3)))
    for turn in (0.5, 0.15, -0.2):
        strand = [(-radius, turn * radius), (0, (turn - 0.5) * radius), (radius, turn * radius)]
        canvas.fill(brush(strand, 0.05), darker(person.hair, 0.3), opacity=0.5, within=ball)


def _draw_parted(canvas: Canvas, person: Person, *, tied: bool = False) -> None:
    """Draw hair that is parted near the middle and frames the forehead."""
    part = 0.3 * person.parting
    end = 0.0 if tied else 0.35
    outer = [(-1.08, end), (-1.16, -0.5), (-0.98, -1.1), (-0.5, -1.48), (0, -1.56), (0.5, -1.48), (0.98, -1.1),
             (1.16, -0.5),
             (1.08, end)]  # fmt: skip
    inner = [(0.95, end - 0.1), (0.94, -0.4), (0.76, -0.72), (part + 0.14, -1.02), (part, -1.1), (part - 0.14, -1.02),
             (-0.76, -0.72), (-0.94, -0.4), (-0.95, end - 0.1)]  # fmt: skip
    outline = smooth([*outer, *inner])
    canvas.fill(outline, Gradient(lighter(person.hair, 0.06), person.hair))
    strands: list[Outline] = []
    for side in (-1, 1):
        strands += [
            [(part, -1.12), (part + 0.4 * side, -1.15), (0.85 * side, -0.8), (1.02 * side, -0.2)],
            [(part, -1.3), (part + 0.45 * side, -1.32), (1.0 * side, -0.85)],
        ]
    _draw_strands(canvas, person, outline, strands)
    canvas.fill(brush([(part, -1.05), (part * 0.9, -1.3), (part * 0.7, -1.52)], 0.03), darker(person.hair, 0.45))


def _draw_lock(canvas: Canvas, person: Person, side: int) -> None:
    """Draw a lock that falls from the temple over the shoulder."""
    if person.hair_style == "waves":
        lock = [(0.78, -0.85), (1.16, -0.55), (1.2, 0.1), (1.4, 0.62), (1.3, 1.15), (1.46, 1.7), (1.28, 2.28),
                (0.98, 2.34),
                (1.06, 1.75), (0.9, 1.2), (1.0, 0.65), (0.94, 0.1)]  # fmt: skip
    else:
        lock = [(0.78, -0.85), (1.16, -0.55), (1.22, 0.3), (1.26, 1.3), (1.28, 2.2), (1.12, 2.62), (0.88, 2.5),
                (0.92, 1.5),
                (0.98, 0.7), (0.95, -0.1)]  # fmt: skip
    outline = smooth(_turned(lock, side))
    canvas.fill(outline, Gradient(person.hair, darker(person.hair, 0.1)))
    strands = ([(1.0, -0.3), (1.1, 0.5), (1.08, 1.3), (1.12, 2.2)], [(1.1, 0.0), (1.2, 0.7), (1.18, 1.6), (1.2, 2.2)])
    _draw_strands(canvas, person, outline, [_turned(strand, side) for strand in strands])


def _draw_bald(canvas: Canvas, person: Person) -> None:
    if person.age != "young":
        for turn in (list, flipped):
            canvas.fill(
                smooth(turn([(0.94, -0.5), (1.08, -0.3), (1.07, 0.12), (0.97, 0.2), (0.96, -0.1)])), person.hair
            )
    canvas.fill(ellipse(-0.3, -0.95, 0.3, 0.12), lighter(person.skin, 0.7), opacity=0.5, blur=0.08)


def _draw_buzz(canvas: Canvas, person: Person) -> None:
    _fill_hair(canvas, person, _cap(1.04, -1.31, 0.06), _hairline(0.0, -0.74), opacity=0.82)


def _draw_crop(canvas: Canvas, person: Person) -> None:
    _fill_hair(canvas, person, _cap(1.09, -1.43, 0.14), _hairline(0.0, -0.72))
    fringe = [(-0.7, -0.86), (-0.45, -0.62), (-0.3, -0.76), (-0.1, -0.6), (0.08, -0.75), (0.3, -0.62), (0.45, -0.78),
              (0.7, -0.84), (0.4, -1.1), (-0.4, -1.1)]  # fmt: skip
    canvas.fill(smooth(fringe, steps=6), person.hair)


def _draw_side_part(canvas: Canvas, person: Person) -> None:
    side = person.parting
    top = [(-1.07, 0.1), (-1.15, -0.5), (-0.98, -1.12), (-0.5, -1.46), (0.1, -1.58), (0.72, -1.42), (1.08, -0.9),
           (1.13, -0.4), (1.05, 0.12)]  # fmt: skip
    line = [(0.97, -0.08), (0.93, -0.42), (0.8, -0.7), (0.36, -0.82), (-0.2, -0.92), (-0.48, -1.1), (-0.7, -0.86),
            (-0.9, -0.45), (-0.97, -0.06)]  # fmt: skip
    if person.hair_style == "pixie":
        line[2:5] = [(0.84, -0.45), (0.5, -0.42), (-0.1, -0.68)]
    outline = smooth(_turned([*top, *line], side))
    canvas.fill(outline, person.hair)
    _draw_strands(canvas, person, outline, [_turned(strand, side) for strand in (
        [(-0.46, -1.1), (0.0, -1.3), (0.6, -1.18), (0.95, -0.6)], [(-0.4, -1.02), (0.1, -1.1), (0.6, -0.94),
                                                                   (0.9, -0.5)],
        [(-0.5, -1.15), (-0.8, -0.95), (-1.0, -0.5)])])  # fmt: skip


def _draw_quiff(canvas: Canvas, person: Person) -> None:
    side = person.parting
    top = [(-1.05, 0.1), (-1.12, -0.45), (-1.0, -1.0), (-0.82, -1.42), (-0.35, -1.72), (0.3, -1.78), (0.85, -1.5),
           (1.05, -1.05), (1.12, -0.45), (1.05, 0.1)]  # fmt: skip
    line = [(0.97, -0.1), (0.92, -0.5), (0.72, -0.84), (0.2, -0.96), (-0.35, -0.94), (-0.74, -0.8), (-0.92, -0.48),
            (-0.97, -0.1)]  # fmt: skip
    outline = smooth(_turned([*top, *line], side))
    canvas.fill(outline, person.hair)
    _draw_strands(canvas, person, outline, [_turned(strand, side) for strand in (
        [(-0.6, -0.9), (-0.4, -1.35), (0.1, -1.55), (0.7, -1.4)], [(-0.2, -0.95), (0.0, -1.25), (0.4, -1.38),
                                                                   (0.9, -1.1)],
        [(0.3, -0.96), (0.5, -1.12), (0.8, -1.05)])])  # fmt: skip


def _draw_curls(canvas: Canvas, person: Person) -> None:
    _fill_hair(canvas, person, _cap(1.1, -1.42, 0.0), _hairline(0.0, -0.8))
    _draw_cloud(canvas, person, _arc(1.02, 1.22, -0.2, 90), 0.27)
    _draw_cloud(canvas, person, [(x, -0.86 - 0.1 * abs(x) ** 0.5) for x in (-0.68, -0.36, 0.02, 0.38, 0.7)], 0.21)


def _draw_short_afro(canvas: Canvas, person: Person) -> None:
    _fill_hair(canvas, person, _cap(1.1, -1.46, -0.05), _hairline(0.0, -0.76))
    for rx, ry, radius, spread in ((1.08, 1.2, 0.17, 88), (0.86, 0.95, 0.16, 80), (0.7, 0.7, 0.13, 66)):
        _draw_cloud(canvas, person, _arc(rx, ry, -0.26, spread), radius)


def _draw_afro(canvas: Canvas, person: Person) -> None:
    for rx, ry, radius in ((1.3, 1.3, 0.36), (1.06, 1.02, 0.3), (0.86, 0.72, 0.26)):
        _draw_cloud(canvas, person, _arc(rx, ry, -0.45, 88 if rx > 1 else 75), radius)


def _draw_long(canvas: Canvas, person: Person) -> None:
    _draw_parted(canvas, person)
    for side in (-1, 1):
        _draw_lock(canvas, person, side)


def _draw_bob(canvas: Canvas, person: Person) -> None:
    _draw_parted(canvas, person)
    lock = [
        (0.8, -0.9),
        (1.16, -0.6),
        (1.27, 0.3),
        (1.31, 1.0),
        (1.12, 1.22),
        (0.93, 1.12),
        (0.97, 0.5),
        (0.96, -0.2),
    ]
    for turn in (list, flipped):
        canvas.fill(smooth(turn(lock)), Gradient(person.hair, darker(person.hair, 0.12)))


def _draw_tied(canvas: Canvas, person: Person) -> None:
    _draw_parted(canvas, person, tied=True)


_IN_FRONT: dict[HairStyle, Callable[[Canvas, Person], None]] = {
    "bald": _draw_bald,
    "buzz": _draw_buzz,
    "crop": _draw_crop,
    "side part": _draw_side_part,
    "pixie": _draw_side_part,
    "quiff": _draw_quiff,
    "curls": _draw_curls,
    "short curls": _draw_curls,
    "afro": _draw_afro,
    "short afro": _draw_short_afro,
    "long": _draw_long,
    "waves": _draw_long,
    "bob": _draw_bob,
    "bun": _draw_tied,
    "ponytail": _draw_tied,
}
