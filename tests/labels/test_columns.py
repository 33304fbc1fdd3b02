from __future__ import annotations

import pytest

from labels.article import article_from
from labels.columns import read_columns
from labels.errors import InputError
from labels.scheme import Scheme

ROW: dict[str, object] = {"编号": 7, "标题": "澄湖", "正文": "水。", "类别": "news", "title": "旧"}
COLUMNS = {"id": "编号", "title": "标题", "content": "正文", "type": "类别"}


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_columns(text, ["type"])
    return str(caught.value)


def test_columns_are_given_as_ours_and_theirs() -> None:
    assert read_columns(" title = 标题 ,content=正文,type=类别", ["type"]) == {
        "title": "标题",
        "content": "正文",
        "type": "类别",
    }


def test_a_key_with_a_comma_or_an_equals_sign_is_given_as_json() -> None:
    assert read_columns(' {"title": "a,b=c"}') == {"title": "a,b=c"}


@pytest.mark.parametrize("text", ["titel=标题", '{"titel": "标题"}'])
def test_an_unknown_name_is_refused_with_the_known_ones(text: str) -> None:
    assert refusal(text) == (
        "--columns: no name 'titel'. Use one of: id, title, content, url, published, account, type."
    )


FORM = "Give OURS=THEIRS,…, for instance title=标题,content=正文."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"not OURS=THEIRS: ''. {FORM}"),
        ("title", f"not OURS=THEIRS: 'title'. {FORM}"),
        ("title=a=b", f"not OURS=THEIRS: 'title=a=b'. {FORM}"),
        ("title=标题,", f"not OURS=THEIRS: ''. {FORM}"),
        ("=标题", f"not OURS=THEIRS: '=标题'. {FORM}"),
        ("title= ", f"no key for title. {FORM}"),
        ('{"title": ""}', f"no key for title. {FORM}"),
        ("{}", f"no name in it. {FORM}"),
        ('{"title": 3}', 'a key that is not text. Give {"title": "标题"}.'),
        ("title=a,title=b", "'title' stands twice. Keep one of the two."),
        ('{"title": "a", "title": "b"}', "'title' stands twice. Keep one of the two."),
        ("title=a,content=a", "'a' is given for two names. Give each name a key of its own."),
    ],
)
def test_what_is_not_of_that_form_is_refused(text: str, said: str) -> None:
    assert refusal(text) == f"--columns: {said}"


def test_half_a_json_object_is_refused() -> None:
    assert refusal("{title").startswith("--columns: not JSON (")


def test_a_mapped_name_is_looked_for_under_its_key(scheme: Scheme) -> None:
    article = article_from(ROW, "here", COLUMNS)
    assert (article.id, article.title, article.content) == ("7", "澄湖", "水。")
    assert scheme.labels_in(article.extra, "here") == {"type": frozenset({"news"})}


def test_a_mapped_name_is_looked_for_nowhere_else() -> None:
    row = {key: value for key, value in ROW.items() if key != "标题"}
    with pytest.raises(InputError) as caught:
        article_from(row, "here", COLUMNS)
    assert str(caught.value) == 'here: no 标题 (title). Add 标题; "" where there is none.'


def test_a_mapped_group_hides_what_stands_under_its_own_id() -> None:
    row = {**ROW, "type": "old"}
    assert article_from(row, "here", COLUMNS).extra["type"] == "news"
    del row["类别"]
    assert "type" not in article_from(row, "here", COLUMNS).extra
