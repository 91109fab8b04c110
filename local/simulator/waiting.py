"""Waiting for something that is read from the store, and that nobody signals."""

import asyncio
import time
from collections.abc import Callable

_POLL_SECONDS = 0.01


async def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; False if it does not within ``seconds``."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= give_up:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
