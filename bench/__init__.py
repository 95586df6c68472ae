"""The benchmark of `make bench`: this project, and the Node system that it rebuilds.

All of it runs on one machine in one run, so that figures can be compared: the same load generator, PostgreSQL and
Redis. The server process has one core, and everything else has the other.
"""
