from __future__ import annotations

from collections.abc import Callable

from labels.blocks import read_blocks

Write = Callable[[str, str | bytes | list[object]], str]


def test_short_lines_come_in_portions_of_no_more_than_a_thousand(write: Write) -> None:
    short, long = b"x\n" * 5000, b'"' + b"y" * 100_000 + b'"\n'
    for content in (short * 10, short + long + short, long + short + b"x"):
        blocks = list(read_blocks(write("a.jsonl", content)))
        assert b"".join(block.lines for block in blocks) == content
        assert max(block.lines.count(b"\n") for block in blocks) <= 1024
        assert [block.number for block in blocks[1:]] == [b.end.line + 1 for b in blocks[:-1]]
        at = 0
        for block in blocks:
            at += len(block.lines)
            assert block.end.at == at
