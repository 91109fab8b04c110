"""The drawn media of the simulated fal.ai: portraits, backgrounds, composites and talking clips."""
