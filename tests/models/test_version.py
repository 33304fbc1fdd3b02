"""A version directory is opened whole and as it was written, or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.article import Article
from labels.errors import VersionError
from labels.scheme import RESERVED, Group, Label, Scheme, read_scheme
from models.calibration import Calibration, Sigmoid, Temperature
from models.features import Block
from models.model import Model
from models.predictor import Predictor
from models.scorer import Scores, Weights, fuse
from models.segmentation import _Jieba
from models.store import Store
from models.sums import write_sums
from models.version import (
    calibration_as_json,
    calibration_from,
    load_predictor,
    scheme_text,
)

FILES = [
    "SHA256SUMS",
    "dictionary.txt",
    "golden.jsonl",
    "idf.npy",
    "manifest.json",
    "report.json",
    "rows.npy",
    "scheme.toml",
    "shifts.npy",
    "slots.npy",
    "vocabulary.txt",
    "weights.npy",
]
GROUPS = ("type", "domains")
FIX = "Train again, or copy the version again from where it was made."
ALTERED = f"an altered file: its sum is not that of SHA256SUMS. {FIX}"
ARTICLES = [
    Article(id="a1", title="人工智能论坛", content="记者获悉，大模型论坛今日举办。" * 3),
    Article(id="a2", title="", content=""),
    Article(id="a3", title="关于新药的通知", content="番茄炒鸡蛋" * 5),
]


def refusal(folder: Path) -> str:
    with pytest.raises(VersionError) as refused:
        load_predictor(folder)
    return str(refused.value)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def edit_manifest(folder: Path, **values: object) -> None:
    """Change the manifest and write the sums again."""
    raw = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(raw | values), "utf-8")
    write_sums(folder)


def test_a_version_consists_of_these_files(version: Path) -> None:
    assert sorted(path.name for path in version.iterdir()) == FILES


def test_a_loaded_version_predicts_as_the_model_that_was_written(
    version: Path, predictor: Predictor
) -> None:
    loaded = load_predictor(version)
    assert loaded.version == version.name == predictor.version
    assert loaded.predict(ARTICLES) == predictor.predict(ARTICLES)


def test_a_loaded_model_equals_the_one_that_was_written(version: Path, model: Model) -> None:
    loaded = load_predictor(version).model
    assert loaded.scheme == model.scheme
    assert loaded.dictionary == model.dictionary
    assert loaded.calibrations == model.calibrations
    assert loaded.rules == model.rules
    assert loaded.scorer.intercepts.tolist() == model.scorer.intercepts.tolist()
    assert loaded.scorer.blocks == model.scorer.blocks
    assert loaded.scorer.vocabulary.terms == model.scorer.vocabulary.terms
    for name in ("rows", "idf", "weights"):
        assert np.array_equal(getattr(loaded.scorer, name), getattr(model.scorer, name))
    for name in ("shifts", "slots"):
        mine, given_ = (getattr(one.scorer.vocabulary, name) for one in (loaded, model))
        assert np.array_equal(mine, given_)


def test_arrays_stay_on_disk(version: Path) -> None:
    scorer = load_predictor(version).model.scorer
    arrays = (scorer.rows, scorer.idf, scorer.weights)
    table = (scorer.vocabulary.shifts, scorer.vocabulary.slots)
    assert [isinstance(array.base, np.memmap) for array in (*arrays, *table)] == [True] * 5


def test_a_version_opens_with_the_reference_segmenter_too(
    version: Path, predictor: Predictor
) -> None:
    loaded = load_predictor(version, "jieba")
    assert isinstance(loaded._segmenter, _Jieba)
    assert loaded.predict(ARTICLES) == predictor.predict(ARTICLES)


def test_a_version_copied_elsewhere_opens_too(version: Path, tmp_path: Path) -> None:
    copy = version.rename(tmp_path / "copy")
    assert load_predictor(copy).version == "20260101T000000Z-00000001"


OTHERS = sorted({*FILES} - {"SHA256SUMS", "manifest.json"})


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", OTHERS)
def test_a_version_with_one_flipped_byte_is_refused_by_name(
    version: Path, name: str, part: float
) -> None:
    flip(version / name, int(part * ((version / name).stat().st_size - 1)))
    assert refusal(version) == f"{version}/{name}: {ALTERED}"


def test_a_version_with_one_flipped_byte_in_its_sums_is_refused(version: Path) -> None:
    flip(version / "SHA256SUMS", 0)  # in the sum of the first file
    assert refusal(version) == f"{version}/dictionary.txt: {ALTERED}"


def test_a_version_with_one_flipped_byte_in_its_manifest_is_refused(version: Path) -> None:
    flip(version / "manifest.json", (version / "manifest.json").read_bytes().index(b"0.5"))
    assert refusal(version) == f"{version}/manifest.json: {ALTERED}"


def test_no_byte_of_the_manifest_changes_unseen(version: Path) -> None:
    data = (version / "manifest.json").read_bytes()
    for at in range(0, len(data), 17):
        flip(version / "manifest.json", at)
        assert refusal(version).startswith(f"{version}/manifest.json: ")
        flip(version / "manifest.json", at)
    assert (version / "manifest.json").read_bytes() == data


@pytest.mark.parametrize("name", OTHERS)
def test_a_version_with_a_missing_file_is_refused_by_name(version: Path, name: str) -> None:
    (version / name).unlink()
    assert refusal(version) == f"{version}/{name}: a missing file. {FIX}"


def test_a_version_without_a_manifest_is_refused(version: Path) -> None:
    (version / "manifest.json").unlink()
    assert refusal(version) == (
        f"{version}: no model version: manifest.json is missing. Train again."
    )


def test_a_version_without_sums_is_refused(version: Path) -> None:
    (version / "SHA256SUMS").unlink()
    assert refusal(version) == f"{version}/SHA256SUMS: missing or not readable. {FIX}"


def test_a_version_with_an_extra_file_is_refused_by_name(version: Path) -> None:
    (version / "notes.txt").write_text("", "utf-8")
    assert refusal(version) == (
        f"{version}/notes.txt: an extra file, not in SHA256SUMS. Remove it."
    )


def test_a_version_with_an_extra_directory_is_refused_by_name(version: Path) -> None:
    (version / "figures").mkdir()
    assert refusal(version) == f"{version}/figures: an extra file, not in SHA256SUMS. Remove it."


def test_a_version_of_another_format_is_refused_before_its_sums_are_read(version: Path) -> None:
    edit_manifest(version, format=1)
    (version / "SHA256SUMS").unlink()
    assert refusal(version) == (
        f"{version}/manifest.json: format 1, and this newstag reads format 6. Train again."
    )


def test_a_version_whose_manifest_is_not_json_is_refused(version: Path) -> None:
    (version / "manifest.json").write_text("format = 2\n", "utf-8")
    write_sums(version)
    assert refusal(version) == f"{version}/manifest.json: not JSON. Train again."


def test_a_version_with_a_golden_text_that_moved_is_refused(version: Path) -> None:
    rows = [json.loads(x) for x in (version / "golden.jsonl").read_text("utf-8").splitlines()]
    rows[2]["scores"]["type"]["policy_notice"] -= 0.25
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (version / "golden.jsonl").write_text(lines, "utf-8")
    write_sums(version)
    assert refusal(version) == (
        f"{version}/golden.jsonl: golden text golden-2 scores otherwise, by 0.250000. "
        "Install the libraries of its manifest, or train again."
    )


def test_a_version_with_other_weights_is_refused_by_its_golden_texts(version: Path) -> None:
    weights = np.load(version / "weights.npy")
    np.save(version / "weights.npy", -weights)
    write_sums(version)
    assert refusal(version).startswith(
        f"{version}/golden.jsonl: golden text golden-0 scores otherwise, by "
    )


@pytest.mark.parametrize("shape", [(2, 2), (11, 4), (12, 5), (11,)])
def test_weights_of_a_wrong_shape_are_refused(version: Path, shape: tuple[int, ...]) -> None:
    np.save(version / "weights.npy", np.zeros(shape, np.float32))
    write_sums(version)
    what = f"weights of shape {shape} float32, not (11, 5) float32"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_weights_of_another_type_are_refused(version: Path) -> None:
    np.save(version / "weights.npy", np.zeros((11, 5)))
    write_sums(version)
    what = "weights of shape (11, 5) float64, not (11, 5) float32"
    assert refusal(version) == f"{version}: {what}. Train again."


@pytest.mark.parametrize("change", ["less", "twice", "other"])
def test_a_vocabulary_that_is_not_that_of_the_keys_is_refused(version: Path, change: str) -> None:
    path = version / "vocabulary.txt"
    terms = path.read_text("utf-8").splitlines()
    changed = {"less": terms[1:], "twice": [terms[1], *terms[1:]], "other": ["番茄", *terms[1:]]}
    path.write_text("".join(f"{term}\n" for term in changed[change]), "utf-8")
    write_sums(version)
    what = "a vocabulary that is not that of its keys"
    assert refusal(version) == f"{version}: {what}. Train again."


@pytest.mark.parametrize("row", [-1, 11, 2])
def test_rows_that_lead_nowhere_are_refused(version: Path, row: int) -> None:
    rows = np.load(version / "rows.npy")
    rows[np.nonzero(rows == 1)] = row
    np.save(version / "rows.npy", rows)
    write_sums(version)
    what = "rows that are not those of its terms"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_shifts_that_lead_to_other_slots_are_refused(version: Path) -> None:
    shifts = np.load(version / "shifts.npy")
    np.save(version / "shifts.npy", shifts + np.uint16(1))
    write_sums(version)
    what = "a vocabulary that is not that of its keys"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_slots_of_no_power_of_two_are_refused(version: Path) -> None:
    slots = np.load(version / "slots.npy")
    np.save(version / "slots.npy", slots[:-1])
    write_sums(version)
    what = "slots of shape (15,) uint64, not (16,) uint64"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_an_idf_of_a_wrong_shape_is_refused(version: Path) -> None:
    np.save(version / "idf.npy", np.ones(3, np.float32))
    write_sums(version)
    what = "idf of shape (3,) float32, not (11,) float32"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_a_wrong_number_of_intercepts_is_refused(version: Path) -> None:
    edit_manifest(version, intercepts=[0.0])
    what = "intercepts of shape (1,) float64, not (5,) float64"
    assert refusal(version) == f"{version}: {what}. Train again."


def test_another_scheme_is_refused(version: Path, scheme: Scheme) -> None:
    other = Scheme(groups=tuple(reversed(scheme.groups)))
    (version / "scheme.toml").write_text(scheme_text(other), "utf-8")
    write_sums(version)
    assert refusal(version) == (
        f"{version}/scheme.toml: not the scheme of the manifest. Train again."
    )


def test_a_scheme_with_another_definition_is_another_scheme(version: Path, scheme: Scheme) -> None:
    text = scheme_text(scheme).replace("occasion", "gathering")
    (version / "scheme.toml").write_text(text, "utf-8")
    write_sums(version)
    assert refusal(version) == (
        f"{version}/scheme.toml: not the scheme of the manifest. Train again."
    )


def test_another_dictionary_is_refused(version: Path) -> None:
    (version / "dictionary.txt").write_text("大模型\n", "utf-8")
    write_sums(version)
    assert refusal(version) == (
        f"{version}/dictionary.txt: not the dictionary of the manifest. Train again."
    )


def test_a_pickle_is_refused_unopened(version: Path) -> None:
    opened = version.parent / "opened"
    np.save(version / "weights.npy", np.array([_Trap(opened)], object), allow_pickle=True)
    write_sums(version)
    assert refusal(version) == (
        f"{version}: not a version that newstag wrote (ValueError). Train again."
    )
    assert not opened.exists()


class _Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("scheme.toml", "groups", "InputError"),
        ("vocabulary.txt", b"\xff\n", "UnicodeDecodeError"),
        ("weights.npy", "not an array", "ValueError"),
    ],
)
def test_a_file_that_newstag_would_not_write_is_refused(
    version: Path, name: str, text: str | bytes, error: str
) -> None:
    (version / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    write_sums(version)
    assert (
        refusal(version) == f"{version}: not a version that newstag wrote ({error}). Train again."
    )


def test_a_file_that_the_sums_never_had_is_refused(version: Path) -> None:
    (version / "rows.npy").unlink()
    write_sums(version)
    assert refusal(version) == (
        f"{version}: not a version that newstag wrote (FileNotFoundError). Train again."
    )


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"blocks": [{"field": "title", "colour": "red"}]}, "TypeError"),
        ({"blocks": [5]}, "AttributeError"),
        ({"intercepts": ["one"]}, "ValueError"),
        ({"calibrations": {group: {"kind": "isotonic"} for group in GROUPS}}, "KeyError"),
        ({"rules": {group: {"threshold": 0.5} for group in GROUPS}}, "TypeError"),
        ({"rules": {group: [] for group in GROUPS}}, "AttributeError"),
        ({"blocks": [5, 5]}, "AttributeError"),
        ({"blocks": [{"field": "colour"}, {"field": "title"}]}, "ValueError"),
        ({"blocks": [{"field": "markers", "unit": "character"}] * 2}, "ValueError"),
        (
            {
                "rules": {
                    group: {"thresholds": [], "sure": [], "margin": 0.1, "trained": [True] * 3}
                    for group in GROUPS
                }
            },
            "IndexError",
        ),
    ],
)
def test_a_manifest_that_newstag_would_not_write_is_refused(
    version: Path, values: dict[str, object], error: str
) -> None:
    edit_manifest(version, **values)
    assert (
        refusal(version) == f"{version}: not a version that newstag wrote ({error}). Train again."
    )


def test_an_empty_file_of_weights_is_refused(version: Path) -> None:
    (version / "weights.npy").write_bytes(b"")
    write_sums(version)
    assert refusal(version) == (
        f"{version}: not a version that newstag wrote (EOFError). Train again."
    )


@pytest.mark.parametrize("field", ["calibrations", "rules"])
def test_a_manifest_with_a_list_for_an_object_is_refused(version: Path, field: str) -> None:
    edit_manifest(version, **{field: []})
    assert refusal(version) == (f"{version}/manifest.json: not a manifest of newstag. Train again.")


@pytest.mark.parametrize("field", ["calibrations", "rules"])
def test_a_manifest_without_a_groups_calibration_or_rule_is_refused(
    version: Path, field: str
) -> None:
    raw = json.loads((version / "manifest.json").read_text("utf-8"))
    del raw[field]["domains"]
    edit_manifest(version, **{field: raw[field]})
    assert refusal(version) == (
        f"{version}: {field} that are not those of the scheme's groups. Train again."
    )


@pytest.mark.parametrize("field", ["calibrations", "rules"])
def test_a_manifest_with_a_group_that_the_scheme_lacks_is_refused(
    version: Path, field: str
) -> None:
    raw = json.loads((version / "manifest.json").read_text("utf-8"))
    edit_manifest(version, **{field: raw[field] | {"places": raw[field]["domains"]}})
    assert refusal(version) == (
        f"{version}: {field} that are not those of the scheme's groups. Train again."
    )


@pytest.mark.parametrize("data", [b"null\n", b"{\n", b'{"id": "golden-0"}\n', b"\xff\n", None])
def test_golden_texts_that_newstag_would_not_write_are_refused(
    version: Path, data: bytes | None
) -> None:
    (version / "golden.jsonl").unlink()
    if data is not None:
        (version / "golden.jsonl").write_bytes(data)
    write_sums(version)
    assert refusal(version) == (
        f"{version}/golden.jsonl: missing or not golden texts. Train again."
    )


def test_a_score_that_is_no_number_is_refused_in_any_group(version: Path) -> None:
    edit_manifest(version, intercepts=[0.0, 0.0, 0.0, -1.0, float("nan")])
    assert refusal(version) == (
        f"{version}/golden.jsonl: golden text golden-0 scores otherwise, by nan. Install the "
        "libraries of its manifest, or train again."
    )


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_a_version_without_any_golden_text_is_refused(version: Path, data: bytes) -> None:
    (version / "golden.jsonl").write_bytes(data)
    write_sums(version)
    assert refusal(version) == f"{version}/golden.jsonl: no golden texts. Train again."


def test_a_refused_version_leaves_the_champion_in_place(
    version: Path, store: Store, save: Callable[[Store, str], Path]
) -> None:
    second = save(store, "20260102T000000Z-00000002")
    flip(second / "idf.npy", -1)
    with pytest.raises(VersionError) as refused:
        store.promote(second.name, "better")
    assert str(refused.value) == f"{second}/idf.npy: {ALTERED}"
    assert load_predictor(store.resolve()).version == version.name == store.champion()
    assert [entry.after for entry in store.history()] == [version.name]


def test_a_model_of_an_empty_block_is_read_back(
    store: Store, model: Model, write_files: Callable[[Path, Model, str], None]
) -> None:
    nothing = Weights(block=Block(field="whole"), terms=[], idf=np.ones(0), weights=np.ones((0, 5)))
    less = replace(model, scorer=fuse([nothing], model.scorer.intercepts))
    name = "20260101T000000Z-00000001"
    folder = store.save(name, lambda folder: write_files(folder, less, name))
    assert load_predictor(folder).model.scorer.vocabulary.terms == []


strange = st.text(
    st.one_of(
        st.sampled_from("\"\\'#=[]\n\r\t\0\x1f\x7f\x85\u2028\ufeff𠮷"), st.characters(codec="utf-8")
    ),
    max_size=12,
)
names = strange.map(
    lambda text: "".join(one for one in text if category(one) not in {"Cc", "Zl", "Zp"})
)
ids = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda x: x not in RESERVED)
schemes = st.lists(
    st.builds(
        Group,
        id=ids,
        kind=st.sampled_from(["exclusive", "multi"]),
        zh=names,
        en=names,
        labels=st.lists(
            st.builds(Label, id=ids, zh=names, en=names, definition=strange),
            min_size=2,
            max_size=3,
            unique_by=lambda label: label.id,
        ).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda group: group.id,
).map(lambda groups: Scheme(groups=tuple(groups)))


@given(scheme=schemes)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_a_scheme_comes_back_from_its_text(
    tmp_path_factory: pytest.TempPathFactory, scheme: Scheme
) -> None:
    path = tmp_path_factory.getbasetemp() / "scheme.toml"
    path.write_text(scheme_text(scheme), "utf-8")
    assert read_scheme(path) == scheme


@pytest.mark.parametrize(
    "calibration",
    [
        Temperature(temperature=0.3, exclusive=True, trained=(True, False)),
        Temperature(temperature=0.3, exclusive=False, trained=(True, False)),
        Sigmoid(slopes=(1.5, -2.0), offsets=(0.1, 1 / 3), exclusive=False, trained=(False, True)),
        Sigmoid(slopes=(1.5, -2.0), offsets=(0.1, 1 / 3), exclusive=True, trained=(False, True)),
    ],
)
def test_a_calibration_comes_back_from_json(calibration: Calibration) -> None:
    written = json.dumps(calibration_as_json(calibration))
    assert calibration_from(json.loads(written)) == calibration


def test_a_calibration_of_another_kind_has_no_form() -> None:
    class Other:
        trained = (True,)

        def __call__(self, scores: Scores) -> Scores:
            return scores

        def likely(self, scores: Sequence[float]) -> list[float]:
            return list(scores)

        def score_at(self, label: int, likely: float) -> float:
            del label
            return likely

    with pytest.raises(TypeError) as refused:
        calibration_as_json(Other())
    assert str(refused.value) == "no form for Other"
