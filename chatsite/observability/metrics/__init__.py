"""What the process counts for Prometheus, and `/metrics`, which shows it.

Counting must cost next to nothing: a counter is an integer in a dict and a histogram a list of integers. The hot path
counts a batch at once, and prometheus-client sees the numbers only when somebody asks for them. `measures` declares
what is counted; what is measured at the moment of asking (queues, sockets, pools) is a `Gauge` beside its owner.

Each process counts for itself, from zero at its start: scrape every process on its own port.
"""
