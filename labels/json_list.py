"""A JSON list, read item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

from labels.errors import BrokenOffError, InputError
from labels.items import Item
from labels.json_lines import DEEPEST, NOT_UTF8
from labels.json_text import Text
from labels.opening import Opened

_FIX = "Mend or export the file again"


def read_list(opened: Opened) -> Iterator[Item]:
    """Each item of the list that the file holds.

    Raises:
        InputError: no list, or one that is broken.
    """
    import ijson  # only here: the service and --help do without

    name = opened.name
    items = _items(ijson.basic_parse(Text(opened.file)), ijson.ObjectBuilder, name)
    index = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except (ijson.JSONError, UnicodeDecodeError) as error:
            _refuse_json(name, index, error)
        except (ArithmeticError, ValueError) as error:
            what = "not JSON (a number out of range)"
            raise BrokenOffError(f"{name}[{index}]", what, _FIX) from error
        yield f"{name}[{index}]", item
        index += 1


def _items(
    events: Iterator[tuple[str, Any]], builder: Callable[[], Any], name: str
) -> Iterator[object]:
    """The items of the list that the events of a JSON parser describe, one at a time.

    ijson's own ``items`` keeps the path of every value, which grows with the square of the depth.
    """
    first, _ = next(events)
    if first != "start_array":
        kind = "an object" if first == "start_map" else "one value"
        fix = "Put the articles in a list, [ … ], or name the file .jsonl if it holds one a line"
        raise InputError(name, f"{kind}, not a list", fix)
    depth, item = 0, builder()
    for event, value in events:
        if depth == 0 and event == "end_array":
            continue  # the parser still looks for what follows the list
        depth += event in {"start_map", "start_array"}
        if depth > DEEPEST:
            raise BrokenOffError(name, f"nested more than {DEEPEST} deep", "Export it again")
        # As json has them; ijson's floats stop a whole file at an integer over 64 bits.
        item.event(event, float(value) if isinstance(value, Decimal) else value)
        depth -= event in {"end_map", "end_array"}
        if depth == 0:
            yield item.value
            item = builder()


def _refuse_json(name: str, index: int, error: Exception) -> NoReturn:
    where = f"{name}[{index}]"
    said = error.args[0] if error.args else ""
    # Its first line alone: the others show the text around the fault.
    told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason = told.split("\n")[0].strip()
    if isinstance(error, UnicodeDecodeError) or "UTF8" in reason:
        raise BrokenOffError(where, "not UTF-8", NOT_UTF8) from error
    raise BrokenOffError(where, f"not JSON ({reason})", _FIX) from error
