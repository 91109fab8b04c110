"""The light of a scene: time of day and weather, as the prompt's words ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from local.fal_media.canvas import Canvas
from local.fal_media.colours import RGB, WHITE, Gradient, mix, rgb
from local.fal_media.prompt_words import PromptWords
from local.fal_media.shapes import Outline, Point, box, brush, ellipse

Time: TypeAlias = Literal["day", "dawn", "dusk", "night", "overcast", "warm"]

_TIMES: dict[Time, tuple[str, ...]] = {
    "night": ("night", "midnight", "moonlight", "moonlit", "moon", "stars", "dark"),
    "dusk": ("dusk", "sunset", "evening", "twilight", "golden hour"),
    "dawn": ("dawn", "sunrise", "morning", "daybreak"),
    "overcast": ("storm", "stormy", "overcast", "cloudy", "rain", "rainy", "grey sky", "gloomy", "tempest"),
    "warm": ("warm", "cosy", "cozy", "candlelight", "golden", "summer", "autumn"),
    "day": ("day", "noon", "bright", "sunny", "daylight"),
}
_USUAL_TIMES: tuple[Time, ...] = ("day", "day", "dawn", "dusk", "warm")
_HOURS: dict[Time, tuple[str, ...]] = {
    "night": ("night", "midnight", "moonlight", "moonlit", "after dark", "darkness"),
    "dusk": _TIMES["dusk"],
    "dawn": _TIMES["dawn"],
}
_LAMPLIGHT = ("lamp light", "lamplight", "lamp lit", "lamplit", "lamp", "lamps", "candlelight", "candles", "lantern",
              "lanterns", "firelight", "fireplace")  # fmt: skip
_LAMPLIT_ROOM = rgb("8e5226")
_EVENING_SHARE = 0.62  # how far a lamplit room's grey sky is on the way to night


@dataclass(frozen=True, slots=True)
class Light:
    """How a scene is lit."""

    time: Time
    sky_top: RGB
    sky_low: RGB
    sun: RGB
    ambient: RGB
    strength: float
    lamplit: bool = False
    fog: bool = False
    rain: bool = False
    snow: bool = False

    @property
    def lamps(self) -> bool:
        """Whether lamps and windows are lit."""
        return self.lamplit or self.time in ("night", "dusk", "overcast")

    def on(self, colour: RGB, *, far: float = 0.0) -> RGB:
        """Give a surface's colour in this light; `far` is its distance, 0 (near) to 1 (at the horizon)."""
        lit = mix(colour, self.ambient, self.strength)
        return mix(lit, self.sky_low, min(1.0, far * (1.25 if self.fog else 1.0)))

    def inside(self, colour: RGB) -> RGB:
        """Give a surface's colour in a room, where the hour shows less and lamps more."""
        if self.lamplit:
            return mix(colour, _LAMPLIT_ROOM, 0.38)
        return mix(colour, self.ambient, self.strength * 0.62)


_LIGHTS: dict[Time, tuple[str, str, str, str, float]] = {
    "day": ("4f97c9", "d9ecf1", "fff6da", "ffffff", 0.0),
    "dawn": ("7f83b9", "ffd2b3", "ffe9c9", "e9a596", 0.24),
    "dusk": ("35366c", "f3935f", "ffd9a0", "7b3f66", 0.34),
    "night": ("0c1533", "31497a", "e9eefc", "14224f", 0.62),
    "overcast": ("5e6e80", "b4c0c6", "e6ecee", "5f7080", 0.36),
    "warm": ("dca46d", "ffe6bd", "fff3d6", "d98f4f", 0.2),
}


def choose_light(words: PromptWords, *, indoors: bool) -> Light:
    """Decide on the light: the prompt's words first, then chance."""
    lamplit = indoors and words.mentions(*_LAMPLIGHT) and not words.mentions(*_TIMES["dawn"], *_TIMES["day"])
    time = words.pick("time", _TIMES, _USUAL_TIMES)
    if indoors:
        time = _time_indoors(words, lamplit=lamplit) or time
    top, low, sun, ambient, strength = _LIGHTS[time]
    evening = _EVENING_SHARE if lamplit and time == "overcast" else 0.0
    return Light(
        time=time,
        sky_top=mix(rgb(top), rgb(_LIGHTS["night"][0]), evening),
        sky_low=mix(rgb(low), rgb(_LIGHTS["night"][1]), evening),
        sun=rgb(sun),
        ambient=mix(rgb(ambient), rgb(_LIGHTS["night"][3]), evening),
        strength=strength + (_LIGHTS["night"][4] - strength) * evening,
        lamplit=lamplit,
        fog=words.mentions("fog", "foggy", "mist", "misty", "haze"),
        rain=words.mentions("rain", "rainy", "storm", "stormy", "tempest"),
        snow=words.mentions("snow", "snowy", "snowing", "blizzard"),
    )


def _time_indoors(words: PromptWords, *, lamplit: bool) -> Time | None:
    """Give the hour behind a room's windows; words such as "warm" and "dark" may be of the room itself."""
    if hour := words.first_mentioned(_HOURS):
        return hour
    if words.mentions(*_TIMES["overcast"]):
        return "overcast"
    return "night" if lamplit else None


def draw_sky(canvas: Canvas, light: Light, words: PromptWords, *, horizon: float) -> None:
    """Draw the sky down to `horizon`, with sun or moon, stars and clouds."""
    canvas.fill(box(canvas.left, canvas.top, canvas.right, horizon + 0.02), Gradient(light.sky_top, light.sky_low))
    x = words.between("sun", 0.35, 0.75) * (canvas.left if words.happens("sun side", 0.5) else canvas.right)
    y = horizon + {"dusk": -0.07, "dawn": -0.1, "night": -0.36}.get(light.time, -0.34)
    chance = words.chance("sky")
    if light.time == "night":
        for _ in range(110):
            star = (chance.uniform(canvas.left, canvas.right), chance.uniform(canvas.top, horizon - 0.1))
            canvas.fill(
                ellipse(*star, *([chance.uniform(0.0008, 0.0022)] * 2)), WHITE, opacity=chance.uniform(0.25, 0.9)
            )
        canvas.glow(x, y, 0.3, light.sun, 0.4)
        canvas.fill(ellipse(x, y, 0.045, 0.045), light.sun)
        canvas.fill(ellipse(x + 0.012, y - 0.01, 0.008, 0.008), mix(light.sun, light.sky_top, 0.2))
        canvas.fill(ellipse(x - 0.014, y + 0.012, 0.011, 0.011), mix(light.sun, light.sky_top, 0.16))
    elif light.time != "overcast":
        canvas.glow(x, y, 0.75, light.sun, 0.75)
        canvas.fill(ellipse(x, y, 0.055, 0.055), light.sun)
    clouds = 9 if light.time == "overcast" else 4
    white = light.on(WHITE)
    for _ in range(clouds):
        cloud_x, cloud_y = chance.uniform(canvas.left, canvas.right), chance.uniform(canvas.top + 0.05, horizon - 0.16)
        _draw_cloud(
            canvas.at(cloud_x, cloud_y, chance.uniform(0.1, 0.22)),
            light,
            mix(white, light.sky_top, chance.uniform(0.15, 0.55)),
        )


def _draw_cloud(canvas: Canvas, light: Light, colour: RGB) -> None:
    opacity = 0.75 if light.time == "overcast" else 0.42
    for x, y, rx, ry in ((0, 0, 1.3, 0.16), (-0.4, -0.12, 0.5, 0.2), (0.3, -0.16, 0.6, 0.26), (0.8, -0.02, 0.5, 0.14)):
        canvas.fill(ellipse(x, y, rx, ry), colour, opacity=opacity, blur=0.09)


def draw_weather(canvas: Canvas, light: Light, words: PromptWords, *, within: Outline | None = None) -> None:
    """Draw fog, rain or snow over all that is drawn so far; `within` is the window through which it is seen."""
    chance = words.chance("weather")
    if light.fog:
        for share in (0.42, 0.55, 0.68, 0.82):
            y = canvas.top + (canvas.bottom - canvas.top) * share
            x = chance.uniform(canvas.left, canvas.right) * 0.5
            fog = mix(light.sky_low, WHITE, 0.25)
            canvas.fill(ellipse(x, y, 0.95, 0.07), fog, opacity=0.5, blur=0.05, within=within)
        everywhere = box(canvas.left, canvas.top, canvas.right, canvas.bottom)
        canvas.fill(within or everywhere, light.sky_low, opacity=0.2)
    for x, y in _scattered(canvas, chance, 170 if light.rain else 0, within):
        length = chance.uniform(0.03, 0.08)
        drop = [(x, y), (x - length * 0.12, y + length * 0.5), (x - length * 0.24, y + length)]
        opacity = chance.uniform(0.14, 0.42)
        canvas.fill(brush(drop, 0.0022, taper=(0.2, 0.9)), (226, 236, 244), opacity=opacity, within=within)
    for x, y in _scattered(canvas, chance, 190 if light.snow else 0, within):
        flake = ellipse(x, y, *([chance.uniform(0.001, 0.005)] * 2))
        canvas.fill(flake, WHITE, opacity=chance.uniform(0.4, 0.9), within=within)


def _scattered(canvas: Canvas, chance: np.random.Generator, count: int, within: Outline | None) -> Iterator[Point]:
    """Give places all over the picture, or over the window; twice as dense there, as it is small."""
    if within is None:
        left, right, top, bottom, share = canvas.left, canvas.right + 0.1, canvas.top, canvas.bottom, 1.0
    else:
        xs, ys = zip(*within, strict=True)
        left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
        share = 2 * (right - left) * (bottom - top) / ((canvas.right - canvas.left) * (canvas.bottom - canvas.top))
    for _ in range(round(count * share)):
        yield chance.uniform(left, right), chance.uniform(top, bottom)
