"""What was live when, as the pages tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from models.store import Store
from serving.reigns import reigns

OTHER = "20310101T000000Z-0123abcd"


def test_changes_are_told_the_newest_first(
    version: Path, copied: Callable[[Path, str], Path]
) -> None:
    store = Store(version.parent)
    copied(version, OTHER)
    store.promote(OTHER, "better on events")
    found = reigns(store)
    assert (found.state, found.live, found.every) == ("known", OTHER, 2)
    assert [entry.after for entry in found.entries] == [OTHER, version.name]
    assert found.entries[0].why == "better on events"


def test_of_many_changes_the_last_twenty_are_told(version: Path) -> None:
    ledger = version.parent / "ledger.jsonl"
    row = json.loads(ledger.read_text("utf-8"))
    lines = [json.dumps({**row, "why": str(at)}) for at in range(25)]
    ledger.write_text("\n".join(lines) + "\n", "utf-8")
    found = reigns(Store(version.parent))
    assert found.every == 25
    assert [entry.why for entry in found.entries] == [str(at) for at in range(24, 4, -1)]


def test_a_store_without_a_ledger_keeps_no_history(tmp_path: Path) -> None:
    assert reigns(Store(tmp_path / "nothing")).state == "none"


def test_a_damaged_ledger_is_not_guessed_at(version: Path) -> None:
    ledger = version.parent / "ledger.jsonl"
    ledger.write_text("{\n" + ledger.read_text("utf-8"), "utf-8")
    assert reigns(Store(version.parent)).state == "broken"
