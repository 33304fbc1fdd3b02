"""A list of words is read as texts are, and what could never match is told with its line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.dictionary import read_dictionary
from labels.errors import InputError

BLANK = "Write the parts on lines of their own, or the word without its blank."
COMMENT = "Write comments on lines of their own."
PARTS = "Write the parts on lines of their own, or leave them out."

Read = Callable[[str | bytes], tuple[str, ...]]
Refused = Callable[[str | bytes], str]


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def read(notices: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read words.txt with this content."""
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes) -> tuple[str, ...]:
        data = content if isinstance(content, bytes) else content.encode()
        Path("words.txt").write_bytes(data)
        return read_dictionary("words.txt", notices.append)

    return run


@pytest.fixture
def refused(read: Read) -> Refused:
    """What is told of words.txt with this content."""

    def run(content: str | bytes) -> str:
        with pytest.raises(InputError) as error:
            read(content)
        return str(error.value)

    return run


def test_comments_blank_lines_and_repeats_are_no_words(read: Read) -> None:
    assert read("# 我们的词\n低空经济\n\n  车路云  \n#量子\n＃量子\n低空经济\n") == (
        "低空经济",
        "车路云",
    )


def test_words_are_folded_as_texts_are(read: Read) -> None:
    assert read("ＡＩ＋制造\nDeepSeek\n脑\u200b机\nAT&amp;T\n") == (
        "ai+制造",
        "deepseek",
        "脑机",
        "at&t",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_bom_and_any_line_ends_are_read(read: Read, bom: bytes, end: str) -> None:
    assert read(bom + end.join(["低空经济", "车路云", ""]).encode()) == ("低空经济", "车路云")


def test_a_gzipped_list_is_read(read: Read) -> None:
    assert read(gzip.compress("低空经济\n".encode())) == ("低空经济",)


def test_of_jieba_s_columns_the_word_is_taken_with_a_note(read: Read, notices: list[str]) -> None:
    given = "低空经济\n车路云 5\n量子网络 3 n\neVTOL\t3\teng\n凱特琳 nz\n"
    assert read(given) == ("低空经济", "车路云", "量子网络", "evtol", "凱特琳")
    (notice,) = notices
    assert notice == (
        "words.txt: jieba's columns in 4 lines, of which the words alone are taken: '车路云' in "
        "line 2, '量子网络' in line 3, 'evtol' in line 4, '凱特琳' in line 5"
    )


def test_the_note_shows_five_words_and_counts_the_rest(read: Read, notices: list[str]) -> None:
    assert read("车路云 5 n\n" * 4 + "Windows 11\n" + "车路云 nz\n" * 1000)[1:] == ("windows",)
    assert notices[0].startswith("words.txt: jieba's columns in 1,005 lines, of which ")
    assert notices[0].endswith("'车路云' in line 4, 'windows' in line 5 and 1,000 more")


def test_one_line_of_jieba_s_is_told_by_itself(read: Read, notices: list[str]) -> None:
    read("车路云 5 n\n")
    assert notices == [
        "words.txt: jieba's columns in 1 line, of which the word alone is taken: '车路云' in line 1"
    ]


def test_a_tag_is_what_jieba_writes(refused: Refused, notices: list[str]) -> None:
    """Of words with a blank, jieba's own reader would take the last for a tag, or for none."""
    for line in ("deep learning", "GPT Plus", "iPhone 15 Pro", "Edu Trust认证 2000"):
        assert f"a blank in '{line.lower()}', which never matches" in refused(line)
    assert "is a single character" in refused("脑 3 n")
    assert "'·' in '爱因斯坦·罗森', which ends a word" in refused("爱因斯坦·罗森 5 nr")
    assert "is a single character" in refused("\u200b 5")
    assert notices == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("低空 经济", f"a blank in '低空 经济', which never matches. {BLANK}"),
        ("低空经济 新", f"a blank in '低空经济 新', which never matches. {BLANK}"),
        ("低空\u2028经济", f"a blank in '低空 经济', which never matches. {BLANK}"),
        ("低空 # 新", "a blank in '低空 # 新', which never matches. " + COMMENT),
        ("低空，量子", f"',' in '低空,量子', which ends a word in every text. {PARTS}"),
        ("γ射线", f"'γ' in 'γ射线', which ends a word in every text. {PARTS}"),
        ("脑", "'脑' is a single character, which is cut no further. Leave it out."),
        ("。", "'。' is a single character, which is cut no further. Leave it out."),
        ("低空\x07经济", "a control character (U+0007). Remove it."),
        ("低" * 33, "longer than 32 characters, which no word is. Write one word a line."),
    ],
)
def test_a_line_that_could_never_match_is_refused(refused: Refused, line: str, told: str) -> None:
    assert refused(f"# 词\n车路云\n{line}\n") == f"words.txt:3: {told}"


def test_a_word_of_32_characters_is_taken(read: Read) -> None:
    assert read("低" * 32) == ("低" * 32,)


def test_every_line_that_is_wrong_is_told_at_once(refused: Refused) -> None:
    assert refused("脑\n车路云\n机\n").endswith(" Leave it out; mend line 3 as well.")
    assert refused("脑\n" * 3).endswith(" Leave it out; mend lines 2, 3 as well.")
    assert refused("脑\n" * 13).endswith(
        " Leave it out; mend lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more as well."
    )


def test_of_a_million_lines_that_are_wrong_a_thousand_are_read(refused: Refused) -> None:
    assert refused("脑\n" * 999).endswith(" 10, 11 and 988 more as well.")
    told = refused("脑\n".encode() * 1000 + b"\xb5\xcd\xbf\xd5\n")  # else told as not UTF-8
    assert told.endswith(" 10, 11 and at least 989 more as well.")


def test_lines_are_counted_from_the_first_also_where_it_is_blank(refused: Refused) -> None:
    assert refused("\n\n脑\n").startswith("words.txt:3: ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "words.txt: an empty file. Export it again, or leave it out."),
        (b"\xef\xbb\xbf\n", "words.txt: an empty file. Export it again, or leave it out."),
        (
            b"# nothing\n",
            "words.txt: no word in it. Write one word a line, or leave the file out.",
        ),
        (
            "车路云\n低空".encode("gb18030"),
            "words.txt:1: not UTF-8. Save it as UTF-8, one word a line.",
        ),
        ("车路云".encode("utf-16"), "words.txt: not UTF-8 but UTF-16. Save it as UTF-8."),
        (
            "车路\n".encode() * (2**22 // 7 + 1),
            "words.txt: larger than 4 MiB. Give words that are cut apart without it, one a line.",
        ),
        (
            b"PAR1 and so on",
            "words.txt: Parquet, not a list of words. Save it as UTF-8, one word a line.",
        ),
    ],
    ids=["empty", "bom", "comments", "gb18030", "utf-16", "large", "parquet"],
)
def test_what_is_no_list_of_words_is_refused(refused: Refused, content: bytes, told: str) -> None:
    assert refused(content) == told


def test_a_later_line_that_is_not_utf_8_is_named(refused: Refused) -> None:
    assert refused("车路云\n".encode() + b"\xb5\xcd\xbf\xd5\n").startswith(
        "words.txt:2: not UTF-8."
    )


def test_a_missing_file_is_told() -> None:
    with pytest.raises(InputError, match=r"^nix\.txt: no such file or directory\."):
        read_dictionary("nix.txt", list[str]().append)
