from __future__ import annotations

from dataclasses import replace

from training.candidates import candidates
from training.recipe import Recipe


def test_candidates_are_distinct_and_hold_what_is_shipped() -> None:
    for kind, shipped in (("exclusive", Recipe().exclusive), ("multi", Recipe().multi)):
        for mixed in (True, False):
            tried = candidates(kind, mixed)  # type: ignore[arg-type]
            assert len(set(tried)) == len(tried)
            assert replace(shipped, given_weight=1.0) in tried


def test_without_a_mixture_no_weight_is_tried() -> None:
    assert {one.given_weight for one in candidates("exclusive", mixed=False)} == {1.0}
