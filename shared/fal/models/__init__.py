"""The models on fal.ai that Showrunner uses: one module each, with its typed request and response."""
