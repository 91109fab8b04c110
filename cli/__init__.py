"""The operator's command `episode`: the same against this machine and against AWS."""
