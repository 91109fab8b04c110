"""Rooms; units are the picture's height (see `backgrounds`)."""

import numpy as np

from local.fal_media.canvas import Canvas
from local.fal_media.colours import BLACK, RGB, WHITE, Gradient, darker, lighter, mix, rgb
from local.fal_media.daylight import Light, draw_weather
from local.fal_media.furniture import draw_ceiling, draw_floor, draw_pendant, draw_plant, draw_window
from local.fal_media.prompt_words import PromptWords
from local.fal_media.scenes_town import LAMPLIGHT, draw_skyline
from local.fal_media.shapes import Outline, box, brush, ellipse, rounded_box, smooth

_BOOKS = tuple(map(rgb, ("8f3b37", "34566b", "c9a15a", "4f6b4a", "6b4a6b", "d7c7a5", "3b3f57", "a8643f", "2f6b66")))


def draw_office(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw an office with a view of the city."""
    floor = 0.33
    canvas.fill(box(canvas.left, canvas.top, canvas.right, floor), Gradient(light.sky_top, light.sky_low))
    canvas.glow(canvas.right * 0.4, 0.02, 0.7, light.sun, 0.5)
    draw_skyline(canvas, light, words, base=floor)
    draw_weather(canvas, light, words)
    frame = light.inside(rgb("39424f"))
    for x in np.arange(-1.75, 1.8, 0.5):
        canvas.fill(box(x - 0.011, canvas.top, x + 0.011, floor), Gradient(lighter(frame, 0.2), frame, horizontal=True))
    canvas.fill(box(canvas.left, -0.3, canvas.right, -0.286), frame)
    for x in (-0.95, -0.15, 0.6):
        canvas.fill([(x, floor), (x + 0.5, canvas.top), (x + 0.72, canvas.top), (x + 0.22, floor)], WHITE, opacity=0.08)
    draw_floor(canvas, light.inside(rgb("b8a48e")), floor)
    canvas.fill(box(canvas.left, floor - 0.025, canvas.right, floor + 0.012), light.inside(rgb("e9e6df")))
    draw_ceiling(canvas, light)
    draw_plant(canvas.at(canvas.left * 0.8, floor + 0.07, 0.42), light, words)
    desk = light.inside(rgb("8a6547"))
    x = canvas.right * 0.62
    canvas.fill(ellipse(x, floor + 0.13, 0.4, 0.03), BLACK, opacity=0.25, blur=0.02)
    for leg in (-0.3, 0.3):
        canvas.fill(box(x + leg - 0.012, 0.24, x + leg + 0.012, floor + 0.13), darker(desk, 0.55))
    canvas.fill(box(x - 0.36, 0.21, x + 0.36, 0.245), Gradient(lighter(desk, 0.25), darker(desk, 0.1)))
    canvas.fill(rounded_box(x - 0.14, 0.02, x + 0.14, 0.175, 0.012), rgb("20242c"))
    canvas.fill(rounded_box(x - 0.13, 0.03, x + 0.13, 0.165, 0.006), Gradient(rgb("6fa3c2"), rgb("3f6a8c")))
    canvas.fill(box(x - 0.015, 0.175, x + 0.015, 0.21), rgb("2a2e36"))
    canvas.fill(rounded_box(x + 0.2, 0.155, x + 0.245, 0.212, 0.012), light.inside(rgb("d98b5f")))


def draw_kitchen(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a kitchen: tiles, cupboards, a shelf, a window and pots."""
    wall = light.inside(words.choose("wall", tuple(map(rgb, ("dfe5dc", "efe0cc", "d7e0e4")))))
    front = light.inside(words.choose("front", tuple(map(rgb, ("3f6b63", "47607d", "b0694f", "6f7f5c")))))
    wood = light.inside(rgb("b98a5c"))
    canvas.fill(
        box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(lighter(wall, 0.2), darker(wall, 0.08))
    )
    for row, y in enumerate(np.arange(-0.12, 0.16, 0.07)):
        for x in np.arange(-2.0, 2.0, 0.14):
            tile = box(x + 0.07 * (row % 2), y, x + 0.07 * (row % 2) + 0.134, y + 0.064)
            canvas.fill(tile, lighter(wall, 0.35 + 0.2 * ((row + round(x * 50)) % 3 == 0)))
    window_x = canvas.right * 0.36
    draw_window(canvas.at(window_x, -0.16), light, words, half_width=0.23, half_height=0.21)
    pots_x = canvas.left * 0.55
    canvas.fill(box(pots_x - 0.36, -0.17, pots_x + 0.36, -0.15), Gradient(lighter(wood, 0.2), darker(wood, 0.2)))
    canvas.fill(box(pots_x - 0.35, -0.15, pots_x + 0.35, -0.12), BLACK, opacity=0.16, blur=0.012)
    chance = words.chance("shelf")
    for share in np.linspace(-0.8, 0.8, 6):
        x, height = pots_x + 0.36 * float(share), chance.uniform(0.07, 0.13)
        colour = light.inside(_BOOKS[int(chance.integers(len(_BOOKS)))])
        jar = rounded_box(x - 0.034, -0.17 - height, x + 0.034, -0.17, 0.014)
        canvas.fill(jar, Gradient(lighter(colour, 0.35), darker(colour, 0.15), horizontal=True))
        canvas.fill(box(x - 0.036, -0.17 - height, x + 0.036, -0.155 - height), darker(wood, 0.2))
    canvas.fill(box(canvas.left, 0.17, canvas.right, 0.205), Gradient(lighter(wood, 0.35), darker(wood, 0.1)))
    canvas.fill(box(canvas.left, 0.205, canvas.right, canvas.bottom), Gradient(front, darker(front, 0.3)))
    canvas.fill(box(canvas.left, 0.205, canvas.right, 0.235), BLACK, opacity=0.3, blur=0.012)
    for x in np.arange(-1.6, 1.7, 0.32):
        canvas.fill(rounded_box(x + 0.015, 0.24, x + 0.305, canvas.bottom + 0.1, 0.012), lighter(front, 0.08))
        canvas.fill(
            rounded_box(x + 0.03, 0.258, x + 0.29, canvas.bottom + 0.1, 0.008), Gradient(front, darker(front, 0.22))
        )
        canvas.fill(rounded_box(x + 0.12, 0.272, x + 0.2, 0.282, 0.004), rgb("d9b56a"))
    metal = light.inside(rgb("b8693a" if words.mentions("copper") else "c9ced3"))
    _draw_pot(canvas.at(canvas.left * 0.62, 0.0), metal, kettle=words.mentions("kettle", "teapot"))
    for x, code in ((0.0, "d9772f"), (0.05, "c8433a"), (0.1, "e0ac3b")):
        fruit = light.inside(rgb(code))
        canvas.fill(
            ellipse(window_x + x, 0.15, 0.03, 0.03),
            Gradient(lighter(fruit, 0.25), fruit),
        )
    for x in (-0.34, 0.0, 0.34):
        draw_pendant(canvas.at(x * canvas.right * 1.6, canvas.top), light, length=0.1)


def _draw_pot(canvas: Canvas, metal: RGB, *, kettle: bool) -> None:
    """Draw a pot with a lid, or a kettle with spout and handle; its foot is at y = 0.172."""
    shine = Gradient(lighter(metal, 0.4), darker(metal, 0.45), horizontal=True)
    if not kettle:
        canvas.fill(rounded_box(-0.11, 0.07, 0.11, 0.172, 0.02), shine)
        canvas.fill(rounded_box(-0.12, 0.056, 0.12, 0.074, 0.008), darker(metal, 0.2))
        canvas.fill(ellipse(0, 0.05, 0.02, 0.012), darker(metal, 0.6))
        return
    handle = [(-0.065, 0.06), (-0.06, -0.015), (0, -0.04), (0.06, -0.015), (0.065, 0.06)]
    canvas.fill(brush(handle, 0.014, taper=(1, 1)), darker(metal, 0.65))
    canvas.fill(smooth([(0.06, 0.13), (0.12, 0.075), (0.145, 0.03), (0.165, 0.036), (0.14, 0.1), (0.08, 0.16)]),
                darker(metal, 0.3))  # fmt: skip
    body = smooth([(-0.055, 0.05), (0.055, 0.05), (0.1, 0.1), (0.1, 0.155), (0.085, 0.172), (0.085, 0.172),
                   (-0.085, 0.172), (-0.085, 0.172), (-0.1, 0.155), (-0.1, 0.1)])  # fmt: skip
    canvas.fill(body, shine)
    canvas.fill(brush([(-0.06, 0.075), (-0.078, 0.11), (-0.07, 0.15)], 0.014), WHITE, opacity=0.4, within=body)
    canvas.fill(brush([(-0.058, 0.052), (0, 0.046), (0.058, 0.052)], 0.012, taper=(1, 1)), darker(metal, 0.35))
    canvas.fill(ellipse(0, 0.034, 0.013, 0.011), darker(metal, 0.6))


def draw_library(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw high shelves of books, with a lamp on a table."""
    wood = light.inside(rgb("6b4429"))
    canvas.fill(
        box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(darker(wood, 0.35), darker(wood, 0.62))
    )
    chance = words.chance("books")
    bay, shelf = 0.46, 0.185
    for left in np.arange(-2.07, 2.0, bay):
        if left > canvas.right or left + bay < canvas.left:
            continue
        for top in np.arange(canvas.top - 0.04, 0.36, shelf):
            _draw_books(canvas, light, chance, (float(left) + 0.018, float(left) + bay - 0.018), float(top) + shelf)
            board = box(left, top + shelf - 0.004, left + bay, top + shelf + 0.013)
            canvas.fill(board, Gradient(lighter(wood, 0.22), darker(wood, 0.2)))
            canvas.fill(box(left, top + shelf + 0.013, left + bay, top + shelf + 0.05), BLACK, opacity=0.35, blur=0.014)
        canvas.fill(
            box(left - 0.018, canvas.top, left + 0.018, 0.42),
            Gradient(lighter(wood, 0.2), darker(wood, 0.3), horizontal=True),
        )
    canvas.fill(box(canvas.left, canvas.top, canvas.right, canvas.bottom), rgb("241318"), opacity=0.12)
    table = light.inside(rgb("7c4f2e"))
    canvas.fill(
        box(canvas.left, 0.37, canvas.right, canvas.bottom), Gradient(lighter(table, 0.22), darker(table, 0.35))
    )
    canvas.fill(box(canvas.left, 0.36, canvas.right, 0.376), lighter(table, 0.35))
    lamp = canvas.right * 0.66
    canvas.glow(lamp, 0.2, 0.55, LAMPLIGHT, 0.65)
    canvas.fill(ellipse(lamp, 0.4, 0.2, 0.03), LAMPLIGHT, opacity=0.5, blur=0.02)
    brass = rgb("c79a4a")
    canvas.fill(
        box(lamp - 0.008, 0.19, lamp + 0.008, 0.39), Gradient(lighter(brass, 0.4), darker(brass, 0.3), horizontal=True)
    )
    canvas.fill(ellipse(lamp, 0.39, 0.07, 0.014), brass)
    green = rgb("2f7358")
    canvas.fill(smooth([(lamp - 0.14, 0.2), (lamp - 0.1, 0.13), (lamp, 0.115), (lamp + 0.1, 0.13),
                        (lamp + 0.14, 0.2), (lamp, 0.205)]),
                Gradient(lighter(green, 0.3), green))  # fmt: skip
    canvas.fill(ellipse(lamp, 0.2, 0.12, 0.01), rgb("fff3c8"))
    pile = canvas.left * 0.62
    for index, (width, colour) in enumerate(((0.15, 0), (0.13, 2), (0.14, 1))):
        y = 0.385 - 0.034 * index
        canvas.fill(rounded_box(pile - width, y - 0.032, pile + width, y, 0.006), light.inside(_BOOKS[colour]))
        canvas.fill(box(pile - width + 0.02, y - 0.027, pile + width, y - 0.006), light.inside(rgb("efe6d2")))


def _draw_books(
    canvas: Canvas, light: Light, chance: np.random.Generator, span: tuple[float, float], foot: float
) -> None:
    x, end = span
    while x < end - 0.02:
        width, height = chance.uniform(0.014, 0.034), chance.uniform(0.105, 0.16)
        if chance.uniform() < 0.05:  # noqa: PLR2004 -- here and there a gap
            x += width * 1.6
            continue
        width = min(width, end - x)
        colour = mix(light.inside(_BOOKS[int(chance.integers(len(_BOOKS)))]), rgb("3a2418"), 0.2)
        canvas.fill(
            box(x, foot - height, x + width - 0.0015, foot),
            Gradient(lighter(colour, 0.14), darker(colour, 0.25), horizontal=True),
        )
        if width > 0.02:  # noqa: PLR2004 -- only broad spines carry bands
            for share in (0.16, 0.8):
                y = foot - height * share
                canvas.fill(box(x + 0.002, y - 0.005, x + width - 0.004, y), rgb("d9bb74"), opacity=0.75)
        x += width


def draw_studio(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a broadcast studio: panels, strips of light, a screen."""
    hue = words.choose("hue", tuple(map(rgb, ("2b3f77", "4b2f6f", "1f5b66", "6b2f45"))))
    accent = words.choose("accent", tuple(map(rgb, ("5fd0e6", "f2a65a", "f0668a", "8de08f"))))
    wall = light.inside(hue)
    canvas.fill(box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(darker(wall, 0.5), wall))
    for index, x in enumerate(np.arange(-1.62, 1.7, 0.27)):
        panel = mix(wall, lighter(wall, 0.16), (index % 3) / 2)
        canvas.fill(box(x, canvas.top, x + 0.262, 0.34), Gradient(darker(panel, 0.45), lighter(panel, 0.06)))
    screen_x = canvas.right * 0.44
    canvas.glow(screen_x, -0.08, 0.55, accent, 0.45)
    canvas.fill(rounded_box(screen_x - 0.33, -0.28, screen_x + 0.33, 0.1, 0.02), rgb("0f1420"))
    screen = rounded_box(screen_x - 0.315, -0.265, screen_x + 0.315, 0.085, 0.012)
    canvas.fill(screen, Gradient(mix(accent, hue, 0.45), darker(hue, 0.2)))
    chance = words.chance("map")
    for _ in range(6):
        x, y = screen_x + chance.uniform(-0.3, 0.3), chance.uniform(-0.25, 0.06)
        canvas.fill(ellipse(x, y, *([chance.uniform(0.02, 0.11)] * 2)), WHITE, opacity=0.12, within=screen)
    for index in range(4):
        y = -0.2 + index * 0.07
        wave: Outline = [
            (screen_x + float(x), y + 0.02 * float(np.sin(12 * x + index))) for x in np.linspace(-0.3, 0.3, 9)
        ]
        canvas.fill(brush(wave, 0.006, taper=(1, 1)), WHITE, opacity=0.4, within=screen)
    for share in (-0.86, -0.5, -0.2):
        x = canvas.right * share
        canvas.glow(x, 0.0, 0.24, accent, 0.4)
        canvas.fill(rounded_box(x - 0.008, -0.32, x + 0.008, 0.3, 0.008), lighter(accent, 0.55))
    floor = darker(wall, 0.55)
    canvas.fill(box(canvas.left, 0.34, canvas.right, canvas.bottom), Gradient(lighter(floor, 0.14), darker(floor, 0.4)))
    canvas.fill(box(canvas.left, 0.333, canvas.right, 0.343), accent)
    canvas.fill(box(canvas.left, 0.34, canvas.right, 0.42), accent, opacity=0.22, blur=0.03)
    for x in (-0.7, -0.25, 0.25, 0.7):
        spot = canvas.at(x * canvas.right, canvas.top)
        spot.fill(
            [(-0.02, 0.05), (0.02, 0.05), (0.22 - x * 0.3, 0.9), (-0.22 - x * 0.3, 0.9)],
            lighter(accent, 0.75),
            opacity=0.07,
            blur=0.02,
        )
        spot.fill(rounded_box(-0.035, -0.02, 0.035, 0.06, 0.012), rgb("12141b"))
        spot.fill(ellipse(0, 0.06, 0.026, 0.01), rgb("fff6df"))


def draw_laboratory(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a laboratory: cabinets, a bench and glass."""
    wall = light.inside(rgb("d4e1e4"))
    canvas.fill(
        box(canvas.left, canvas.top, canvas.right, canvas.bottom), Gradient(lighter(wall, 0.3), darker(wall, 0.1))
    )
    draw_ceiling(canvas, light)
    draw_window(canvas.at(canvas.left * 0.5, -0.1), light, words, half_width=0.25, half_height=0.17)
    steel = light.inside(rgb("9fb1ba"))
    x = canvas.right * 0.55
    canvas.fill(rounded_box(x - 0.34, -0.33, x + 0.34, 0.02, 0.012), Gradient(lighter(steel, 0.35), steel))
    for side in (-1, 1):
        pane = rounded_box(x + 0.17 * side - 0.155, -0.31, x + 0.17 * side + 0.155, 0.0, 0.008)
        canvas.fill(pane, Gradient(mix(wall, rgb("7fb3c4"), 0.6), mix(wall, rgb("5f93a8"), 0.5)))
        for y in (-0.2, -0.09):
            canvas.fill(box(x + 0.17 * side - 0.155, y, x + 0.17 * side + 0.155, y + 0.006), WHITE, opacity=0.6)
            for step in range(4):
                left = x + 0.17 * side - 0.13 + step * 0.07
                canvas.fill(rounded_box(left, y - 0.06, left + 0.04, y, 0.008), WHITE, opacity=0.35)
    bench = light.inside(rgb("f0f2f1"))
    canvas.fill(box(canvas.left, 0.2, canvas.right, 0.235), Gradient(lighter(bench, 0.4), darker(bench, 0.16)))
    canvas.fill(
        box(canvas.left, 0.235, canvas.right, canvas.bottom),
        Gradient(light.inside(rgb("6f8f9a")), light.inside(rgb("3f5a66"))),
    )
    canvas.fill(box(canvas.left, 0.235, canvas.right, 0.27), BLACK, opacity=0.25, blur=0.014)
    for share, height, colour in (
        (-0.86, 0.17, "4fb3a0"),
        (-0.7, 0.11, "e08a4f"),
        (-0.54, 0.15, "8a6fd0"),
        (0.6, 0.13, "4f93c8"),
        (0.78, 0.18, "d0567a"),
    ):
        flask_x = canvas.right * share
        flask = smooth([(flask_x - 0.016, 0.2 - height), (flask_x + 0.016, 0.2 - height), (flask_x + 0.018, 0.15),
                        (flask_x + 0.06, 0.195),
                        (flask_x + 0.05, 0.203), (flask_x - 0.05, 0.203), (flask_x - 0.06, 0.195),
                        (flask_x - 0.018, 0.15)])  # fmt: skip
        canvas.fill(flask, WHITE, opacity=0.5)
        canvas.fill(
            box(flask_x - 0.1, 0.165, flask_x + 0.1, 0.21), light.inside(rgb(colour)), opacity=0.9, within=flask
        )


def draw_lounge(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a calm room with abstract art: for prompts that name no place."""
    wall = light.inside(words.choose("wall", tuple(map(rgb, ("c9b8a3", "9fb3ad", "b9a7b8", "a8b5c9", "d0ab8f")))))
    trim = words.choose("trim", tuple(map(rgb, ("c8553d", "2f5d62", "d19c3f", "5b4b7a"))))
    floor = 0.3
    canvas.fill(box(canvas.left, canvas.top, canvas.right, floor), Gradient(darker(wall, 0.1), lighter(wall, 0.18)))
    canvas.glow(canvas.left * 0.45, -0.15, 0.6, lighter(wall, 0.7), 0.6)
    draw_window(canvas.at(canvas.left * 0.58, -0.12), light, words, half_width=0.21, half_height=0.23)
    beam = [
        (canvas.left * 0.5, floor),
        (canvas.left * 0.1, floor),
        (canvas.left * 0.22, -0.3),
        (canvas.left * 0.46, -0.3),
    ]
    canvas.fill(beam, light.sun, opacity=0.1, blur=0.01)
    art_x = canvas.right * 0.52
    canvas.fill(box(art_x - 0.205, -0.335, art_x + 0.215, 0.02), BLACK, opacity=0.25, blur=0.02)
    frame = box(art_x - 0.21, -0.35, art_x + 0.21, 0.0)
    canvas.fill(frame, light.inside(rgb("2f2b2a")))
    paper = box(art_x - 0.195, -0.335, art_x + 0.195, -0.015)
    canvas.fill(paper, light.inside(rgb("f3eadb")))
    chance = words.chance("art")
    for colour in (trim, mix(trim, rgb("20304a"), 0.6), rgb("e3b04b"), mix(trim, WHITE, 0.5)):
        x, y, radius = art_x + chance.uniform(-0.12, 0.12), chance.uniform(-0.27, -0.08), chance.uniform(0.04, 0.11)
        canvas.fill(
            ellipse(x, y, radius, radius, start=chance.choice([0, 90, 180]), end=360),
            light.inside(colour),
            opacity=0.9,
            within=paper,
        )
    draw_floor(canvas, light.inside(rgb("a57c58")), floor)
    canvas.fill(box(canvas.left, floor - 0.03, canvas.right, floor), light.inside(rgb("efe8de")))
    sofa_x, sofa = canvas.right * 0.5, light.inside(trim)
    canvas.fill(ellipse(sofa_x, 0.43, 0.48, 0.03), BLACK, opacity=0.35, blur=0.02)
    canvas.fill(
        rounded_box(sofa_x - 0.4, 0.08, sofa_x + 0.4, 0.36, 0.06), Gradient(lighter(sofa, 0.16), darker(sofa, 0.15))
    )
    for side in (-1, 1):
        canvas.fill(
            rounded_box(sofa_x + 0.2 * side - 0.19, 0.22, sofa_x + 0.2 * side + 0.19, 0.35, 0.04),
            Gradient(lighter(sofa, 0.26), sofa),
        )
        canvas.fill(
            rounded_box(sofa_x + 0.42 * side - 0.06, 0.17, sofa_x + 0.42 * side + 0.06, 0.41, 0.05),
            Gradient(lighter(sofa, 0.2), darker(sofa, 0.25)),
        )
    canvas.fill(rounded_box(sofa_x - 0.4, 0.33, sofa_x + 0.4, 0.42, 0.03), darker(sofa, 0.25))
    draw_plant(canvas.at(canvas.left * 0.22, floor + 0.09, 0.36), light, words)
    draw_pendant(canvas.at(canvas.right * 0.12, canvas.top), light, length=0.16)
