from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from labels.corpus import Corpus, Sample
from labels.errors import StateError, VersionError
from models.store import Store
from models.sums import write_sums
from training.changes import interval_phrase
from training.comparing import compare
from training.comparison import COMPARISON, not_compared, read_comparison
from training.contrast import comparison_lines
from training.saving import save
from training.sides import SEARCH
from training.simultaneous import Difference
from training.train import Trained

Save = Callable[[Trained], Path]
NEWS = 1  # the column of type:news
AI = 4  # and of domains:ai


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def saved(store: Store) -> Save:
    """Save one more version, each a day after the last."""
    days = count(1)
    return lambda trained: save(store, trained, datetime(2026, 1, next(days), tzinfo=UTC))


def perfect(trained: Trained) -> Trained:
    """The same, with out-of-fold probabilities that are always right and sure."""
    likely = np.where(trained.corpus.strata, 0.97, 0.01)
    return replace(trained, likely=likely)


def wrong_in(trained: Trained, rows: list[int], column: int) -> Trained:
    """The same, with some articles that miss the label: another type, or none of the domain."""
    likely = trained.likely.copy()
    likely[rows, column] = 0.001
    return replace(trained, likely=likely)


def having(trained: Trained, column: int, most: int | None = None) -> list[int]:
    """The rows whose gold has the label."""
    return list(np.flatnonzero(trained.corpus.strata[:, column])[:most].tolist())


def with_samples(trained: Trained, change: Callable[[Sample], Sample]) -> Trained:
    corpus = trained.corpus
    samples = tuple(change(sample) for sample in corpus.samples)
    return replace(trained, corpus=Corpus(scheme=corpus.scheme, samples=samples))


def first_of(trained: Trained, most: int) -> Trained:
    """Trained on the first articles only, by what it remembers."""
    corpus = replace(trained.corpus, samples=trained.corpus.samples[:most])
    return replace(trained, corpus=corpus, likely=trained.likely[:most])


def test_a_version_does_not_differ_from_itself(trained: Trained, saved: Save) -> None:
    version = saved(trained)
    found = compare(version, version)
    assert found.verdict == "no difference: it is the same version"
    assert (found.better, found.worse, found.changed) == ([], [], [])


def test_versions_that_say_the_same_do_not_differ(trained: Trained, saved: Save) -> None:
    found = compare(saved(trained), saved(trained))
    assert found.verdict == "no difference: all 120 common articles get the same labels"


def test_a_label_that_fell_is_shown_worse_and_the_sentence_says_so(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    found = compare(saved(good), saved(wrong_in(good, having(trained, AI)[:12], AI)))
    assert [(one.group, one.label) for one in found.worse] == [("domains", "ai")]
    assert found.better == []
    worse = found.worse[0]
    assert (worse.articles, worse.gained, worse.lost) == (24, 0, 12)
    assert worse.first == 1.0
    assert worse.second == pytest.approx(2 * 12 / (12 + 24))
    assert found.verdict.startswith("shown worse on domains:ai (F1 -0.333, ")
    assert found.verdict.endswith("; 12 of 120 common articles get other labels")


def test_the_other_way_round_it_is_shown_better(trained: Trained, saved: Save) -> None:
    good = perfect(trained)
    found = compare(saved(wrong_in(good, having(trained, AI)[:12], AI)), saved(good))
    assert [one.label for one in found.better] == ["ai"]
    assert found.verdict.startswith("shown better on domains:ai (F1 +0.333, ")
    assert {one.outcome for one in found.changed} == {"mended"}


def test_a_handful_of_changes_is_not_shown_different(trained: Trained, saved: Save) -> None:
    good = perfect(trained)
    found = compare(saved(good), saved(wrong_in(good, having(trained, AI)[:2], AI)))
    assert found.verdict == (
        "not shown different: 2 of 120 common articles get other labels, "
        "for no label more than chance explains"
    )
    fell = 1 - found.groups[1].exact.second
    assert 1 / 112 <= fell <= 2.001 / 112  # two articles of 112 distinct ones, or a copy of one


def test_every_changed_article_is_told_with_what_is_right(trained: Trained, saved: Save) -> None:
    good = perfect(trained)
    row = having(trained, NEWS)[0]
    changed = compare(saved(good), saved(wrong_in(good, [row], NEWS))).changed
    assert len(changed) == 1
    assert changed[0].id == trained.corpus.samples[row].article.id
    assert (changed[0].group, changed[0].first, changed[0].gold) == ("type", ["news"], ["news"])
    assert changed[0].second != ["news"]
    assert changed[0].outcome == "broken"


def test_macro_f1_of_groups_is_told_with_the_share_for_review(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    unsure = replace(good, likely=np.where(trained.corpus.strata, 0.4, 0.2))
    found = compare(saved(good), saved(unsure))
    assert [one.group for one in found.groups] == ["type", "domains"]
    assert found.groups[0].reviewed[0] == 0.0
    assert found.groups[0].reviewed[1] == 1.0
    assert (found.groups[0].first, found.groups[0].second) == (1.0, 1.0)


def test_fewer_than_twenty_common_articles_are_too_few_to_tell(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    few = first_of(wrong_in(good, having(trained, AI), AI), 19)
    found = compare(saved(good), saved(few))
    assert (found.articles, found.distinct) == (19, 18)
    assert not found.enough
    assert found.verdict.startswith("too few to tell: ")
    assert found.verdict.endswith(", and 20 distinct ones are needed, not 18")


def test_no_common_article_is_nothing_to_compare(trained: Trained, saved: Save) -> None:
    def renamed(sample: Sample) -> Sample:
        return replace(sample, article=replace(sample.article, id=f"b{sample.article.id}"))

    found = compare(saved(trained), saved(with_samples(trained, renamed)))
    assert found.verdict == "nothing to compare: they have no article in common"


def test_an_article_with_another_text_is_another_article(trained: Trained, saved: Save) -> None:
    def edited(sample: Sample) -> Sample:
        if sample.article.id not in {"a1", "a2"}:
            return sample
        return replace(sample, article=replace(sample.article, content="改写过的内容。"))

    found = compare(saved(trained), saved(with_samples(trained, edited)))
    assert (found.articles, found.edited) == (118, 2)
    assert "left out, as their text is another: 2 articles" in "\n".join(comparison_lines(found))


def test_the_labels_of_the_later_version_count(trained: Trained, saved: Save) -> None:
    row = having(trained, AI)[0]

    def relabelled(sample: Sample) -> Sample:
        if sample.article.id != trained.corpus.samples[row].article.id:
            return sample
        return replace(sample, labels={**sample.labels, "domains": frozenset()})

    before = saved(perfect(trained))
    after = saved(replace(with_samples(trained, relabelled), likely=perfect(trained).likely))
    for pair in ((before, after), (after, before)):
        found = compare(*pair)
        assert found.relabelled == 1
        ai = next(one for one in found.labels if one.label == "ai")
        assert ai.articles == 23
        assert ai.first == ai.second < 1


def test_given_articles_alone_are_compared_where_they_are_enough(
    trained: Trained, saved: Save
) -> None:
    def starter(most: int) -> Callable[[Sample], Sample]:
        return lambda sample: (
            sample
            if int(sample.article.id[1:]) <= most
            else replace(sample, source="starter", theme="t")
        )

    enough, few = (with_samples(trained, starter(most)) for most in (24, 20))
    found = compare(saved(enough), saved(enough))
    assert (found.source, found.articles, found.starter) == ("given", 24, 96)
    assert found.distinct >= 20
    found = compare(saved(few), saved(few))
    assert (found.source, found.articles, found.starter) == ("all", 120, 0)


def test_a_label_that_no_model_of_the_other_folds_had_learnt_is_not_given(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    unlearnt = good.likely.copy()
    unlearnt[having(trained, AI), AI] = np.nan
    found = compare(saved(good), saved(replace(good, likely=unlearnt)))
    assert [one.label for one in found.worse] == ["ai"]
    assert found.worse[0].second == 0.0


def test_an_article_that_no_model_could_judge_gets_no_label_at_all(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    unjudged = good.likely.copy()
    unjudged[0, :AI] = np.nan
    changed = compare(saved(good), saved(replace(good, likely=unjudged))).changed
    assert [(one.group, one.second) for one in changed] == [("type", [])]


def test_versions_of_other_schemes_are_not_compared(trained: Trained, saved: Save) -> None:
    scheme = trained.model.scheme
    other = replace(scheme, groups=(replace(scheme.groups[0], zh="体裁"), *scheme.groups[1:]))
    foreign = replace(
        trained,
        model=replace(trained.model, scheme=other),
        corpus=replace(trained.corpus, scheme=other),
    )
    one, two = saved(trained), saved(foreign)
    with pytest.raises(
        StateError, match=r"another scheme than .*: their labels cannot be compared"
    ):
        compare(one, two)


def test_a_damaged_version_is_refused(trained: Trained, saved: Save) -> None:
    one, two = saved(trained), saved(trained)
    (two / "oof.jsonl").write_text("{}\n", "utf-8")
    with pytest.raises(VersionError, match=r"oof\.jsonl: an altered file"):
        compare(one, two)


def test_a_new_version_remembers_how_it_stands_to_the_champion(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    first, second = saved(good), saved(wrong_in(good, having(trained, AI)[:12], AI))
    assert not (first / COMPARISON).exists()  # there was none
    remembered = read_comparison(second / COMPARISON)
    assert remembered == compare(first, second)
    assert json.loads((second / COMPARISON).read_text("utf-8"))["verdict"] == remembered.verdict


def test_a_damaged_champion_is_no_reason_not_to_save(trained: Trained, saved: Save) -> None:
    first = saved(trained)
    (first / "oof.jsonl").unlink()
    remembered = read_comparison(saved(trained) / COMPARISON)
    assert remembered.verdict == "not compared: a missing file"
    lines = list(comparison_lines(remembered))
    assert lines[-1] == "verdict: not compared: a missing file"


def test_nor_is_one_whose_sums_are_right_and_whose_rows_are_not(
    trained: Trained, saved: Save
) -> None:
    first = saved(trained)
    lines = (first / "corpus.jsonl").read_text("utf-8").splitlines(keepends=True)
    (first / "corpus.jsonl").write_text("".join(lines[:-1]), "utf-8")
    rules = json.loads((first / "manifest.json").read_text("utf-8"))
    write_sums(first)
    second = saved(trained)
    assert "not the articles of oof.jsonl" in read_comparison(second / COMPARISON).verdict
    with pytest.raises(VersionError, match=r"corpus\.jsonl: not the articles of oof\.jsonl"):
        compare(first, second)
    (first / "corpus.jsonl").write_text("".join(lines), "utf-8")
    rules["rules"].popitem()
    (first / "manifest.json").write_text(json.dumps(rules), "utf-8")
    write_sums(first)
    with pytest.raises(VersionError, match="rules that are not those of the scheme"):
        compare(first, second)


def test_given_articles_without_labels_of_a_group_do_not_leave_it_unjudged(
    trained: Trained, saved: Save
) -> None:
    """The given articles have a type only: the others are compared as well, for domains."""

    def of_type(sample: Sample) -> Sample:
        if int(sample.article.id[1:]) <= 30:
            return replace(sample, labels={"type": sample.labels["type"]})
        return replace(sample, source="starter", theme="t")

    some = with_samples(trained, of_type)
    found = compare(saved(some), saved(some))
    assert (found.source, found.articles) == ("all", 120)
    assert [(one.source, one.articles) for one in found.groups] == [("given", 30), ("all", 90)]
    assert found.groups[1].enough


def test_a_group_of_enough_given_articles_is_judged_on_these_alone(
    trained: Trained, saved: Save
) -> None:
    """Or what easy starter articles say would hide a fall on posts."""

    def of_type(sample: Sample) -> Sample:
        number = int(sample.article.id[1:])
        if number <= 40:
            kept = ("type", "domains") if number <= 15 else ("type",)
            return replace(sample, labels={group: sample.labels[group] for group in kept})
        return replace(sample, source="starter", theme="t")

    some = with_samples(perfect(trained), of_type)
    rows = having(trained, NEWS)
    broken = wrong_in(some, [row for row in rows if row < 40], NEWS)
    found = compare(saved(some), saved(broken))
    kinds = [(one.group, one.source, one.articles) for one in found.groups]
    assert kinds == [("type", "given", 40), ("domains", "all", 95)]
    lines = list(comparison_lines(found))
    assert any(line.startswith("type (40 given articles") for line in lines)
    away = wrong_in(some, [row for row in rows if row >= 40], NEWS)
    found = compare(saved(some), saved(away))
    assert {one.outcome for one in found.changed} == {"not judged"}
    assert found.verdict.startswith("not shown different: 0 of 120 common articles get other")
    assert f"; {len(found.changed)} more do where their group is judged on given" in found.verdict
    assert found.groups[0].reviewed == (0.0, 0.0)
    known = [one for one in found.labels if one.label == "ai"]
    assert known[0].articles == sum(row < 15 or row >= 40 for row in having(trained, AI))


def test_copies_of_given_articles_do_not_make_them_enough(trained: Trained, saved: Save) -> None:
    def copied(sample: Sample) -> Sample:
        number = int(sample.article.id[1:])
        if number > 24:
            return replace(sample, source="starter", theme="t")
        of = trained.corpus.samples[max(number - 6, 0)].article
        return replace(sample, article=replace(of, id=sample.article.id))

    some = with_samples(trained, copied)
    assert len([one for one in some.corpus.samples if one.source == "given"]) == 24
    found = compare(saved(some), saved(some))
    assert found.source == "all"


def test_macro_f1_is_of_the_labels_that_some_article_has(trained: Trained, saved: Save) -> None:
    """One that is given where nobody has it is no label with an F1 of 0, before and after."""
    label = trained.corpus.scheme.outputs[AI + 1][1]

    def without(sample: Sample) -> Sample:
        labels = {**sample.labels, "domains": sample.labels["domains"] - {label}}
        return replace(sample, labels=labels)

    changed = with_samples(trained, without)
    good = replace(changed, likely=np.where(changed.corpus.strata, 0.97, 0.01))
    likely = good.likely.copy()
    likely[:3, AI + 1] = 0.97
    domains = compare(saved(replace(good, likely=likely)), saved(good)).groups[1]
    assert (domains.first, domains.second) == (1.0, 1.0)
    assert domains.exact.first < domains.exact.second == 1.0


def test_a_group_that_changes_and_has_few_gold_labels_is_named(
    trained: Trained, saved: Save
) -> None:
    def untold(sample: Sample) -> Sample:
        if int(sample.article.id[1:]) <= 19:
            return sample
        return replace(sample, labels={"type": sample.labels["type"]})

    good = with_samples(perfect(trained), untold)
    found = compare(saved(good), saved(wrong_in(good, having(trained, AI), AI)))
    assert found.verdict.endswith("; domains is not judged, as only 18 have gold labels of it")


def test_copies_of_unknown_gold_take_nothing_from_the_known_one(
    trained: Trained, saved: Save
) -> None:
    copied = perfect(trained).corpus.samples[0]
    row = having(trained, AI)[0]
    samples = list(trained.corpus.samples)
    samples[row] = replace(samples[row], article=replace(copied.article, id=f"a{row + 1}"))
    samples[0] = replace(samples[0], labels={"type": samples[0].labels["type"]})
    corpus = Corpus(scheme=trained.corpus.scheme, samples=tuple(samples))
    good = replace(trained, corpus=corpus, likely=perfect(trained).likely)
    found = compare(saved(good), saved(wrong_in(good, [row], AI)))
    assert found.groups[1].articles == 119
    assert found.groups[1].exact.second == pytest.approx(1 - 1 / found.groups[1].distinct)


def test_a_change_of_what_goes_to_review_stands_in_the_verdict(
    trained: Trained, saved: Save
) -> None:
    good = perfect(trained)
    unsure = replace(good, likely=np.where(trained.corpus.strata, 0.4, 0.2))
    assert compare(saved(good), saved(unsure)).verdict.endswith(
        "; 100 % instead of 0 % of all go to review"
    )


def test_few_articles_that_agree_are_too_few_all_the_same(trained: Trained, saved: Save) -> None:
    one = first_of(perfect(trained), 1)
    assert compare(saved(one), saved(one)).verdict == (
        "too few to tell: 0 of 1 common articles get other labels, and 20 distinct ones are "
        "needed, not 1"
    )


def test_a_searched_recipe_is_said_to_be_flattered(trained: Trained, saved: Save) -> None:
    first, second = saved(trained), saved(trained)
    (second / SEARCH).write_text("", "utf-8")
    write_sums(second)
    lines = list(comparison_lines(compare(first, second)))
    assert any(line.startswith(f"The recipe of {second.name} was chosen by") for line in lines)


def test_a_terminal_shows_the_broken_ones_first(trained: Trained, saved: Save) -> None:
    good = perfect(trained)
    rows = having(trained, AI, 24)
    mended, broken = rows[:22], rows[22:]
    found = compare(saved(wrong_in(good, mended, AI)), saved(wrong_in(good, broken, AI)))
    lines = list(comparison_lines(found))
    at = lines.index("changed labels: 22 mended, 2 broken") + 1
    ids = [trained.corpus.samples[row].article.id for row in (*broken, *mended)]
    assert [line.split()[0] for line in lines[at:-1]] == ids[:20]
    assert lines[-1] == "  and 4 more; --json has all of them"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.0001, "-0.0001"),
        (0.0123, "+0.012"),
        (0.0, "+0.000"),
        (-0.0, "+0.000"),
        (-4e-6, "-0.000004"),
    ],
)
def test_a_difference_shows_on_which_side_of_nothing_it_lies(value: float, said: str) -> None:
    assert interval_phrase(Difference(value=value, low=-1, high=1)).startswith(f"{said}, ")


def test_what_is_no_comparison_is_refused(tmp_path: Path) -> None:
    path = tmp_path / COMPARISON
    for text in ("", "[]", "{}", '{"verdict": ""}'):
        path.write_text(text, "utf-8")
        with pytest.raises(VersionError, match="missing or not a comparison"):
            read_comparison(path)


def test_a_terminal_shows_twenty_changes_and_counts_the_rest(trained: Trained, saved: Save) -> None:
    good = perfect(trained)
    rows = having(trained, AI, 24)
    found = compare(saved(good), saved(wrong_in(good, rows, AI)))
    lines = list(comparison_lines(found))
    assert lines[-1] == "  and 4 more; --json has all of them"
    assert "changed labels: 24 broken" in lines
    ids = [trained.corpus.samples[row].article.id for row in rows]
    assert any(line.startswith(f"  {ids[0]}") and "domains: ai -> none" in line for line in lines)
    ai = next(line for line in lines if line.lstrip().startswith("ai "))
    assert ai.endswith("worse")
    metaverse = next(line for line in lines if line.lstrip().startswith("metaverse "))
    assert "the same answers" in metaverse


def test_what_could_not_be_compared_says_why() -> None:
    assert not_compared("a", "b", "another scheme").verdict == "not compared: another scheme"
