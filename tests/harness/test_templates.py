"""A template is made once for each state of the code, and the outdated one is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import templates

pytestmark = pytest.mark.standalone


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list of the paths at which `make` was called."""
    monkeypatch.setattr(templates, "FOLDER", tmp_path / "templates")
    return []


def copy(made: list[Path], target: Path) -> None:
    def make(path: Path) -> None:
        made.append(path)
        path.mkdir()
        (path / "file").write_text(str(len(made)))

    templates.copy_template("thing", make, target)


def test_it_is_made_once_and_copied(made: list[Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        copy(made, tmp_path / name)
        assert (tmp_path / name / "file").read_text() == "1"
    assert len(made) == 1


def test_it_is_made_again_after_a_change_of_the_code(
    made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(made, tmp_path / "one")
    monkeypatch.setattr(templates, "_state_of_the_code", lambda: "changed")
    copy(made, tmp_path / "two")
    assert (tmp_path / "two" / "file").read_text() == "2"
    assert [path.name for path in templates.FOLDER.glob("thing-*")] == ["thing-changed"]


def test_a_changed_migration_is_another_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "ROOT", tmp_path)
    (tmp_path / "requirements.lock").touch()
    migration = tmp_path / "conversations" / "0001_initial.py"
    migration.parent.mkdir()
    migration.write_text("one")
    before = templates._state_of_the_code.__wrapped__()
    migration.write_text("two")
    assert templates._state_of_the_code.__wrapped__() != before
