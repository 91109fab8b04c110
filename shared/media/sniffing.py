"""What a file is, from its first bytes.

The names of uploads are not to be trusted, and FFmpeg's own guess may end in a playlist demuxer, which opens further
files and addresses (CVE-2026-107697). So the format is read here and FFmpeg is told which one demuxer to use.
"""

import struct
from dataclasses import dataclass

HEAD_BYTES = 4096
_FIRST_MP3_FRAME_BYTES = 256
_RIFF_SIZE_UNKNOWN = (0, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A container format: the name that people use, and FFmpeg's demuxer for it."""

    name: str
    demuxer: str


MP3 = FileFormat("MP3", "mp3")
WAV = FileFormat("WAV", "wav")
MP4 = FileFormat("MP4/M4A", "mov")
FLAC = FileFormat("FLAC", "flac")
OGG = FileFormat("OGG", "ogg")
WEBM = FileFormat("WebM", "matroska")

SOUND_FORMATS = (MP3, WAV, MP4, FLAC, OGG, WEBM)
VIDEO_FORMATS = (MP4, WEBM)

_MP4_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"avis")
_PLAYLIST_STARTS = (b"#extm3u", b"ffconcat", b"v=0", b"[playlist]")
_OTHER_KINDS = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"FORM", "an AIFF file"),
    (b"caff", "a Core Audio file"),
    (b"#!AMR", "an AMR file"),
    (b"0&\xb2u", "a Windows Media file"),
)


def sniff(head: bytes) -> FileFormat | None:
    """Return the container format that a file's first bytes show, or None if it is none that is read here."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] in _MP4_FIRST_BOXES and head[8:12] not in _PICTURE_BRANDS:
        return MP4
    for magic, file_format in ((b"fLaC", FLAC), (b"OggS", OGG), (b"\x1aE\xdf\xa3", WEBM), (b"ID3", MP3)):
        if head.startswith(magic):
            return file_format
    return MP3 if _starts_with_mp3_frame(head) else None


def _starts_with_mp3_frame(head: bytes) -> bool:
    """Tell whether an MPEG audio layer III frame header (ISO/IEC 11172-3, 2.4.1.3) comes first."""
    if len(head) < 4:  # noqa: PLR2004 -- a frame header has four bytes
        return False
    sync_and_version, rates = head[1], head[2]
    synchronised = head[0] == 0xFF and sync_and_version & 0xE0 == 0xE0  # noqa: PLR2004 -- eleven bits set
    known_version = sync_and_version & 0x18 != 0x08  # noqa: PLR2004 -- the value 01 is reserved
    layer_three = sync_and_version & 0x06 == 0x02  # noqa: PLR2004 -- layers count backwards
    known_rates = rates & 0xF0 != 0xF0 and rates & 0x0C != 0x0C  # noqa: PLR2004 -- all ones are forbidden
    return synchronised and known_version and layer_three and known_rates


def describe(head: bytes) -> str:
    """Say what an unusable file looks like, to finish the sentence "it looks like ..."."""
    for magic, description in _OTHER_KINDS:
        if head.startswith(magic):
            return description
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        return "a HEIC or AVIF picture"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    known = sniff(head)
    return f"a file of the format {known.name}" if known else _describe_text(head)


def _describe_text(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PLAYLIST_STARTS) or b"<mpd" in text:
        return "a playlist, which only names other files"
    if b"<svg" in text:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    is_text = all(byte >= 0x20 or byte in b"\t\r\n" for byte in head)  # noqa: PLR2004 -- the space comes first
    return "text" if is_text else "unknown data"


def counts_its_frames(head: bytes) -> bool:
    """Tell whether the first frame of an MP3 declares the length (a Xing, Info or VBRI header).

    Without one, FFmpeg's length is a guess from the bit rate of the first frame.
    """
    return any(mark in head[:_FIRST_MP3_FRAME_BYTES] for mark in (b"Xing", b"Info", b"VBRI"))


def id3_length(head: bytes) -> int:
    """Return the length in bytes of the ID3v2 tag in front of an MP3, 0 if there is none (id3.org, ID3v2.4, 3.1)."""
    if not head.startswith(b"ID3") or len(head) < 10:  # noqa: PLR2004 -- the tag's header has ten bytes
        return 0
    length = 0
    for seven_bits in head[6:10]:
        length = length << 7 | seven_bits & 0x7F
    return 10 + length


def missing_wav_bytes(head: bytes, file_bytes: int) -> int:
    """Return how many bytes a RIFF header promises beyond the file's end; FFmpeg shortens such a file silently."""
    (riff_bytes,) = struct.unpack("<I", head[4:8])
    if head[:4] != b"RIFF" or riff_bytes in _RIFF_SIZE_UNKNOWN:
        return 0
    return int(max(0, riff_bytes + 8 - file_bytes))
