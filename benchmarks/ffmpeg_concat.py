"""What ffmpeg's users do with clips of different kinds: the filter `concat`, in an environment with imageio-ffmpeg."""

import subprocess
import sys
import time

import imageio_ffmpeg

if __name__ == "__main__":
    target, preset, *paths = sys.argv[1:]
    inputs = [word for path in paths for word in ("-i", path)]
    joined = "".join(f"[{number}:v][{number}:a]" for number in range(len(paths)))
    graph = f"{joined}concat=n={len(paths)}:v=1:a=1[v][a]"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", graph]
    command += ["-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", preset, "-crf", "21", "-c:a", "aac"]
    start = time.perf_counter()
    subprocess.run([*command, "-movflags", "+faststart", target], check=True)
    print(time.perf_counter() - start)
