"""A reader gets the language that was asked for, or the browser's, and every text exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import serving.language
from labels.scheme import shipped_scheme
from serving.language import choose

FOLDER = Path(serving.language.__file__).parent
BLANKS = re.compile(r"\{(\w+)\}")
# Keys that templates and code put together of parts.
PARTED = re.compile(r"^(problem|fix|reason|action|in|history|speaks|figures|because|field)_")


def texts(code: str) -> dict[str, str]:
    return tomllib.loads((FOLDER / "texts" / f"{code}.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-TW", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0, fr", "en"),
        ("", "en"),
        ("*", "en"),
        ("zh;q=x", "en"),
        (";;;,,;q=", "en"),
        ("zhuang", "en"),
    ],
)
def test_the_browser_chooses_among_ours(accepted: str, code: str) -> None:
    found = choose(None, accepted)
    assert found.code == code
    assert not found.chosen


def test_what_was_asked_for_comes_before_the_browser_and_stays_in_links() -> None:
    found = choose("zh", "en")
    assert (found.code, found.tag, found.other) == ("zh", "zh-CN", "en")
    assert found.link("/model") == "/model?lang=zh"
    assert found.link("/", example="s1-025") == "/?example=s1-025&lang=zh"


def test_a_language_that_there_is_not_changes_nothing() -> None:
    found = choose("klingon", "zh")
    assert found.code == "zh"
    assert found.link("/model") == "/model"


def test_groups_and_labels_have_their_names_in_the_language() -> None:
    group = shipped_scheme().groups[1]
    assert choose("zh", "").name(group) == "领域"
    assert choose("en", "").name(group.labels[3]) == "metaverse"


@pytest.mark.parametrize(
    ("names", "zh", "en"),
    [
        (["a"], "a", "a"),
        (["a", "b"], "a和b", "a and b"),
        (["a", "b", "c"], "a、b和c", "a, b and c"),
    ],
)
def test_names_are_listed_as_people_do(names: list[str], zh: str, en: str) -> None:
    assert (choose("zh", "").listed(names), choose("en", "").listed(names)) == (zh, en)


def test_both_languages_say_the_same_things_with_the_same_blanks() -> None:
    zh, en = texts("zh"), texts("en")
    assert list(zh) == list(en)
    blanks = {key: set(BLANKS.findall(text)) for key, text in en.items()}
    assert {key: set(BLANKS.findall(text)) for key, text in zh.items()} == blanks


def test_what_may_be_measured_on_invented_articles_speaks_of_no_posts() -> None:
    keys = [key for key in texts("en") if re.match(r"micro|kept|calibration|column|confusion", key)]
    keys += [f"weak_{name}" for name in ("low", "missed", "alarm", "rare", "confused", "unlearnt")]
    assert len(keys) > 15
    assert [key for key in keys if "post" in texts("en")[key] or "推文" in texts("zh")[key]] == []


def test_every_text_is_used_and_every_used_text_exists() -> None:
    sources = [*FOLDER.glob("*.py"), *(FOLDER / "templates").glob("*.html")]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    known = texts("en")
    used = set(re.findall(r"""say\(\s*['"](\w+)['"]\s*[,)]""", code))
    assert used - set(known) == set()
    unused = {key for key in known if f'"{key}"' not in code and f"'{key}'" not in code}
    assert {key for key in unused if not PARTED.match(key)} == set()
