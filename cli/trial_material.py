"""The least that each model can be tried with: a script of one line, two small drawn pictures and a piece of voice."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from shared.media.audio import write_part
from shared.media.cuts import Cut
from shared.providers.capabilities import engines_of
from shared.providers.names import ProviderName
from shared.script.models import Script
from shared.script.parse import parse_script

VOICE = Path(__file__).parents[1] / "events/sample-episode/audio/01-mara.mp3"
SHORTEST_VOICE = 1.2
"""Seconds."""
_SIZE = (896, 512)

_SCRIPT = """
title: A trial
style: documentary
rendering_speed: TURBO
aspect_ratio: "16:9"
resolution: 540p
models: {ideogram: {image_size: square}}
providers: PROVIDER
engines: ENGINES
characters:
  - {name: Ada, prompt: "middle-aged woman, short grey hair, plain blue shirt"}
scenes:
  - number: 1
    environment: plain studio with a light grey wall
    lines:
      - {character: Ada, position: facing the camera, audio: voice.mp3}
"""


def trial_script(provider: ProviderName) -> Script:
    """Return a script of one line that a provider makes all of, as cheap as can be."""
    engines = f"[{', '.join(engines_of(provider))}]"
    written = _SCRIPT.replace("PROVIDER", provider).replace("ENGINES", engines)
    return parse_script(written.encode(), file_name="script.yaml")


def drawn_face() -> bytes:
    """Return a face that looks into the camera, as PNG: engines look for one."""
    picture = Image.new("RGB", _SIZE, (196, 203, 210))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((312, 40, 584, 420), fill=(96, 84, 78))  # hair
    draw.rounded_rectangle((252, 420, 644, 640), 120, fill=(58, 84, 128))  # shirt
    draw.rectangle((408, 350, 488, 450), fill=(206, 160, 132))  # neck
    draw.ellipse((342, 84, 554, 404), fill=(224, 180, 152))
    for eye in (398, 498):
        draw.arc((eye - 34, 176, eye + 34, 226), 200, 340, fill=(84, 66, 58), width=7)
        draw.ellipse((eye - 26, 208, eye + 26, 238), fill=(250, 250, 250))
        draw.ellipse((eye - 12, 210, eye + 12, 236), fill=(70, 92, 110))
        draw.ellipse((eye - 6, 216, eye + 6, 230), fill=(20, 20, 24))
    draw.line([(448, 226), (436, 296), (458, 300)], fill=(190, 142, 118), width=6, joint="curve")
    draw.chord((404, 322, 492, 366), 0, 180, fill=(176, 84, 84))
    draw.line([(404, 344), (492, 344)], fill=(128, 52, 56), width=4)
    return _png(picture)


def drawn_room() -> bytes:
    """Return a plain room, as PNG."""
    picture = Image.new("RGB", _SIZE, (216, 214, 208))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 380, *_SIZE), fill=(150, 124, 98))
    draw.rectangle((600, 80, 780, 260), fill=(178, 206, 230), outline=(244, 244, 240), width=12)
    return _png(picture)


def voice(seconds: float) -> bytes:
    """Return so much of the sample episode's voice as engines get it, as MP3."""
    with TemporaryDirectory() as folder:
        part = Path(folder, "voice.mp3")
        write_part(VOICE, Cut(start=0.0, end=seconds), part)
        return part.read_bytes()


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
