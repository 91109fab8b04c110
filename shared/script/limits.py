"""Every limit on what people upload, each named once; `docs/script.md` gives the figures."""

# The script's file
MAX_SCRIPT_BYTES = 1024 * 1024
MAX_DEPTH = 16
MAX_VALUES = 20_000
MAX_EXPANDED = 2 * MAX_SCRIPT_BYTES
"""Values and characters of a file once every alias stands for what it repeats."""

# What the script says: in characters, and in entries
MAX_TITLE = 200
MAX_NAME = 80
MAX_PROMPT = 2000
MAX_TEXT = 5000
MAX_CHARACTERS = 40
MAX_SCENES = 200
MAX_LINES = 400
MAX_STYLE_REFERENCES = 3
MAX_PATH = 512
MAX_PATH_BYTES = 900
"""In UTF-8: with the episode's folder, no more than the 1,024 bytes of a key."""

# The episode's folder, and what is read of it
MAX_OBJECTS = 5000
MAX_SOUND_BYTES = 700_000_000
MAX_IMAGE_BYTES = 50_000_000
MAX_VIDEO_BYTES = 700_000_000
MAX_FONT_BYTES = 20_000_000
MAX_EPISODE_BYTES = 1_500_000_000
"""All files that a script names together: `plan_episode` has them on its disk of 6 GiB at once, beside recordings of
which many lines are cut, as they are decoded."""

# How long it lasts
MAX_SOUND_SECONDS = 3600
MAX_VIDEO_SECONDS = 900
MAX_MEDIA_SECONDS = 14_400
"""All sounds and videos that a script names together: each one is decoded from end to end."""
MAX_EPISODE_SECONDS = 3600
"""All lines together."""
