"""Hats, caps and scarves on the head, in face units (see `face`)."""

from local.fal_media.canvas import Canvas
from local.fal_media.clothes import GOLD
from local.fal_media.colours import WHITE, Gradient, darker, lighter, rgb
from local.fal_media.person import Person
from local.fal_media.shapes import brush, ellipse, flipped, rounded_box, smooth, symmetric


def draw_headwear(canvas: Canvas, person: Person) -> None:
    """Draw what the person wears on the head, over the hair."""
    if person.headwear in ("none", "headscarf"):
        return
    if person.headwear != "chef":
        brow_shadow = smooth([(-0.95, -0.7), (0, -0.62), (0.95, -0.7), (0.95, -0.5), (0, -0.4), (-0.95, -0.5)])
        canvas.fill(brow_shadow, (60, 24, 40), opacity=0.3, blur=0.06)
    match person.headwear:
        case "captain":
            _draw_captain_cap(canvas)
        case "hard hat":
            _draw_hard_hat(canvas, person)
        case "beanie":
            _draw_beanie(canvas, person)
        case "fedora":
            _draw_fedora(canvas, person)
        case "flat cap":
            _draw_flat_cap(canvas, person)
        case "chef":
            _draw_toque(canvas)


def draw_headscarf(canvas: Canvas, person: Person) -> None:
    """Draw a headscarf around the face, down over the chest."""
    cloth = person.headwear_colour
    outer = smooth(
        symmetric([(0, -1.5), (0.7, -1.36), (1.14, -0.8), (1.24, 0.0), (1.2, 0.9), (1.3, 1.6), (1.5, 2.3), (0, 2.85)])
    )
    opening = smooth(
        symmetric(
            [(0, -0.86), (0.5, -0.78), (0.82, -0.45), (0.92, 0.1), (0.86, 0.62), (0.55, 1.15), (0.2, 1.37), (0, 1.39)]
        )
    )
    canvas.fill([*outer, outer[0], opening[0], *reversed(opening)], Gradient(lighter(cloth, 0.12), darker(cloth, 0.12)))
    for fold in ([(-1.0, 0.9), (-0.3, 1.7), (0.8, 1.9)], [(-1.1, 1.4), (-0.2, 2.1), (0.9, 2.2)], [(0.5, -1.2),
        (1.0, -0.5), (1.06, 0.3)],
                 [(-1.15, 1.9), (-0.2, 2.5), (0.7, 2.5)]):  # fmt: skip
        canvas.fill(brush(fold, 0.06), darker(cloth, 0.4), opacity=0.45)


def _draw_captain_cap(canvas: Canvas) -> None:
    navy = rgb("1f2c45")
    crown = smooth(
        [(-1.12, -0.98), (-1.38, -1.4), (-1.1, -1.72), (0, -1.92), (1.1, -1.72), (1.38, -1.4), (1.12, -0.98)]
    )
    canvas.fill(crown, Gradient(WHITE, rgb("d9d9de")))
    canvas.fill(
        smooth([(0.5, -1.86), (1.1, -1.72), (1.38, -1.4), (1.12, -0.98), (0.6, -1.0)]),
        rgb("a9adba"),
        opacity=0.5,
        within=crown,
    )
    band = smooth([(-1.12, -1.08), (0, -1.2), (1.12, -1.08), (1.12, -1.08), (1.1, -0.74), (1.1, -0.74), (0, -0.84),
                   (-1.1, -0.74),
                   (-1.1, -0.74), (-1.12, -1.08)])  # fmt: skip
    canvas.fill(band, Gradient(navy, darker(navy, 0.4)))
    visor = smooth([(-0.98, -0.8), (0, -0.94), (0.98, -0.8), (0.8, -0.54), (0, -0.42), (-0.8, -0.54)])
    canvas.fill(visor, Gradient(rgb("2b2f3a"), rgb("0f1118")))
    canvas.fill(brush([(-0.7, -0.62), (0, -0.5), (0.5, -0.56)], 0.04), WHITE, opacity=0.35)
    canvas.fill(brush([(-0.98, -0.82), (0, -0.95), (0.98, -0.82)], 0.06, taper=(1, 1)), GOLD)
    canvas.fill(ellipse(0, -1.28, 0.17, 0.2), Gradient(lighter(GOLD, 0.4), darker(GOLD, 0.2)))
    canvas.fill(brush([(-0.34, -1.14), (-0.2, -1.04), (0, -1.02), (0.2, -1.04), (0.34, -1.14)], 0.08), GOLD)
    canvas.fill(ellipse(0, -1.28, 0.08, 0.1), navy)


def _draw_hard_hat(canvas: Canvas, person: Person) -> None:
    shell = person.headwear_colour
    dome = smooth(
        [(-1.16, -0.72), (-1.14, -1.15), (-0.8, -1.62), (0, -1.82), (0.8, -1.62), (1.14, -1.15), (1.16, -0.72)]
    )
    canvas.fill(dome, Gradient(lighter(shell, 0.25), darker(shell, 0.1)))
    canvas.fill(smooth([(0.5, -1.75), (0.85, -1.6), (1.2, -1.1), (1.2, -0.7), (0.72, -0.7),
                        (0.78, -1.2)]), darker(shell, 0.35),
                opacity=0.4, within=dome)  # fmt: skip
    canvas.fill(rounded_box(-0.17, -1.9, 0.17, -0.75, 0.12), lighter(shell, 0.15))
    canvas.fill(rounded_box(0.07, -1.88, 0.17, -0.75, 0.05), darker(shell, 0.25), opacity=0.5)
    brim = smooth(
        [(-1.3, -0.76), (0, -0.9), (1.3, -0.76), (1.32, -0.64), (0.9, -0.6), (0, -0.66), (-0.9, -0.6), (-1.32, -0.64)]
    )
    canvas.fill(brim, Gradient(lighter(shell, 0.2), darker(shell, 0.25)))


def _draw_beanie(canvas: Canvas, person: Person) -> None:
    wool = person.headwear_colour
    dome = smooth([(-1.12, -0.7), (-1.16, -1.1), (-0.85, -1.6), (0, -1.84), (0.85, -1.6), (1.16, -1.1), (1.12, -0.7)])
    canvas.fill(dome, Gradient(lighter(wool, 0.1), darker(wool, 0.12)))
    for x in (-0.8, -0.5, -0.2, 0.1, 0.4, 0.7):
        canvas.fill(
            brush([(x * 0.55, -1.8), (x, -1.3), (x * 1.12, -0.8)], 0.05), darker(wool, 0.4), opacity=0.35, within=dome
        )
    cuff = rounded_box(-1.2, -1.0, 1.2, -0.56, 0.18)
    canvas.fill(cuff, Gradient(lighter(wool, 0.18), darker(wool, 0.1)))
    for step in range(-10, 11):
        canvas.fill(
            rounded_box(step * 0.11 - 0.012, -0.94, step * 0.11 + 0.012, -0.62, 0.01), darker(wool, 0.4), opacity=0.35
        )


def _draw_fedora(canvas: Canvas, person: Person) -> None:
    felt = person.headwear_colour
    crown = smooth(
        [
            (-0.98, -0.9),
            (-0.92, -1.55),
            (-0.55, -1.95),
            (-0.1, -1.84),
            (0.1, -1.84),
            (0.55, -1.95),
            (0.92, -1.55),
            (0.98, -0.9),
        ]
    )
    canvas.fill(crown, Gradient(lighter(felt, 0.14), felt))
    canvas.fill(
        smooth([(0.3, -1.95), (0.6, -1.95), (1.0, -1.5), (1.05, -0.8), (0.5, -0.8)]),
        darker(felt, 0.4),
        opacity=0.4,
        within=crown,
    )
    canvas.fill(
        smooth([(-0.98, -1.18), (0, -1.26), (0.98, -1.18), (1.0, -0.86), (0, -0.9), (-1.0, -0.86)]), darker(felt, 0.55)
    )
    brim = smooth([(-1.72, -0.86), (-0.9, -0.96), (0, -1.0), (0.9, -0.96), (1.72, -0.86), (1.5, -0.66),
                   (0.8, -0.58), (0, -0.55), (-0.8, -0.58),
                   (-1.5, -0.66)])  # fmt: skip
    canvas.fill(brim, Gradient(lighter(felt, 0.16), darker(felt, 0.25)))


def _draw_flat_cap(canvas: Canvas, person: Person) -> None:
    tweed = person.headwear_colour
    crown = smooth(
        symmetric([(0, -1.66), (0.55, -1.62), (1.08, -1.42), (1.34, -1.06), (1.24, -0.82), (0.9, -0.78), (0, -0.94)])
    )
    canvas.fill(crown, Gradient(lighter(tweed, 0.16), darker(tweed, 0.12)))
    for step in range(-8, 9):  # the weave's faint checks
        x = step * 0.17
        check = [(x * 0.9, -1.7), (x, -1.3), (x * 1.02, -0.75)]
        canvas.fill(brush(check, 0.022, taper=(1, 1)), lighter(tweed, 0.4), opacity=0.22, within=crown)
    for y in (-1.5, -1.34, -1.18, -1.02):
        check = [(-1.4, y + 0.16), (0, y), (1.4, y + 0.16)]
        canvas.fill(brush(check, 0.022, taper=(1, 1)), darker(tweed, 0.5), opacity=0.22, within=crown)
    side = smooth([(0.55, -1.7), (1.1, -1.45), (1.4, -1.0), (1.2, -0.7), (0.8, -0.7), (0.95, -1.15)])
    canvas.fill(side, darker(tweed, 0.5), opacity=0.32, blur=0.04, within=crown)
    for turn in (list, flipped):
        seam = turn([(0.2, -1.64), (0.5, -1.35), (0.72, -0.98)])
        canvas.fill(brush(seam, 0.03, taper=(0.6, 0.6)), darker(tweed, 0.5), opacity=0.45, within=crown)
    visor = smooth(
        symmetric([(0, -1.02), (0.5, -0.98), (0.9, -0.84), (1.02, -0.66), (0.86, -0.6), (0.45, -0.66), (0, -0.68)])
    )
    canvas.fill([(x, y + 0.05) for x, y in visor], darker(tweed, 0.8), opacity=0.35, blur=0.04)
    canvas.fill(visor, Gradient(lighter(tweed, 0.1), darker(tweed, 0.3)))
    canvas.fill(brush([(-0.94, -0.84), (-0.5, -0.98), (0, -1.02), (0.5, -0.98), (0.94, -0.84)], 0.035, taper=(1, 1)),
                darker(tweed, 0.55), opacity=0.7)  # fmt: skip
    canvas.fill(ellipse(0, -1.67, 0.1, 0.05), darker(tweed, 0.15))


def _draw_toque(canvas: Canvas) -> None:
    puffs = smooth(
        [
            (-0.95, -1.1),
            (-1.35, -1.6),
            (-1.1, -2.05),
            (-0.55, -2.1),
            (0, -2.28),
            (0.55, -2.1),
            (1.1, -2.05),
            (1.35, -1.6),
            (0.95, -1.1),
        ]
    )
    canvas.fill(puffs, Gradient(WHITE, rgb("dcdce4")))
    for x in (-0.5, 0.0, 0.5):
        canvas.fill(brush([(x * 0.9, -1.2), (x * 1.1, -1.55), (x * 1.5, -1.85)], 0.05), rgb("b9bac9"), opacity=0.7)
    band = smooth([(-1.04, -1.25), (0, -1.32), (1.04, -1.25), (1.04, -1.25), (1.04, -0.72), (1.04, -0.72),
                   (0, -0.82), (-1.04, -0.72), (-1.04, -0.72),
                   (-1.04, -1.25)])  # fmt: skip
    canvas.fill(band, Gradient(rgb("f7f7f9"), rgb("d2d3de")))
