"""Metrics of the process, which `/metrics` shows to Prometheus.

Counting must cost next to nothing: a counter is an integer in a dict, and a histogram a list of integers. Code that
runs for every message counts a whole batch at once. prometheus-client gets the numbers only when `/metrics` is read.
`measures` declares the counters and histograms. A value that is read on demand (queues, sockets, pools) is a `Gauge`
in the `gauges.py` of its app.

Each process counts from zero when it starts, so scrape every process on its own port.
"""
