"""A Redis Cluster of three nodes without replicas."""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

import redis

from tests.harness.patience import patience
from tests.harness.services import START_SECONDS, Redis, ServiceFailed, free_port

SLOTS: Final = 16_384
NODES: Final = 3


class _Node(Redis):
    def __init__(self) -> None:
        super().__init__()
        self.bus_port = free_port()

    def command(self) -> list[str]:
        return [*super().command(), "--cluster-enabled", "yes", "--cluster-port", str(self.bus_port)]


class RedisCluster:
    """A context manager. Each node has a third of the slots."""

    def __init__(self) -> None:
        self.nodes = [_Node() for _ in range(NODES)]
        self._stack = ExitStack()

    def owner(self, prefix: str) -> Redis:
        """Return the node that has the keys with this prefix, which contains a hash tag."""
        with self._client(self.nodes[0]) as client:
            slot = int(client.execute_command("CLUSTER KEYSLOT", prefix))
        return self.nodes[min(slot * NODES // SLOTS, NODES - 1)]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for node in self.nodes:
                stack.enter_context(node)
            self._form()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _form(self) -> None:
        starts = [-(-number * SLOTS // NODES) for number in range(NODES + 1)]
        first = self.nodes[0]
        for number, node in enumerate(self.nodes):
            with self._client(node) as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", starts[number], starts[number + 1] - 1)
                if node is not first:
                    client.execute_command("CLUSTER MEET", "127.0.0.1", first.port, first.bus_port)
        deadline = time.monotonic() + patience(START_SECONDS)
        while not all(self._is_formed(node) for node in self.nodes):
            if time.monotonic() > deadline:
                raise ServiceFailed("the nodes of the cluster do not find each other")
            time.sleep(0.05)

    def _is_formed(self, node: Redis) -> bool:
        with self._client(node) as client:
            told: Any = client.execute_command("CLUSTER INFO")
        if isinstance(told, dict):
            return told["cluster_state"] == "ok" and int(told["cluster_known_nodes"]) == NODES
        return "cluster_state:ok" in told and f"cluster_known_nodes:{NODES}" in told

    def _client(self, node: Redis) -> redis.Redis:
        return redis.Redis(port=node.port, decode_responses=True)
