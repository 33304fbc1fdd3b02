"""Words: the strongest of each label, as the scorer weighs them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from labels.errors import VersionError
from labels.scheme import Scheme
from models.words import Word
from training.train import Trained
from training.words import strongest_words


@pytest.fixture(scope="module")
def words(stored: Path, scheme: Scheme) -> list[Word]:
    return list(strongest_words(stored, scheme))


def of_label(words: list[Word], label: str) -> list[Word]:
    return [word for word in words if word.label == label]


def test_words_that_tell_labels_apart_are_the_strongest(words: list[Word]) -> None:
    notices = [word.word for word in of_label(words, "policy_notice") if 0 < word.rank <= 8]
    assert set(notices) <= {"通知", "申报", "公示", "附件", "截止", "资金", "项目", "材料"}
    (best,) = [word for word in of_label(words, "metaverse") if word.rank == 1]
    assert best.word in {"元宇宙", "数字人", "头显"}
    assert best.field == "whole"


def test_ranks_fall_with_the_weights_on_either_side(words: list[Word]) -> None:
    sides: dict[tuple[str, bool], list[Word]] = defaultdict(list)
    for word in words:
        sides[word.label, word.rank > 0].append(word)
    assert len(sides) == 16
    for (_, speaks_for), side in sides.items():
        assert len(side) <= 20
        sign = 1 if speaks_for else -1
        assert [word.rank for word in side] == [sign * at for at in range(1, len(side) + 1)]
        weights = [sign * word.weight for word in side]
        assert weights == sorted(weights, reverse=True)
        assert weights[-1] > 0


def test_weights_are_those_of_the_scorer(words: list[Word], trained: Trained) -> None:
    scorer = trained.model.scorer
    names = scorer.vocabulary.names(scorer.term_of_row[1:].tolist())
    outputs = [label for _, label in trained.model.scheme.outputs]
    for word in words[::7]:
        rows = [at + 1 for at, name in enumerate(names) if name == word.word]
        held = {
            scorer.blocks[scorer.block_of_row[row]].field: scorer.weights[row]
            for row in rows
            if scorer.blocks[scorer.block_of_row[row]].unit == "word"
        }
        assert held[word.field][outputs.index(word.label)] == pytest.approx(word.weight, abs=1e-6)


def test_the_same_word_in_two_fields_stays_apart(words: list[Word]) -> None:
    fields = defaultdict(set)
    for word in words:
        fields[word.label, word.word].add(word.field)
    assert any({"lead", "body"} & found and len(found) > 1 for found in fields.values())


def test_only_single_words_are_told(words: list[Word]) -> None:
    assert all(word.word.split() == [word.word] for word in words)
    assert not [word for word in words if "character" in word.field]


def test_fewer_can_be_asked_for(stored: Path, scheme: Scheme) -> None:
    few = list(strongest_words(stored, scheme, most=2))
    assert len(few) == 8 * 2 * 2


def test_damaged_weights_are_refused(stored: Path, scheme: Scheme, tmp_path: Path) -> None:
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    np.save(tmp_path / "weights.npy", np.zeros((2, 2), np.float32))
    with pytest.raises(VersionError, match="weights of shape"):
        list(strongest_words(tmp_path, scheme))
    (tmp_path / "weights.npy").unlink()
    with pytest.raises(VersionError, match="weights that cannot be read"):
        list(strongest_words(tmp_path, scheme))
