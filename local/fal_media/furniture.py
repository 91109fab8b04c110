"""What rooms are furnished with; units are the picture's height (see `backgrounds`)."""

import numpy as np

from local.fal_media.canvas import Canvas
from local.fal_media.colours import BLACK, RGB, Gradient, darker, lighter, rgb
from local.fal_media.daylight import Light, draw_weather
from local.fal_media.prompt_words import PromptWords
from local.fal_media.scenes_town import LAMPLIGHT
from local.fal_media.shapes import Outline, box, brush, ellipse, moved, rounded_box, smooth


def draw_floor(canvas: Canvas, colour: RGB, top: float) -> None:
    """Draw a floor of boards from `top` down to the lower edge."""
    canvas.fill(
        box(canvas.left, top, canvas.right, canvas.bottom), Gradient(lighter(colour, 0.12), darker(colour, 0.3))
    )
    depth = canvas.bottom - top
    for x in np.arange(-2.4, 2.5, 0.2):
        canvas.fill(
            brush([(x * 0.62, top), (x * 0.8, top + depth / 2), (x, canvas.bottom)], 0.004, taper=(0.4, 1)),
            darker(colour, 0.35),
            opacity=0.5,
        )
    canvas.fill(box(canvas.left, top, canvas.right, top + 0.04), BLACK, opacity=0.22, blur=0.015)


def draw_ceiling(canvas: Canvas, light: Light) -> None:
    """Draw a ceiling with lamps along the upper edge."""
    low = -0.41
    canvas.fill(
        box(canvas.left, canvas.top, canvas.right, low),
        Gradient(light.inside(rgb("d9d7d2")), light.inside(rgb("f2f0ea"))),
    )
    canvas.fill(box(canvas.left, low - 0.006, canvas.right, low + 0.01), BLACK, opacity=0.22, blur=0.008)
    for x in (-0.62, 0.0, 0.62):
        canvas.fill(rounded_box(x - 0.13, low - 0.04, x + 0.13, low - 0.022, 0.008), rgb("fff6dc"))
        canvas.glow(x, low - 0.02, 0.24, rgb("fff3d0"), 0.5)


def draw_plant(canvas: Canvas, light: Light, words: PromptWords) -> None:
    """Draw a pot plant that stands on the origin; a unit is its height."""
    green = light.inside(rgb("3f7350"))
    canvas.fill(ellipse(0, 0, 0.34, 0.05), BLACK, opacity=0.3, blur=0.03)
    chance = words.chance("plant")
    for lean in (-0.5, -0.36, -0.22, -0.08, 0.06, 0.2, 0.34, 0.5):
        reach = 0.95 - abs(lean) * 0.5 + chance.uniform(-0.06, 0.06)
        tip = (lean * 1.15, -reach)
        leaf = smooth([(0, -0.3), (lean * 0.55 - 0.06, -reach * 0.62), tip, (lean * 0.55 + 0.08, -reach * 0.58)])
        canvas.fill(leaf, Gradient(lighter(green, chance.uniform(0.05, 0.3)), darker(green, 0.25)))
        canvas.fill(brush([(0, -0.3), (lean * 0.55, -reach * 0.62), tip], 0.012), lighter(green, 0.45), opacity=0.5)
    pot = light.inside(rgb("d8cfc2"))
    canvas.fill(
        [(-0.19, -0.34), (0.19, -0.34), (0.14, 0.0), (-0.14, 0.0)],
        Gradient(lighter(pot, 0.2), darker(pot, 0.35), horizontal=True),
    )


def draw_window(canvas: Canvas, light: Light, words: PromptWords, *, half_width: float, half_height: float) -> None:
    """Draw a window about the origin, with sky and hills behind it."""
    frame = light.inside(rgb("f4f1ea"))
    pane = box(-half_width, -half_height, half_width, half_height)
    canvas.fill(box(-half_width - 0.025, -half_height - 0.025, half_width + 0.025, half_height + 0.025), frame)
    canvas.fill(pane, Gradient(light.sky_top, light.sky_low))
    if light.time != "overcast":
        canvas.fill(ellipse(half_width * 0.4, -half_height * 0.3, 0.035, 0.035), light.sun, within=pane)
    for index, (far, colour) in enumerate(((0.5, "7f9a86"), (0.15, "5f7f5c"))):
        phase = words.between(f"window {index}", 0, 6)
        y = half_height * (0.45 + 0.25 * index)
        hills: Outline = [
            (float(x), y + 0.03 * float(np.sin(9 * x + phase))) for x in np.linspace(-half_width, half_width, 20)
        ]
        canvas.fill(
            [*hills, (half_width, half_height), (-half_width, half_height)], light.on(rgb(colour), far=far), within=pane
        )
    draw_weather(canvas, light, words, within=pane)
    canvas.fill(box(-0.008, -half_height, 0.008, half_height), frame)
    canvas.fill(box(-half_width, -0.008, half_width, 0.008), frame)
    canvas.fill(
        box(-half_width - 0.045, half_height + 0.02, half_width + 0.045, half_height + 0.042), darker(frame, 0.06)
    )
    canvas.fill(
        box(-half_width - 0.04, half_height + 0.042, half_width + 0.04, half_height + 0.06),
        BLACK,
        opacity=0.14,
        blur=0.01,
    )


def draw_pendant(canvas: Canvas, light: Light, *, length: float) -> None:
    """Draw a lamp that hangs from the origin."""
    canvas.fill(box(-0.003, 0, 0.003, length), rgb("2b2a2e"))
    canvas.glow(0, length + 0.08, 0.3, LAMPLIGHT, 0.65 if light.lamps or light.time == "warm" else 0.3)
    if light.lamplit:
        canvas.glow(0, length + 0.2, 0.75, LAMPLIGHT, 0.4)
    shade = moved([(0.55, 0.3), (0, 0), (-0.55, 0.3), (-0.9, 1.0), (0.9, 1.0)], 0, length, scale=0.07)
    canvas.fill(smooth(shade), light.inside(rgb("33363d")))
    canvas.fill(ellipse(0, length + 0.07, 0.05, 0.012), rgb("fff0c4"))
