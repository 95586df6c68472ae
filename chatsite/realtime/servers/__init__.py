"""Everything that depends on the internals of uvicorn or daphne: one module per server.

`sockets.server_socket(send)` returns the socket behind an ASGI `send`. Each server's module checks when the process
starts that the names it needs exist. Where they do not, or with `PLAIN_ASGI=1`, plain ASGI messages are sent instead.
`adaptation.adapt_servers()` changes what a server does with requests and logs.
"""
