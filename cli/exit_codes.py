"""How commands end, for scripts that call them: documented in ``docs/command-line.md``."""

DONE = 0
FAILED = 1
USAGE = 2
CREDENTIALS = 3
STILL_RUNNING = 4
OVER_CAP = 5
WAITS_FOR_REVIEW = 6
INTERRUPTED = 130
"""As shells have it: 128 and the number of the signal, SIGINT."""

MEANINGS = {
    DONE: "done, or there was nothing to do",
    FAILED: "it did not work; the message says why",
    USAGE: "the command was wrong",
    CREDENTIALS: "AWS or a provider does not accept who asks",
    STILL_RUNNING: "it is still running, and goes on",
    OVER_CAP: "it would cost more than a cap allows; nothing more is bought",
    WAITS_FOR_REVIEW: "the storyboard waits for somebody to look at it",
    INTERRUPTED: "interrupted; what was bought is kept",
}
