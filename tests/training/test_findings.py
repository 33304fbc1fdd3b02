"""What a version directory says of its own decisions."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labels.errors import VersionError
from labels.scheme import Scheme
from models.decision import Rule, decide
from training.comparison import COMPARISON, not_compared
from training.findings import Findings, Told, read_findings
from training.giving import given_by
from training.linear import Floats
from training.train import Trained


@pytest.fixture(scope="module")
def findings(stored: Path) -> Findings:
    return read_findings(stored)


def altered(version: Path, folder: Path, name: str, change: object) -> Path:
    """A copy of the version with some keys of every line of a file replaced."""
    copy = folder / "copy"
    shutil.copytree(version, copy, dirs_exist_ok=True)
    assert isinstance(change, dict)
    lines = [json.loads(line) for line in (copy / name).read_text("utf-8").splitlines()]
    text = "".join(json.dumps({**line, **change}) + "\n" for line in lines)
    (copy / name).write_text(text, "utf-8")
    return copy


def test_it_gives_what_the_version_decides(findings: Findings) -> None:
    for group in findings.scheme.groups:
        told = findings.told(group)
        for likely, given in zip(told.likely, told.given, strict=True):
            choice = decide(group, told.rule, likely.tolist())
            assert np.flatnonzero(given).tolist() == list(choice.given)


def test_its_rows_are_those_of_the_articles_whose_labels_are_known(
    findings: Findings, trained: Trained
) -> None:
    told = findings.told(findings.scheme.groups[0])
    assert told.ids == tuple(sample.article.id for sample in trained.corpus.samples)
    assert np.array_equal(told.gold, trained.corpus.targets(told.group))


def test_only_the_evaluated_source_counts(stored: Path, tmp_path: Path) -> None:
    starter = altered(stored, tmp_path, "oof.jsonl", {"source": "starter"})
    findings = read_findings(starter)
    group = findings.scheme.groups[0]
    assert findings.report.source == "given"
    assert len(findings.told(group).ids) == 0
    assert set(findings.told_of_all(group).sources) == {"starter"}


def told(scheme: Scheme, at: int, likely: Floats, thresholds: tuple[float, ...] = ()) -> Told:
    """What was said of articles that have the first label of a group, by hand."""
    group = scheme.groups[at]
    some = thresholds or (0.5,) * len(group.ids)
    rule = Rule(thresholds=some, sure=some, margin=0.0, trained=(True,) * len(group.ids))
    gold = np.zeros(likely.shape, bool)
    gold[:, 0] = True
    names = tuple(f"a{row}" for row in range(len(likely)))
    return Told(
        group=group,
        rule=rule,
        ids=names,
        sources=("given",) * len(names),
        gold=gold,
        likely=likely,
        given=given_by(group, rule, likely),
    )


def test_the_confidence_of_an_exclusive_group_is_that_of_its_best_label(scheme: Scheme) -> None:
    likely = np.array([[0.7, 0.1, 0.1, 0.1], [0.2, 0.3, 0.4, 0.1]])
    one = told(scheme, 0, likely)
    assert one.confidence.tolist() == [0.7, 0.4]
    assert one.right.tolist() == [True, False]


def test_the_confidence_of_a_multi_group_is_that_of_its_least_sure_label(scheme: Scheme) -> None:
    likely = np.array([[0.9, 0.2, 0.0, 0.0], [0.6, 0.1, 0.0, 0.0], [0.45, 0.0, 0.0, 0.0]])
    one = told(scheme, 1, likely, (0.4, 0.5, 0.5, 0.5))
    assert one.confidence == pytest.approx([0.8, 0.6, 0.45])
    assert one.right.tolist() == [True, True, True]


def test_an_exclusive_article_that_no_model_could_judge_has_no_decision(scheme: Scheme) -> None:
    one = told(scheme, 0, np.full((1, 4), np.nan))
    assert not one.given.any()
    assert np.isnan(one.confidence[0])
    assert not one.right[0]


def test_a_multi_label_that_no_model_had_learnt_is_missed(scheme: Scheme) -> None:
    one = told(scheme, 1, np.array([[np.nan, 0.1, 0.0, 0.0]]))
    assert not one.given.any()
    assert one.confidence[0] == pytest.approx(0.9)
    assert not one.right[0]


def test_an_untrained_label_is_never_given(scheme: Scheme) -> None:
    one = told(scheme, 1, np.array([[0.9, 0.9, 0.0, 0.0]]))
    rule = replace(one.rule, trained=(True, False, True, True))
    assert given_by(one.group, rule, one.likely).tolist() == [[True, False, False, False]]


def test_findings_know_their_folder_and_whether_starter_articles_stood_beside(
    findings: Findings, stored: Path
) -> None:
    assert findings.folder == stored
    assert not findings.mixed
    counts = {**findings.manifest.counts, "starter": 3}
    beside = replace(findings, manifest=replace(findings.manifest, counts=counts))
    assert beside.mixed
    assert not replace(beside, report=replace(beside.report, source="starter")).mixed


def test_a_version_without_a_champion_before_it_has_no_comparison(findings: Findings) -> None:
    assert findings.comparison is None


def test_the_comparison_with_the_champion_is_read(stored: Path, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    told = not_compared("20260101T000000Z-00000000", stored.name, "another scheme")
    (tmp_path / COMPARISON).write_text(told.as_json(), "utf-8")
    assert read_findings(tmp_path).comparison == told


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"verdict": "x"}'])
def test_a_damaged_comparison_is_refused(stored: Path, tmp_path: Path, text: str) -> None:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    (tmp_path / COMPARISON).write_text(text, "utf-8")
    with pytest.raises(VersionError, match="not a comparison"):
        read_findings(tmp_path)


def test_a_damaged_version_is_refused(stored: Path, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    raw = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    raw["rules"] = {}
    (tmp_path / "manifest.json").write_text(json.dumps(raw), "utf-8")
    with pytest.raises(VersionError, match="rules that are none"):
        read_findings(tmp_path)
