from __future__ import annotations

from collections.abc import Callable

import pytest

from labels.article import Article
from labels.corpus import plain
from labels.errors import InputError
from labels.reading import label_row, read_articles, read_distinct, read_labels
from labels.rows import raise_it
from labels.scheme import Scheme

Write = Callable[[str, str | bytes | list[object]], str]


def row(name: object, content: str = "本月水质良好。", **more: object) -> dict[str, object]:
    return {"id": name, "title": "澄湖月报", "content": content, **more}


def distinct(scheme: Scheme, *paths: str) -> tuple[dict[str, Article], list[str]]:
    said: list[str] = []
    return read_distinct(paths, scheme, raise_it, said.append), said


def conflict(scheme: Scheme, *paths: str) -> str:
    with pytest.raises(InputError) as caught:
        distinct(scheme, *paths)
    return str(caught.value)


def labels_refusal(scheme: Scheme, *paths: str) -> str:
    with pytest.raises(InputError) as caught:
        read_labels(paths, scheme, list[str]().append)
    return str(caught.value)


def test_the_same_articles_come_out_of_every_format(write: Write) -> None:
    rows = '{"id":"w1","title":"澄湖","content":"一\\n二"}'
    paths = [
        write("a.json", f"[{rows}]"),
        write("a.jsonl", rows),
        write("a.csv", 'id,title,content\nw1,澄湖,"一\n二"\n'),
    ]
    articles = list(read_articles(paths, raise_it))
    assert {(a.id, a.title, a.content) for a in articles} == {("w1", "澄湖", "一\n二")}
    assert len(articles) == 3


def test_an_export_of_the_newsroom_is_read_whole(write: Write) -> None:
    path = write(
        "export.json",
        '[{"文章标识符aid": "w9_1", "标题title": "澄湖", "链接url": "https://example.org",'
        ' "时间time": "2024-05-06", "公众号名称": "澄湖观察", "finalContent": "水。", "赞": 3}]',
    )
    assert list(read_articles([path], raise_it)) == [
        Article(
            id="w9_1",
            title="澄湖",
            content="水。",
            url="https://example.org",
            published="2024-05-06",
            account="澄湖观察",
            extra={"赞": 3},
            where="export.json[0]",
        )
    ]


def test_half_an_emoji_in_a_line_is_kept(write: Write) -> None:
    path = write("a.jsonl", [row("w1", "水质\ud83d")])
    assert [a.content for a in read_articles([path], raise_it)] == ["水质\ud83d"]


def test_a_strict_reader_stops_at_the_first_bad_article(write: Write) -> None:
    articles = read_articles([write("a.jsonl", [row("w1"), ["w2"], row("w3")])], raise_it)
    assert next(articles).id == "w1"
    with pytest.raises(InputError) as caught:
        next(articles)
    assert str(caught.value) == (
        'a.jsonl:2: not an object. Give {"id": …, "title": …, "content": …}.'
    )


def test_a_lenient_reader_goes_on_after_bad_articles(write: Write) -> None:
    lines = '{"id": "w1", "title": "湖"}\nnope\n{"id": "w3", "title": "湖", "content": ""}\n'
    rejected: list[InputError] = []
    articles = read_articles([write("a.jsonl", lines)], rejected.append)
    assert [article.id for article in articles] == ["w3"]
    assert [str(error) for error in rejected] == [
        'a.jsonl:1: no content. Add content or finalContent; "" where there is none.',
        "a.jsonl:2: not JSON (Expecting value: line 1 column 1 (char 0)). Give one object a line.",
    ]


def test_the_same_article_twice_is_taken_once_with_a_notice(write: Write, scheme: Scheme) -> None:
    one = write("a.jsonl", [row("w1", type="news"), row("w2")])
    other = write("b.jsonl", [row("w1", type="news", theme="湖")])
    articles, said = distinct(scheme, one, other)
    assert list(articles) == ["w1", "w2"]
    assert said == ["b.jsonl:1: the same article as a.jsonl:1: taken once"]


def test_an_integer_id_is_the_same_as_its_text(write: Write, scheme: Scheme) -> None:
    articles, said = distinct(scheme, write("a.jsonl", [row(7), row("7")]))
    assert list(articles) == ["7"]
    assert said == ["a.jsonl:2: the same article as a.jsonl:1: taken once"]


def test_two_texts_under_one_id_are_refused(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row("w1"), row("w1", "本月水质较差。")])
    assert conflict(scheme, path) == (
        "a.jsonl:2: id 'w1' stands at a.jsonl:1 with another text. "
        "Give each article an id of its own."
    )


def test_two_labellings_of_one_text_are_refused(write: Write, scheme: Scheme) -> None:
    path = write("a.jsonl", [row("w1", type="news"), row("w1", type="event")])
    assert conflict(scheme, path) == (
        "a.jsonl:2: 'w1' is labelled otherwise at a.jsonl:1. Keep one of the two."
    )


def test_the_same_article_with_and_without_labels_is_taken_with_them(
    write: Write, scheme: Scheme
) -> None:
    path = write("a.jsonl", [row("w1"), row("w1", domains=[]), row("w1")])
    said: list[str] = []
    found = read_distinct([path], scheme, raise_it, said.append)
    assert found["w1"].extra == {"domains": []}
    assert said == [
        "a.jsonl:2: the same article as a.jsonl:1: taken once",
        "a.jsonl:3: the same article as a.jsonl:2: taken once",
    ]


def test_one_labels_file_given_twice_is_a_notice(write: Write, scheme: Scheme) -> None:
    path = write("l.jsonl", [{"id": "w1", "type": "news"}])
    said: list[str] = []
    read_labels([path, path], scheme, said.append)
    assert said == ["l.jsonl:1: the same label as l.jsonl:1: taken once"]


def test_labels_are_filed_by_id_with_their_place(write: Write, scheme: Scheme) -> None:
    path = write("l.jsonl", [{"id": 7, "type": "news"}, {"id": "w2", "domains": ["ai"]}])
    filed = read_labels([path], scheme, list[str]().append)
    assert [(name, plain(labels), where) for name, (labels, where) in filed.items()] == [
        ("7", {"type": ["news"]}, "l.jsonl:1"),
        ("w2", {"domains": ["ai"]}, "l.jsonl:2"),
    ]


def test_labels_come_from_csv_joined_by_bars(write: Write, scheme: Scheme) -> None:
    path = write("l.csv", "id,type,domains\nw1,news,ai|metaverse\nw2,event,[]\nw3,,ai\nw4,news,\n")
    filed = read_labels([path], scheme, list[str]().append)
    assert {name: plain(labels) for name, (labels, _) in filed.items()} == {
        "w1": {"type": ["news"], "domains": ["ai", "metaverse"]},
        "w2": {"type": ["event"], "domains": []},
        "w3": {"domains": ["ai"]},
        "w4": {"type": ["news"]},
    }


def test_a_csv_without_the_column_of_a_group_leaves_it_unknown(
    write: Write, scheme: Scheme
) -> None:
    filed = read_labels([write("l.csv", "id,type\nw1,news\n")], scheme, list[str]().append)
    assert plain(filed["w1"][0]) == {"type": ["news"]}


def test_two_labels_files_that_agree_are_a_notice(write: Write, scheme: Scheme) -> None:
    paths = [
        write("l.jsonl", [{"id": "w1", "domains": ["ai", "metaverse"]}]),
        write("m.csv", "id,domains\nw1,metaverse|ai\n"),
    ]
    said: list[str] = []
    assert list(read_labels(paths, scheme, said.append)) == ["w1"]
    assert said == ["m.csv:2: the same label as l.jsonl:1: taken once"]


def test_two_labels_files_that_conflict_are_refused(write: Write, scheme: Scheme) -> None:
    one = write("l.jsonl", [{"id": "w1", "type": "news"}])
    other = write("m.jsonl", [{"id": "w2", "type": "news"}, {"id": "w1", "type": "event"}])
    assert labels_refusal(scheme, one, other) == (
        "m.jsonl:2: 'w1' is labelled otherwise at l.jsonl:1. Keep one of the two."
    )


def test_an_unknown_label_names_the_line_and_the_allowed_labels(
    write: Write, scheme: Scheme
) -> None:
    path = write("l.jsonl", [{"id": "w1", "type": "news"}, {"id": "w2", "type": "newz"}])
    assert labels_refusal(scheme, path) == (
        "l.jsonl:2: no type 'newz'. Use one of: policy_notice, news, event, research_breakthrough."
    )


def test_a_broken_line_of_labels_is_always_an_error(write: Write, scheme: Scheme) -> None:
    assert labels_refusal(scheme, write("l.jsonl", '{"id": "w1", "type": "news"')) == (
        "l.jsonl:1: not JSON (Expecting ',' delimiter: line 1 column 28 (char 27)). "
        "Give one object a line."
    )


@pytest.mark.parametrize(
    "given", [{"id": "w1"}, {"id": "w1", "type": None}, {"id": "w1", "type": "", "title": "湖"}]
)
def test_a_row_without_any_label_is_refused(scheme: Scheme, given: object) -> None:
    with pytest.raises(InputError) as caught:
        label_row(given, scheme, "l.jsonl:4")
    assert str(caught.value) == "l.jsonl:4: no label. Give type and domains."


def test_a_row_of_labels_that_is_not_an_object_is_refused(scheme: Scheme) -> None:
    with pytest.raises(InputError) as caught:
        label_row(["w1", "news"], scheme, "l.json[0]")
    assert str(caught.value) == ('l.json[0]: not an object. Give {"id": …} with type and domains.')


@pytest.mark.parametrize("name", [None, "", True, ["w1"]])
def test_a_row_of_labels_without_an_id_is_refused(scheme: Scheme, name: object) -> None:
    with pytest.raises(InputError) as caught:
        label_row({"id": name, "type": "news"}, scheme, "l.jsonl:4")
    assert str(caught.value) == (
        "l.jsonl:4: no id. Give the id of the article that the label is for."
    )
