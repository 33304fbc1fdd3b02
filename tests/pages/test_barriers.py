"""No page has a barrier that axe-core knows, with all of its rules; nothing overlaps or is cut."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.layout import check_layout
from tests.pages.states import SEEN, STATES
from tests.pages.visit import Visits

# All rules, also the experimental ones. Contrast of 7 is not aimed at: 4.5 is, which is a rule too.
RUN = """() => {
  const rules = Object.fromEntries(axe.getRules().map((one) => [one.ruleId, { enabled: true }]));
  rules["color-contrast-enhanced"].enabled = false;
  return axe.run(document, { rules, resultTypes: ["violations", "incomplete"] });
}"""
# Where axe asks a person to look: at what is hidden (a button that Enter presses; keys, on a
# phone), and at the paragraph under the title, which is no heading.
LOOKED_AT = {"hidden-content", "p-as-heading"}
# What a table has beyond the edge of a phone cannot be judged there; at a desk it is.
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


@pytest.mark.parametrize(
    ("state", "look"),
    SEEN,
    ids=["-".join([state, *map(str, look.values())]) for state, look in SEEN],
)
def test_a_page_fits_and_has_no_barrier(
    visits: Visits, axe: str, state: str, look: dict[str, Any]
) -> None:
    page = STATES[state](visits, **look)
    check_layout(page)
    page.evaluate(axe)
    found = page.evaluate(RUN)
    assert told(found["violations"]) == []
    unjudged = [rule for rule in found["incomplete"] if rule["id"] not in LOOKED_AT]
    places = [node["target"][0] for rule in unjudged for node in rule["nodes"]]
    assert page.evaluate(NOT_SCROLLED, places) == []
    assert {rule["id"] for rule in unjudged} <= {"color-contrast"}
    passed = {rule["id"] for rule in found["passes"]}
    assert {"color-contrast", "landmark-one-main", "heading-order", "target-size"} <= passed


def test_a_barrier_is_found_where_there_is_one(visits: Visits, axe: str) -> None:
    page = visits.open("/")
    page.evaluate("() => document.querySelector('label').remove()")
    page.evaluate(axe)
    found = {rule["id"] for rule in page.evaluate(RUN)["violations"]}
    assert found == {"label"}


FAULTS = {
    "covered": ("h1", {"marginBottom": "-2rem"}),
    "too wide": (".intro", {"width": "2000px"}),
    "too small": ("#tag", {"padding": "0", "lineHeight": "1"}),
    "cut": (".intro", {"width": "5em", "overflow": "hidden", "whiteSpace": "nowrap"}),
}


def test_a_fault_of_layout_is_found_where_there_is_one(page: Page) -> None:
    for where, style in FAULTS.values():
        check_layout(page)
        faulty = page.locator(where)
        faulty.evaluate("(one, style) => Object.assign(one.style, style)", style)
        with pytest.raises(AssertionError):
            check_layout(page)
        faulty.evaluate("(one) => one.removeAttribute('style')")
