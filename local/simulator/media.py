"""Drawing, filming and probing in worker processes, so that the event loop never waits for them."""

import asyncio
import importlib
import io
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from fractions import Fraction
from functools import partial
from typing import Literal, ParamSpec, Protocol, TypeVar, cast

from local.simulator.errors import infrastructure_error

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
Size = tuple[int, int]
"""Width and height in pixels."""

DEFAULT_STUDIO = "local.fal_media.studio"


class Studio(Protocol):
    """What a module that draws and films must offer. Images are PNG, unless it says otherwise."""

    def draw_portrait(self, prompt: str, *, seed: int, size: Size, style_images: Sequence[bytes] = ()) -> bytes:
        """Draw a character."""
        ...

    def draw_background(self, prompt: str, *, seed: int, size: Size, style_images: Sequence[bytes] = ()) -> bytes:
        """Draw a scene."""
        ...

    def draw_composite(
        self,
        images: Sequence[bytes],
        prompt: str,
        *,
        seed: int,
        size: Size,
        output_format: Literal["jpeg", "png"],
    ) -> bytes:
        """Draw a picture out of others."""
        ...

    def film_talking_head(self, image: bytes, audio: bytes, *, size: Size, seed: int) -> bytes:
        """Film a picture that speaks; MP4. Raises ValueError for inputs that cannot be decoded."""
        ...


class MediaWorkers:
    """A small pool of processes that use one studio."""

    def __init__(self, studio: str = DEFAULT_STUDIO, workers: int = 2) -> None:
        self._studio = studio
        self._workers = workers
        self._executor = self._new_executor()

    async def draw(
        self,
        kind: Literal["portrait", "background"],
        prompt: str,
        *,
        seed: int,
        size: Size,
        style_images: Sequence[bytes],
    ) -> bytes:
        """Draw a portrait or a background."""
        return await self.run(_draw, self._studio, kind, prompt, seed=seed, size=size, style_images=style_images)

    async def draw_composite(
        self,
        images: Sequence[bytes],
        prompt: str,
        *,
        seed: int,
        size: Size,
        output_format: Literal["jpeg", "png"],
    ) -> bytes:
        """Draw a picture out of others."""
        return await self.run(
            _draw_composite, self._studio, images, prompt, seed=seed, size=size, output_format=output_format
        )

    async def film_talking_head(self, image: bytes, audio: bytes, *, size: Size, seed: int) -> bytes:
        """Film a picture that speaks."""
        return await self.run(_film_talking_head, self._studio, image, audio, size=size, seed=seed)

    async def run(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """Run a function of a module in a worker.

        Raises
        ------
        RequestFailed
            If the worker died of it.
        """
        executor = self._executor
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, partial(function, *args, **kwargs))
        except BrokenProcessPool as error:
            if executor is self._executor:
                self._executor = self._new_executor()
            raise infrastructure_error("runner_disconnected") from error

    def stop(self) -> None:
        """End the workers, whatever they are doing."""
        for worker in multiprocessing.active_children():
            worker.kill()
        self._executor.shutdown(cancel_futures=True)

    def _new_executor(self) -> ProcessPoolExecutor:
        # Not forked: the server runs threads and an event loop.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_prepare_worker)


def image_size(image: bytes) -> Size:
    """Return the width and height of an image file.

    Raises
    ------
    ValueError
        If it cannot be decoded to its end.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()
            return opened.size
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a readable image: {error}") from error


def audio_seconds(audio: bytes) -> float:
    """Return how long an audio file plays, in seconds, by decoding it.

    Raises
    ------
    ValueError
        If it holds no audio that can be decoded.
    """
    import av

    try:
        with av.open(io.BytesIO(audio), mode="r") as container:
            if not container.streams.audio:
                raise ValueError("there is no sound in it")
            stream = container.streams.audio[0]
            seconds = sum(Fraction(frame.samples, frame.sample_rate) for frame in container.decode(stream))
    except (av.FFmpegError, EOFError) as error:
        raise ValueError(f"not readable audio: {error}") from error
    if seconds == 0:
        raise ValueError("there is no sound in it")
    return float(seconds)


def _prepare_worker() -> None:
    # A terminal sends Ctrl-C to the whole group; the server decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _open_studio(name: str) -> Studio:
    return cast("Studio", importlib.import_module(name))


def _draw(
    studio: str,
    kind: Literal["portrait", "background"],
    prompt: str,
    *,
    seed: int,
    size: Size,
    style_images: Sequence[bytes],
) -> bytes:
    opened = _open_studio(studio)
    draw = opened.draw_portrait if kind == "portrait" else opened.draw_background
    return draw(prompt, seed=seed, size=size, style_images=style_images)


def _draw_composite(
    studio: str,
    images: Sequence[bytes],
    prompt: str,
    *,
    seed: int,
    size: Size,
    output_format: Literal["jpeg", "png"],
) -> bytes:
    return _open_studio(studio).draw_composite(images, prompt, seed=seed, size=size, output_format=output_format)


def _film_talking_head(studio: str, image: bytes, audio: bytes, *, size: Size, seed: int) -> bytes:
    return _open_studio(studio).film_talking_head(image, audio, size=size, seed=seed)
