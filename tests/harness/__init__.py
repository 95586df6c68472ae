"""A black-box harness: real database, real Redis, real server processes, and clients that know only the protocol.

Nothing here imports the product, so these tests depend only on what a client can see.
"""
