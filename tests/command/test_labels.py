from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from labels.shipped import shipped_readings

Newstag = Callable[..., CompletedProcess[str]]
Write = Callable[..., str]
Rows = list[dict[str, object]]

NEWS = {"type": "news", "domains": ["ai"]}
EVENT = {"type": "event", "domains": []}


def test_check_finds_no_duplicates_where_there_are_none(newstag: Newstag, articles: Path) -> None:
    done = newstag("labels", "check", "--no-starter", "--articles", articles)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "24 given articles, labelled: 24 by article row",
        "0 clusters of near-duplicates among 24 articles",
    ]


def test_check_names_duplicates_and_how_they_differ(
    newstag: Newstag, rows: Rows, write: Write
) -> None:
    nearly = {**rows[2], "id": "near", "content": f"{rows[2]['content']}谢谢"}
    more = [{**rows[0], "id": "same"}, {**rows[1], "id": "told", "type": "news"}, nearly]
    articles = write("a.jsonl", [*rows, *more])
    done = newstag("labels", "check", "--no-starter", "--articles", articles)
    assert done.stdout.splitlines()[1:] == [
        "3 clusters of near-duplicates among 27 articles",
        "  equal texts: p1, same",
        "  equal texts, labelled differently: p2, told",
        "  near-duplicates: p3, near",
    ]


def test_the_shipped_starter_has_no_near_duplicates(newstag: Newstag) -> None:
    last = newstag("labels", "check").stdout.splitlines()[-1]
    assert last.startswith("0 clusters of near-duplicates among ")


def test_check_stops_at_a_wrong_label(newstag: Newstag, rows: Rows, write: Write) -> None:
    articles = write("a.jsonl", [{**rows[0], "type": "newz"}])
    done = newstag("labels", "check", "--no-starter", "--articles", articles)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "a.jsonl:1: no type 'newz'. Use one of: policy_notice, news, event, "
        "research_breakthrough.\n"
    )


def test_stats_count_labels_pairs_and_lengths(newstag: Newstag, write: Write) -> None:
    rows = [
        {"id": "a", "title": "", "content": "水" * 10, "type": "news", "domains": ["ai"]},
        {"id": "b", "title": "", "content": "云" * 20, "type": "event", "domains": []},
        {"id": "c", "title": "", "content": "山" * 30, "domains": ["ai", "metaverse"]},
    ]
    given = ("--no-starter", "--articles", write("a.jsonl", rows))
    done = newstag("labels", "stats", *given)
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines == [
        "3 labelled articles",
        "3 given articles, labelled: 3 by article row",
        "",
        "type (2 articles, unknown for 1)",
        "policy_notice 0",
        "news 1",
        "event 1",
        "research_breakthrough 0",
        "",
        "domains (3 articles, unknown for 0)",
        "ai 2",
        "brain_computer_interface 0",
        "biomedicine 0",
        "metaverse 1",
        "(none) 1",
        "",
        "pairs of labels",
        "type:news domains:ai 1",
        "domains:ai domains:metaverse 1",
        "",
        "characters of a content: 10 to 30, half of them between 15 and 25, median 20, mean 20",
    ]


def test_agreement_on_the_shipped_gold_is_what_the_readme_says(newstag: Newstag) -> None:
    lines = newstag("labels", "agreement").stdout.splitlines()
    assert lines[0] == f"{shipped_readings()[0]}: 40 articles with two readings"
    assert lines[1] == "  type: 38 of 40 equal (95.0%), kappa 0.925"
    assert [line for line in lines if "two readings" in line] == [
        line for line in lines if not line.startswith(" ")
    ]
    assert sum("two readings" in line for line in lines) == len(shipped_readings())


def test_agreement_of_two_readings_is_counted_by_group_and_label(
    newstag: Newstag, write: Write
) -> None:
    readings = [(NEWS, NEWS), (EVENT, EVENT), (NEWS, EVENT), (EVENT, EVENT)]
    rows = [
        {"id": str(at), "first_reading": first, "second_reading": second}
        for at, (first, second) in enumerate(readings)
    ]
    done = newstag("labels", "agreement", write("r.jsonl", rows))
    assert done.returncode == 0
    # Of 4 articles 3 are equal; by chance (2 * 1 + 2 * 3) / 16 would be: kappa (3/4 - 1/2) / 1/2.
    assert done.stdout.splitlines() == [
        "r.jsonl: 4 articles with two readings",
        "  type: 3 of 4 equal (75.0%), kappa 0.500",
        "    policy_notice                kappa undefined (one answer only)",
        "    news                         kappa 0.500",
        "    event                        kappa 0.500",
        "    research_breakthrough        kappa undefined (one answer only)",
        "  domains: 3 of 4 equal (75.0%)",
        "    ai                           kappa 0.500",
        "    brain_computer_interface     kappa undefined (one answer only)",
        "    biomedicine                  kappa undefined (one answer only)",
        "    metaverse                    kappa undefined (one answer only)",
    ]


def test_a_file_without_second_readings_is_refused(newstag: Newstag, articles: Path) -> None:
    done = newstag("labels", "agreement", articles)
    assert done.returncode == 1
    assert done.stderr == (
        f'{articles}: no row has two readings. Give rows with "second_reading": {{labels}}, '
        'beside "first_reading" or own labels.\n'
    )
