"""What moviepy's users do: ``python moviepy_concatenate.py target method clip ...``, in an environment with moviepy.

Its default, "chain", passes all frames on as if they had the size of the first clip. Clips that differ, as those of
different engines do (480p to 1080p), need "compose".
https://zulko.github.io/moviepy/reference/reference/moviepy.video.compositing.CompositeVideoClip.concatenate_videoclips.html
"""

import sys
import time

from moviepy import VideoFileClip, concatenate_videoclips

if __name__ == "__main__":
    target, method, *paths = sys.argv[1:]
    start = time.perf_counter()
    clips = [VideoFileClip(path) for path in paths]
    concatenate_videoclips(clips, method=method).write_videofile(target, logger=None)
    print(time.perf_counter() - start)
