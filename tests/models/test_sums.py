"""Extra, missing and altered files are refused by name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from labels.errors import VersionError
from models.files import sha256
from models.sums import (
    NAME,
    PIPELINE,
    check_sums,
    read_sums,
    sums_digest,
    sums_without_pipeline,
    write_sums,
)

FIX = "Train again, or copy the version again from where it was made."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files with their sums."""
    (tmp_path / "one.txt").write_text("一\n", "utf-8")
    (tmp_path / "two.bin").write_bytes(bytes(range(256)))
    write_sums(tmp_path)
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(VersionError) as refused:
        check_sums(folder)
    return str(refused.value)


def test_a_whole_folder_passes(folder: Path) -> None:
    check_sums(folder)
    assert [line[66:] for line in (folder / NAME).read_text("ascii").splitlines()] == [
        "one.txt",
        "two.bin",
    ]


def test_sha256sum_reads_the_sums(version: Path) -> None:
    told = subprocess.run(
        ["sha256sum", "--strict", "-c", NAME], cwd=version, capture_output=True, check=False
    )
    listed = sorted(path.name for path in version.iterdir() if path.name != NAME)
    assert told.returncode == 0
    assert told.stdout.decode().splitlines() == [f"{name}: OK" for name in listed]


def test_sums_are_written_again_after_a_change(folder: Path) -> None:
    (folder / "one.txt").write_text("二\n", "utf-8")
    before = (folder / NAME).read_bytes()
    write_sums(folder)
    check_sums(folder)
    assert (folder / NAME).read_bytes() != before


def test_an_extra_file_is_refused_by_name(folder: Path) -> None:
    (folder / "three.py").write_text("", "utf-8")
    assert refusal(folder) == (f"{folder}/three.py: an extra file, not in SHA256SUMS. Remove it.")


def test_an_extra_hidden_file_is_refused_by_name(folder: Path) -> None:
    (folder / ".three").write_text("", "utf-8")
    assert refusal(folder) == f"{folder}/.three: an extra file, not in SHA256SUMS. Remove it."


def test_an_extra_directory_is_refused_by_name(folder: Path) -> None:
    (folder / "more").mkdir()
    assert refusal(folder) == f"{folder}/more: an extra file, not in SHA256SUMS. Remove it."


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "one.txt").unlink()
    assert refusal(folder) == f"{folder}/one.txt: a missing file. {FIX}"


def test_an_altered_file_is_refused_by_name(folder: Path) -> None:
    (folder / "two.bin").write_bytes(bytes(256))
    assert refusal(folder) == (
        f"{folder}/two.bin: an altered file: its sum is not that of SHA256SUMS. {FIX}"
    )


def test_a_file_that_grew_is_refused_by_name(folder: Path) -> None:
    with (folder / "one.txt").open("ab") as file:
        file.write(b"\0")
    assert refusal(folder) == (
        f"{folder}/one.txt: an altered file: its sum is not that of SHA256SUMS. {FIX}"
    )


def test_a_link_to_the_same_content_is_refused(folder: Path) -> None:
    (folder / "one.txt").rename(folder.parent / "elsewhere.txt")
    (folder / "one.txt").symlink_to(folder.parent / "elsewhere.txt")
    assert refusal(folder) == f"{folder}/one.txt: not a regular file. {FIX}"


def test_a_directory_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "one.txt").unlink()
    (folder / "one.txt").mkdir()
    assert refusal(folder) == f"{folder}/one.txt: not a regular file. {FIX}"


def test_a_folder_without_sums_is_refused(folder: Path) -> None:
    (folder / NAME).unlink()
    assert refusal(folder) == f"{folder}/SHA256SUMS: missing or not readable. {FIX}"


def test_sums_that_are_not_ascii_are_refused(folder: Path) -> None:
    (folder / NAME).write_bytes(b"\xff" * 80)
    assert refusal(folder) == f"{folder}/SHA256SUMS: missing or not readable. {FIX}"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "one.txt",
        f"{'0' * 63}  two.bin",
        f"{'0' * 64} two.bin",
        f"{'0' * 64}  ",
        f"{'0' * 64}  ../two.bin",
        f"{'0' * 64}  /two.bin",
    ],
)
def test_a_line_that_is_no_sum_is_refused_with_its_number(folder: Path, line: str) -> None:
    first = (folder / NAME).read_text("ascii").splitlines()[0]
    (folder / NAME).write_text(f"{first}\n{line}\n", "ascii")
    assert refusal(folder) == f"{folder}/SHA256SUMS:2: not a line of sums. {FIX}"


def test_no_byte_of_the_sums_can_change_unseen(folder: Path) -> None:
    data = (folder / NAME).read_bytes()
    unseen = [at for at in range(len(data)) if data[at] != ord("\n") and passes(folder, data, at)]
    assert unseen == []


def test_no_line_end_of_the_sums_can_change_unseen(folder: Path) -> None:
    data = (folder / NAME).read_bytes()
    unseen = [at for at in range(len(data)) if data[at] == ord("\n") and passes(folder, data, at)]
    assert unseen == []


def passes(folder: Path, data: bytes, at: int) -> bool:
    """Whether the folder is taken for whole when the lowest bit of one byte of its sums flips."""
    (folder / NAME).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    try:
        check_sums(folder)
    except VersionError:
        return False
    return True


def test_the_digest_is_that_of_the_list(folder: Path) -> None:
    assert sums_digest(folder) == sha256(folder / NAME)


def test_the_digest_and_the_lasting_sums_are_the_same_without_the_pickle(folder: Path) -> None:
    before = sums_digest(folder), read_sums(folder)
    (folder / PIPELINE).write_bytes(b"one")
    write_sums(folder)
    assert (sums_digest(folder), sums_without_pipeline(folder)) == before
    assert read_sums(folder).keys() - before[1].keys() == {PIPELINE}


def test_the_digest_does_not_depend_on_the_order_of_the_lines(folder: Path) -> None:
    before = sums_digest(folder)
    lines = (folder / NAME).read_text("ascii").splitlines(keepends=True)
    (folder / NAME).write_text("".join(reversed(lines)), "ascii")
    assert sums_digest(folder) == before


def test_the_digest_changes_with_any_other_file(folder: Path) -> None:
    before = sums_digest(folder)
    (folder / "one.txt").write_text("二\n", "utf-8")
    write_sums(folder)
    assert sums_digest(folder) != before


def test_a_pickle_that_is_listed_has_to_be_there(folder: Path) -> None:
    (folder / PIPELINE).write_bytes(b"one")
    write_sums(folder)
    (folder / PIPELINE).unlink()
    assert refusal(folder) == f"{folder}/pipeline.joblib: a missing file. {FIX}"
