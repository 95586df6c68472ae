"""Socket.IO 4 over WebSocket and long polling."""
