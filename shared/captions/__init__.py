"""Captions: what is said, as cues that can be read and follow the voice. Pure: text and times in, cues out."""
