"""The Redis channel layer, its connection and the rate limits that processes share."""
