"""The verbs that judge what there is: evaluate, labels suspects and train --precision."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]

NEW: Rows = [
    {
        "id": "x1",
        "title": "白鹿市征集脑机接口示范项目",
        "content": "各有关单位：\n白鹿市将评选十个脑机接口示范项目，请填写附件后寄回。特此通知。",
        "type": "policy_notice",
        "domains": ["brain_computer_interface"],
    },
    {
        "id": "x2",
        "title": "松雾区数字人展本周开幕",
        "content": "展区设在旧粮仓，头显可以免费试戴，周末还有两场沙龙，观众凭身份证入场。",
        "type": "event",
        "domains": ["metaverse"],
    },
    {
        "id": "x3",
        "title": "一家小店的算力生意",
        "content": "记者走访了山脚下的机房。",
        "type": "news",
    },
]


def version_of(store: Path) -> str:
    return (store / "champion").read_text("ascii").strip()


def test_new_articles_are_measured(newstag: Newstag, trained: Path, write: Write) -> None:
    done = newstag("evaluate", "--store", trained, "--articles", write("new.jsonl", NEW))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "3 given articles, labelled: 3 by article row",
        "",
        f"{version_of(trained)} on 3 articles that it was not trained on",
        "",
        "type (3 articles)",
    ]
    assert "domains (2 articles)" in lines
    assert "set apart" not in done.stdout


def test_articles_that_it_was_trained_on_are_set_apart(
    newstag: Newstag, trained: Path, rows: Rows, write: Write
) -> None:
    nearly = {**rows[3], "id": "near", "content": f"{rows[3]['content']}谢谢"}
    renamed = {**rows[4], "id": "renamed"}
    given = write("mixed.jsonl", [*NEW, rows[0], nearly, renamed])
    done = newstag("evaluate", "--store", trained, "--articles", given)
    lines = done.stdout.splitlines()
    assert lines[2:5] == [
        f"{version_of(trained)} on 3 articles that it was not trained on",
        "set apart as trained on: 3",
        "  same text (2): p1, renamed",
    ]
    assert lines[-3].startswith("type of those set apart, no measure of quality: macro-F1 ")


def test_its_own_articles_measure_nothing(newstag: Newstag, trained: Path, articles: Path) -> None:
    done = newstag("evaluate", "--store", trained, "--articles", articles)
    lines = done.stdout.splitlines()
    assert lines[2] == f"{version_of(trained)} on 0 articles that it was not trained on"
    assert lines[3] == "set apart as trained on: 24"
    assert (
        lines[5] == "Nothing is left to measure. Give labelled articles with other ids and texts."
    )
    assert "type (" not in done.stdout


def test_everything_is_one_json_object(newstag: Newstag, trained: Path, write: Write) -> None:
    given = write("new.jsonl", NEW)
    done = newstag("evaluate", "--store", trained, "--articles", given, "--json")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    raw = json.loads(done.stdout)
    assert (raw["model"], raw["evaluated"], raw["seen"]) == (version_of(trained), 3, {})
    assert [answer["id"] for answer in raw["answers"]] == ["x1", "x2", "x3"]
    assert raw["answers"][2]["gold"] == {"type": ["news"]}


def test_labels_may_stand_in_a_file_of_their_own(
    newstag: Newstag, trained: Path, write: Write
) -> None:
    bare: Rows = [{key: row[key] for key in ("id", "title", "content")} for row in NEW]
    labels = write("labels.jsonl", [{"id": "x1", "type": "event"}])
    given = ("--articles", write("new.jsonl", bare), "--labels", labels)
    done = newstag("evaluate", "--store", trained, *given)
    assert done.stdout.splitlines()[0] == "1 given articles, labelled: 1 by labels file"
    assert done.stderr == "note: 2 of 3 articles have no label: left out\n"


def test_the_starter_is_evaluated_only_where_asked_for(
    newstag: Newstag, trained: Path, write: Write
) -> None:
    given = ("evaluate", "--store", trained, "--articles", write("new.jsonl", NEW))
    assert "starter" not in newstag(*given).stdout
    assert " starter articles, labelled: " in newstag(*given, "--starter").stdout


def test_another_scheme_than_that_of_the_version_is_refused(
    newstag: Newstag, trained: Path, write: Write
) -> None:
    labels = '[[groups.type.labels]]\nid = "news"\n[[groups.type.labels]]\nid = "event"\n'
    scheme = write("mine.toml", f'[groups.type]\nkind = "exclusive"\n{labels}')
    news = write("new.jsonl", [NEW[2]])
    done = newstag("evaluate", "--store", trained, "--scheme", scheme, "--articles", news)
    assert done.returncode == 1
    assert done.stderr == (
        "mine.toml: not the scheme of the version. Leave --scheme out: the version has its own.\n"
    )


def test_a_version_with_a_scheme_of_its_own_is_evaluated_under_it(
    newstag: Newstag, rows: Rows, write: Write
) -> None:
    labels = "".join(
        f'[[groups.kind.labels]]\nid = "{kind}"\n'
        for kind in ("policy_notice", "news", "event", "research_breakthrough")
    )
    scheme = write("mine.toml", f'[groups.kind]\nkind = "exclusive"\n{labels}')
    mine: Rows = [
        {**{key: row[key] for key in ("id", "title", "content")}, "kind": row["type"]}
        for row in [*rows, *NEW]
    ]
    train = ("train", "--no-track", "--jobs", "1", "--store", "own", "--scheme", scheme)
    done = newstag(*train, "--articles", write("mine.jsonl", mine[:24]))
    assert done.returncode == 0, done.stderr
    given = ("--store", "own", "--articles", write("new.jsonl", mine[24:]))
    done = newstag("evaluate", *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert "kind (3 articles)" in done.stdout.splitlines()
    refused = newstag("evaluate", *given, "--starter")
    assert refused.returncode == 2
    assert "--starter goes with our scheme: its labels are not in yours." in refused.stderr


def test_articles_without_labels_cannot_be_evaluated(newstag: Newstag, trained: Path) -> None:
    done = newstag("evaluate", "--store", trained)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "articles: none of them is labelled. Give --articles with labels, in their rows or "
        "with --labels.\n"
    )


@pytest.mark.parametrize("verb", [["evaluate"], ["labels", "suspects"]], ids=" ".join)
def test_an_unknown_version_names_those_there_are(
    newstag: Newstag, trained: Path, verb: list[str]
) -> None:
    done = newstag(*verb, "--store", trained, "--model", "x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{trained}: no version 'x'. Use one of: {version_of(trained)}.\n"


def test_suspects_are_told_the_strongest_first(newstag: Newstag, trained: Path) -> None:
    done = newstag("labels", "suspects", "--store", trained)
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert first.endswith(f" suspects among the 24 training articles of {version_of(trained)}")
    assert int(first.split()[0]) == len(rest) > 1


def test_suspects_are_json_lines(newstag: Newstag, trained: Path) -> None:
    done = newstag("labels", "suspects", "--store", trained, "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(found[0]) == {"id", "group", "label", "has", "likely", "margin"}
    assert [one["margin"] for one in found] == sorted(
        (one["margin"] for one in found), reverse=True
    )


def test_a_limit_shows_the_strongest_and_still_counts_all(newstag: Newstag, trained: Path) -> None:
    every = newstag("labels", "suspects", "--store", trained).stdout.splitlines()
    some = newstag("labels", "suspects", "--store", trained, "--limit", "1").stdout.splitlines()
    assert len(some) == 2
    assert some[0] == every[0]
    assert some[1].split() == every[1].split()
    limited = newstag("labels", "suspects", "--store", trained, "--limit", "1", "--json")
    assert limited.stdout.count("\n") == 1


def test_a_wrong_label_is_a_suspect(newstag: Newstag, rows: Rows, write: Write) -> None:
    wrong: Rows = [{**row, "type": "event"} if row["id"] == "p1" else row for row in rows]
    train = ("train", "--no-starter", "--no-track", "--jobs", "1", "--store", "store")
    assert newstag(*train, "--articles", write("a.jsonl", wrong)).returncode == 0
    done = newstag("labels", "suspects", "--store", "store", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    said = [(one["id"], one["label"], one["has"]) for one in found if one["group"] == "type"]
    assert ("p1", "event", True) in said
    assert ("p1", "policy_notice", False) in said


def test_labels_with_too_few_articles_are_said_not_to_be_judged(
    newstag: Newstag, rows: Rows, write: Write
) -> None:
    fewer = [row for row in rows if row["id"] not in ("r1", "r2")]
    train = ("train", "--no-starter", "--no-track", "--jobs", "1", "--store", "store")
    assert newstag(*train, "--articles", write("a.jsonl", fewer)).returncode == 0
    done = newstag("labels", "suspects", "--store", "store")
    assert (
        "too few to judge type:research_breakthrough: 4 articles with it, 18 without, "
        "5 of each are needed"
    ) in done.stdout.splitlines()


def test_a_version_whose_scores_are_damaged_says_which_file(
    newstag: Newstag, store: Path, version: Path
) -> None:
    (version / "oof.jsonl").write_text("{}\n")
    done = newstag("labels", "suspects", "--store", store)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{version / 'oof.jsonl'}: an altered file")


def test_precision_says_what_can_be_promised_and_on_how_much(
    newstag: Newstag, articles: Path
) -> None:
    train = ("train", "--no-starter", "--no-track", "--jobs", "1", "--store", "store")
    done = newstag(*train, "--articles", articles, "--precision", "0.95")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    start = lines.index("type: labels that need no review at precision 0.95, with confidence 95 %")
    held = "59 are needed: all go to review"
    assert all(line.endswith(held) for line in lines[start + 1 : start + 5])
    assert lines[start + 5].startswith("  Learnt on 24 given articles, near-duplicates counted")
    assert "domains: labels that need no review at precision 0.95, with confidence 95 %" in lines
    shown = newstag("models", "show", "--store", "store").stdout.splitlines()
    assert lines[start] in shown


def test_without_precision_nothing_is_promised(newstag: Newstag, trained: Path) -> None:
    done = newstag("models", "show", "--store", trained)
    assert "need no review" not in done.stdout


def test_a_version_that_could_promise_nothing_sends_every_type_to_review(
    newstag: Newstag, articles: Path, write: Write
) -> None:
    train = ("train", "--no-starter", "--no-track", "--jobs", "1", "--store", "store")
    assert newstag(*train, "--articles", articles, "--precision", "0.95").returncode == 0
    done = newstag("tag", write("new.jsonl", NEW), "--store", "store", "--quiet")
    tagged = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(tagged) == 3
    assert all("uncertain:type" in one["reasons"] for one in tagged)


@pytest.mark.parametrize("precision", ["0.5", "1", "95"])
def test_a_precision_that_nothing_or_anything_keeps_is_refused(
    newstag: Newstag, articles: Path, precision: str
) -> None:
    done = newstag("train", "--no-starter", "--articles", articles, "--precision", precision)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{float(precision)} is not in the range 0.5<x<1." in done.stderr
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("precision", ["nan", "inf"])
def test_a_precision_that_is_no_number_is_refused(newstag: Newstag, precision: str) -> None:
    done = newstag("train", "--precision", precision)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert f"Invalid value for '--precision' (env var: 'NEWSTAG_PRECISION'): {precision} is" in (
        done.stderr
    )
