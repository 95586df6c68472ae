"""A black-box harness: real database, real Redis, real server processes, and clients that know only the wire.

Nothing here imports the product, so a test on top of it can only pass because of what a client can see.
"""
