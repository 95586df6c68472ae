"""Compare frames with the AsyncAPI document.

Unlike clients, this accepts no field that the document does not name.
"""

from __future__ import annotations

import copy
from typing import Any

from jsonschema import Draft202012Validator

from chatsite.realtime.asyncapi import document

Json = dict[str, Any]


class Protocol:
    def __init__(self) -> None:
        self.document = document(host="chat.example", secure=True)
        self.messages: Json = self.document["components"]["messages"]
        self._open: Json = self.document["components"]["schemas"]
        closed = {name: _close(copy.deepcopy(schema)) for name, schema in self._open.items()}
        self._components = {"components": {"schemas": closed}}

    @property
    def events(self) -> set[str]:
        return self._of_action("send", prefix="on_")

    @property
    def commands(self) -> set[str]:
        return self._of_action("receive")

    def _of_action(self, action: str, prefix: str = "") -> set[str]:
        operations = self.document["operations"].items()
        return {name.removeprefix(prefix) for name, operation in operations if operation["action"] == action}

    def problems(self, message: str, frame: Json) -> list[str]:
        """Return the errors of the frame as that message of the document."""
        schema = _close(self._whole(copy.deepcopy(self.messages[message]["payload"])))
        validator = Draft202012Validator({**schema, **self._components})
        found = validator.iter_errors(frame)
        return [f"{message} at {error.json_path}: {error.message[:300]}" for error in found]

    def _whole(self, payload: Json) -> Json:
        """Parts that together describe one object cannot each forbid other fields."""
        data = payload["properties"].get("data", {})
        if "allOf" in data:
            parts = [self._open[part["$ref"].rpartition("/")[2]] for part in data["allOf"]]
            payload["properties"]["data"] = {
                "properties": {name: value for part in parts for name, value in part["properties"].items()},
                "required": [name for part in parts for name in part.get("required", [])],
            }
        return payload


def _close(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_close(part) for part in schema]
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
        return {key: value if key == "enum" else _close(value) for key, value in schema.items()}
    return schema
