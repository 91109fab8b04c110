"""The ledger: what was asked for, by whom, and what became of it. It is what makes paying twice impossible."""
