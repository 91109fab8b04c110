"""Whether a recording is good enough to be spoken by a face: what is refused, and what people are warned of."""

from shared.media.audio import AudioFacts
from shared.media.errors import MediaRefused
from shared.media.loudness import MAX_GAIN_DB, SPEECH_LUFS

# Measured on 15 voices as WAV, MP3, AAC and Opus: clean speech shows 0.7 % at most, speech mastered as loud as it goes
# 3.1 %; speech cut off by 6 dB shows 3 % in the median, by 9 dB 11 %, by 12 dB 19 %.
_CLIPPED_SHARE_NOTED = 0.04
_CLIPPED_SHARE_REFUSED = 0.10


def require_clean_speech(facts: AudioFacts) -> tuple[str, ...]:
    """Return what to warn of, each the rest of a sentence that begins with the file's name.

    Raises
    ------
    MediaRefused
        If the recording is heavily clipped: engines move the lips by its sound, and people hear it.
    """
    share = f"{100 * facts.clipped_share:.0f} % of its audible samples are cut off at the top"
    if facts.clipped_share >= _CLIPPED_SHARE_REFUSED:
        raise MediaRefused(
            f"is heavily clipped: {share}; record it again at a lower level, or export it without making it louder"
        )
    warnings = []
    if facts.clipped_share >= _CLIPPED_SHARE_NOTED:
        warnings.append(f"is clipped: {share}, which is heard as harshness")
    if facts.loudness_lufs < SPEECH_LUFS - MAX_GAIN_DB:
        warnings.append(
            f"is very quiet ({facts.loudness_lufs:.0f} LUFS): it is made {MAX_GAIN_DB:.0f} dB louder, and its noise too"
        )
    return tuple(warnings)
