from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.errors import InputError
from labels.sources import Source, expand

Write = Callable[[str, str | bytes | list[object]], str]


@pytest.fixture
def folder(write: Write) -> str:
    for name in ("posts/old", "posts/.git", "posts/_drafts", "posts/a.tmp"):
        Path(write("x", "")).parent.joinpath(name).mkdir(parents=True)
    Path("x").unlink()
    readable = ["b.json", "a.JSONL", "old/c.csv.gz", "old/d.parquet", "e.ndjson.gz"]
    others = ["n.txt", "p.parquet.gz", ".h.json", "_h.csv", "i.json.tmp", "i.csv.part", "g.gz"]
    hidden = [".git/a.json", "_drafts/a.json", "a.tmp/a.json"]
    for name in (*readable, *others, *hidden):
        write(f"posts/{name}", "")
    return "posts"


def found(*inputs: str) -> list[str]:
    return [source.path for source in expand(inputs)]


def refusal(*inputs: str) -> str:
    with pytest.raises(InputError) as caught:
        expand(inputs)
    return str(caught.value)


def test_a_file_and_standard_input_are_themselves(write: Write) -> None:
    assert expand([write("b.txt", ""), "-", "missing.json"]) == [
        Source("b.txt", named=True),
        Source("-", named=True),
        Source("missing.json", named=True),
    ]


def test_a_folder_is_the_files_below_it_that_can_be_read(folder: str) -> None:
    assert expand([folder])[0] == Source("posts/a.JSONL", named=False)
    assert found(folder) == [
        "posts/a.JSONL",
        "posts/b.json",
        "posts/e.ndjson.gz",
        "posts/old/c.csv.gz",
        "posts/old/d.parquet",
    ]


def test_a_pattern_is_its_files(folder: str) -> None:
    assert found(f"{folder}/*.json") == ["posts/b.json"]
    assert found(f"{folder}/[ab].*") == ["posts/a.JSONL", "posts/b.json"]
    assert found(f"{folder}/**/*.?s*") == ["posts/b.json", "posts/old/c.csv.gz"]
    assert found(f"{folder}/**/c*") == ["posts/old/c.csv.gz"]
    assert expand([f"{folder}/b*"]) == [Source("posts/b.json", named=False)]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(write: Write) -> None:
    assert expand([write("a[1].json", "")]) == [Source("a[1].json", named=True)]


def test_a_pattern_may_begin_in_a_hidden_folder(folder: str) -> None:
    assert found(f"{folder}/.git/*.json") == ["posts/.git/a.json"]


def test_a_pattern_without_a_file_is_refused(folder: str) -> None:
    said = "no file matches. Check the pattern, or name the files."
    for pattern in ("*.json", f"{folder}/_*", f"{folder}/ol?"):
        assert refusal(pattern) == f"{pattern}: {said}"


def test_a_folder_without_a_file_is_refused(folder: str) -> None:
    Path(folder, "empty").mkdir()
    assert refusal(f"{folder}/empty") == (
        "posts/empty: a folder without a file to read. Give a folder with files that end in "
        ".json, .jsonl, .ndjson, .csv or .parquet."
    )


def test_a_link_to_nothing_is_refused(folder: str) -> None:
    Path(folder, "old", "lost.csv").symlink_to("nowhere.csv")
    said = "posts/old/lost.csv: a link to nothing. Mend the link, or remove it."
    assert refusal(folder) == said
    assert refusal(f"{folder}/**/*.csv") == said


@pytest.mark.parametrize("name", ["lost.txt", "_lost.csv", "lost.csv.tmp"])
def test_a_link_to_nothing_that_would_not_be_read_is_none_of_ours(folder: str, name: str) -> None:
    Path(folder, name).symlink_to("nowhere")
    assert len(found(folder)) == 5


def test_a_linked_folder_is_followed(folder: str, write: Write) -> None:
    Path("elsewhere/deep").mkdir(parents=True)
    write("elsewhere/deep/z.json", "")
    Path(folder, "new").symlink_to("../elsewhere")
    assert "posts/new/deep/z.json" in found(folder)
    assert found(f"{folder}/new") == ["posts/new/deep/z.json"]


@pytest.mark.parametrize("target", [".", "../posts", "old"])
def test_a_folder_that_is_linked_from_within_is_read_once(folder: str, target: str) -> None:
    names = {Path(path).name for path in found(folder)}
    Path(folder, "a").symlink_to(target)
    again = found(folder)
    assert len(again) == 5
    assert {Path(path).name for path in again} == names


def test_what_is_left_out_is_left_out_of_folders_and_patterns_alone(folder: str) -> None:
    def all_but_b(path: Path) -> bool:
        return path.name != "b.json"

    assert expand([folder], all_but_b) == [Source("posts/b.json", named=False)]
    with pytest.raises(InputError, match="no file matches"):
        expand([f"{folder}/*.JSONL"], all_but_b)
    assert expand([f"{folder}/a.JSONL"], all_but_b) == [Source("posts/a.JSONL", named=True)]


@pytest.mark.parametrize("again", ["posts/b.json", "posts", "posts/*.json", "posts/old/../b.json"])
def test_a_file_given_twice_is_refused(folder: str, again: str) -> None:
    said = "given twice, so that every article in it would come twice"
    assert refusal(f"{folder}/b.json", again) in {
        f"{name}: {said}. Name it once, or its folder alone."
        for name in ("posts/b.json", "posts/old/../b.json")
    }


def test_standard_input_given_twice_is_refused() -> None:
    assert refusal("-", "-").startswith("standard input: given twice")


def test_a_folder_that_cannot_be_listed_is_refused(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def refused(path: str) -> object:
        """Root may list every folder, so that no mode of it will do."""
        if str(path).endswith("old"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert refusal(folder) == (
        "posts/old: cannot be listed (Permission denied). Check its permissions."
    )
