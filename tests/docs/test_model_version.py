"""The page on the format of a version names what a version has, and how one is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labels.errors import VersionError
from models.ledger import Entry
from models.manifest import FORMAT, Manifest
from models.store import Store
from models.sums import write_sums
from models.version import load_predictor
from tests.docs.small import small_store
from training.choice import Trial
from training.comparison import COMPARISON, Comparison
from training.report import Report
from training.sides import SEARCH

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "model-version.md").read_text("utf-8")
Damage = Callable[[Path], object]


@pytest.fixture
def version(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that was just trained, to be damaged at will."""
    return Store(Path(shutil.copytree(small_store(tmp_path_factory), tmp_path / "s"))).resolve()


def section(heading: str) -> str:
    """What stands below a heading, down to the next one."""
    found = re.split(r"^##+ ", PAGE, flags=re.MULTILINE)
    return next(text for text in found if text.split("\n")[0] == heading)


def named(text: str) -> list[str]:
    """What is written as a word of a program."""
    return re.findall(r"`([^`\n]+)`", text)


def table(heading: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section(heading).split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_the_files_of_the_page_are_those_of_a_version(version: Path) -> None:
    told = [name for row in table("Files") for name in named(row[0])]
    assert sorted(told) == sorted(path.name for path in version.iterdir())
    assert {COMPARISON, SEARCH} <= set(named(section("Files")))


def test_a_term_is_found_in_the_hash_table_as_the_page_says(version: Path) -> None:
    shifts, slots = (np.load(version / f"{name}.npy") for name in ("shifts", "slots"))
    terms = (version / "vocabulary.txt").read_text("utf-8").split("\n")[:-1]
    first, second = (int(found, 16) for found in re.findall(r"0x[0-9A-F]{16}", section("Arrays")))
    for term, slot in zip(terms, np.flatnonzero(slots).tolist(), strict=True):
        key = sum(ord(one) * pow(first, at, 2**64) for at, one in enumerate(term, 1)) % 2**64
        bucket = key >> (64 - (len(slots) // 4 - 1).bit_length())
        found = (key ^ int(shifts[bucket])) * second % 2**64 >> (64 - (len(slots) - 1).bit_length())
        assert (found, int(slots[slot])) == (slot, key)


def test_every_file_has_a_section() -> None:
    arrays = [name for row in table("Arrays") for name in named(row[0])]
    told = [name for row in table("Files") for name in named(row[0])]
    for name in (*set(told) - set(arrays), COMPARISON, SEARCH):
        assert f"\n### {name}\n" in PAGE


def test_the_fields_of_the_manifest_are_those_of_the_page(version: Path) -> None:
    manifest = json.loads((version / "manifest.json").read_text("utf-8"))
    kinds: dict[str, type] = {
        "integer": int,
        "string": str,
        "object": dict,
        "array of objects": list,
        "array of numbers": list,
    }
    told = {named(name)[0]: kinds[kind] for name, kind, _ in table("manifest.json")}
    assert told == {name: type(value) for name, value in manifest.items()}
    assert list(told) == [field.name for field in fields(Manifest)]
    assert f"number {FORMAT}," in PAGE


def test_what_is_in_the_objects_of_the_manifest_is_told(version: Path) -> None:
    manifest = json.loads((version / "manifest.json").read_text("utf-8"))
    told = named(section("manifest.json"))
    (one, *_), recipe = manifest["blocks"], manifest["recipe"]
    inner = [*recipe, *recipe["multi"], *one, *manifest["libraries"], *manifest["rules"]["type"]]
    inner += [*manifest["calibrations"]["type"], "articles", "given", "starter"]
    assert set(manifest["counts"]) >= {"articles", "given", "starter"}
    assert set(inner) <= set(told)


def test_the_arrays_have_the_types_and_shapes_of_the_page(version: Path) -> None:
    manifest = json.loads((version / "manifest.json").read_text("utf-8"))
    arrays = {path.name: np.load(path) for path in version.glob("*.npy")}
    slots = len(arrays["slots.npy"])
    held = np.count_nonzero(arrays["rows.npy"])
    blocks, outputs = len(manifest["blocks"]), len(manifest["intercepts"])
    shapes = {
        "(S / 4,)": (slots // 4,),
        "(S,)": (slots,),
        "(S + 1, B)": (slots + 1, blocks),
        "(R + 1,)": (held + 1,),
        "(R + 1, O)": (held + 1, outputs),
    }
    told = {named(name)[0]: (kind, shapes[shape]) for name, kind, shape, _ in table("Arrays")}
    assert told == {name: (str(array.dtype), array.shape) for name, array in arrays.items()}
    terms = (version / "vocabulary.txt").read_text("utf-8").split("\n")[:-1]
    assert len(terms) == np.count_nonzero(arrays["slots.npy"])
    assert max(16, 1.25 * len(terms)) < slots == 1 << (slots - 1).bit_length()


@pytest.mark.parametrize("name", ["golden.jsonl", "oof.jsonl", "corpus.jsonl", "report.json"])
def test_the_fields_of_a_file_are_those_of_the_page(version: Path, name: str) -> None:
    text = (version / name).read_text("utf-8")
    row: dict[str, Any] = json.loads(text if name == "report.json" else text.split("\n")[0])
    told = named(section(name))
    assert [field for field in row if field not in told] == []


@pytest.mark.parametrize(
    ("name", "kind"), [(COMPARISON, Comparison), (SEARCH, Trial), ("report.json", Report)]
)
def test_the_fields_of_what_is_not_always_there_are_those_of_the_page(
    name: str, kind: type
) -> None:
    told = named(section(name))
    assert [field.name for field in fields(kind) if field.name not in told] == []


def test_what_is_in_a_store_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = small_store(tmp_path_factory)
    told = {name for row in table("The store") for name in named(row[0])}
    champion = (store / "champion").read_text("ascii").strip()
    assert {path.name for path in store.iterdir()} - {champion} <= told
    assert {field.name for field in fields(Entry)} <= set(named(section("The store")))


def rewritten(name: str, **changes: object) -> Damage:
    def change(folder: Path) -> None:
        held = json.loads((folder / name).read_text("utf-8"))
        (folder / name).write_text(json.dumps({**held, **changes}), "utf-8")
        write_sums(folder)

    return change


def with_array(name: str, change: Callable[[Any], Any]) -> Damage:
    def damage(folder: Path) -> None:
        np.save(folder / f"{name}.npy", change(np.load(folder / f"{name}.npy")))
        write_sums(folder)

    return damage


def with_text(name: str, text: str, *, summed: bool = True) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).write_text(text, "utf-8")
        if summed:
            write_sums(folder)

    return damage


def with_link(folder: Path) -> None:
    (folder / "idf.npy").rename(folder.parent / "idf.npy")
    (folder / "idf.npy").symlink_to(folder.parent / "idf.npy")


def with_moved_scores(folder: Path) -> None:
    text = (folder / "golden.jsonl").read_text("utf-8")
    moved = re.sub(r'("ai": 0\.\d)\d', r"\g<1>0", text, count=1)
    moved = moved if moved != text else re.sub(r'("ai": 0\.\d)\d', r"\g<1>1", text, count=1)
    (folder / "golden.jsonl").write_text(moved, "utf-8")
    write_sums(folder)


def swapped(rows: Any) -> Any:
    first, last = np.flatnonzero(rows)[[0, -1]]
    rows.flat[first], rows.flat[last] = rows.flat[last], rows.flat[first]
    return rows


def with_another_term(folder: Path) -> None:
    path = folder / "vocabulary.txt"
    path.write_text("?" + path.read_text("utf-8"), "utf-8")
    write_sums(folder)


DAMAGES: list[Damage] = [
    lambda folder: (folder / "manifest.json").unlink(),
    with_text("manifest.json", "{"),
    rewritten("manifest.json", format=5),
    rewritten("manifest.json", counts=[]),
    lambda folder: (folder / "SHA256SUMS").unlink(),
    with_text("SHA256SUMS", "0\n", summed=False),
    with_text("more.txt", "", summed=False),
    lambda folder: (folder / "report.json").unlink(),
    with_link,
    with_text("report.json", "{}", summed=False),
    rewritten("manifest.json", scheme_digest="0"),
    rewritten("manifest.json", dictionary_digest="0"),
    with_array("weights", lambda found: found[1:]),
    with_array("rows", swapped),
    with_another_term,
    rewritten("manifest.json", calibrations={}),
    with_text("golden.jsonl", ""),
    with_moved_scores,
    rewritten("manifest.json", rules={"type": {}, "domains": {}}),
]


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_a_damaged_version_is_refused_in_the_words_of_the_page(version: Path, number: int) -> None:
    words = named(table("What is verified")[number][1])[0]
    DAMAGES[number](version)
    with pytest.raises(VersionError) as refused:
        load_predictor(version)
    pattern = ".+".join(map(re.escape, words.split("…")))
    assert re.fullmatch(pattern, refused.value.what)


def test_the_page_has_a_message_for_each_damage_and_no_other() -> None:
    assert len(table("What is verified")) == len(DAMAGES)


def test_a_version_is_read_without_newstag_as_the_page_shows(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(small_store(tmp_path_factory), tmp_path / "models" / "store")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert not re.search(r"import (newstag|labels|models|training|serving)\b", code)
    exec(compile(code, "model-version.md", "exec"), {})  # noqa: S102 - the page's own code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert all(re.fullmatch(r"[+-]\d\.\d{3}  \S+", line) for line in lines)
    weights = [float(line.split()[0]) for line in lines]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] > 0
