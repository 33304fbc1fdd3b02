"""A recombined corpus: any number of labelled articles, made of the starter articles' sentences.

    python benchmarks/recombined.py 100000 --output articles.jsonl --measure

An article takes its length from one starter article, and its sentences from all that have the same
type and domains, so that labels stay learnable. Its title is that of a starter article of the same
type. Names that nobody bears are set among the words, drawn by Zipf's law, so that the vocabulary
grows with the corpus: ``--measure`` counts 63,453 distinct words in 10,000 articles, 97,353 in
30,000 and 196,092 in 100,000, of 993 characters on average. No article takes more than a sixth of
the sentences that it could take: two of them are near-duplicates by rare chance only.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labels.corpus import Sample, plain
from labels.rows import raise_it, read_rows
from labels.scheme import shipped_scheme
from labels.shipped import starter_samples
from models.segmentation import dictionary_words, open_segmenter, shipped_dictionary

_SENTENCE = re.compile(r"[^。！？\n]+[。！？]*\n*")
# An article takes a sixth of its kind's sentences at most: two of them stay far from alike.
_OF_THE_POOL = 6
_LEAST_SENTENCES = 90  # of a kind; rarer kinds have no articles of their own
_SHORTEST = 200  # characters; of a sentence or two many articles would be the same
_APART = 80  # characters between two names, about
_ZIPF = 1.15  # the exponent of the names' frequencies: how slowly new ones run out
_SYLLABLES = [a + b for a in "bcdfghjklmnpqrstwxyz" for b in ("a", "e", "i", "o", "u", "ang", "en")]
_FIRST, _LAST = 0x4E00, 0x8FFF  # Chinese characters, most of them rare


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """Starter articles of one type and the same domains: their lengths and their sentences."""

    labels: dict[str, list[str]]
    lengths: tuple[int, ...]
    sentences: tuple[str, ...]
    titles: tuple[str, ...]


def recombined(count: int, seed: int = 0) -> Iterator[dict[str, object]]:
    """Rows of ``count`` articles with their labels, the same for the same seed."""
    kinds = list(_kinds())
    often = [len(kind.lengths) for kind in kinds]
    draw = random.Random(seed)  # noqa: S311 - invented articles are no secret
    for at in range(count):
        (kind,) = draw.choices(kinds, often)
        yield {
            "id": f"r{at}",
            "title": _named(draw.choice(kind.titles), draw),
            "content": _content(kind, draw),
            "type": kind.labels["type"][0],
            "domains": kind.labels["domains"],
        }


def write_recombined(path: Path, count: int, seed: int = 0) -> None:
    """Write the articles as JSONL, one after the other."""
    with path.open("w", encoding="utf-8") as file:
        for row in recombined(count, seed):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _kinds() -> Iterator[Kind]:
    """Those with sentences enough to make ever new articles of them."""
    found: defaultdict[tuple[str, ...], list[Sample]] = defaultdict(list)
    titles: defaultdict[str, list[str]] = defaultdict(list)
    for sample in starter_samples(shipped_scheme()):
        labels = plain(sample.labels)
        found[labels["type"][0], *labels["domains"]].append(sample)
        titles[labels["type"][0]].append(sample.article.title)
    for (kind, *_), samples in found.items():
        sentences = {s for one in samples for s in _SENTENCE.findall(one.article.content)}
        if len(sentences) >= _LEAST_SENTENCES:
            yield Kind(
                labels=plain(samples[0].labels),
                lengths=tuple(max(_SHORTEST, len(one.article.content)) for one in samples),
                sentences=tuple(sorted(sentences)),
                titles=tuple(titles[kind]),
            )


def _content(kind: Kind, draw: random.Random) -> str:
    """Sentences until the drawn length is reached, or the share of them that one may take."""
    length, sentences = draw.choice(kind.lengths), []
    for sentence in draw.sample(kind.sentences, len(kind.sentences) // _OF_THE_POOL):
        sentences.append(_named(sentence, draw))
        length -= len(sentence)
        if length <= 0:
            break
    return "".join(sentences).strip()


def _named(text: str, draw: random.Random) -> str:
    """The text with names set in, one in 80 characters or so."""
    if draw.random() * _APART > len(text):
        return text
    at = draw.randrange(len(text) + 1)
    return f"{text[:at]}{_name(int(draw.paretovariate(_ZIPF - 1)))}{text[at:]}"


def _name(rank: int) -> str:
    """The name of a rank: Latin for even ones, else Chinese, which no dictionary holds.

    A segmenter keeps the former whole, the latter are for n-grams of characters.
    """
    spelt = random.Random(rank)  # noqa: S311 - no secret hangs on it
    if rank % 2:
        return "".join(chr(spelt.randint(_FIRST, _LAST)) for _ in range(3))
    return "".join(spelt.choices(_SYLLABLES, k=4)).capitalize()


def _measure(path: Path) -> None:
    engine = open_segmenter("rjieba", dictionary_words(shipped_dictionary()))
    words: set[str] = set()
    characters = count = 0
    for _, row in read_rows(str(path), raise_it):
        if isinstance(row, dict):
            words.update(engine.cut(row["title"]), engine.cut(row["content"]))
            characters += len(row["content"])
            count += 1
    print(f"{len(words)} distinct words in {count} articles of {characters / count:.0f} characters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("articles", type=int)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", action="store_true", help="count distinct words as well")
    options = parser.parse_args()
    write_recombined(options.output, options.articles, options.seed)
    if options.measure:
        _measure(options.output)


if __name__ == "__main__":
    main()
