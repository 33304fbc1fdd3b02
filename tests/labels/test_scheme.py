from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labels.errors import InputError
from labels.scheme import RESERVED, Group, Scheme, read_scheme, shipped_scheme

Write = Callable[[str, str | bytes | list[object]], str]

TONES = """
[groups.tone]
kind = "exclusive"
[[groups.tone.labels]]
id = "warm"
[[groups.tone.labels]]
id = "cool"
"""


def group(scheme: Scheme, name: str) -> Group:
    return next(group for group in scheme.groups if group.id == name)


def refusal(write: Write, content: str | bytes) -> str:
    path = Path(write("own.toml", content))
    with pytest.raises(InputError) as caught:
        read_scheme(path)
    return str(caught.value)


def test_the_shipped_scheme_has_an_exclusive_type_and_multi_domains() -> None:
    kinds = {group.id: (group.kind, len(group.labels)) for group in shipped_scheme().groups}
    assert kinds == {"type": ("exclusive", 4), "domains": ("multi", 4)}


def test_every_label_of_the_shipped_scheme_is_named_and_defined_for_people() -> None:
    labels = [label for group in shipped_scheme().groups for label in group.labels]
    assert all(label.zh != label.id and label.en and label.definition for label in labels)


def test_names_for_people_default_to_the_id(write: Write) -> None:
    scheme = read_scheme(Path(write("own.toml", TONES.replace("warm", "very_warm"))))
    label = scheme.groups[0].labels[0]
    assert (label.zh, label.en, label.definition) == ("very_warm", "very warm", "")


def test_a_scheme_may_begin_with_a_byte_order_mark(write: Write) -> None:
    scheme = read_scheme(Path(write("own.toml", "\ufeff" + TONES)))
    assert scheme.groups[0].ids == ("warm", "cool")


def test_a_multi_group_may_have_a_single_label(write: Write) -> None:
    text = '[groups.mark]\nkind = "multi"\n[[groups.mark.labels]]\nid = "odd"\n'
    assert read_scheme(Path(write("own.toml", text))).outputs == (("mark", "odd"),)


def test_groups_and_labels_keep_the_order_of_the_file(scheme: Scheme) -> None:
    assert scheme.outputs[:2] == (("type", "policy_notice"), ("type", "news"))
    assert scheme.outputs[4:6] == (("domains", "ai"), ("domains", "brain_computer_interface"))


def test_the_columns_of_the_groups_lie_side_by_side(scheme: Scheme) -> None:
    assert [scheme.columns(group) for group in scheme.groups] == [slice(0, 4), slice(4, 8)]


def test_chosen_outputs_are_named_by_the_groups_that_have_such(scheme: Scheme) -> None:
    chosen = [output == ("domains", "ai") for output in scheme.outputs]
    assert scheme.labels_where(chosen) == {"domains": ["ai"]}
    every = {group.id: list(group.ids) for group in scheme.groups}
    assert scheme.labels_where([True] * len(chosen)) == every


def test_the_digest_does_not_depend_on_the_layout_of_the_file(write: Write) -> None:
    inline = """
    # the same in other words
    [groups]
    tone = { labels = [{ id = "warm", zh = "warm" }, { id = 'cool' }], kind = 'exclusive' }
    """
    one = read_scheme(Path(write("one.toml", TONES)))
    other = read_scheme(Path(write("other.toml", inline.replace("\n", "\r\n"))))
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("warm", "hot"),
        ("exclusive", "multi"),
        ("groups.tone", "groups.mood"),
        ('id = "cool"', 'id = "cool"\ndefinition = "short"'),
    ],
)
def test_the_digest_changes_with_the_content(write: Write, old: str, new: str) -> None:
    one = read_scheme(Path(write("one.toml", TONES)))
    other = read_scheme(Path(write("other.toml", TONES.replace(old, new))))
    assert one.digest() != other.digest()


def test_the_digest_is_the_same_for_ever(write: Write) -> None:
    # Model versions keep the digest of their scheme: another way of counting would refuse them.
    text = TONES.replace('id = "cool"', 'id = "cool"\nzh = "冷"')
    digest = read_scheme(Path(write("own.toml", text))).digest()
    assert digest == "0612979a21bd1fc5316a7bf08235a764a1130dffb0f21675f10e654eae9f4520"


def test_a_missing_scheme_file_is_refused(write: Write) -> None:
    write("other.toml", TONES)
    with pytest.raises(InputError) as caught:
        read_scheme(Path("own.toml"))
    assert str(caught.value) == "own.toml: No such file or directory. Check the path."


def test_a_directory_is_no_scheme_file(write: Write) -> None:
    write("other.toml", TONES)
    Path("folder").mkdir()
    with pytest.raises(InputError) as caught:
        read_scheme(Path("folder"))
    assert str(caught.value) == "folder: Is a directory. Check the path."


def test_a_scheme_that_is_not_toml_is_refused_with_the_place(write: Write) -> None:
    assert refusal(write, "groups =") == (
        "own.toml: not TOML (Invalid value (at end of document)). Mend the scheme file."
    )


def test_a_scheme_in_another_encoding_is_refused(write: Write) -> None:
    assert refusal(write, "# 语气".encode("gbk")) == (
        "own.toml: not TOML ('utf-8' codec can't decode byte 0xd3 in position 2: "
        "invalid continuation byte). Mend the scheme file."
    )


@pytest.mark.parametrize("text", ["", "groups = 3", "[groups]", "[tone]\nkind = 'multi'"])
def test_a_scheme_without_groups_is_refused(write: Write, text: str) -> None:
    assert refusal(write, text) == (
        "own.toml: no groups. Add at least one [groups.NAME] with labels."
    )


@pytest.mark.parametrize("name", ["Tone", "2nd", "_tone", "a-b", "语气", "", *sorted(RESERVED)])
def test_an_unusable_group_id_is_refused_with_the_reserved_ones(write: Write, name: str) -> None:
    assert refusal(write, TONES.replace("tone", f'"{name}"')) == (
        f"own.toml: groups.{name}: not a usable group id. Use [a-z][a-z0-9_]* and none of: "
        "account by content explain id model published reasons review scores title url."
    )


@pytest.mark.parametrize(
    "text",
    [
        "[groups]\ntone = 3",
        "[groups.tone]",
        "[groups.tone]\nkind = 'single'",
        "[groups.tone]\nkind = ['multi']",
    ],
)
def test_a_group_without_a_kind_is_refused(write: Write, text: str) -> None:
    assert refusal(write, text) == (
        'own.toml: groups.tone: no kind. Give kind = "exclusive" or kind = "multi".'
    )


@pytest.mark.parametrize(
    ("kind", "labels", "least"),
    [
        ("exclusive", "[{ id = 'warm' }]", 2),
        ("exclusive", "'warm'", 2),
        ("multi", "[]", 1),
        ("multi", "{ id = 'warm' }", 1),
    ],
)
def test_too_few_labels_are_refused(write: Write, kind: str, labels: str, least: int) -> None:
    assert refusal(write, f"[groups.tone]\nkind = '{kind}'\nlabels = {labels}") == (
        f"own.toml: groups.tone: fewer than {least} labels. Add [[groups.tone.labels]]."
    )


@pytest.mark.parametrize(
    "label", ["'cool'", "{}", "{ id = 3 }", "{ id = 'Cool' }", "{ id = '冷' }", "{ id = 'a b' }"]
)
def test_a_label_without_a_usable_id_is_refused_with_its_place(write: Write, label: str) -> None:
    text = f"[groups.tone]\nkind = 'multi'\nlabels = [{{ id = 'warm' }}, {label}]"
    assert refusal(write, text) == (
        "own.toml: groups.tone.labels[1]: no usable id. "
        'Give id = "…" of a-z, 0-9 and _; other names in zh.'
    )


def test_a_definition_that_is_not_text_is_refused(write: Write) -> None:
    assert refusal(write, TONES + "definition = 3") == (
        "own.toml: groups.tone.labels[1]: definition is not text. Put it in quotes."
    )


@pytest.mark.parametrize("name", ["zh", "en"])
def test_a_name_of_a_label_that_is_not_text_is_refused(write: Write, name: str) -> None:
    assert refusal(write, TONES + f"{name} = 3") == (
        "own.toml: groups.tone.labels[1]: zh or en is not text. Put it in quotes."
    )


@pytest.mark.parametrize("name", ["zh", "en"])
def test_a_name_may_have_a_wide_blank_and_no_line_break(write: Write, name: str) -> None:
    read_scheme(Path(write("own.toml", TONES + f'{name} = "甲　乙"')))
    assert refusal(write, TONES + f'{name} = "a\\nb"') == (
        "own.toml: groups.tone.labels[1]: zh or en has a line break or a control character. "
        "Remove it."
    )


@pytest.mark.parametrize("name", ["zh", "en"])
def test_a_name_of_a_group_that_is_not_text_is_refused(write: Write, name: str) -> None:
    text = TONES.replace('kind = "exclusive"', f'kind = "exclusive"\n{name} = ["x"]')
    assert refusal(write, text) == (
        "own.toml: groups.tone: zh or en is not text. Put it in quotes."
    )


def test_a_label_that_stands_twice_is_refused(write: Write) -> None:
    assert refusal(write, TONES.replace("cool", "warm")) == (
        "own.toml: groups.tone: label 'warm' stands twice. Remove one."
    )


def test_two_groups_may_share_a_label_id(write: Write) -> None:
    again = TONES.replace("groups.tone", "groups.light")
    scheme = read_scheme(Path(write("own.toml", TONES + again)))
    assert scheme.columns(scheme.groups[1]) == slice(2, 4)


def test_an_unknown_label_names_the_line_and_the_allowed_labels(scheme: Scheme) -> None:
    with pytest.raises(InputError) as caught:
        scheme.labels_in({"type": "newz"}, "labels.jsonl:17")
    assert str(caught.value) == (
        "labels.jsonl:17: no type 'newz'. "
        "Use one of: policy_notice, news, event, research_breakthrough."
    )


def test_an_unknown_label_of_a_multi_group_is_refused_too(scheme: Scheme) -> None:
    with pytest.raises(InputError) as caught:
        scheme.labels_in({"domains": ["ai", "AI"]}, "a.json[2]")
    assert str(caught.value) == (
        "a.json[2]: no domains 'AI'. "
        "Use one of: ai, brain_computer_interface, biomedicine, metaverse."
    )


@pytest.mark.parametrize("value", [["news"], [], 3, True, {"label": "news"}])
def test_an_exclusive_group_takes_one_label_only(scheme: Scheme, value: object) -> None:
    with pytest.raises(InputError) as caught:
        group(scheme, "type").parse(value, "a.jsonl:1")
    assert str(caught.value) == (
        "a.jsonl:1: type is not one label. "
        "Give one of: policy_notice, news, event, research_breakthrough."
    )


@pytest.mark.parametrize("value", [3, [3], ["ai", None], {"ai": True}, False])
def test_a_multi_group_takes_a_list_of_labels_only(scheme: Scheme, value: object) -> None:
    with pytest.raises(InputError) as caught:
        group(scheme, "domains").parse(value, "a.jsonl:1")
    assert str(caught.value) == (
        "a.jsonl:1: domains is not a list of labels. Give a list, [] for none, of: "
        "ai, brain_computer_interface, biomedicine, metaverse."
    )


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        ("", set()),
        ("ai", {"ai"}),
        ("ai|metaverse", {"ai", "metaverse"}),
        ("ai|", {"ai"}),
        ([], set()),
        (["metaverse", "ai", "ai"], {"ai", "metaverse"}),
    ],
)
def test_labels_of_a_multi_group_come_as_a_list_or_joined_by_bars(
    scheme: Scheme, value: object, labels: set[str]
) -> None:
    assert group(scheme, "domains").parse(value, "here") == labels


def test_blanks_around_a_bar_are_part_of_the_label_and_refused(scheme: Scheme) -> None:
    with pytest.raises(InputError) as caught:
        group(scheme, "domains").parse("ai | metaverse", "a.csv:2")
    assert str(caught.value) == (
        "a.csv:2: no domains 'ai '. "
        "Use one of: ai, brain_computer_interface, biomedicine, metaverse."
    )


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        ({}, {}),
        ({"type": None, "domains": None}, {}),
        ({"type": "news"}, {"type": {"news"}}),
        ({"domains": []}, {"domains": set()}),
        ({"type": "", "domains": ""}, {}),
        ({"domains": "[]"}, {"domains": set()}),
        ({"type": "news", "theme": "water"}, {"type": {"news"}}),
    ],
)
def test_a_missing_group_is_unknown_and_an_empty_list_is_none(
    scheme: Scheme, row: dict[str, object], labels: dict[str, set[str]]
) -> None:
    assert scheme.labels_in(row, "here") == labels
