"""Socket.IO 5 over Engine.IO 4, by WebSocket and long polling.

`packets` is the two protocols' text, `engine` one Engine.IO connection, `websocket` and `polling` its two transports,
`namespace` the Socket.IO client in the namespace `/chat`, and `server` the ASGI application.
"""
