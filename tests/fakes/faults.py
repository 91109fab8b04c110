"""Ports that fail or wait where a test wants them to: crashes at any call, and any interleaving of several callers."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


class Crash(BaseException):
    """The function died here: nothing in it may catch that."""


@dataclass
class Fuse:
    """Blows at one call of any port that it is wired to.

    Parameters
    ----------
    at
        The number of the call, from 1, or the name of the function whose first call it is; None never blows.
    done
        Whether the call takes effect before its caller dies, and only its answer is lost.
    """

    at: int | str | None = None
    done: bool = False
    calls: int = 0

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        blows = self.at in {self.calls, function.__name__}
        if blows:
            self.at = None
        if blows and not self.done:
            raise Crash
        try:
            return function(*args, **kwargs)
        finally:
            if blows:  # an exception is an answer too
                raise Crash


_READS_ALONE = frozenset({"file_argument", "read_callback", "media_in"})
"""What a provider does without asking anybody."""


class Wired:
    """A port whose every call goes through `call`."""

    def __init__(self, port: Any, call: Callable[..., Any]) -> None:
        self._port, self._call = port, call

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._port, name)
        if not callable(function) or name in _READS_ALONE:
            return function
        return lambda *args, **kwargs: self._call(function, *args, **kwargs)


class Stage:
    """Runs callers in turns: each stops before every call of a port until it is its turn."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._may_go: int | None = None
        self._waiting: set[int] = set()
        self._alive: set[int] = set()
        self._doomed: set[int] = set()
        self._me = threading.local()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        me: int | None = getattr(self._me, "number", None)
        if me is None:  # a caller's own thread aside, on which it waits: the turn is that caller's
            return function(*args, **kwargs)
        with self._turn:
            self._waiting.add(me)
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._may_go == me)
            self._may_go = None
            self._waiting.discard(me)
            if me in self._doomed:
                raise Crash
        return function(*args, **kwargs)

    def run(
        self, callers: Sequence[Callable[[], object]], choices: Sequence[int], between: Callable[[int], bool]
    ) -> list[BaseException | None]:
        """Run all callers to their ends; return what each one raised.

        Parameters
        ----------
        choices
            Whose turn it is, again and again, as an index into those who wait; used round and round.
        between
            Is told each choice before it is carried out; True means that this caller dies there.
        """
        raised: list[BaseException | None] = [None] * len(callers)

        def run_one(number: int) -> None:
            self._me.number = number
            try:
                callers[number]()
            except BaseException as error:  # noqa: BLE001 - handed to the test
                raised[number] = error
            with self._turn:
                self._alive.discard(number)
                self._turn.notify_all()

        self._alive = set(range(len(callers)))
        threads = [threading.Thread(target=run_one, args=(number,), daemon=True) for number in range(len(callers))]
        for thread in threads:
            thread.start()
        turn = 0
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._may_go is None and self._waiting == self._alive)
                if not self._alive:
                    break
                choice = choices[turn % len(choices)]
                chosen = sorted(self._waiting)[choice % len(self._waiting)]
                if between(choice):
                    self._doomed.add(chosen)
                self._may_go = chosen
                self._turn.notify_all()
            turn += 1
        for thread in threads:
            thread.join()
        return raised
