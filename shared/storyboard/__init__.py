"""The storyboard page: one file that shows an episode, how each of its parts was made, and what that cost."""
