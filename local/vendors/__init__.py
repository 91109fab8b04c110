"""What the simulated Replicate and the simulated Hedra have in common, beside what they share with local.fal."""
