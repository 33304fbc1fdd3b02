from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from labels.scheme import shipped_scheme
from labels.shipped import gold_labels

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]


@dataclass(frozen=True)
class Own:
    """A scheme of one's own: the kind and the number of labels of each group."""

    groups: dict[str, tuple[str, int]]

    def labels(self, group: str) -> list[str]:
        return [f"{group}_{number}" for number in range(self.groups[group][1])]

    def toml(self) -> str:
        lines = []
        for group, (kind, _) in self.groups.items():
            lines += [f"[groups.{group}]", f'kind = "{kind}"']
            lines += [f'[[groups.{group}.labels]]\nid = "{one}"' for one in self.labels(group)]
        return "\n".join(lines)

    def articles(self) -> Iterator[dict[str, object]]:
        """Four articles a label; a multi group gets the label, that and the next, or none."""
        dealt = random.Random(0)  # noqa: S311 - texts for a test, not secrets - texts, no secrets
        size = max(count for _, count in self.groups.values())
        for number in range(4 * size):
            row: dict[str, object] = {"id": f"a{number}", "title": f"第{number}篇"}
            words = []
            for group, (kind, count) in self.groups.items():
                names = [self.labels(group)[number % count]]
                if kind == "multi" and number % 4 == 1:
                    names = [*names, self.labels(group)[(number + 1) % count]][:count]
                if kind == "multi" and number % 4 == 3:
                    names = []
                row[group] = names[0] if kind == "exclusive" else names
                words += [w for name in names for w in dealt.sample(own_words(name), 10)]
            dealt.shuffle(words)
            yield {**row, "content": "，".join([*words, *dealt.sample(own_words("any"), 10)])}


def own_words(name: str) -> list[str]:
    """Twelve pairs of Chinese characters that no other name has."""
    dealt = random.Random(name)  # noqa: S311 - texts for a test, not secrets
    return ["".join(chr(dealt.randrange(0x4E00, 0x9FA0)) for _ in "ab") for _ in range(12)]


SCHEMES = {
    "one exclusive group of 15": Own({"beat": ("exclusive", 15)}),
    "one multi group": Own({"topics": ("multi", 5)}),
    "two exclusive groups and a multi one": Own(
        {"beat": ("exclusive", 3), "tone": ("exclusive", 2), "topics": ("multi", 4)}
    ),
}
REASON = re.compile(
    r"uncertain:\w+(:\w+)?|untrained:\w+:\w+|too_little_text|truncated|out_of_vocabulary"
)


@dataclass(frozen=True)
class Trained:
    """A scheme, what a model of it was trained on, and what training said."""

    own: Own
    rows: list[dict[str, Any]]
    articles: Path
    store: Path
    said: CompletedProcess[str]

    @property
    def model(self) -> str:
        return (self.store / "champion").read_text().strip()


@pytest.fixture(scope="module", params=SCHEMES)
def trained_own(
    request: pytest.FixtureRequest, newstag: Newstag, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    own = SCHEMES[request.param]
    folder = tmp_path_factory.mktemp("own")
    rows = list(own.articles())
    scheme, articles, store = folder / "own.toml", folder / "a.jsonl", folder / "store"
    scheme.write_text(own.toml(), "utf-8")
    articles.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    given = ("--scheme", scheme, "--articles", articles, "--store", store)
    said = newstag("train", *given, "--no-track", "--jobs", "1")
    return Trained(own=own, rows=rows, articles=articles, store=store, said=said)


def check_shape(answer: dict[str, Any], own: Own, model: str) -> None:
    """The object that every client gets, whatever the scheme."""
    assert list(answer) == ["id", *own.groups, "review", "reasons", "scores", "model"]
    assert answer["model"] == model
    assert answer["review"] is bool(answer["reasons"])
    assert all(REASON.fullmatch(reason) for reason in answer["reasons"])
    assert list(answer["scores"]) == list(own.groups)
    for group, (kind, _) in own.groups.items():
        scores = answer["scores"][group]
        assert sorted(scores) == sorted(own.labels(group))
        assert list(scores.values()) == sorted(scores.values(), reverse=True)
        assert all(0 <= score <= 1 for score in scores.values())
        if kind == "exclusive":
            best = next(iter(scores))
            assert answer[group] == {"label": best, "score": scores[best]}
            assert sum(scores.values()) == pytest.approx(1, abs=1e-4)
        else:
            assert answer[group] == [
                {"label": given["label"], "score": scores[given["label"]]}
                for given in answer[group]
            ]


def test_training_takes_a_scheme_of_ones_own_and_leaves_the_starter(trained_own: Trained) -> None:
    count = len(trained_own.rows)
    assert trained_own.said.returncode == 0
    assert trained_own.said.stdout.splitlines()[:2] == [
        f"{count} given articles, labelled: {count} by article row",
        "",
    ]


def test_predictions_have_the_shape_of_the_scheme(newstag: Newstag, trained_own: Trained) -> None:
    done = newstag("tag", trained_own.articles, "--store", trained_own.store, "--quiet")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [row["id"] for row in trained_own.rows]
    for answer in answers:
        check_shape(answer, trained_own.own, trained_own.model)


def test_predictions_are_right_about_most_articles_of_the_training(
    newstag: Newstag, trained_own: Trained
) -> None:
    done = newstag("tag", trained_own.articles, "--store", trained_own.store, "--quiet")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for group in trained_own.own.groups:
        pairs = zip(answers, trained_own.rows, strict=True)
        right = sum(given_labels(answer[group]) == named(row[group]) for answer, row in pairs)
        assert right > 0.9 * len(answers)


def given_labels(value: Any) -> set[str]:
    return {one["label"] for one in (value if isinstance(value, list) else [value])}


def named(value: Any) -> set[str]:
    return set(value if isinstance(value, list) else [value])


def test_a_csv_has_the_groups_of_the_scheme_as_columns(
    newstag: Newstag, trained_own: Trained
) -> None:
    newstag("tag", trained_own.articles, "--store", trained_own.store, "-o", "out.csv")
    groups = "".join(f"{group},{group}_score," for group in trained_own.own.groups)
    assert Path("out.csv").read_text("utf-8").splitlines()[0] == (
        f"id,{groups}review,reasons,model"
    )


def test_the_shipped_gold_is_off_with_a_scheme_of_ones_own(newstag: Newstag, write: Write) -> None:
    scheme = write("own.toml", SCHEMES["one multi group"].toml())
    gold = str(next(iter(gold_labels(shipped_scheme()))))
    articles = write("a.jsonl", [{"id": gold, "title": "青石", "content": "湖水清澈。"}])
    done = newstag("labels", "check", "--scheme", scheme, "--articles", articles)
    assert done.stderr.splitlines() == [
        "note: 1 of 1 articles have no label: left out",
        (
            "articles: none of them is labelled. Give --articles with labels, in their rows or "
            "with --labels."
        ),
    ]


@pytest.mark.parametrize(
    "verb", [["train"], ["labels", "check"], ["labels", "stats"]], ids=" ".join
)
def test_the_starter_does_not_go_with_a_scheme_of_ones_own(
    newstag: Newstag, write: Write, verb: list[str]
) -> None:
    scheme = write("own.toml", SCHEMES["one multi group"].toml())
    done = newstag(*verb, "--scheme", scheme, "--starter")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: --starter goes with our scheme: its labels are not in yours."
    )


def test_a_scheme_that_is_none_is_refused(newstag: Newstag, write: Write) -> None:
    done = newstag("train", "--scheme", write("own.toml", "groups = 3"), "--articles", "a.jsonl")
    assert done.returncode == 1
    assert done.stderr == "own.toml: no groups. Add at least one [groups.NAME] with labels.\n"
