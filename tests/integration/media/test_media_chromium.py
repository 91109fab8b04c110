"""A finished episode in a browser, served as a bucket serves it: with ranges."""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.captions.cues import Cue
from shared.media.dissolve import write_dissolve
from shared.media.house import HouseFormat
from shared.media.join import Chapter, Segment, join_house_clips
from shared.media.music import lay_music_under
from tests.unit.media.episodes import MadeClip, marked_clip
from tests.unit.media.media_samples import tone, write_sound

FORM = HouseFormat(320, 180)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_SECONDS = 90
PAGE = """<!doctype html><video muted playsinline></video><canvas width=16 height=9></canvas><script>
const video = document.querySelector("video"), canvas = document.querySelector("canvas").getContext("2d");
const next = name => new Promise(resolve => video.addEventListener(name, resolve, {once: true}));
const brightness = () => {
  canvas.drawImage(video, 0, 0, 16, 9);
  const data = canvas.getImageData(0, 0, 16, 9).data;
  return data.reduce((sum, value, index) => index % 4 == 3 ? sum : sum + value, 0) / (16 * 9 * 3);
};
(async () => {
  const report = {shown: []};
  try {
    video.src = "/episode.mp4";
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve;
      video.onerror = () => reject(video.error.message);
    });
    Object.assign(report, {duration: video.duration, width: video.videoWidth});
    for (const time of TIMES) {
      const sought = next("seeked");
      video.currentTime = time;
      await sought;
      report.shown.push(brightness());
    }
    const back = next("seeked");
    video.currentTime = 0;
    await back;
    report.first = brightness();
    const ended = next("ended");
    await video.play();
    await ended;
    const quality = video.getVideoPlaybackQuality();
    Object.assign(report, {end: video.currentTime, frames: quality.totalVideoFrames,
                           corrupted: quality.corruptedVideoFrames});
  } catch (error) { report.error = String(error); }
  await fetch("/report", {method: "POST", body: JSON.stringify(report)});
})();
</script>"""


@contextmanager
def served(episode: Path, times: list[float]) -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """Serve an episode and a page that plays it; what the page reports is put into the queue."""
    reports: queue.Queue[dict[str, Any]] = queue.Queue()
    data, page = episode.read_bytes(), PAGE.replace("TIMES", json.dumps(times)).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path != "/episode.mp4":
                self._answer(200, page if self.path == "/" else b"", {"Content-Type": "text/html"})
                return
            asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")
            first, last = int(asked[0]), int(asked[1] or len(data) - 1)
            content_range = f"bytes {first}-{last}/{len(data)}"
            headers = {"Content-Type": "video/mp4", "Accept-Ranges": "bytes", "Content-Range": content_range}
            self._answer(206, data[first : last + 1], headers)

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(204, b"", {})

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that the base class gives
            pass

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", reports
        finally:
            server.shutdown()
            thread.join()


def seen_in_chromium(episode: Path, times: list[float], profile: Path) -> dict[str, Any]:
    assert CHROMIUM
    with served(episode, times) as (address, reports):
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
        browser = subprocess.Popen(
            [CHROMIUM, *options, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return reports.get(timeout=PATIENCE_SECONDS)
        finally:
            browser.terminate()
            browser.wait(10)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("with_music", [False, True])
def test_chromium_plays_and_seeks_an_episode(tmp_path: Path, with_music: bool) -> None:
    # given an episode with a dissolve, captions and chapters, with and without music
    clips: list[MadeClip] = [
        marked_clip(tmp_path, f"{number}", seconds, at, form=FORM)
        for number, (seconds, at) in enumerate([(0.95, 0.6), (1.2, 0.8), (0.9, 0.56), (1.4, 1.0)])
    ]
    write_dissolve(clips[1].path, clips[2].path, tmp_path / "head.mp4", FORM)
    segments = [Segment(clip.path, tmp_path / "head.mp4" if clip is clips[2] else None) for clip in clips]
    episode = tmp_path / "episode.mp4"
    facts = join_house_clips(
        segments,
        episode,
        frames=sum(clip.frames for clip in clips),
        title="Film",
        chapters=[Chapter(0.0, "One"), Chapter(2.0, "Two")],
        cues=[Cue(start=0.5, end=1.5, rows=("A caption",))],
    )
    if with_music:
        lay_music_under(episode, write_sound(tmp_path / "music.mp3", tone(3, 0.3)), tmp_path / "mixed.mp4")
        episode = tmp_path / "mixed.mp4"
    # when a browser shows it at the flashes, in any order, and shortly before them, and plays it
    starts = [sum(clip.frames for clip in clips[:number]) / 25 for number in range(4)]
    flashes = [start + clip.mark + 0.1 for start, clip in zip(starts, clips, strict=True)]
    times = [flashes[3], flashes[0], flashes[2], flashes[1], *(flash - 0.2 for flash in flashes)]
    seen = seen_in_chromium(episode, times, tmp_path / "profile")
    # then each flash is where it should be, the start is not black, and it plays to its end without a damaged frame
    assert "error" not in seen, seen
    assert seen["duration"] == pytest.approx(facts.seconds, abs=0.001)
    assert seen["width"] == 320
    assert seen["first"] > 40
    assert min(seen["shown"][:4]) > 235
    assert max(seen["shown"][4:]) < 200
    assert seen["end"] == pytest.approx(facts.seconds, abs=0.05)
    assert seen["corrupted"] == 0
    assert seen["frames"] > 0
