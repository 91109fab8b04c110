"""What the simulated providers have in common: a server with faults on demand, a queue, files, callbacks, an invoice.

Each provider has its own API, models and prices; none of them knows another.
"""
