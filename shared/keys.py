"""Where everything lies in the bucket.

==============================  =========================================================================
``episodes/<id>/...``           what people put there, and the results beside it
``assets/<kind>/<address>``     bought files, as they came; they never expire
``sources/<address>``           uploads as the plan read them; they never expire
``derived/parts/<address>``     pieces of recordings, made for an engine; may be pruned
``derived/house/<address>``     house clips, of parts and of cards; may be pruned
``derived/dissolves/<address>`` first frames of house clips into which the one before dissolves; may be pruned
``derived/episodes/<address>``  joined episodes; may be pruned
``derived/thumbnails/<address>`` small copies of pictures for the storyboard page; may be pruned
``plans/<episode>/<run>.json``  what a run set out to make
``bills/<episode>/<run>.json``  what it cost; the newest run's lies beside the script as well
``batches/<name>.yaml``         what a batch is to make; its summaries lie beside it
``callbacks/<hash>``            bodies of callbacks that no queue carries; they expire
``webhooks/keys/<who>.json``    the last good key set of fal, or of Hedra
==============================  =========================================================================
"""

import re
from enum import StrEnum

from shared.addresses import Address
from shared.frozen import Frozen

EPISODES = "episodes/"

DERIVED = "derived/"
"""Under it lies what can be made again, and costs nothing but time."""
BATCHES = "batches/"

SCHEDULED_BATCH = "_scheduled"
"""The batch that the schedule makes of the episodes that no manifest names; no person's can be called so."""

SCRIPT_NAMES = ("script.yaml", "script.yml", "script.json")

ASPECT_RATIO_NAMES = ("16x9", "9x16", "1x1", "4x3", "3x4")
"""As they stand in the names of files."""

STORYBOARD_PAGE = "storyboard.html"
"""The page beside the video; it refers to nothing but the videos."""

BILL = "bill.json"
CAPTION_FILES = ("captions.srt", "captions.vtt")

RESULT_NAMES = frozenset(
    {
        "episode.mp4",
        *(f"episode-{ratio}.mp4" for ratio in ASPECT_RATIO_NAMES),
        "poster.jpg",
        *(f"poster-{ratio}.jpg" for ratio in ASPECT_RATIO_NAMES),
        *CAPTION_FILES,
        "status.json",
        BILL,
        STORYBOARD_PAGE,
        "variant.json",
    }
)
"""Files that Showrunner writes beside the script; they are never inputs, and a script may not name them."""

STORYBOARD_FOLDER = "storyboard"
"""The folder beside the script into which pictures are put for a person to look at; it holds no inputs either."""

MAX_KEY_BYTES = 1024
"""In UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

EPISODE_ID_RULE = "letters (a-z, A-Z), digits, '.', '_' and '-', at most 100, with a letter or digit first"
"""What an episode's id is made of, to finish a sentence."""

_EPISODE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class AssetKind(StrEnum):
    """What can be bought."""

    PORTRAIT = "portrait"
    BACKGROUND = "background"
    COMPOSITE = "composite"
    CLIP = "clip"


class FileKind(StrEnum):
    """What a file is, which decides where it lies."""

    PORTRAIT = "portrait"
    BACKGROUND = "background"
    COMPOSITE = "composite"
    CLIP = "clip"
    SOURCE = "source"
    PART = "part"
    HOUSE = "house"
    DISSOLVE = "dissolve"
    EPISODE = "episode"
    THUMBNAIL = "thumbnail"


_FOLDERS = {
    FileKind.SOURCE: "sources",
    FileKind.PART: "derived/parts",
    FileKind.HOUSE: "derived/house",
    FileKind.DISSOLVE: "derived/dissolves",
    FileKind.EPISODE: "derived/episodes",
    FileKind.THUMBNAIL: "derived/thumbnails",
}


class FileRef(Frozen):
    """A file in the bucket, by what it is and its address."""

    kind: FileKind
    address: Address

    @classmethod
    def of_asset(cls, kind: AssetKind, address: Address) -> "FileRef":
        """Return where a bought asset lies."""
        return cls(kind=FileKind(kind.value), address=address)

    @property
    def key(self) -> str:
        """The object's key."""
        return f"{folder_of(self.kind)}/{self.address}"


def folder_of(kind: FileKind) -> str:
    """Return the prefix, without its last slash, under which files of a kind lie."""
    return _FOLDERS.get(kind, f"assets/{kind}")


def is_episode_id(text: str) -> bool:
    """Tell whether a text can name an episode; `EPISODE_ID_RULE` says in words which ones can."""
    return _EPISODE_ID.fullmatch(text) is not None


def episode_folder(episode_id: str) -> str:
    """Return the prefix under which an episode's inputs and results lie."""
    return f"{EPISODES}{episode_id}/"


def status_key(episode_id: str) -> str:
    """Return where an episode's status lies, beside its script."""
    return f"{episode_folder(episode_id)}status.json"


def storyboard_key(episode_id: str) -> str:
    """Return where an episode's storyboard page lies, beside its script."""
    return f"{episode_folder(episode_id)}{STORYBOARD_PAGE}"


def video_name(aspect_ratio: str, *, is_first: bool) -> str:
    """Return the name of one of an episode's videos, beside its script; the first one needs no aspect ratio in it."""
    return "episode.mp4" if is_first else f"episode-{aspect_ratio.replace(':', 'x')}.mp4"


def poster_name(video: str) -> str:
    """Return the name of a video's poster."""
    return f"{video.replace('episode', 'poster', 1).removesuffix('.mp4')}.jpg"


def is_result(path: str) -> bool:
    """Tell whether a path within an episode's folder is one of Showrunner's own files, and so never an input."""
    return path in RESULT_NAMES or path.startswith(f"{STORYBOARD_FOLDER}/")


def split_episode_key(key: str) -> tuple[str, str] | None:
    """Return the episode's id and the path within its folder, or None for any other key."""
    episode_id, slash, path = key.removeprefix(EPISODES).partition("/")
    if not key.startswith(EPISODES) or not slash or not path:
        return None
    return episode_id, path


def is_batch_name(text: str) -> bool:
    """Tell whether a text can name a batch: as an episode's id does, or as the schedule's own batch is called."""
    return text == SCHEDULED_BATCH or is_episode_id(text)


def variant_key(episode_id: str) -> str:
    """Return where it is written what a folder is a variant of that a batch has made."""
    return f"{episode_folder(episode_id)}variant.json"


def manifest_key(batch: str) -> str:
    """Return where it is written what a batch is to make."""
    return f"{BATCHES}{batch}.yaml"


def asked_key(batch: str) -> str:
    """Return the object whose time says when a batch was asked for last, where that was not by its manifest."""
    return f"{BATCHES}{batch}.asked"


def summary_key(batch: str, suffix: str) -> str:
    """Return where a batch's summary lies, as ``json`` or as ``md``."""
    return f"{BATCHES}{batch}.summary.{suffix}"


def plan_key(episode_id: str, run: str) -> str:
    """Return where a run's plan lies."""
    return f"plans/{episode_id}/{run}.json"


def bill_key(episode_id: str, run: str) -> str:
    """Return where a run's bill lies."""
    return f"bills/{episode_id}/{run}.json"
