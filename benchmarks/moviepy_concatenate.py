"""What moviepy's users do: ``python moviepy_concatenate.py target clip clip ...``, in an environment with moviepy."""

import sys
import time

from moviepy import VideoFileClip, concatenate_videoclips

if __name__ == "__main__":
    target, *paths = sys.argv[1:]
    start = time.perf_counter()
    clips = [VideoFileClip(path) for path in paths]
    concatenate_videoclips(clips).write_videofile(target, logger=None)
    print(time.perf_counter() - start)
