"""A moment as people write it: ISO 8601, in local time unless it has an offset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_FORM = re.compile(r"[0-9W-]+(?P<time>[T ][0-9:.,]+(?P<offset>Z|[+-][0-9:]+)?)?")
_RIGHT = "2026-11-24T14:00+08:00, 2026-11-24T14:00 (local time) or 2026-11-24 (its beginning)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """``time`` has an offset; ``taken`` says how what was written was completed, if it was.

    ``note`` says what clocks that were put forward or back make of it, if anything.
    """

    time: datetime
    taken: str = ""
    note: str = ""

    def lines(self) -> list[str]:
        """The moment as it was taken, and in UTC."""
        taken = f", {self.taken}" if self.taken else ""
        utc = self.time.astimezone(UTC)
        note = [f"note: {self.note}."] if self.note else []
        return [f"at       {self.time.isoformat()}{taken}", f"in UTC   {utc.isoformat()}", *note]


def read_moment(text: str) -> Moment:
    """Read a date, for its beginning, or a date and time.

    Without an offset it is local time of this machine; of an hour that there is twice, as
    clocks are put back, the first, and of one that they skip, as long after it began.

    Raises:
        ValueError: it is neither; says what would be right.
    """
    form = _FORM.fullmatch(text.strip())
    try:
        time = datetime.fromisoformat(form[0] if form else "")
        first, second = time.astimezone(), time.replace(fold=1).astimezone()
        first.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the latter at the ends of the calendar
        raise ValueError(f"'{text}' is no moment. Give one such as {_RIGHT}.") from error
    if time.tzinfo:
        return Moment(time=time)
    dated = not (form and form["time"])
    taken = f"{'the beginning of that day in ' if dated else ''}local time of this machine"
    clock = time.time().isoformat()
    if first.replace(tzinfo=None) != time:  # the other one lies behind what was skipped
        note = f"clocks skip {clock} on that day; it is taken as {second.time().isoformat()}"
        return Moment(time=second, taken=taken, note=note)
    if first != second and not dated:  # a day begins once
        note = f"clocks show {clock} twice on that day; the second is {second.isoformat()}"
        return Moment(time=first, taken=taken, note=note)
    return Moment(time=first, taken=taken)
