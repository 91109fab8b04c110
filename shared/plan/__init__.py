"""What a run sets out to make: every asset's address, what is missing, and what it will cost."""
