"""Scenes out of doors, away from town; units are the picture's height (see `backgrounds`)."""

import math
from itertools import pairwise

import numpy as np

from local.fal_media.canvas import Canvas
from local.fal_media.colours import RGB, WHITE, Gradient, darker, lighter, mix, rgb
from local.fal_media.daylight import Light, draw_sky
from local.fal_media.prompt_words import PromptWords
from local.fal_media.shapes import Outline, box, brush, ellipse, smooth


def draw_coast(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw the sea, cliffs, and a lighthouse."""
    horizon = 0.1
    draw_sky(canvas, light, words, horizon=horizon)
    draw_sea(canvas, light, words, horizon=horizon, rough=light.time == "overcast" or words.mentions("storm", "waves"))
    far = ridge(canvas, words, "far cliffs", y=horizon, height=0.1, roughness=0.5, end=0.25)
    canvas.fill(far, light.on(rgb("6d7f7c"), far=0.6))
    side = words.choose("lighthouse side", (-1, 1))
    edge = canvas.right if side > 0 else -canvas.left
    rock = [(edge - 0.62, 0.36), (edge - 0.52, 0.2), (edge - 0.4, 0.14), (edge - 0.3, 0.03), (edge - 0.14, 0.0),
            (edge + 0.08, 0.02), (edge + 0.2, 0.6), (edge - 0.5, 0.42)]  # fmt: skip
    rock = [(x * side, y) for x, y in rock]
    outline = smooth(rock)
    canvas.fill(outline, Gradient(light.on(rgb("6f7f5b")), light.on(rgb("3b4144"))))
    canvas.fill(smooth([(x * side, y) for x, y in [(edge - 0.42, 0.13), (edge - 0.3, 0.2), (edge - 0.34, 0.4),
                                                   (edge - 0.7, 0.5)]]),
                light.on(rgb("2b3036")), opacity=0.5, blur=0.01, within=outline)  # fmt: skip
    canvas.fill(
        brush([(x, y + 0.006) for x, y in rock[1:6]], 0.03), light.on(rgb("88a05e")), opacity=0.7, within=outline
    )
    _draw_lighthouse(canvas.at((edge - 0.24) * side, 0.04, 0.4), light, side)
    foam = [
        ((edge - 0.68) * side, 0.38),
        ((edge - 0.5) * side, 0.4),
        ((edge - 0.25) * side, 0.44),
        ((edge + 0.05) * side, 0.46),
    ]
    canvas.fill(brush(foam, 0.03), light.on(WHITE), opacity=0.55, blur=0.008)


def _draw_lighthouse(canvas: Canvas, light: Light, side: int) -> None:
    if light.lamps:
        for reach, spread, opacity in ((4.0, 0.55, 0.16), (4.0, 0.25, 0.22)):
            beam = [(0, -0.99), (-reach * side, -0.99 - spread * 1.5), (-reach * side, -0.99 + spread * 0.5)]
            canvas.fill(beam, (255, 240, 196), opacity=opacity, blur=0.03)
    tower = [(-0.085, -0.86), (0.085, -0.86), (0.14, 0.02), (-0.14, 0.02)]
    white = light.on(rgb("f4efe6"))
    canvas.fill(tower, Gradient(white, darker(white, 0.45), horizontal=True))
    for top in (-0.72, -0.38, -0.04 - 0.12):
        band = box(-0.3, top, 0.3, top + 0.16)
        canvas.fill(band, Gradient(light.on(rgb("c8433a")), light.on(rgb("7f2a2c")), horizontal=True), within=tower)
    for y in (-0.5, -0.2):
        canvas.fill(box(-0.02, y, 0.02, y + 0.07), rgb("ffe0a0") if light.lamps else light.on(rgb("3a4450")))
    canvas.fill(box(-0.125, -0.9, 0.125, -0.86), light.on(rgb("2e3440")))
    canvas.fill(box(-0.07, -1.04, 0.07, -0.9), rgb("fff0be") if light.lamps else light.on(rgb("b9d4dc")))
    for x in (-0.07, 0.0, 0.07):
        canvas.fill(box(x - 0.006, -1.04, x + 0.006, -0.9), light.on(rgb("2e3440")))
    canvas.fill([(-0.1, -1.03), (0, -1.16), (0.1, -1.03)], light.on(rgb("9c3531")))
    if light.lamps:
        canvas.glow(0, -0.97, 0.42, (255, 236, 180), 0.85)


def draw_sea(canvas: Canvas, light: Light, words: PromptWords, *, horizon: float, rough: bool = False) -> None:
    """Draw water from the horizon to the lower edge."""
    near = light.on(rgb("1f5a72") if not rough else rgb("2c4c5a"))
    canvas.fill(
        box(canvas.left, horizon, canvas.right, canvas.bottom),
        Gradient(mix(light.sky_low, near, 0.35), darker(near, 0.35)),
    )
    chance = words.chance("waves")
    depth = canvas.bottom - horizon
    for _ in range(90):
        share = chance.uniform(0.02, 1) ** 1.5
        x, y = chance.uniform(canvas.left, canvas.right), horizon + depth * share
        length = 0.02 + 0.18 * share
        lift = (0.02 if rough else 0.005) * share
        wave = [(x - length, y), (x - length * 0.3, y - lift), (x + length * 0.2, y), (x + length, y + lift * 0.3)]
        colour = mix(light.sky_low, WHITE, 0.25) if chance.uniform() < 0.55 else darker(near, 0.4)  # noqa: PLR2004 -- share of crests
        canvas.fill(brush(wave, 0.002 + 0.006 * share), colour, opacity=0.34)
    canvas.fill(box(canvas.left, horizon - 0.004, canvas.right, horizon + 0.012), light.sun, opacity=0.3, blur=0.008)


def draw_mountain(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw mountain ranges behind a meadow with firs."""
    draw_sky(canvas, light, words, horizon=0.2)
    _draw_range(canvas, light, words, "far range", foot=0.24, height=0.46, far=0.6)
    _draw_range(canvas, light, words, "near range", foot=0.3, height=0.34, far=0.3)
    hills = ridge(canvas, words, "hills", y=0.26, height=0.1, roughness=0.4)
    canvas.fill(hills, Gradient(light.on(rgb("55795f"), far=0.25), light.on(rgb("4a6b50"), far=0.1)))
    meadow = ridge(canvas, words, "meadow", y=0.32, height=0.05, roughness=0.1)
    canvas.fill(meadow, Gradient(light.on(rgb("7d9a5c")), light.on(rgb("3f5b3c"))))
    chance = words.chance("firs")
    for share in np.linspace(0, 1, 26):
        x = canvas.left + (canvas.right - canvas.left) * share + chance.uniform(-0.02, 0.02)
        draw_fir(
            canvas.at(x, 0.34 + chance.uniform(-0.01, 0.06), chance.uniform(0.09, 0.19)),
            light.on(rgb("2c4a41"), far=0.08),
        )


def _draw_range(
    canvas: Canvas, light: Light, words: PromptWords, name: str, *, foot: float, height: float, far: float
) -> None:
    """Draw peaks with a lit and a shaded side, and snow that follows the crest."""
    chance = words.chance(name)
    rock = light.on(rgb("5f7391"), far=far)
    shade, snow = darker(rock, 0.3), light.on(WHITE, far=far * 0.4)
    corners: Outline = []
    x = canvas.left - chance.uniform(0.05, 0.3)
    while x < canvas.right + 0.4:
        corners.append((x, foot - height * chance.uniform(0.2, 0.4)))
        corners.append((x + chance.uniform(0.13, 0.24), foot - height * chance.uniform(0.62, 1.0)))
        x += chance.uniform(0.34, 0.5)
    crest = _jagged(_jagged(corners, chance, 0.02), chance, 0.009)
    shape: Outline = [*crest, (corners[-1][0], canvas.bottom), (corners[0][0], canvas.bottom)]
    canvas.fill(shape, Gradient(rock, mix(rock, light.sky_low, 0.4)))
    for (peak_x, peak_y), (valley_x, valley_y) in zip(corners[1::2], corners[2::2], strict=False):
        ledge = [(peak_x, peak_y - 0.05), (valley_x, valley_y), (valley_x - 0.04, foot), (peak_x + 0.05, foot + 0.02),
                 (peak_x - 0.02, peak_y + height * 0.42), (peak_x + 0.025, peak_y + height * 0.2)]  # fmt: skip
        canvas.fill(ledge, shade, opacity=0.42, within=shape)
    line = foot - height * 0.42
    tips = [0.62 if index % 2 else 0.3 for index in range(len(crest))]
    lower = [(x, y + max(0.0, line - y) * tip) for (x, y), tip in zip(crest, tips, strict=True)]
    canvas.fill([*crest, *reversed(lower)], snow, opacity=0.92)


def _jagged(line: Outline, chance: np.random.Generator, amount: float) -> Outline:
    """Break every stretch of a line in its middle."""
    broken: Outline = []
    for (x0, y0), (x1, y1) in pairwise(line):
        middle = ((x0 + x1) / 2 + chance.uniform(-amount, amount), (y0 + y1) / 2 + chance.uniform(-amount, amount))
        broken += [(x0, y0), middle]
    return [*broken, line[-1]]


def draw_forest(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a wood: trunks in layers, shafts of light, and undergrowth."""
    glade = mix(light.on(rgb("cfe0b0")), light.sky_low, 0.45)
    canvas.fill(box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(light.on(rgb("9fbf8d")), glade))
    canvas.glow(0.1, -0.1, 0.8, mix(light.sun, WHITE, 0.3), 0.7)
    chance = words.chance("trees")
    for layer, (far, width, count) in enumerate(((0.72, 0.016, 16), (0.48, 0.028, 12), (0.22, 0.05, 8), (0.0, 0.1, 4))):
        trunk = light.on(rgb("3f3a33"), far=far * 0.75)
        leaf = light.on(rgb("35573f"), far=far * 0.75)
        ground = 0.2 + 0.06 * layer
        canvas.fill(
            ridge(canvas, words, f"ground {layer}", y=ground + 0.03, height=0.03, roughness=0.3),
            mix(leaf, rgb("6d6a3c"), 0.2),
        )
        for index in range(count):
            x = canvas.left + (canvas.right - canvas.left) * (index + chance.uniform(0.1, 0.9)) / count
            if layer == 3 and abs(x) < 0.3 * canvas.right:  # noqa: PLR2004 -- the nearest layer leaves the middle free
                continue
            _draw_trunk(canvas, x, ground + 0.08, width * chance.uniform(0.7, 1.2), trunk)
        for _ in range(10):
            x = chance.uniform(canvas.left, canvas.right)
            _draw_foliage(
                canvas.at(x, canvas.top + chance.uniform(0.0, 0.14) + 0.05 * (3 - layer), 0.2), leaf, words, layer
            )
        if layer == 1:
            for x in (-0.35, -0.05, 0.28):
                shaft = [(x + 0.3, canvas.top), (x + 0.42, canvas.top), (x + 0.06, 0.4), (x - 0.14, 0.4)]
                canvas.fill(shaft, light.sun, opacity=0.2, blur=0.02)
    fern = light.on(rgb("24402f"))
    for _ in range(26):
        x = chance.uniform(canvas.left, canvas.right)
        for lean in (-0.09, -0.05, 0.0, 0.05, 0.09):
            blade = [
                (x, canvas.bottom + 0.02),
                (x + lean * 0.5, canvas.bottom - 0.05),
                (x + lean, canvas.bottom - 0.08 - chance.uniform(0, 0.03)),
            ]
            canvas.fill(brush(blade, 0.014, taper=(0.8, 0.0)), lighter(fern, chance.uniform(0.0, 0.14)))


def _draw_trunk(canvas: Canvas, x: float, ground: float, width: float, colour: RGB) -> None:
    trunk = [(x - width * 0.42, canvas.top - 0.02), (x + width * 0.42, canvas.top - 0.02),
             (x + width * 0.5, ground - 0.1),
             (x + width * 0.85, ground), (x - width * 0.85, ground), (x - width * 0.5, ground - 0.1)]  # fmt: skip
    canvas.fill(trunk, Gradient(lighter(colour, 0.12), darker(colour, 0.3), horizontal=True))


def _draw_foliage(canvas: Canvas, colour: RGB, words: PromptWords, layer: int) -> None:
    chance = words.chance(f"foliage {layer}")
    for _ in range(7):
        x, y, radius = chance.uniform(-0.8, 0.8), chance.uniform(-0.6, 0.3), chance.uniform(0.25, 0.5)
        canvas.fill(ellipse(x, y, radius, radius * 0.62), lighter(colour, chance.uniform(0, 0.12)), opacity=0.95)


def draw_desert(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw dunes under a wide sky."""
    draw_sky(canvas, light, words, horizon=0.14)
    for index, (y, height, far, colour) in enumerate(
        (
            (0.14, 0.12, 0.5, "d9a066"),
            (0.22, 0.1, 0.25, "cf8f55"),
            (0.32, 0.1, 0.1, "c07f4a"),
            (0.45, 0.08, 0.0, "a96a3f"),
        )
    ):
        shape = ridge(canvas, words, f"dune {index}", y=y, height=height, roughness=0.05)
        sand = light.on(rgb(colour), far=far)
        canvas.fill(shape, Gradient(lighter(sand, 0.15), darker(sand, 0.2)))
        lee = [(x + 0.12, y + 0.02) for x, y in shape[:-2]]
        canvas.fill(
            [*lee, (canvas.right, y + 0.4), (canvas.left, y + 0.1)],
            darker(sand, 0.4),
            opacity=0.22,
            blur=0.01,
            within=shape,
        )


def draw_fir(canvas: Canvas, colour: RGB) -> None:
    """Draw a fir; a unit is its height."""
    canvas.fill(box(-0.03, -0.1, 0.03, 0.04), darker(colour, 0.4))
    for top, bottom, half in ((-1.0, -0.62, 0.17), (-0.8, -0.36, 0.25), (-0.56, -0.06, 0.33)):
        canvas.fill([(0, top), (half, bottom), (-half, bottom)], colour)
        canvas.fill([(0, top), (half, bottom), (half * 0.1, bottom)], darker(colour, 0.3), opacity=0.6)


def ridge(
    canvas: Canvas,
    words: PromptWords,
    name: str,
    *,
    y: float,
    height: float,
    roughness: float,
    end: float | None = None,
) -> Outline:
    """Give land under a ridge line: `y` is its foot, and `roughness` runs from dunes (0) to rocks (1)."""
    phases = words.chance(name).uniform(0, 2 * math.pi, 5)
    xs = np.linspace(canvas.left, canvas.right, 120)
    waves = (
        (1.0, 2.2),
        (0.55, 4.9),
        (0.32 * (0.3 + roughness), 10.7),
        (0.2 * roughness, 22.0),
        (0.12 * roughness, 47.0),
    )
    line = sum(weight * np.sin(xs * rate + phase) for (weight, rate), phase in zip(waves, phases, strict=True))
    ys = y - height * (0.5 + 0.4 * np.asarray(line))
    if end is not None:
        ys = np.minimum(
            y, y - (y - ys) * np.clip(1 - (xs - canvas.left) / (canvas.right - canvas.left) / end, 0, 1) ** 0.5
        )
        return [*zip(xs.tolist(), ys.tolist(), strict=True), (canvas.right, y), (canvas.left, y)]
    return [*zip(xs.tolist(), ys.tolist(), strict=True), (canvas.right, canvas.bottom), (canvas.left, canvas.bottom)]
