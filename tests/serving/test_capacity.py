"""Requests take turns: as many as fit, a few milliseconds each, and none waits for a long one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from contextlib import suppress

import pytest

from serving.capacity import LARGEST, MOST_BYTES, Capacity
from serving.exchange import Exchange
from serving.problems import Refused


class Clock:
    """Time passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("serving.capacity.perf_counter", found)
    return found


def an_exchange(deadline: float = 110.0) -> Exchange:
    return Exchange(id="a", method="POST", route="/v1/predict", began=100.0, deadline=deadline)


def refused_at(capacity: Capacity) -> str:
    with pytest.raises(Refused) as caught:
        capacity.enter(an_exchange())
    return caught.value.code


# How many


def test_one_more_than_may_be_is_refused() -> None:
    capacity = Capacity(3)
    for _ in range(3):
        capacity.enter(an_exchange())
    assert refused_at(capacity) == "full"


def test_one_that_leaves_makes_room_for_one() -> None:
    capacity = Capacity(2)
    first = an_exchange()
    capacity.enter(first)
    capacity.enter(an_exchange())
    capacity.leave(first)
    capacity.enter(an_exchange())
    assert refused_at(capacity) == "full"


def test_a_refused_one_takes_no_room() -> None:
    capacity = Capacity(1)
    first = an_exchange()
    capacity.enter(first)
    assert [refused_at(capacity) for _ in range(3)] == ["full"] * 3
    capacity.leave(first)
    capacity.enter(an_exchange())


# How many bytes


def filled(but: int) -> tuple[Capacity, Exchange]:
    """A capacity in which so many bytes are free, and a request that holds the largest part."""
    capacity = Capacity(9)
    first, *others = (an_exchange() for _ in range(MOST_BYTES // LARGEST))
    capacity.hold(LARGEST, first)
    for one in others[:-1]:
        capacity.hold(LARGEST, one)
    capacity.hold(LARGEST - but, others[-1])
    return capacity, first


def test_bytes_are_held_up_to_the_limit_and_not_one_more() -> None:
    capacity, second = filled(but=1)[0], an_exchange()
    capacity.hold(1, second)
    with pytest.raises(Refused) as caught:
        capacity.hold(1, second)
    assert (caught.value.code, caught.value.status) == ("full", 503)
    assert second.held == 1


def test_one_request_holds_a_part_of_them_at_most_and_is_not_told_to_come_back() -> None:
    capacity, exchange = Capacity(9), an_exchange()
    capacity.hold(LARGEST - 1, exchange)
    capacity.hold(1, exchange)
    with pytest.raises(Refused) as caught:
        capacity.hold(1, exchange)
    assert (caught.value.code, caught.value.status) == ("answer_too_large", 422)
    assert exchange.held == LARGEST


def test_leaving_keeps_the_bytes_until_they_are_released() -> None:
    capacity, first = filled(but=0)
    capacity.enter(first)
    capacity.leave(first)
    with pytest.raises(Refused):
        capacity.hold(1, an_exchange())
    capacity.release(first)
    second = an_exchange()
    capacity.hold(LARGEST, second)
    with pytest.raises(Refused):
        capacity.hold(1, an_exchange())


def test_refused_bytes_are_not_freed_when_their_request_is_released() -> None:
    capacity, second = filled(but=0)[0], an_exchange()
    with pytest.raises(Refused):
        capacity.hold(1, second)
    capacity.release(second)
    with pytest.raises(Refused):
        capacity.hold(1, an_exchange())


def test_the_collector_waits_while_there_is_work() -> None:
    async def work() -> list[bool]:
        capacity, found = Capacity(1), []
        with capacity:
            found.append(gc.isenabled())
        with suppress(ValueError), capacity:
            raise ValueError
        return [*found, gc.isenabled()]

    assert asyncio.run(work()) == [False, True]


# Whose turn


class Work:
    """Requests on one event loop, and the order in which their parts were done."""

    def __init__(self, clock: Clock) -> None:
        self.capacity = Capacity(99)
        self.done: list[str] = []
        self.rounds: list[int] = []
        self._round = 0
        self._clock = clock

    async def request(self, name: str, parts: int, each: float) -> None:
        """A request of some parts that each take so many seconds."""
        exchange = an_exchange()
        for part in range(parts):
            if part:
                await asyncio.sleep(0)  # as tagging does between parts
            await self.capacity.turn(exchange)
            with self.capacity:
                self._clock.now += each
            self.done.append(name)
            self.rounds.append(self._round)

    async def _count_rounds(self) -> None:
        while True:
            await asyncio.sleep(0)
            self._round += 1

    def run(self, *requests: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            counting = asyncio.create_task(self._count_rounds())
            await asyncio.gather(*requests)
            counting.cancel()

        asyncio.run(run())


@pytest.fixture
def work(clock: Clock) -> Work:
    return Work(clock)


def test_short_work_is_done_in_one_round(work: Work) -> None:
    work.run(*(work.request(str(at), 1, 0.0005) for at in range(8)))
    assert (work.done, work.rounds) == (list("01234567"), [0] * 8)


def test_after_4_milliseconds_of_work_others_wait_for_the_next_round(work: Work) -> None:
    work.run(*(work.request(str(at), 1, 0.0025) for at in range(6)))
    assert (work.done, work.rounds) == (list("012345"), [0, 0, 1, 1, 2, 2])


def test_work_that_takes_no_time_that_a_clock_could_tell_is_done(work: Work) -> None:
    work.run(*(work.request(str(at), 2, 0.0) for at in range(3)))
    assert work.done == list("012012")


def test_a_failure_within_a_turn_counts_what_it_took(work: Work, clock: Clock) -> None:
    async def fail() -> None:
        await work.capacity.turn(an_exchange())
        with suppress(KeyError), work.capacity:
            clock.now += 0.5
            raise KeyError

    work.run(fail(), work.request("a", 1, 0.0005))
    assert (work.done, work.rounds) == (["a"], [1])


@pytest.mark.parametrize("each", [0.002, 0.004, 0.1], ids=["2 ms", "4 ms", "100 ms"])
def test_a_request_of_many_parts_does_not_hold_up_short_ones(work: Work, each: float) -> None:
    long = work.request("long", 20, each)
    work.run(long, *(work.request(name, 1, 0.0005) for name in "abc"))
    assert work.done[-17:] == ["long"] * 17
    assert [name for name in work.done if name != "long"] == list("abc")


def test_two_requests_of_many_parts_go_on_side_by_side(work: Work) -> None:
    work.run(work.request("a", 5, 0.012), work.request("b", 5, 0.012))
    assert work.done == ["a", "b"] * 5


def test_a_passed_deadline_is_too_late(clock: Clock) -> None:
    async def turn() -> None:
        await Capacity(1).turn(an_exchange(deadline=100.5))

    asyncio.run(turn())  # at 100
    clock.now = 100.5
    asyncio.run(turn())
    clock.now = 100.6
    with pytest.raises(Refused) as caught:
        asyncio.run(turn())
    assert caught.value.code == "too_late"


def test_a_deadline_that_passes_while_others_work_is_too_late(work: Work, clock: Clock) -> None:
    async def wait() -> None:
        with pytest.raises(Refused) as caught:
            await work.capacity.turn(an_exchange(deadline=101.0))
        work.done.append(caught.value.code)

    work.run(work.request("a", 1, 2.0), wait(), work.request("b", 1, 0.0005))
    assert work.done == ["a", "too_late", "b"]
    assert clock.now == 102.0005


def test_one_that_is_cancelled_while_it_waits_holds_nobody_up(work: Work) -> None:
    async def cancel() -> None:
        tasks = [asyncio.create_task(work.request(name, 1, 1.0)) for name in "abc"]
        await asyncio.sleep(0)  # a has worked, b and c wait
        tasks[1].cancel()
        await asyncio.wait(tasks)

    work.run(cancel())
    assert work.done == ["a", "c"]
