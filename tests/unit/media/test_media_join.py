from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.subtitles.subtitle import AssSubtitle

from shared.captions.cues import Cue
from shared.media.dissolve import write_dissolve
from shared.media.errors import MediaRefused
from shared.media.house import HouseFormat, make_card_clip, make_house_clip
from shared.media.join import Chapter, EpisodeFacts, NotJoinable, Segment, join_house_clips
from shared.media.mp4.clip_index import ClipIndex, read_clip_index
from shared.media.prefetch import prefetched
from tests.unit.media.episodes import (
    SMALL,
    Loudness,
    MadeClip,
    assert_gapless,
    loudness,
    marked_clip,
    mean_lumas,
)
from tests.unit.media.media_samples import Video, decoded_luma, speech, write_picture, write_sound, write_video


@pytest.fixture
def clips(tmp_path: Path) -> list[MadeClip]:
    """Make three clips of different lengths."""
    kinds = [(0.6, 0.2), (0.95, 0.56), (1.2, 0.72)]
    return [marked_clip(tmp_path, f"{number}", seconds, at) for number, (seconds, at) in enumerate(kinds)]


def join(
    clips: Sequence[MadeClip], target: Path, *, chapters: Sequence[Chapter] = (), cues: Sequence[Cue] = ()
) -> EpisodeFacts:
    frames = sum(clip.frames for clip in clips)
    segments = (Segment(clip.path) for clip in clips)
    return join_house_clips(
        segments, target, frames=frames, title="The Last Lighthouse", chapters=chapters, cues=cues, language="eng"
    )


def captions_of(path: Path) -> list[tuple[int, int, str]]:
    """Return start, length and text of each sample of a file's captions, in milliseconds, read by FFmpeg."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        assert stream.time_base is not None
        assert stream.time_base.denominator == 1000
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        return [(p.pts or 0, p.duration or 0, bytes(p)[2:].decode()) for p in packets]


def test_an_episode_is_its_clips_one_behind_the_other(tmp_path: Path, clips: list[MadeClip]) -> None:
    # when clips are joined
    facts = join(clips, tmp_path / "episode.mp4")
    # then nothing is missing or repeated, and every picture is exactly that of its clip
    assert_gapless(tmp_path / "episode.mp4")
    assert facts.frames == sum(clip.frames for clip in clips)
    assert facts.seconds == facts.frames / 25
    apart = np.concatenate([decoded_luma(clip.path) for clip in clips])
    assert np.array_equal(decoded_luma(tmp_path / "episode.mp4"), apart)


def test_an_episode_starts_playing_at_once_and_has_title_and_chapters(tmp_path: Path, clips: list[MadeClip]) -> None:
    # when clips are joined with chapters
    chapters = [Chapter(0.0, "The office"), Chapter(0.64, "Küste — am Abend")]
    facts = join(clips, tmp_path / "episode.mp4", chapters=chapters)
    # then the index comes before the media
    data = (tmp_path / "episode.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    # and players show title and chapters
    with av.open(str(tmp_path / "episode.mp4")) as container:
        assert container.metadata["title"] == "The Last Lighthouse"
        assert container.streams.audio[0].metadata["language"] == "eng"
        shown = [(c["start"], c["end"], c["metadata"]["title"]) for c in container.chapters()]
    assert shown == [(0, 640, "The office"), (640, round(1000 * facts.seconds), "Küste — am Abend")]


def test_captions_come_when_they_should_and_end(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given captions: one later than the start, and one directly behind another
    cues = [
        Cue(start=0.123, end=0.9, rows=("Δύο σειρές", "με κείμενο")),
        Cue(start=0.9, end=1.5, rows=("— Да.",)),
        Cue(start=2.0, end=2.25, rows=("Yes.",)),
    ]
    # when clips are joined with them
    facts = join(clips, tmp_path / "episode.mp4", cues=cues, chapters=[Chapter(0.0, "All")])
    # then the track says the same, to the millisecond, and is empty in between
    end = round(1000 * facts.seconds)
    assert captions_of(tmp_path / "episode.mp4") == [
        (0, 123, ""),
        (123, 777, "Δύο σειρές\nμε κείμενο"),
        (900, 600, "— Да."),
        (1500, 500, ""),
        (2000, 250, "Yes."),
        (2250, end - 2250, ""),
    ]
    # and FFmpeg decodes it
    with av.open(str(tmp_path / "episode.mp4")) as container:
        stream = container.streams.subtitles[0]
        assert stream.metadata["language"] == "eng"
        shown = [subtitle for packet in container.demux(stream) for subtitle in packet.decode()]
    texts = [subtitle.dialogue.decode() for subtitle in shown if isinstance(subtitle, AssSubtitle)]
    assert [text for text in texts if text] == ["Δύο σειρές\nμε κείμενο", "— Да.", "Yes."]


def test_captions_do_not_drift(tmp_path: Path) -> None:
    # given 400 lines with a caption each, at odd times
    clip = marked_clip(tmp_path, "line", 1.21, 0.6)
    step = clip.frames / 25
    cues = [
        Cue(start=round(number * step + 0.1234, 3), end=round(number * step + 0.9876, 3), rows=(f"{number}",))
        for number in range(400)
    ]
    # when they are joined
    join([clip] * 400, tmp_path / "episode.mp4", cues=cues)
    # then the last one is as exact as the first
    shown = [(start, start + length, text) for start, length, text in captions_of(tmp_path / "episode.mp4") if text]
    assert shown == [(round(1000 * cue.start), round(1000 * cue.end), cue.rows[0]) for cue in cues]


def test_captions_that_overlap_or_outlast_the_episode_are_refused(tmp_path: Path, clips: list[MadeClip]) -> None:
    for times in ([(0.0, 1.0), (0.9, 1.5)], [(0.0, 99.0)]):
        cues = [Cue(start=start, end=end, rows=("x",)) for start, end in times]
        with pytest.raises(ValueError, match="captions"):
            join(clips, tmp_path / "episode.mp4", cues=cues)
        assert not (tmp_path / "episode.mp4").exists()


def test_clips_come_one_by_one_and_may_be_gone_thereafter(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given clips that are fetched when it is their turn, by a thread that is two ahead, and deleted after it
    most = 0

    def fetched() -> Iterator[Path]:
        for number in range(30):
            copy = tmp_path / f"fetched-{number}.mp4"
            copy.write_bytes(clips[number % 3].path.read_bytes())
            yield copy

    def segments() -> Iterator[Segment]:
        nonlocal most
        for clip in prefetched(fetched(), 2):
            most = max(most, len(list(tmp_path.glob("fetched-*.mp4"))))
            yield Segment(clip)
            clip.unlink()

    # when they are joined
    frames = 10 * sum(clip.frames for clip in clips)
    join_house_clips(segments(), tmp_path / "episode.mp4", frames=frames, title="x")
    # then there were never more than a few at a time, and the episode is whole
    assert most <= 5
    assert not list(tmp_path.glob("fetched-*.mp4"))
    assert_gapless(tmp_path / "episode.mp4")
    assert len(mean_lumas(tmp_path / "episode.mp4")) == frames


def test_only_the_first_frames_of_a_clip_dissolve(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given clips of one colour each, from dark to light, and dissolves between them
    made = []
    for number, colour in enumerate([(20, 20, 20), (120, 120, 120), (220, 220, 220)]):
        source = write_video(tmp_path / f"{number}.src.mp4", Video(1.2, size=(160, 90), colour=colour))
        make_house_clip(source, clips[1].path.with_suffix(".wav"), tmp_path / f"plain{number}.mp4", SMALL)
        made.append(tmp_path / f"plain{number}.mp4")
    heads: list[Path | None] = [None, tmp_path / "head1.mp4", tmp_path / "head2.mp4"]
    for number in (1, 2):
        write_dissolve(made[number - 1], made[number], tmp_path / f"head{number}.mp4", SMALL)
    frames = len(decoded_luma(made[0]))
    # when they are joined with the dissolves and without
    with_them, without = tmp_path / "dissolved.mp4", tmp_path / "cut.mp4"
    segments = [Segment(clip, head) for clip, head in zip(made, heads, strict=True)]
    join_house_clips(segments, with_them, frames=3 * frames, title="x")
    join_house_clips([Segment(clip) for clip in made], without, frames=3 * frames, title="x")
    # then all frames but 12 after each join are the same to the bit, and those rise evenly
    assert_gapless(with_them)
    dissolved, cut = decoded_luma(with_them), decoded_luma(without)
    changed = np.flatnonzero((dissolved != cut).any(axis=(1, 2)))
    assert changed.tolist() == [*range(frames, frames + 12), *range(2 * frames, 2 * frames + 12)]
    steps = np.diff(dissolved.mean(axis=(1, 2))[frames - 1 : frames + 13])
    assert steps.min() > 0
    assert steps.max() < 2 * steps.mean()


def test_the_shortest_clip_dissolves_as_a_whole(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given a card of 8 frames
    card = make_card_clip(write_picture(tmp_path / "card.png", 160, 90), 0.32, tmp_path / "card.mp4", SMALL)
    write_dissolve(clips[0].path, tmp_path / "card.mp4", tmp_path / "head.mp4", SMALL)
    segments = [
        Segment(clips[0].path),
        Segment(tmp_path / "card.mp4", tmp_path / "head.mp4"),
        Segment(clips[1].path),
    ]
    frames = clips[0].frames + card.frames + clips[1].frames
    join_house_clips(segments, tmp_path / "episode.mp4", frames=frames, title="x")
    assert card.frames == 8
    assert_gapless(tmp_path / "episode.mp4")
    assert len(mean_lumas(tmp_path / "episode.mp4")) == frames


def test_the_head_of_another_kind_of_clip_is_refused(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given a dissolve that was made for a clip of 8 frames
    make_card_clip(write_picture(tmp_path / "card.png", 160, 90), 0.32, tmp_path / "card.mp4", SMALL)
    write_dissolve(clips[0].path, tmp_path / "card.mp4", tmp_path / "head.mp4", SMALL)
    # when it is used for a longer one, then it is refused by name
    with pytest.raises(NotJoinable, match=r"head\.mp4 does not fit 1\.mp4"):
        join_house_clips(
            [Segment(clips[0].path), Segment(clips[1].path, tmp_path / "head.mp4")],
            tmp_path / "episode.mp4",
            frames=clips[0].frames + clips[1].frames,
            title="x",
        )


def test_clips_of_other_formats_are_refused_by_name(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given a good clip, one of another size, one not on the grid, and something else
    source = write_video(tmp_path / "src.mp4", Video(0.8))
    make_house_clip(source, tmp_path / "0.wav", tmp_path / "large.mp4", HouseFormat(320, 180))
    write_video(tmp_path / "raw.mp4", Video(1, sound=speech(1)))
    write_video(tmp_path / "mute.mp4", Video(1))
    for name in ("large.mp4", "raw.mp4", "mute.mp4"):
        # when, then
        with pytest.raises(NotJoinable, match=name) as refusal:
            join([clips[0], MadeClip(tmp_path / name, 24, 0.0)], tmp_path / "episode.mp4")
        assert refusal.value.clip == tmp_path / name
        assert not (tmp_path / "episode.mp4").exists()


def test_a_clip_that_lost_its_end_is_refused(tmp_path: Path, clips: list[MadeClip]) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clips[0].path.read_bytes()[:-3000])
    with pytest.raises(MediaRefused, match=r"cut\.mp4"):
        join([clips[0], MadeClip(cut, clips[0].frames, 0.0)], tmp_path / "episode.mp4")
    assert not (tmp_path / "episode.mp4").exists()


def test_a_clip_that_loses_its_end_while_it_is_read_is_refused(
    tmp_path: Path, clips: list[MadeClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a clip that is cut off after its index was read
    def read_and_cut(clip: Path) -> ClipIndex:
        index = read_clip_index(clip)
        clip.write_bytes(clip.read_bytes()[:-1])
        return index

    monkeypatch.setattr("shared.media.join.read_clip_index", read_and_cut)
    # then the episode is not made of what is left
    with pytest.raises(NotJoinable, match="was cut off"):
        join(clips, tmp_path / "episode.mp4")
    assert not (tmp_path / "episode.mp4").exists()


@pytest.mark.parametrize("starts", [(0.0, 0.0), (0.3, 0.1), (0.0, 99.0), (0.5, 1.0)])
def test_chapters_out_of_order_are_refused(tmp_path: Path, clips: list[MadeClip], starts: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="chapters must be in order"):
        join(clips, tmp_path / "e.mp4", chapters=[Chapter(start, "x") for start in starts])


def test_an_episode_without_clips_is_no_episode(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        join_house_clips([], tmp_path / "episode.mp4", frames=0, title="x")


def test_an_episode_that_is_not_as_long_as_planned_is_refused(tmp_path: Path, clips: list[MadeClip]) -> None:
    # given a plan that counts one clip twice, so that captions and chapters would come too late
    with pytest.raises(ValueError, match=r"last 16 frames, and 32 were planned"):
        join_house_clips([Segment(clips[0].path)], tmp_path / "e.mp4", frames=2 * clips[0].frames, title="x")
    assert not (tmp_path / "e.mp4").exists()


def test_an_episode_is_as_loud_as_its_lines(tmp_path: Path) -> None:
    # given recordings of very different levels
    made = []
    for number, level in enumerate([0.05, 1.0, 0.3]):
        recording = write_sound(tmp_path / f"{number}.wav", speech(4, pauses=[(1.5, 0.3)], seed=number) * level)
        source = write_video(tmp_path / f"{number}.src.mp4", Video(4.2, size=(160, 90)))
        facts = make_house_clip(source, recording, tmp_path / f"{number}.mp4", SMALL, pause_seconds=0.64)
        made.append(MadeClip(tmp_path / f"{number}.mp4", facts.frames, 0.0))
    # when they are joined
    join(made, tmp_path / "episode.mp4")
    # then the file, as players decode it, is at -16 LUFS, and no peak is near full scale
    measured: Loudness = loudness(tmp_path / "episode.mp4")
    assert measured.integrated == pytest.approx(-16, abs=1)
    assert measured.true_peak <= -1.5


def test_a_language_that_is_none_is_refused(tmp_path: Path, clips: list[MadeClip]) -> None:
    segments = [Segment(clips[0].path)]
    with pytest.raises(ValueError, match="three letters after ISO 639-2, such as eng, and not 'en'"):
        join_house_clips(segments, tmp_path / "e.mp4", frames=clips[0].frames, title="x", language="en")
