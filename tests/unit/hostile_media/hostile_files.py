"""Files that are made to do harm."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.unit.media.media_samples import Video, speech, write_sound, write_video

SPARSE_TAG_BYTES = 150_000_000


def png(width: int, height: int, pixels: bytes, extra: bytes = b"") -> bytes:
    """Return a PNG that says it is of a size, whatever its pixels are (W3C PNG, 5)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), extra, _chunk(b"IDAT", zlib.compress(pixels, 9)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def compressed_texts(count: int, size: int) -> bytes:
    """Return PNG text chunks that unpack to many bytes."""
    packed = zlib.compress(bytes(size), 9)
    return b"".join(_chunk(b"zTXt", b"key%d\0\0" % number + packed) for number in range(count))


def colour_profile(size: int) -> bytes:
    return _chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(size), 9))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def webp_with_canvas(width: int, height: int, *, animated: bool = False) -> bytes:
    """Return a WebP of a few bytes that says its canvas is of a size."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, "WEBP", lossless=True)
    picture = buffer.getvalue()[12:]
    if animated:
        frame = bytes(6) + 2 * (63).to_bytes(3, "little") + bytes(4) + picture
        picture = b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", len(frame)) + frame
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes([2 if animated else 0, 0, 0, 0]) + size + picture
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def jpeg_with_scans(count: int, side: int) -> bytes:
    """Return a progressive JPEG whose last scan comes `count` times more."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (9, 9, 9)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last_scan * count + data[-2:]


def mp3_with_large_tags(path: Path) -> Path:
    """Write an MP3 behind 300 MB of pictures, in two tags since one holds 256 MB at most; most of it is a hole."""
    sound = write_sound(path, speech(1)).read_bytes()
    with path.open("wb") as file:
        for _ in range(2):
            end = file.tell() + 10 + SPARSE_TAG_BYTES
            file.write(b"ID3\x04\0\0" + _seven_bits(SPARSE_TAG_BYTES))
            file.write(b"APIC" + _seven_bits(SPARSE_TAG_BYTES - 10) + b"\0\0" + b"\0image/jpeg\0\3\0")
            file.seek(end)
        file.write(sound)
    return path


def _seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def flac_with_tags(path: Path, count: int) -> Path:
    """Write a FLAC with many small tags, each under a name of its own."""
    data = write_sound(path, speech(1)).read_bytes()
    tags = b"".join(struct.pack("<I", 12) + b"K%07d=vvv" % number for number in range(count))
    block = struct.pack("<II", 0, count) + tags
    path.write_bytes(data[:4] + b"\0" + data[5:42] + b"\4" + len(block).to_bytes(3, "big") + block + data[42:])
    return path


def silent_flac(path: Path, hours: float, *, says_seconds: int | None = None) -> Path:
    """Write hours of digital silence in a few kilobytes; `says_seconds` is what its header says, 0 for nothing."""
    rate, block = 8000, 65_535
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate, layout="mono", options={"frame_size": str(block)})
        stream.codec_context.format = "s16"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, block), np.int16), "s16", "mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        for position in range(0, round(hours * 3600 * rate), block):
            frame.pts = position
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if says_seconds is not None:
        data = bytearray(path.read_bytes())
        # The number of samples is the lower 36 bits of these eight bytes (RFC 9639, 8.2).
        before = int.from_bytes(data[18:26], "big") >> 36 << 36
        data[18:26] = (before | says_seconds * rate).to_bytes(8, "big")
        path.write_bytes(data)
    return path


def ten_hour_mp4(path: Path, *, honest: bool) -> Path:
    """Write a film of ten hours, a frame a second, in less than 1 MB; a dishonest one says that it lasts 5 s."""
    write_video(path, Video(36_000, size=(32, 32), rate=1))
    if not honest:
        data = bytearray(path.read_bytes())
        for kind, place in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
            at = data.index(kind) + 4
            (scale,) = struct.unpack_from(">I", data, at + 12)
            struct.pack_into(">I", data, at + place, 5 * scale if kind == b"mdhd" else 5000)
        at = data.index(b"edts")
        data[at : at + 4] = b"free"
        path.write_bytes(data)
    return path


def mp4_with_samples(path: Path, count: int) -> Path:
    """Write an MP4 of a few kilobytes whose table says that it holds `count` samples of one byte."""
    data = bytearray(write_video(path, Video(1, size=(64, 48))).read_bytes())
    struct.pack_into(">II", data, data.index(b"stsz") + 8, 1, count)
    struct.pack_into(">III", data, data.index(b"stts") + 8, 1, count, 512)
    chunks = data.index(b"stsc") + 4
    struct.pack_into(">II", data, chunks + 4, 1, 1)
    struct.pack_into(">I", data, chunks + 12, count)
    for optional in (b"ctts", b"stss"):
        at = data.find(optional)
        if at >= 0:
            data[at : at + 4] = b"free"
    path.write_bytes(data)
    return path


def mp4_with_streams(path: Path, count: int) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=48_000, layout="mono") for _ in range(count)]
        container.start_encoding()
        for stream in streams:
            for number in range(24):
                frame = av.AudioFrame.from_ndarray(np.full((1, 1024), 0.3, np.float32), "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, 1024 * number, Fraction(1, 48_000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path
