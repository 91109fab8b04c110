"""MP4 files by their boxes (ISO/IEC 14496-12 and 14496-14): what it takes to join house clips without decoding."""
