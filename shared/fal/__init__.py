"""fal.ai: its models, its queue, its errors, its callbacks."""
