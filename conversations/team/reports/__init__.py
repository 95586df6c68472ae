"""Episodes and reports: how long customers waited, how fast their questions were resolved, and how they rated it."""
