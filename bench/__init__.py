"""How fast this project is, beside the Node system that it rebuilds: `make bench`.

Everything runs on one machine in one run, so that figures can be held against each other: the same load generator, the
same PostgreSQL and Redis, one server process on one core and all else on the other.
"""
