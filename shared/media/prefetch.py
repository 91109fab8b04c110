"""Decoding in one thread while another encodes: libav and Pillow work outside Python's lock."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetched(items: Iterator[Item], depth: int) -> Generator[Item, None, None]:
    """Yield the items, produced by a thread that is at most `depth` items ahead.

    What the producer raises is raised here. Closing the generator ends the thread, and with it the producer.
    """
    ready: queue.Queue[Item | None] = queue.Queue(depth)
    abandoned = threading.Event()
    failures: list[BaseException] = []

    def produce() -> None:
        try:
            for item in items:
                ready.put(item)
                if abandoned.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 -- raised again in the consumer's thread
            failures.append(error)
        finally:
            if isinstance(items, Generator):
                items.close()
            ready.put(None)

    producer = threading.Thread(target=produce, name="prefetch", daemon=True)
    producer.start()
    ended = False
    try:
        while not ended:
            item = ready.get()
            if item is None:
                ended = True
            else:
                yield item
    finally:
        abandoned.set()
        while not ended:
            ended = ready.get() is None
        producer.join()
    if failures:
        raise failures[0]
