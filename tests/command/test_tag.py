from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]
Tag = Callable[..., CompletedProcess[str]]

ARTICLE = {"id": "a1", "title": "青石晚报", "content": "湖水清澈。"}


@pytest.fixture
def tag(newstag: Newstag, trained: Path) -> Tag:
    """Tag with the trained store."""

    def run(*arguments: str | Path, stdin: str = "") -> CompletedProcess[str]:
        return newstag("tag", *arguments, "--store", trained, stdin=stdin)

    return run


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def mixed(rows: Rows) -> str:
    """An article, a row without title, a line that is no JSON, an article."""
    first, last = (json.dumps(row, ensure_ascii=False) for row in (rows[0], rows[1]))
    return f'{first}\n{{"id": "x"}}\noops\n{last}\n'


def test_answers_go_to_the_terminal_and_the_sum_to_stderr(tag: Tag, articles: Path) -> None:
    done = tag(articles)
    found = answers(done.stdout)
    review = sum(answer["review"] for answer in found)
    assert done.returncode == 0
    assert len(found) == 24
    assert done.stderr == f"24 tagged, {review} for review\n"


def test_an_answer_has_the_shape_of_the_contract(tag: Tag, trained: Path, rows: Rows) -> None:
    done = tag("-", stdin=json.dumps(rows[0]))
    (answer,) = answers(done.stdout)
    scores = answer["scores"]
    assert answer == {
        "id": "p1",
        "type": {"label": "policy_notice", "score": scores["type"]["policy_notice"]},
        "domains": [
            {"label": given["label"], "score": scores["domains"][given["label"]]}
            for given in answer["domains"]
        ],
        "review": bool(answer["reasons"]),
        "reasons": answer["reasons"],
        "scores": scores,
        "model": (trained / "champion").read_text().strip(),
    }
    assert list(answer) == ["id", "type", "domains", "review", "reasons", "scores", "model"]
    assert sorted(scores["type"]) == ["event", "news", "policy_notice", "research_breakthrough"]


def test_quiet_says_nothing_but_answers(tag: Tag, articles: Path) -> None:
    done = tag(articles, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(answers(done.stdout)) == 24


def test_a_jsonl_output_holds_the_lines_of_the_terminal(tag: Tag, articles: Path) -> None:
    done = tag(articles, "-o", "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert Path("out.jsonl").read_text("utf-8") == tag(articles).stdout
    assert sorted(path.name for path in Path().iterdir()) == ["out.jsonl", "out.jsonl.journal"]


def test_a_csv_output_holds_the_same_answers(tag: Tag, articles: Path) -> None:
    tag(articles, "-o", "out.csv")
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found[0] == (
        ["id", "type", "type_score", "domains", "domains_score", "review", "reasons", "model"]
    )
    assert found[1:] == [
        [
            answer["id"],
            answer["type"]["label"],
            str(answer["type"]["score"]),
            "|".join(given["label"] for given in answer["domains"]),
            "|".join(str(given["score"]) for given in answer["domains"]),
            "true" if answer["review"] else "false",
            "|".join(answer["reasons"]),
            answer["model"],
        ]
        for answer in answers(tag(articles).stdout)
    ]


def test_several_inputs_become_one_output_in_their_order(
    tag: Tag, articles: Path, write: Write
) -> None:
    one = write("one.csv", "id,title,content\nc1,青石晚报,湖水清澈。\n")
    done = tag(one, articles, "--quiet")
    assert [answer["id"] for answer in answers(done.stdout)][:3] == ["c1", "p1", "p2"]


def test_standard_input_stands_among_the_inputs(tag: Tag, articles: Path) -> None:
    done = tag(articles, "-", "--quiet", stdin=json.dumps([ARTICLE]))
    assert [answer["id"] for answer in answers(done.stdout)][-2:] == ["r6", "a1"]


def test_both_segmenters_give_the_same_answers(tag: Tag, articles: Path) -> None:
    reference = tag(articles, "--segmenter", "jieba")
    assert reference.stdout == tag(articles, "--segmenter", "rjieba").stdout
    assert len(reference.stdout) > 0


@pytest.mark.parametrize("ref", ["champion", "latest", "2", "directory"])
def test_the_model_is_named_in_several_ways(
    tag: Tag, trained: Path, articles: Path, ref: str
) -> None:
    champion = (trained / "champion").read_text().strip()
    done = tag(articles, "--model", trained / champion if ref == "directory" else ref)
    assert {answer["model"] for answer in answers(done.stdout)} == {champion}


def test_an_existing_output_is_left_alone(tag: Tag, articles: Path, write: Write) -> None:
    output = write("out.jsonl", "mine\n")
    done = tag(articles, "-o", output)
    assert done.returncode == 1
    assert done.stderr == "out.jsonl: exists already. Give --overwrite, or another -o.\n"
    assert Path(output).read_text() == "mine\n"


def test_overwrite_replaces_the_output(tag: Tag, articles: Path, write: Write) -> None:
    output = write("out.jsonl", "mine\n")
    assert tag(articles, "-o", output, "--overwrite").returncode == 0
    assert len(answers(Path(output).read_text("utf-8"))) == 24


def test_the_same_command_again_says_that_it_is_done(tag: Tag, articles: Path) -> None:
    first = tag(articles, "-o", "out.jsonl")
    again = tag(articles, "-o", "out.jsonl")
    assert (again.returncode, again.stderr) == (0, f"already done: {first.stderr}")


def test_a_folder_that_is_not_there_is_named(tag: Tag, articles: Path) -> None:
    done = tag(articles, "-o", "no/out.jsonl")
    assert done.returncode == 1
    assert done.stderr == (
        "no/out.jsonl: cannot be written (No such file or directory). Check the folder, its "
        "permissions and the space on its disk.\n"
    )


def test_strict_stops_at_the_first_bad_row_and_leaves_no_output(
    tag: Tag, rows: Rows, write: Write
) -> None:
    done = tag(write("in.jsonl", mixed(rows)), "-o", "out.jsonl", "--strict")
    assert done.returncode == 1
    assert done.stderr == 'in.jsonl:2: no title. Add title or 标题title; "" where there is none.\n'
    assert not Path("out.jsonl").exists()
    assert not Path("out.jsonl.rejects.jsonl").exists()


def test_a_strict_failure_keeps_the_output_of_before(tag: Tag, rows: Rows, write: Write) -> None:
    output = write("out.jsonl", "mine\n")
    bad = write("in.jsonl", mixed(rows))
    assert tag(bad, "-o", output, "--strict", "--overwrite").returncode == 1
    assert Path(output).read_text() == "mine\n"


def test_bad_rows_are_told_and_filed_and_the_others_tagged(
    tag: Tag, rows: Rows, write: Write
) -> None:
    done = tag(write("in.jsonl", mixed(rows)), "-o", "out.jsonl")
    review = sum(a["review"] for a in answers(Path("out.jsonl").read_text("utf-8")))
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        'in.jsonl:2: no title. Add title or 标题title; "" where there is none.',
        "in.jsonl:3: not JSON (Expecting value: line 1 column 1 (char 0)). Give one object a line.",
        "unreadable articles left out: 2",
        f"2 tagged, {review} for review",
    ]
    assert answers(Path("out.jsonl.rejects.jsonl").read_text("utf-8")) == [
        {
            "source": "in.jsonl",
            "unit": "line",
            "position": 2,
            "reason": "no title",
            "fix": 'Add title or 标题title; "" where there is none',
        },
        {
            "source": "in.jsonl",
            "unit": "line",
            "position": 3,
            "reason": "not JSON (Expecting value: line 1 column 1 (char 0))",
            "fix": "Give one object a line",
        },
    ]


def test_the_rejects_of_an_earlier_run_go(tag: Tag, rows: Rows, write: Write) -> None:
    tag(write("in.jsonl", mixed(rows)), "-o", "out.jsonl")
    tag(write("good.jsonl", rows), "-o", "out.jsonl", "--overwrite")
    assert not Path("out.jsonl.rejects.jsonl").exists()


def test_quiet_still_tells_of_bad_rows(tag: Tag, rows: Rows, write: Write) -> None:
    done = tag(write("in.jsonl", mixed(rows)), "--quiet")
    assert done.stderr.splitlines()[-1] == "unreadable articles left out: 2"
    assert len(answers(done.stdout)) == 2


def test_many_bad_rows_are_counted(tag: Tag, rows: Rows, write: Write) -> None:
    done = tag(write("in.jsonl", [*([{"id": "x"}] * 15), rows[0]]), "--quiet")
    said = done.stderr.splitlines()
    assert len(said) == 11
    assert said[-1] == "unreadable articles left out: 15"


def test_tagging_nothing_is_an_error(tag: Tag, write: Write) -> None:
    done = tag(write("in.jsonl", [{"id": "x"}]))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        'in.jsonl:1: no title. Add title or 标题title; "" where there is none.',
        "unreadable articles left out: 1",
        "in.jsonl: nothing could be tagged. Mend the unreadable articles.",
    ]


def test_articles_that_say_little_go_to_review_and_a_long_one_is_read_whole(
    tag: Tag, write: Write
) -> None:
    long = "青石大学团队在期刊发表论文。实验结果显示突破。" * 1000
    posts = [
        {"id": "short", "title": "青石晚报", "content": "今日青石湖水位创五年新高。"},
        {"id": "furniture", "title": "青石晚报", "content": "↓分享\n↓点赞\n↓在看"},
        {"id": "empty", "title": "青石晚报", "content": ""},
        {"id": "long", "title": "青石晚报", "content": long[:20_000]},
    ]
    assert [len(post["content"]) for post in posts] == [13, 11, 0, 20_000]
    done = tag(write("special.jsonl", posts), "--quiet")
    found = answers(done.stdout)
    assert [answer["id"] for answer in found] == ["short", "furniture", "empty", "long"]
    assert [answer["review"] for answer in found[:3]] == [True, True, True]
    assert ["too_little_text" in answer["reasons"] for answer in found] == [True] * 3 + [False]
    assert ["truncated" in answer["reasons"] for answer in found] == [False] * 4


def test_one_character_more_is_truncated_and_said_to_be(tag: Tag, write: Write) -> None:
    article = {"id": "long", "title": "青石晚报", "content": "水" * 20_001}
    (answer,) = answers(tag(write("long.jsonl", [article])).stdout)
    assert "truncated" in answer["reasons"]
    assert answer["review"] is True


def test_words_that_spoke_for_a_label_are_shown_where_asked_for(
    newstag: Newstag, trained: Path, articles: str
) -> None:
    done = newstag("tag", articles, "--store", trained, "--explain", "2", "--quiet")
    for line in done.stdout.splitlines():
        for labels in json.loads(line)["explain"].values():
            assert all(len(reasons["words"]) <= 2 for reasons in labels.values())


def test_only_jsonl_has_a_place_for_explanations(
    newstag: Newstag, trained: Path, articles: str
) -> None:
    done = newstag("tag", articles, "--store", trained, "--explain", "2", "-o", "out.csv")
    fix = "Give a .jsonl file, or leave --explain out"
    message = f"out.csv: only JSONL has a place for explanations. {fix}.\n"
    assert (done.returncode, done.stderr) == (1, message)
    assert not Path("out.csv").exists()


def test_a_csv_as_chinese_excel_saves_it_is_read(tag: Tag, write: Write) -> None:
    path = write("gbk.csv", "编号,标题,正文\na1,青石,水\n".encode("gb18030"))
    done = tag(path, "--columns", "id=编号,title=标题,content=正文", "--quiet")
    assert [answer["id"] for answer in answers(done.stdout)] == ["a1"]


def test_a_column_map_of_unknown_names_is_refused(tag: Tag, articles: Path) -> None:
    done = tag(articles, "--columns", "headline=标题")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "--columns: no name 'headline'. "
        "Use one of: id, title, content, url, published, account, type, domains.\n"
    )


def test_folders_and_patterns_stand_for_their_files(tag: Tag, rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (2, 1):
        text = json.dumps(rows[number], ensure_ascii=False)
        (tmp_path / "in" / f"{number}.jsonl").write_text(text, "utf-8")
    expected = [rows[1]["id"], rows[2]["id"]]
    for given in ("in", "in/*.jsonl", "**/[12].jsonl"):
        found = answers(tag(given, "--quiet").stdout)
        assert [answer["id"] for answer in found] == expected


def test_gzip_goes_in_and_comes_out(tag: Tag, articles: Path) -> None:
    Path("in.jsonl.gz").write_bytes(gzip.compress(articles.read_bytes()))
    assert tag("in.jsonl.gz", "-o", "out.jsonl.gz", "--quiet").returncode == 0
    text = gzip.decompress(Path("out.jsonl.gz").read_bytes()).decode()
    assert text == tag(articles).stdout


def test_parquet_goes_in_and_comes_out(tag: Tag, articles: Path, rows: Rows) -> None:
    names = ("id", "title", "content", "domains")
    table = pa.table({name: [row[name] for row in rows] for name in names})
    pq.write_table(table, "in.parquet")
    assert tag("in.parquet", "-o", "out.parquet", "--quiet").returncode == 0
    found = pq.read_table("out.parquet")
    assert found.schema.names == (
        ["id", "type", "type_score", "domains", "domains_score", "review", "reasons", "model"]
    )
    for row, answer in zip(found.to_pylist(), answers(tag(articles).stdout), strict=True):
        given = answer["domains"]
        assert row == {
            "id": answer["id"],
            "type": answer["type"]["label"],
            "type_score": answer["type"]["score"],
            "domains": "|".join(one["label"] for one in given),
            "domains_score": "|".join(str(one["score"]) for one in given),
            "review": answer["review"],
            "reasons": "|".join(answer["reasons"]),
            "model": answer["model"],
        }


def test_what_changes_against_the_labels_of_the_input_is_summed_up(
    tag: Tag, rows: Rows, write: Write
) -> None:
    given = write("in.jsonl", [{**row, "type": "news", "domains": []} for row in rows])
    done = tag(given, "-o", "out.jsonl", "--compare-with", "labels")
    now = answers(Path("out.jsonl").read_text("utf-8"))
    changed = [one["id"] for one in now if one["type"]["label"] != "news" or one["domains"]]
    told = answers(Path("out.jsonl.changed.jsonl").read_text("utf-8"))
    assert 12 < len(changed) < 24
    assert [row["id"] for row in told] == changed
    summary = json.loads(Path("out.jsonl.summary.json").read_text("utf-8"))
    news = sum(one["type"]["label"] == "news" for one in now)
    label = summary["groups"]["type"]["labels"]["news"]
    assert (summary["articles"], summary["compared"]) == (24, 24)
    assert summary["changed"] == len(changed)
    assert (label["before"], label["after"], label["lost"]) == (24, news, 24 - news)
    said = f"{len(changed)} of 24 articles are called otherwise than by labels"
    assert said in done.stderr.splitlines()


def test_only_what_is_called_otherwise_comes_out_where_asked_for(
    tag: Tag, rows: Rows, write: Write
) -> None:
    given = write("in.jsonl", [{**row, "type": "news"} for row in rows])
    tag(given, "-o", "all.jsonl", "--compare-with", "labels")
    tag(given, "-o", "some.jsonl", "--compare-with", "labels", "--only-changed")
    changed = answers(Path("all.jsonl.changed.jsonl").read_text("utf-8"))
    some = answers(Path("some.jsonl").read_text("utf-8"))
    assert [one["id"] for one in some] == [row["id"] for row in changed]
    for ending in ("changed.jsonl", "summary.json"):
        assert Path(f"some.jsonl.{ending}").read_bytes() == Path(f"all.jsonl.{ending}").read_bytes()


def test_against_itself_a_version_changes_nothing(tag: Tag, articles: Path) -> None:
    done = tag(articles, "-o", "out.jsonl", "--compare-with", "champion", "--only-changed")
    assert done.returncode == 0
    assert Path("out.jsonl").read_text() == ""
    summary = json.loads(Path("out.jsonl.summary.json").read_text("utf-8"))
    assert (summary["articles"], summary["changed"]) == (24, 0)
    assert summary["review"]["before"] == summary["review"]["after"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["-", "--resume", "-o", "o"], "--resume cannot read standard input a second time."),
        (["a", "--resume"], "--resume needs a file to write. Give one with -o."),
        (["a", "--resume", "--overwrite", "-o", "o"], "--resume goes on and --overwrite begins"),
        (["a", "--compare-with", "labels"], "--compare-with needs a file to write."),
        (["a", "-o", "o", "--only-changed"], "--only-changed needs --compare-with"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    tag: Tag, given: list[str], message: str
) -> None:
    done = tag(*given)
    assert done.returncode == 2
    assert message in done.stderr
