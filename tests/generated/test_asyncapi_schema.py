"""The AsyncAPI document is valid by the schema that the AsyncAPI project publishes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from chatsite.realtime.asyncapi import document
from tests.client_js.node import find_node, install_packages

pytestmark = pytest.mark.standalone

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    find_node()
    install_packages(HERE)
    path = HERE / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    return Draft7Validator(json.loads(path.read_text()))


def test_the_document_is_valid(official: Draft7Validator) -> None:
    found: dict[str, Any] = document(host="chat.example", secure=True)
    assert found["asyncapi"] == "3.0.0"
    assert [f"{error.json_path}: {error.message[:300]}" for error in official.iter_errors(found)] == []
    broken = copy.deepcopy(found)
    broken["operations"]["heartbeat"]["action"] = "take"
    assert not official.is_valid(broken)
