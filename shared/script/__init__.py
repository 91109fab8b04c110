"""The script: its format, how it is read and checked, and what it asks of the models."""
