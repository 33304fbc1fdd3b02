"""nginx as it ships hands on what it gets, and asks another machine where one does not answer."""

from __future__ import annotations

import re

import pytest

from tests.deploy.machines import Client, Upstream, post


def test_a_request_goes_through_with_its_id(client: Client, upstreams: list[Upstream]) -> None:
    answer = post(client, headers={"X-Request-ID": "abc-1"})
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert [name for one in upstreams for name in one.ids] == ["abc-1"]


@pytest.mark.parametrize("bad", ["", "a b", "x" * 129])
def test_an_id_that_newstag_would_not_take_is_made_anew(
    bad: str, client: Client, upstreams: list[Upstream]
) -> None:
    post(client, headers={"X-Request-ID": bad})
    (made,) = (name for one in upstreams for name in one.ids)
    assert re.fullmatch("[0-9a-f]{32}", made)


def test_what_one_machine_refuses_another_one_answers(
    client: Client, upstreams: list[Upstream]
) -> None:
    upstreams[0].status = 503
    assert [post(client).status for _ in range(8)] == [200] * 8
    assert len(upstreams[1].asked) == 8
    assert upstreams[0].asked


def test_where_all_are_full_their_word_is_handed_on(
    client: Client, upstreams: list[Upstream]
) -> None:
    for one in upstreams:
        one.status = 503
    answer = post(client)
    assert (answer.status, answer.body) == (503, b"{}")
    for one in upstreams:
        one.status = 200
    assert post(client).status == 200  # none was left out for having been full


def test_an_error_is_not_sent_to_another_machine(client: Client, upstreams: list[Upstream]) -> None:
    for one in upstreams:
        one.status = 500
    assert post(client).status == 500
    assert sum(len(one.asked) for one in upstreams) == 1
