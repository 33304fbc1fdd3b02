"""axe-core finds no barrier on any page, with all of its rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.states import LOOKS, STATES
from tests.pages.visit import Visits

RUN = """() => axe.run(document, { resultTypes: ["violations", "incomplete", "passes"] })"""

NOT_SCROLLED = """(places) => places.filter((one) => {
  const table = document.querySelector(one).closest(".wide");
  return !table || table.scrollWidth <= table.clientWidth;
})"""


def told(found: list[dict[str, Any]]) -> list[str]:
    return [
        f"{rule['id']} {node['target']}: {node.get('failureSummary')}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", STATES)
def test_there_is_no_barrier(visits: Visits, axe: str, state: str, look: str) -> None:
    page = STATES[state](visits, **LOOKS[look])
    page.evaluate(axe)
    found = page.evaluate(RUN)
    assert told(found["violations"]) == []
    # What a table has beyond the edge of a phone cannot be judged there; at a desk it is.
    unjudged = [node["target"][0] for rule in found["incomplete"] for node in rule["nodes"]]
    assert page.evaluate(NOT_SCROLLED, unjudged) == []
    assert {rule["id"] for rule in found["incomplete"]} <= {"color-contrast"}
    passed = {rule["id"] for rule in found["passes"]}
    assert {"color-contrast", "landmark-one-main", "heading-order", "region"} <= passed


def test_a_barrier_is_found_where_there_is_one(visits: Visits, axe: str) -> None:
    page = visits.open("/")
    page.evaluate("() => document.querySelector('label').remove()")
    page.evaluate(axe)
    found = {rule["id"] for rule in page.evaluate(RUN)["violations"]}
    assert found == {"label"}
