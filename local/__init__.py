"""AWS and fal.ai on one machine, for trying out and for tests; never deployed."""
