"""A column or field of a wire object that is declared in one place and missing in another fails at import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from conversations import columns, serializers

pytestmark = pytest.mark.standalone

COLUMNS = Path(columns.__file__).read_text()
OBJECTS = Path(serializers.__file__).read_text()


def import_source(source: str, name: str) -> None:
    """Execute a module's source, as an import does."""
    exec(compile(source, name, "exec"), {"__name__": name})


def without(source: str, node: ast.stmt | ast.expr) -> str:
    """Return the source without the lines of a node."""
    lines = source.splitlines()
    del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def declared_columns() -> dict[str, ast.expr]:
    """Return each call of `Column`, by table and name."""
    found: dict[str, ast.expr] = {}
    for table in ast.walk(ast.parse(COLUMNS)):
        if isinstance(table, ast.Call) and ast.unparse(table.func) == "Table":
            model, *calls = table.args
            for call in calls:
                assert isinstance(call, ast.Call)
                found[f"{ast.unparse(model)}.{ast.literal_eval(call.args[0])}"] = call
    return found


def declared_fields() -> dict[str, ast.AnnAssign]:
    """Return each field of the two wire objects that are made of columns."""
    return {
        f"{node.name}.{ast.unparse(field.target)}": field
        for node in ast.parse(OBJECTS).body
        if isinstance(node, ast.ClassDef) and node.name in ("MessageObject", "ConversationObject")
        for field in node.body
        if isinstance(field, ast.AnnAssign)
    }


def test_the_modules_as_they_are_can_be_imported() -> None:
    import_source(COLUMNS, "conversations.columns")
    import_source(OBJECTS, "conversations.serializers")
    assert len(declared_columns()) == len(columns.MESSAGES.names) + len(columns.CONVERSATIONS.names)


@pytest.mark.parametrize("name", declared_columns())
def test_a_missing_column_is_named(name: str) -> None:
    column = name.partition(".")[2]
    with pytest.raises(ImproperlyConfigured, match=rf"of (ChatMessage|Conversation): {column}\."):
        import_source(without(COLUMNS, declared_columns()[name]), "conversations.columns")


@pytest.mark.parametrize("name", declared_fields())
def test_a_missing_field_is_named(name: str) -> None:
    wire_object, _, field = name.partition(".")
    with pytest.raises(ImproperlyConfigured, match=rf"{wire_object} does not have these fields: {field}\."):
        import_source(without(OBJECTS, declared_fields()[name]), "conversations.serializers")


def test_a_column_that_the_model_does_not_have_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="ChatMessage does not have these columns: colour"):
        columns.Table(columns.MESSAGES.model, *columns.MESSAGES.columns, columns.Column("colour"))


def test_a_shown_column_without_a_field_is_named() -> None:
    shown = COLUMNS.replace('Column("hidden_at", _CHANGE)', 'Column("hidden_at", _CHANGE, "hidden_at")')
    names: dict[str, object] = {"__name__": "conversations.columns"}
    exec(compile(shown, "conversations.columns", "exec"), names)
    with pytest.raises(ImproperlyConfigured, match="MessageObject does not have these fields: hidden_at"):
        names["MESSAGES"].check_object(serializers.MessageObject)  # type: ignore[attr-defined]


def test_a_field_without_a_column_is_named() -> None:
    class Extended(serializers.MessageObject):
        colour: str = ""

    with pytest.raises(ImproperlyConfigured, match="as these fields of Extended: colour"):
        columns.MESSAGES.check_object(Extended)


def test_fields_in_another_order_get_the_right_one() -> None:
    moved = columns.Table(columns.MESSAGES.model, *reversed(columns.MESSAGES.columns))
    with pytest.raises(
        ImproperlyConfigured, match=r"must have the order of conversations\.columns: via, sender_kind"
    ):
        moved.check_object(serializers.MessageObject)
