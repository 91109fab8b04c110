"""Scenes in town; units are the picture's height (see `backgrounds`)."""

import numpy as np

from local.fal_media.canvas import Canvas
from local.fal_media.colours import BLACK, RGB, WHITE, Gradient, darker, lighter, mix, rgb
from local.fal_media.daylight import Light, draw_sky, draw_weather
from local.fal_media.prompt_words import PromptWords
from local.fal_media.scenes_nature import draw_sea
from local.fal_media.shapes import box, brush, ellipse, rounded_box, smooth

LAMPLIGHT: RGB = (255, 214, 140)
_FRONTS = tuple(map(rgb, ("c46b52", "d9a968", "8aa39a", "e0cdb0", "7f8fa6", "b58a86", "a7b18a")))


def draw_skyline(canvas: Canvas, light: Light, words: PromptWords, *, base: float, name: str = "skyline") -> None:
    """Draw two layers of high buildings that stand on `base`."""
    for layer, (far, colour) in enumerate(((0.62, "6b7d95"), (0.3, "4c5d78"))):
        chance = words.chance(f"{name} {layer}")
        x = canvas.left - 0.05
        while x < canvas.right:
            width, height = chance.uniform(0.05, 0.11), chance.uniform(0.14, 0.42) * (1.1 - 0.3 * layer)
            wall = light.on(rgb(colour), far=far)
            canvas.fill(box(x, base - height, x + width, base), Gradient(wall, mix(wall, light.sky_low, 0.4)))
            if chance.uniform() < 0.3:  # noqa: PLR2004 -- some have a mast
                canvas.fill(
                    box(x + width / 2 - 0.002, base - height - 0.06, x + width / 2 + 0.002, base - height), wall
                )
            window = mix(LAMPLIGHT, wall, 0.25) if light.lamps else lighter(wall, 0.28)
            for column in np.arange(x + 0.009, x + width - 0.012, 0.0165):
                for row in np.arange(base - height + 0.014, base - 0.01, 0.022):
                    if chance.uniform() < (0.38 if light.lamps else 0.6):
                        canvas.fill(
                            box(column, row, column + 0.008, row + 0.011), window, opacity=0.8 if light.lamps else 0.4
                        )
            x += width + chance.uniform(-0.01, 0.03)


def draw_street(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a street between houses that leads to a far point, with lamps and wet asphalt."""
    horizon = 0.12
    draw_sky(canvas, light, words, horizon=horizon)
    draw_skyline(canvas.at(0, 0, 0.7), light, words, base=horizon / 0.7)
    ground = light.on(rgb("5d5f68"))
    canvas.fill(
        box(canvas.left, horizon, canvas.right, canvas.bottom),
        Gradient(mix(ground, light.sky_low, 0.35), darker(ground, 0.35)),
    )
    canvas.fill([(-0.03, horizon), (0.03, horizon), (canvas.right * 0.75, canvas.bottom),
                 (canvas.left * 0.75, canvas.bottom)],
                Gradient(mix(ground, light.sky_low, 0.2), darker(ground, 0.6)))  # fmt: skip
    for near, far in ((0.96, 0.8), (0.66, 0.56), (0.46, 0.4), (0.33, 0.3)):
        y0, y1 = horizon + (canvas.bottom - horizon) * near, horizon + (canvas.bottom - horizon) * far
        canvas.fill(
            [(-0.012 * near, y0), (0.012 * near, y0), (0.012 * far, y1), (-0.012 * far, y1)],
            light.on(rgb("e8e2d0")),
            opacity=0.7,
        )
    for side in (-1, 1):
        edge = max(canvas.right, 0.62)
        limits = [0.12, 0.2, 0.32, 0.5, 0.78, 1.2]
        fronts = words.chance(f"fronts {side}").permutation(len(_FRONTS))
        for index in range(len(limits) - 1):
            x0, x1 = limits[index] * edge * side, limits[index + 1] * edge * side
            far = 0.5 - 0.11 * index
            _draw_front(canvas, light, words, (x0, x1), horizon, far, int(fronts[index]))
    for depth in (0.22, 0.42, 0.8):
        for side in (-1, 1):
            _draw_street_lamp(
                canvas.at(depth * 0.78 * max(canvas.right, 0.62) * side, horizon + depth * 0.3, depth), light, side
            )


def _draw_front(
    canvas: Canvas, light: Light, words: PromptWords, span: tuple[float, float], horizon: float, far: float, number: int
) -> None:
    """Draw one house front in perspective: the lines run to the point (0, horizon)."""
    x0, x1 = span
    chance = words.chance(f"front {span[0] > 0} {number}")
    rise = chance.uniform(0.95, 1.35)
    wall = light.on(_FRONTS[number], far=far)

    def place(share_x: float, share_y: float) -> tuple[float, float]:
        x = x0 + (x1 - x0) * share_x
        foot, roof = horizon + abs(x) * 0.42, horizon - abs(x) * rise
        return x, foot + (roof - foot) * share_y

    front = [place(0, 0), place(1, 0), place(1, 1), place(0, 1)]
    canvas.fill(front, Gradient(darker(wall, 0.12), darker(wall, 0.32)))
    for row in range(1, 4):
        for column in (0.16, 0.58):
            low, high = 0.1 + row * 0.21, 0.1 + row * 0.21 + 0.13
            pane = [place(column, low), place(column + 0.26, low), place(column + 0.26, high), place(column, high)]
            lit = light.lamps and chance.uniform() < 0.55  # noqa: PLR2004 -- share of lit windows
            canvas.fill(pane, LAMPLIGHT if lit else darker(wall, 0.55), opacity=0.92)
    shop = [place(0.1, 0.02), place(0.9, 0.02), place(0.9, 0.2), place(0.1, 0.2)]
    canvas.fill(shop, mix(LAMPLIGHT, wall, 0.2) if light.lamps else darker(wall, 0.5))
    awning = [place(0.05, 0.2), place(0.95, 0.2), place(1.0, 0.26), place(0.0, 0.26)]
    canvas.fill(awning, light.on(_FRONTS[(number + 3) % len(_FRONTS)], far=far))


def _draw_street_lamp(canvas: Canvas, light: Light, side: int) -> None:
    iron = light.on(rgb("23262e"))
    canvas.fill(box(-0.008, -0.62, 0.008, 0.0), iron)
    canvas.fill(brush([(0, -0.6), (-0.02 * side, -0.66), (-0.09 * side, -0.66)], 0.012, taper=(1, 1)), iron)
    canvas.fill(ellipse(-0.09 * side, -0.645, 0.028, 0.02), LAMPLIGHT if light.lamps else light.on(WHITE))
    if light.lamps:
        canvas.glow(-0.09 * side, -0.64, 0.26, LAMPLIGHT, 0.75)
        canvas.fill(ellipse(-0.06 * side, 0.02, 0.2, 0.03), LAMPLIGHT, opacity=0.3, blur=0.03)


def draw_harbour(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a harbour: quay houses, moored boats, and their reflections."""
    horizon = 0.12
    draw_sky(canvas, light, words, horizon=horizon)
    hill = smooth(
        [
            (canvas.left - 0.2, horizon),
            (canvas.left * 0.6, -0.08),
            (0.0, 0.02),
            (canvas.right * 0.5, -0.12),
            (canvas.right + 0.2, horizon),
        ]
    )
    canvas.fill(hill, light.on(rgb("6f8579"), far=0.55))
    draw_sea(canvas, light, words, horizon=horizon)
    chance = words.chance("quay")
    x = canvas.left - 0.02
    while x < canvas.right:
        width, height = chance.uniform(0.09, 0.14), chance.uniform(0.13, 0.24)
        wall = light.on(_FRONTS[int(chance.integers(len(_FRONTS)))], far=0.16)
        canvas.fill(box(x, horizon - height, x + width, horizon), Gradient(wall, darker(wall, 0.15)))
        canvas.fill([(x - 0.006, horizon - height), (x + width / 2, horizon - height - 0.07),
                     (x + width + 0.006, horizon - height)],
                    light.on(rgb("8a4a3f"), far=0.16))  # fmt: skip
        for row in np.arange(horizon - height + 0.02, horizon - 0.04, 0.055):
            for column in (x + width * 0.2, x + width * 0.6):
                lit = light.lamps and chance.uniform() < 0.6  # noqa: PLR2004 -- share of lit windows
                canvas.fill(box(column, row, column + width * 0.2, row + 0.03), LAMPLIGHT if lit else darker(wall, 0.5))
        canvas.fill(box(x, horizon + 0.015, x + width, horizon + height * 0.7), wall, opacity=0.24, blur=0.012)
        x += width + 0.004
    canvas.fill(box(canvas.left, horizon - 0.004, canvas.right, horizon + 0.022), light.on(rgb("6b645c"), far=0.1))
    for share, y, size in ((-0.62, 0.24, 0.3), (0.55, 0.3, 0.4), (-0.9, 0.42, 0.5)):
        _draw_boat(canvas.at(share * canvas.right, y, size), light, words.choose(f"hull {share}", _FRONTS))


def _draw_boat(canvas: Canvas, light: Light, hull: RGB) -> None:
    paint = light.on(hull)
    canvas.fill(ellipse(0, 0.13, 0.46, 0.06), darker(paint, 0.6), opacity=0.4, blur=0.03)
    canvas.fill(box(-0.012, -0.95, 0.012, 0.0), light.on(rgb("4a3d33")))
    canvas.fill([(0.02, -0.92), (0.42, -0.1), (0.02, -0.1)], light.on(rgb("efe6d4")), opacity=0.95)
    canvas.fill([(-0.02, -0.8), (-0.3, -0.1), (-0.02, -0.1)], light.on(rgb("d8ccb6")), opacity=0.95)
    canvas.fill(
        smooth([(-0.5, -0.03), (0.55, -0.05), (0.55, -0.05), (0.36, 0.13), (-0.36, 0.13), (-0.5, -0.03)]),
        Gradient(paint, darker(paint, 0.4)),
    )
    canvas.fill(brush([(-0.48, -0.01), (0, 0.0), (0.53, -0.03)], 0.025, taper=(1, 1)), light.on(WHITE))


def draw_train(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a compartment, with land that runs past its window."""
    wall = light.inside(rgb("8c6a4e"))
    canvas.fill(
        box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(lighter(wall, 0.15), darker(wall, 0.35))
    )
    half = min(0.66, canvas.right * 0.86)
    pane = rounded_box(-half, -0.34, half, 0.17, 0.05)
    canvas.fill(rounded_box(-half - 0.03, -0.37, half + 0.03, 0.2, 0.07), darker(wall, 0.55))
    canvas.fill(pane, Gradient(light.sky_top, light.sky_low))
    canvas.fill(ellipse(half * 0.45, -0.14, 0.05, 0.05), light.sun, within=pane)
    for index, (y, far, colour) in enumerate(((0.02, 0.6, "6f8c86"), (0.07, 0.35, "6f9157"), (0.13, 0.1, "55763f"))):
        phase = words.between(f"hill {index}", 0, 6)
        land = [(float(x), y - 0.035 * float(np.sin(3.1 * x + phase)) - 0.02) for x in np.linspace(-half, half, 40)]
        canvas.fill([*land, (half, 0.3), (-half, 0.3)], light.on(rgb(colour), far=far), within=pane)
    draw_weather(canvas, light, words, within=pane)
    for x in (-0.5, 0.1):
        shine = [(x * half, 0.17), (x * half + 0.16, -0.34), (x * half + 0.26, -0.34), (x * half + 0.1, 0.17)]
        canvas.fill(shine, WHITE, opacity=0.1, within=pane)
    canvas.fill(box(-half - 0.05, 0.18, half + 0.05, 0.215), lighter(wall, 0.25))
    curtain = light.inside(rgb("8f2f37"))
    for side in (-1, 1):
        for fold in range(4):
            x0, x1 = (half - 0.1 + fold * 0.04) * side, (half - 0.06 + fold * 0.04) * side
            canvas.fill(
                box(min(x0, x1), -0.38, max(x0, x1), 0.19),
                Gradient(lighter(curtain, 0.1), darker(curtain, 0.35), horizontal=True),
            )
    rail = light.inside(rgb("c9a458"))
    canvas.fill(box(canvas.left, -0.405, canvas.right, -0.385), Gradient(lighter(rail, 0.3), darker(rail, 0.3)))
    seat = light.inside(rgb("2f5d5a"))
    for side in (-1, 1):
        edge = canvas.right * side
        back = smooth([(edge - 0.42 * side, 0.52), (edge - 0.4 * side, 0.14), (edge - 0.3 * side, 0.06),
                       (edge + 0.1 * side, 0.06),
                       (edge + 0.1 * side, canvas.bottom + 0.1),
                       (edge - 0.42 * side, canvas.bottom + 0.1)])  # fmt: skip
        canvas.fill(back, Gradient(lighter(seat, 0.15), darker(seat, 0.35)))
        canvas.fill(
            brush([(edge - 0.39 * side, 0.2), (edge - 0.28 * side, 0.09), (edge, 0.085)], 0.012, taper=(1, 1)),
            lighter(seat, 0.35),
        )
    canvas.fill(box(canvas.left, 0.4, canvas.right, canvas.bottom), BLACK, opacity=0.28, blur=0.08)
