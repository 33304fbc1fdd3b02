"""Posts that tests paste: invented ones, and one of every oddity that characters have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Post(NamedTuple):
    """What goes into the two fields of the form."""

    title: str
    content: str


_ROWS = Path(__file__).parents[1] / "command" / "articles.jsonl"
_GIVEN = {row["id"]: row for row in map(json.loads, _ROWS.read_text("utf-8").splitlines())}


def _given(name: str) -> Post:
    return Post(_GIVEN[name]["title"], _GIVEN[name]["content"])


SURE = _given("e6")  # two domains, and nothing to look at
DOUBTFUL = _given("p1")  # a domain that was nearly given
ODD = Post(
    "🚀２０３１年ＡＩ论坛👩‍🔬人工智能🇨🇳开幕 &amp; ＶＲ",
    "👨‍👩‍👧‍👦新药与大模型🧠算力。\n\n"
    "  ＡＩ制药：人工智能👍🏽平台，&lt;b&gt;脑机接口&lt;/b&gt;📈临床试验；\n"
    "虚拟现实ＶＲ🕶️数字人，é́与e\N{COMBINING ACUTE ACCENT}，𠮷野家𠮷。\n\t报名论坛２０３１年🇯🇵🇨🇳论坛",
)
HOSTILE = Post(
    '"><script>window.broken = 1</script><img src=x onerror="window.broken = 1">',
    "</textarea></div></article><script>window.broken = 1</script>\n"
    "<img src=//elsewhere.invalid/x onerror=window.broken=1><svg onload=window.broken=1>\n"
    '<a href="javascript:window.broken=1">javascript:window.broken=1</a> {{ 7 * 7 }} {% raw %}\n'
    "\N{RIGHT-TO-LEFT OVERRIDE}大模型人工智能 \N{RIGHT-TO-LEFT ISOLATE}临床试验 open\n"
    "\N{ZERO WIDTH SPACE}人\N{ZERO WIDTH JOINER}工\N{ZERO WIDTH NO-BREAK SPACE}智能 "
    "\N{COMBINING ACUTE ACCENT}\N{COMBINING ENCLOSING KEYCAP} 论坛"
    "\N{COMBINING LONG SOLIDUS OVERLAY}\N{LEFT-TO-RIGHT MARK}"
    "\x01\x7f\x85\N{LINE SEPARATOR}end -->]]>",
)
