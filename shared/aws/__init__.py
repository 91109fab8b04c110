"""Adapters to AWS, one thin module a service; they implement `shared.ports`."""
