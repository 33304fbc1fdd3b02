"""How long training takes with a scheme of 67 classes and 8 abstracts each.

    python benchmarks/many_labels.py

The abstracts are drawn at random from the words of the starter articles, 40 words of a class
among 110 of everybody: what is measured is time, not quality.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from labels.joining import Given, read_corpus
from labels.rows import raise_it
from labels.scheme import read_scheme, shipped_scheme
from labels.shipped import starter_samples
from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary
from training.recipe import Recipe
from training.reporting import report_lines
from training.train import train

_CLASSES, _EACH = 67, 8


def main() -> None:
    words = _words()
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scheme.toml").write_text(_scheme(), "utf-8")
        rows = [
            _article(words, at, copy, random) for at in range(_CLASSES) for copy in range(_EACH)
        ]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / "articles.jsonl").write_text(text, "utf-8")
        scheme = read_scheme(folder / "scheme.toml")
        articles = [str(folder / "articles.jsonl")]
        given = Given(scheme=scheme, articles=articles, starter=False, gold=False)
        corpus = read_corpus(given, raise_it, print)
    began = time.perf_counter()
    trained = train(corpus, Recipe(), "rjieba", -1, lambda _done, _of: None)
    print(f"{time.perf_counter() - began:.0f} s for {_CLASSES} classes, {len(corpus)} articles")
    print("\n".join(list(report_lines(trained.report))[:4]))


def _words() -> list[str]:
    engine = open_segmenter("rjieba", dictionary_words(shipped_dictionary()))
    samples = starter_samples(shipped_scheme())
    counted = Counter(word for one in samples for word in engine.cut(one.article.content))
    return [word for word, _ in counted.most_common(6000) if len(word) > 1]


def _scheme() -> str:
    head = '[groups.field]\nkind = "exclusive"\nzh = "领域"\nen = "field"\n'
    return head + "".join(
        f'\n[[groups.field.labels]]\nid = "c{at}"\nzh = "类{at}"\nen = "class {at}"\n'
        f'definition = "class {at}"\n'
        for at in range(_CLASSES)
    )


def _article(
    words: list[str], at: int, copy: int, random: np.random.Generator
) -> dict[str, object]:
    own = words[500 + 40 * at : 540 + 40 * at]
    drawn = [*random.choice(own, 40).tolist(), *random.choice(words, 110).tolist()]
    random.shuffle(drawn)
    return {
        "id": f"c{at}-{copy}",
        "title": "".join(drawn[:6]),
        "content": "，".join(drawn[6:]),
        "field": f"c{at}",
    }


if __name__ == "__main__":
    main()
