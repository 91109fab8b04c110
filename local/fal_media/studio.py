"""What the simulated fal.ai answers with: drawn pictures and talking clips, as files."""

import io
from collections.abc import Sequence
from typing import Literal

from PIL import Image

from local.fal_media.backgrounds import paint_background
from local.fal_media.casting import imagine_person
from local.fal_media.compositing import compose, open_picture
from local.fal_media.grading import grade
from local.fal_media.portraits import mouth_place, paint_portrait
from local.fal_media.prompt_words import PromptWords
from local.fal_media.tags import Tag, draw_tag, prompt_fingerprint
from local.fal_media.talking import film


def draw_portrait(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    """
    Draw a person before a plain backdrop.

    Parameters
    ----------
    prompt
        Who it is, and in which style; what it leaves open is decided by chance from prompt and seed.
    seed
        Another seed gives another person.
    size
        Width and height in pixels.
    style_images
        Pictures (as files) whose colours the portrait leans towards.

    Returns
    -------
    bytes
        A PNG file; the same for the same arguments.
    """
    words = PromptWords(prompt, seed)
    picture = grade(paint_portrait(size, imagine_person(words)), words, style_images)
    draw_tag(picture, Tag("portrait", prompt_fingerprint(prompt), 0), mouth_place(size))
    return _file(picture, "png")


def draw_background(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    """Draw a scene without people; parameters and result as for `draw_portrait`."""
    words = PromptWords(prompt, seed)
    picture = grade(paint_background(size, words.subject()), words, style_images)
    draw_tag(picture, Tag("background", 0, prompt_fingerprint(prompt)))
    return _file(picture, "png")


def draw_composite(
    images: Sequence[bytes], prompt: str, *, seed: int, size: tuple[int, int], output_format: Literal["jpeg", "png"]
) -> bytes:
    """
    Put the person of the first picture into the second.

    Parameters
    ----------
    images
        Portrait and background as files, drawn here or not; further ones lend their colours.
    prompt
        Words such as left, right, window or sitting move the person.
    seed
        Varies the placing slightly.
    size
        Width and height in pixels.
    output_format
        The format of the file that is returned.

    Raises
    ------
    ValueError
        If there is no picture, or one is unreadable.
    """
    picture, tag, mouth = compose(images, PromptWords(prompt, seed), size)
    draw_tag(picture, tag, mouth)
    return _file(picture, output_format)


def film_talking_head(image: bytes, audio: bytes, *, size: tuple[int, int], seed: int) -> bytes:
    """
    Let the person of a picture speak the audio: the mouth follows its loudness.

    Parameters
    ----------
    image
        A composite or portrait; without the mark of a drawn one, the whole picture stirs with the voice instead.
    audio
        MP3, WAV, M4A, FLAC or OGG.
    size
        Width and height in pixels; both even.
    seed
        Varies when the eyes blink and the head moves.

    Returns
    -------
    bytes
        An MP4 file, H.264 and AAC, 25 frames a second, as long as the audio.

    Raises
    ------
    ValueError
        If picture or audio is unreadable.
    """
    return film(open_picture(image), audio, size=size, seed=seed)


def _file(picture: Image.Image, output_format: Literal["jpeg", "png"]) -> bytes:
    buffer = io.BytesIO()
    if output_format == "jpeg":
        picture.save(buffer, "JPEG", quality=92, subsampling=0)
    else:
        picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
