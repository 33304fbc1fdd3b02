"""Layout: what can be seen, where it stands, and whether a finger hits it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Every line of text that is to be seen, with its box and what holds it.
LINES = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement;
    if (!node.data.trim() || holder.closest(".hidden, .skip, script, textarea")) continue;
    if (!holder.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const text = node.data.trim().slice(0, 40);
      const within = holder.closest(".wide") !== null;
      if (right > left) found.push({ left, right, top, bottom, text, within });
    }
  }
  return found;
}"""
SMALL = """() => [...document.querySelectorAll("a[href], button, input, textarea")]
  .filter((one) => one.checkVisibility() && !one.matches(".skip"))
  .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([name, box]) => [name, box.width, box.height])"""
CUT = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((one) => one.checkVisibility() && !one.closest(".hidden, .wide, svg, textarea, input"))
  .filter((one) => getComputedStyle(one).display !== "inline")
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
  .map((one) => one.outerHTML.slice(0, 120))"""


def overlaps(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Texts that cover each other by more than the ascenders of one touch the other."""
    found = []
    for at, one in enumerate(lines):
        for other in lines[at + 1 :]:
            across = min(one["right"], other["right"]) - max(one["left"], other["left"])
            down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if across > 1 and down > 6:
                found.append((one["text"], other["text"]))
    return found


def check_layout(page: Page) -> None:
    size = page.viewport_size
    assert size is not None
    width = size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    lines = page.evaluate(LINES)
    assert len(lines) > 10
    outside = [one for one in lines if one["left"] < 0 or one["right"] > width]
    assert [one["text"] for one in outside if not one["within"]] == []
    assert overlaps([one for one in lines if not one["within"]]) == []
    assert page.evaluate(CUT) == []
    small = page.evaluate(SMALL)
    assert small == [], small
