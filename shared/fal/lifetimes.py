"""How long files lie at fal."""

from shared.providers.media import FileLifetimes

RESULT_LIFETIME = 7 * 86_400
"""Seconds for which fal is asked to keep the files that a job makes: far longer than any result may be on its way.

Without it they stay as long as the account's settings say, which may be for ever, readable for whoever has the address.
"""

UPLOAD_LIFETIME = 86_400
"""Seconds for which a file lies there that is handed over: long enough for a day's queue."""

LIFETIMES = FileLifetimes(
    upload=UPLOAD_LIFETIME, upload_margin=6 * 3600, result=RESULT_LIFETIME, results_are_inputs=True
)
