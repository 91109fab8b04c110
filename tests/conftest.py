"""What holds for all tests."""

from hypothesis import settings

# These machines are noisy: how long one example takes says nothing.
settings.register_profile("showrunner", deadline=None)
settings.load_profile("showrunner")
