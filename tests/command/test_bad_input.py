from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]
Case = tuple[str, bytes, str]  # a file, what it holds, what is said of it

GOOD = {"id": "a1", "title": "青石晚报", "content": "湖水清澈。"}
NOT_UTF8 = "not UTF-8. Save it as UTF-8, for instance: iconv -f GB18030 -t UTF-8."
NO_TITLE = 'no title. Add title or 标题title; "" where there is none.'
NO_CONTENT = 'no content. Add content or finalContent; "" where there is none.'
NULL = 'content is null. Give content as text, "" where there is none.'


def as_list(**changed: object) -> bytes:
    row = {key: value for key, value in {**GOOD, **changed}.items() if value is not ...}
    return json.dumps([row], ensure_ascii=False).encode()


# Files of which nothing can be used.
WHOLE = [
    ("empty.json", b"", "empty.json: an empty file. Export it again, or leave it out."),
    ("empty.jsonl", b" \n", "empty.jsonl: an empty file. Export it again, or leave it out."),
    ("empty.csv", b"", "empty.csv: an empty file. Export it again, or leave it out."),
    (
        "half.json",
        b'[{"id": "a1", ',
        "half.json[0]: not JSON (parse error: premature EOF). Mend or export the file again.",
    ),
    (
        "object.json",
        json.dumps(GOOD).encode(),
        (
            "object.json: an object, not a list. Put the articles in a list, [ … ], or name the "
            "file .jsonl if it holds one a line."
        ),
    ),
    ("gbk.json", json.dumps([GOOD], ensure_ascii=False).encode("gbk"), f"gbk.json[0]: {NOT_UTF8}"),
    (
        "wide.json",
        json.dumps([GOOD]).encode("utf-16"),
        "wide.json: not UTF-8 but UTF-16. Save it as UTF-8.",
    ),
]
# Rows that are left out.
ROWS = [
    ("a.json", as_list(title=...), f"a.json[0]: {NO_TITLE}"),
    ("a.json", as_list(content=...), f"a.json[0]: {NO_CONTENT}"),
    ("a.json", as_list(content=None), f"a.json[0]: {NULL}"),
    (
        "a.json",
        as_list(id=...),
        "a.json[0]: no id. Give each article an id of its own, text or a number.",
    ),
    (
        "a.json",
        b"[3]",
        'a.json[0]: not an object. Give {"id": …, "title": …, "content": …}.',
    ),
    ("gbk.jsonl", json.dumps(GOOD, ensure_ascii=False).encode("gbk"), f"gbk.jsonl:1: {NOT_UTF8}"),
    (
        "words.jsonl",
        b"hello\n",
        (
            "words.jsonl:1: not JSON (Expecting value: line 1 column 1 (char 0)). "
            "Give one object a line."
        ),
    ),
    (
        "few.csv",
        b"id,title,content\na1,x\n",
        "few.csv:2: 2 cells under a header of 3. Quote cells that hold commas or line breaks.",
    ),
]


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case[0])
def test_a_file_that_cannot_be_read_is_named(
    newstag: Newstag, trained: Path, write: Write, case: Case
) -> None:
    name, content, message = case
    path = write(name, content)
    tagged = newstag("tag", path, "--store", trained)
    assert (tagged.returncode, tagged.stdout) == (1, "")
    assert tagged.stderr.replace("; what follows was not read", "").splitlines() == [
        message,
        "unreadable articles left out: 1",
        f"{path}: nothing could be tagged. Mend the unreadable articles.",
    ]
    fitted = newstag("train", "--no-starter", "--articles", path)
    assert (fitted.returncode, fitted.stdout, fitted.stderr) == (1, "", f"{message}\n")


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case[2])
def test_a_row_that_cannot_be_read_is_named(
    newstag: Newstag, trained: Path, write: Write, case: Case
) -> None:
    name, content, message = case
    path = write(name, content)
    tagged = newstag("tag", path, "--store", trained)
    assert (tagged.returncode, tagged.stdout) == (1, "")
    assert tagged.stderr.splitlines() == [
        message,
        "unreadable articles left out: 1",
        f"{path}: nothing could be tagged. Mend the unreadable articles.",
    ]
    fitted = newstag("train", "--no-starter", "--articles", path)
    assert (fitted.returncode, fitted.stdout) == (1, "")
    assert fitted.stderr.splitlines()[0] == message


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case[2])
def test_strict_says_nothing_but_the_first_message(
    newstag: Newstag, trained: Path, write: Write, case: Case
) -> None:
    name, content, message = case
    path = write(name, content)
    tagged = newstag("tag", path, "--store", trained, "--strict")
    assert (tagged.returncode, tagged.stderr) == (1, f"{message}\n")
    fitted = newstag("train", "--no-starter", "--strict", "--articles", path)
    assert (fitted.returncode, fitted.stderr) == (1, f"{message}\n")


def test_a_file_that_is_not_there_is_named(newstag: Newstag, trained: Path) -> None:
    message = "no.json: no such file or directory. Check the path and its permissions.\n"
    tagged = newstag("tag", "no.json", "--store", trained)
    assert (tagged.returncode, tagged.stderr) == (1, message)
    fitted = newstag("train", "--articles", "no.json")
    assert (fitted.returncode, fitted.stderr) == (1, message)
    labelled = newstag("train", "--labels", "no.json")
    assert (labelled.returncode, labelled.stderr) == (1, message)


def test_a_deeply_nested_line_is_refused_like_any_other(
    newstag: Newstag, trained: Path, write: Write
) -> None:
    done = newstag("tag", write("deep.jsonl", "[" * 100_000), "--store", trained)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        "deep.jsonl:1: nested more than 100 deep. Give one object a line."
    )


@pytest.mark.parametrize(
    ("again", "message"),
    [
        (
            {"content": "别的内容。"},
            (
                "a.jsonl:25: id 'p1' stands at a.jsonl:1 with another text. "
                "Give each article an id of its own."
            ),
        ),
        (
            {"type": "news"},
            "a.jsonl:25: 'p1' is labelled otherwise at a.jsonl:1. Keep one of the two.",
        ),
        (
            {"id": "new", "type": "newz"},
            (
                "a.jsonl:25: no type 'newz'. Use one of: policy_notice, news, event, "
                "research_breakthrough."
            ),
        ),
        (
            {"id": "new", "domains": "ai|vr"},
            (
                "a.jsonl:25: no domains 'vr'. Use one of: ai, brain_computer_interface, "
                "biomedicine, metaverse."
            ),
        ),
    ],
    ids=["another text", "another label", "an unknown type", "an unknown domain"],
)
def test_articles_that_contradict_stop_the_training(
    newstag: Newstag, rows: Rows, write: Write, again: dict[str, object], message: str
) -> None:
    articles = write("a.jsonl", [*rows, {**rows[0], **again}])
    done = newstag("train", "--no-starter", "--articles", articles)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{message}\n")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [{"id": "zz", "type": "news"}],
            (
                "l.jsonl:1: a label for 'zz', which is no article's id. Give that article with "
                "--articles, or remove the label."
            ),
        ),
        (
            [{"id": "p1", "type": "newz"}],
            (
                "l.jsonl:1: no type 'newz'. Use one of: policy_notice, news, event, "
                "research_breakthrough."
            ),
        ),
        (
            [{"id": "p1", "type": "news"}, {"id": "p1", "type": "event"}],
            "l.jsonl:2: 'p1' is labelled otherwise at l.jsonl:1. Keep one of the two.",
        ),
        ([{"id": "p1"}], "l.jsonl:1: no label. Give type and domains."),
    ],
    ids=["a stranger", "an unknown label", "two labels", "no label"],
)
def test_labels_that_cannot_be_right_stop_the_training(
    newstag: Newstag, articles: Path, write: Write, labels: Rows, message: str
) -> None:
    given = ("--articles", articles, "--labels", write("l.jsonl", labels))
    done = newstag("train", "--no-starter", *given)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{message}\n")


Damage = Callable[[Path], None]


def flip_a_byte(version: Path) -> None:
    path = version / "weights.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def add_a_file(version: Path) -> None:
    (version / "notes.txt").write_text("mine")


def remove_a_file(version: Path) -> None:
    (version / "golden.jsonl").unlink()


def remove_the_sums(version: Path) -> None:
    (version / "SHA256SUMS").unlink()


def remove_it(version: Path) -> None:
    shutil.rmtree(version)


def write_another_format(version: Path) -> None:
    path = version / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "format": 0}), "utf-8")


COPY_AGAIN = "Train again, or copy the version again from where it was made."
DAMAGES = [
    (
        flip_a_byte,
        f"/weights.npy: an altered file: its sum is not that of SHA256SUMS. {COPY_AGAIN}",
    ),
    (add_a_file, "/notes.txt: an extra file, not in SHA256SUMS. Remove it."),
    (remove_a_file, f"/golden.jsonl: a missing file. {COPY_AGAIN}"),
    (remove_the_sums, f"/SHA256SUMS: missing or not readable. {COPY_AGAIN}"),
    (remove_it, ": no model version: manifest.json is missing. Train again."),
    (
        write_another_format,
        "/manifest.json: format 0, and this newstag reads format 6. Train again.",
    ),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_version_is_refused(
    newstag: Newstag, version: Path, articles: Path, damage: Damage, message: str
) -> None:
    damage(version)
    for words in (["tag", str(articles), "-o", "out.jsonl"], ["serve"]):
        done = newstag(*words, "--store", version.parent)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{version}{message}\n")
    assert not Path("out.jsonl").exists()
