"""A reader meets the old file or the new one, never half of one."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from models.files import locked, sha256, sync_file, sync_folder, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "champion", b"one\n")
    assert (tmp_path / "champion").read_bytes() == b"one\n"
    assert names(tmp_path) == ["champion"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / "champion", b"a longer one\n")
    write_whole(tmp_path / "champion", b"two\n")
    assert (tmp_path / "champion").read_bytes() == b"two\n"
    assert names(tmp_path) == ["champion"]


def test_other_users_may_read_what_was_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "champion", b"one\n")
    assert stat.S_IMODE((tmp_path / "champion").stat().st_mode) == 0o644


def test_nobody_else_may_read_what_is_written_as_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
    )
    write_whole(tmp_path / "keys.json", b"one\n", mode=0o600)
    assert modes[0] == 0o600  # before it has its mode as well
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["fsync", "fdopen"])
def test_a_failing_write_leaves_the_old_content_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_whole(tmp_path / "champion", b"old\n")

    def fail(handle: int, *_: object) -> None:
        if step == "fdopen":
            os.close(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left on device"):
        write_whole(tmp_path / "champion", b"new\n")
    assert (tmp_path / "champion").read_bytes() == b"old\n"
    assert names(tmp_path) == ["champion"]


def test_a_failing_replace_leaves_the_old_content_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "champion", b"old\n")

    def fail(_path: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "champion", b"new\n")
    assert (tmp_path / "champion").read_bytes() == b"old\n"
    assert names(tmp_path) == ["champion"]


def test_file_and_folder_are_flushed_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []

    def record(handle: int) -> None:
        flushed.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", record)
    write_whole(tmp_path / "champion", b"one\n")
    sync_file(tmp_path / "champion")
    sync_folder(tmp_path)
    assert flushed == ["file", "folder", "file", "folder"]


def test_a_sum_is_a_hexadecimal_sha_256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "abc") == expected


def test_a_lock_is_held_until_the_end(tmp_path: Path) -> None:
    with locked(tmp_path / ".lock"):
        assert not free(tmp_path / ".lock")
    assert free(tmp_path / ".lock")


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / ".lock"):
        raise KeyError
    assert free(tmp_path / ".lock")


def test_a_lock_makes_the_folder_that_it_lies_in(tmp_path: Path) -> None:
    with locked(tmp_path / "one" / "two" / ".lock"):
        assert names(tmp_path / "one" / "two") == [".lock"]


def free(path: Path) -> bool:
    """Whether nobody holds the lock."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
