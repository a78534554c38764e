"""The demonstration: one server, five real devices with their own databases and processes, an unreliable network, a
device, a server and its Postgres killed at any moment, and at the end a comparison of every balance with a shelf that the ledger never saw.

Owns the story. Must never hold a rule of stock: what it compares comes from the compiled library, from the server and
from a dict of true quantities.
"""
