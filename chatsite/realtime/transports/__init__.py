"""The transports of a session: native WebSocket and Socket.IO."""
