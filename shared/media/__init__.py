"""Sound, pictures and video: everything that knows what a codec is, behind functions that take local paths."""
