"""Backgrounds: a scene, chosen by the prompt's words, in its light."""

from collections.abc import Callable

from PIL import Image

from local.fal_media.canvas import Canvas
from local.fal_media.daylight import Light, choose_light, draw_weather
from local.fal_media.prompt_words import PromptWords
from local.fal_media.scenes_indoors import (
    draw_kitchen,
    draw_laboratory,
    draw_library,
    draw_lounge,
    draw_office,
    draw_studio,
)
from local.fal_media.scenes_nature import draw_coast, draw_desert, draw_forest, draw_mountain
from local.fal_media.scenes_town import draw_harbour, draw_street, draw_train

SCENES: dict[Callable[[Canvas, Light, PromptWords], None], tuple[str, ...]] = {
    draw_coast: ("lighthouse", "sea", "coast", "ocean", "cliff", "cliffs", "beach", "island", "shore", "storm",
                 "waves", "ship", "deck"),
    draw_harbour: ("harbour", "harbor", "port", "quay", "pier", "marina", "boats", "fishing village", "docks"),
    draw_mountain: ("mountain", "mountains", "alps", "valley", "lake", "hills", "peak", "meadow", "field",
                    "countryside", "snow"),
    draw_forest: ("forest", "wood", "woods", "trees", "jungle", "park", "garden", "woodland"),
    draw_desert: ("desert", "dunes", "sahara", "mars", "canyon"),
    draw_street: ("street", "alley", "city street", "road", "square", "market", "town", "downtown"),
    draw_train: ("train", "carriage", "railway", "compartment", "bus"),
    draw_office: ("office", "city view", "skyscraper", "boardroom", "meeting room", "startup", "skyline",
                  "penthouse", "apartment"),
    draw_kitchen: ("kitchen", "restaurant", "cafe", "bakery", "diner", "bar", "pub"),
    draw_library: ("library", "bookshop", "bookstore", "books", "study", "archive", "museum"),
    draw_studio: ("studio", "newsroom", "stage", "broadcast", "podcast", "news", "tv", "spaceship", "control room"),
    draw_laboratory: ("laboratory", "lab", "hospital", "clinic", "workshop", "classroom", "school"),
    draw_lounge: ("living room", "sitting room", "lounge", "room", "bedroom", "parlour", "hotel", "inside"),
}  # fmt: skip
# Where the weather is seen through windows, if at all.
ROOMS = frozenset((draw_train, draw_office, draw_kitchen, draw_library, draw_studio, draw_laboratory, draw_lounge))


def paint_background(size: tuple[int, int], words: PromptWords) -> Image.Image:
    """
    Draw the place that the words name, or a calm room if they name none.

    Scenes are drawn about the picture's middle in units of its height (of 1.25 widths, where that is less), so that
    they run on to all sides for any format.
    """
    width, height = size
    image = Image.new("RGB", size)
    canvas = Canvas(image, width / 2, height / 2, min(height, width * 1.25))
    draw_scene = words.first_mentioned(SCENES) or draw_lounge
    indoors = draw_scene in ROOMS
    light = choose_light(words, indoors=indoors)
    draw_scene(canvas, light, words)
    if not indoors:
        draw_weather(canvas, light, words)
    return image
