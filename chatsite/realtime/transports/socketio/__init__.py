"""Socket.IO 5 over Engine.IO 4, by WebSocket and long polling.

`packets` encodes and decodes the packets of both protocols. `engine` is one Engine.IO connection, and `websocket` and
`polling` are its transports. `namespace` is a Socket.IO client in the namespace `/chat`. `server` is the ASGI
application.
"""
