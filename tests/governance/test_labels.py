"""The label compiler: a golden file a rule, letters as tall as asked for, metadata that survives signing."""

from __future__ import annotations

import io
import json
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from governance.errors import InvalidRules, LabelTooLarge
from governance.label_drawing import FONT, SMALLEST_LETTERS, draw_label
from governance.labels import EU, TABLE, Content, Rule, VisibleLabel, compile_labels, read_rules
from governance.provenance import OutputFacts, read, sign_derivative, sign_output
from governance.signing import Signer
from governance.xmp import Origin, embed_xmp, packet

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
AIGC = "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC"
TODAY = date(2026, 11, 24)
GOLDEN = Path(__file__).parent / "golden" / "labels"
RULES = {rule.id: rule for rule in read_rules()[1]}
ORIGIN = Origin(
    provider="Aozora & Söhne",
    system="studio",
    version="0.1.0",
    content_id="gen_1",
    created_at="2026-11-24T09:00:00.000000Z",
    release_id="rel_1",
    propagator="青空茶",
)


def content_for(rule: Rule) -> Content:
    """The least that the rule applies to."""
    place = {"EU": "DE", "US-CA": "US", "US-NY": "US", "*": "JP"}.get(rule.places[0], rule.places[0])
    plain = Content(territories=(place,), channel="web", language="de", photoreal=False)
    return replace(plain, **rule.when)


@pytest.mark.parametrize("rule_id", RULES)
def test_the_rules_golden_file(rule_id: str) -> None:
    rule = RULES[rule_id]
    content = content_for(rule)
    labels = compile_labels(content, TODAY)
    assert rule in labels.rules
    golden = json.loads((GOLDEN / f"{rule_id}.json").read_text())
    assert golden["labels"] == labels.to_json()
    assert golden["source"] == rule.source
    assert golden["because"] == [rule.reason("en"), rule.reason("ja")]


def test_there_is_a_golden_file_for_every_rule_and_no_other() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(RULES)


@pytest.mark.parametrize("rule_id", RULES)
def test_a_rule_waits_for_its_day(rule_id: str) -> None:
    rule = RULES[rule_id]
    early = compile_labels(content_for(rule), rule.in_force - timedelta(days=1))
    assert rule_id not in early.rule_ids
    assert rule_id in compile_labels(content_for(rule), rule.in_force).rule_ids


@pytest.mark.parametrize("rule_id", [r for r, rule in RULES.items() if rule.when])
def test_every_condition_counts(rule_id: str) -> None:
    rule = RULES[rule_id]
    for name, value in rule.when.items():
        other: Any = {"photoreal": not value, "advertisement": not value, "person": "real"}[name]
        assert rule_id not in compile_labels(replace(content_for(rule), **{name: other}), TODAY).rule_ids


@pytest.mark.parametrize("rule_id", [r for r, rule in RULES.items() if rule.places != ("*",)])
def test_a_rule_stays_in_its_place(rule_id: str) -> None:
    elsewhere = replace(content_for(RULES[rule_id]), territories=("JP",))
    assert rule_id not in compile_labels(elsewhere, TODAY).rule_ids


def test_rules_are_dated_and_sourced() -> None:
    for rule in RULES.values():
        assert rule.source.startswith("https://")
        assert rule.in_force <= TODAY
        assert rule.read_on <= TODAY
    assert len(EU) == 27


def test_worldwide_means_every_rule() -> None:
    everything = Content(territories=("*",), channel="web", person="invented", advertisement=True, photoreal=True)
    labels = compile_labels(everything, TODAY)
    assert set(labels.rule_ids) == set(RULES)
    assert labels.visible is not None
    assert dict(labels.visible.lines)["AI生成"] == 0.05


def test_a_draft_that_stays_inside_shows_nothing() -> None:
    labels = compile_labels(Content(territories=("CN",), channel="internal"), TODAY)
    assert labels.visible is None
    assert {"aigc", "iptc"} <= labels.embedded


def test_the_text_is_in_the_language_of_the_use_where_the_law_leaves_it_open() -> None:
    german = compile_labels(Content(territories=("DE",), channel="web", language="de-AT"), TODAY)
    japanese = compile_labels(Content(territories=("DE",), channel="web", language="ja"), TODAY)
    assert german.visible is not None
    assert japanese.visible is not None
    assert german.visible.lines == (("KI-GENERIERT", 0.03),)
    assert japanese.visible.lines == (("AI GENERATED", 0.03),)


places = st.lists(st.sampled_from(["CN", "KR", "DE", "US", "IN", "JP", "*"]), min_size=1, max_size=4)
contents = st.builds(
    Content,
    territories=places.map(tuple),
    channel=st.sampled_from(["web", "internal", "print", ""]),
    language=st.sampled_from(["", "de", "ja", "zh-CN", "xx"]),
    person=st.sampled_from(["none", "real", "invented"]),
    advertisement=st.booleans(),
    photoreal=st.booleans(),
)


@given(contents, st.sampled_from(["CN", "KR", "DE", "US", "IN", "*"]))
def test_more_places_never_mean_fewer_marks(content: Content, further: str) -> None:
    before = compile_labels(content, TODAY)
    after = compile_labels(replace(content, territories=(*content.territories, further)), TODAY)
    assert set(before.rule_ids) <= set(after.rule_ids)
    assert before.embedded <= after.embedded
    assert set(before.visible.lines if before.visible else ()) <= set(after.visible.lines if after.visible else ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('embed = ["aigc"]', "mark telepathy"),
        ("when = { photoreal = true }", "condition photoreal"),
        ('default = "zh"', "default language en"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path, line: str, words: str) -> None:
    wrong = {
        'embed = ["aigc"]': 'embed = ["telepathy"]',
        "when = { photoreal = true }": 'when = { photoreal = "yes" }',
        'default = "zh"': 'default = "en"',
    }[line]
    table = tmp_path / "rules.toml"
    text = TABLE.read_text(encoding="utf-8")
    assert line in text
    table.write_text(text.replace(line, wrong, 1), encoding="utf-8")
    with pytest.raises(InvalidRules, match=words):
        read_rules(table)


def ink_rows(picture: Image.Image, width: int, height: int) -> int:
    """The longest run of rows of the corner that hold letters: accents stand apart."""
    corner = np.asarray(picture.convert("L"))[-height:, -width:]
    rows = "".join("x" if row else " " for row in (corner > 200).any(axis=1))
    return max(len(run) for run in rows.split())


@pytest.mark.parametrize("size", [(512, 512), (1024, 700), (700, 1024), (2000, 600)])
@pytest.mark.parametrize("text", ["AI生成", "AI 생성", "AI GENERATED", "GÉNÉRÉ PAR IA"])
def test_letters_are_at_least_as_tall_as_the_law_asks(size: tuple[int, int], text: str) -> None:
    label = VisibleLabel(lines=((text, 0.05),), icon=False)
    drawn = draw_label(Image.new("RGB", size, "black"), label)
    assert drawn.size == size
    assert ink_rows(drawn, size[0] // 2, size[1] // 3) >= 0.05 * min(size)


def test_only_the_corner_is_drawn_over(noise: Image.Image) -> None:
    large = noise.resize((600, 600))
    drawn = draw_label(large, VisibleLabel(lines=(("AI生成", 0.05),), icon=True))
    changed = np.argwhere((np.asarray(drawn) != np.asarray(large)).any(axis=2))
    assert changed.min(axis=0).tolist() > [500, 350]


def test_a_picture_too_small_for_its_label_is_refused() -> None:
    label = VisibleLabel(lines=(("AI-GENERATED PERFORMER", 0.03),), icon=True)
    with pytest.raises(LabelTooLarge, match="64 x 64"):
        draw_label(Image.new("RGB", (64, 64)), label)


def test_the_shipped_typeface_has_every_letter_of_the_table() -> None:
    from PIL import ImageFont

    font = ImageFont.truetype(str(FONT), 40)
    missing = bytes(font.getmask("\u2603"))  # a snowman: not in the subset
    texts = [t for rule in RULES.values() if rule.show for t in rule.show.texts.values()]
    for letter in {c for text in texts for c in text if c != " "}:
        assert bytes(font.getmask(letter)) != missing, letter
    assert FONT.stat().st_size < 40_000
    assert SMALLEST_LETTERS >= 10


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


FILES = [
    ("PNG", {}, "image/png"),
    ("JPEG", {"quality": 90}, "image/jpeg"),
    ("WEBP", {"quality": 80}, "image/webp"),
    ("WEBP", {"lossless": True}, "image/webp"),
]


@pytest.mark.parametrize(("kind", "options", "mime"), FILES)
def test_metadata_is_read_back_changes_no_pixel_and_survives_signing(  # noqa: PLR0917
    noise: Image.Image, signer: Signer, anchors: str, kind: str, options: dict[str, Any], mime: str
) -> None:
    plain = encoded(noise, kind, **options)
    facts = OutputFacts(generation_id="gen_1", spec_digest="ab" * 32)
    parent = sign_output(plain, mime, facts, signer)
    xmp = packet(ORIGIN, frozenset({"iptc", "aigc", "system"}))
    once = embed_xmp(parent, mime, packet(ORIGIN, frozenset({"iptc"})))
    signed = sign_derivative(embed_xmp(once, mime, xmp), mime, parent, ["published"], facts, signer)
    assert read(signed, mime, anchors).state == "trusted"
    with Image.open(io.BytesIO(signed)) as shown, Image.open(io.BytesIO(plain)) as before:
        assert np.array_equal(np.asarray(shown.convert("RGB")), np.asarray(before.convert("RGB")))
        found = shown.info["xmp"].decode()
    assert found.count("trainedAlgorithmicMedia") == 1
    assert "Aozora &amp; Söhne" in found
    assert signed.count(b"TC260:AIGC=") == 1


def test_what_no_rule_asks_for_is_not_written() -> None:
    assert packet(ORIGIN, frozenset({"signed", "watermark"})) == b""
    only_iptc = packet(ORIGIN, frozenset({"iptc"}))
    assert b"AIGC" not in only_iptc
    assert b"Aozora" not in only_iptc


def test_chinas_field_is_the_json_of_the_standard() -> None:
    from xml.etree import ElementTree

    text = packet(ORIGIN, frozenset({"aigc"})).decode().replace("\ufeff", "")
    description = next(e for e in ElementTree.fromstring(text).iter() if e.tag.endswith("}Description"))  # noqa: S314
    field = json.loads(description.attrib["{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC"])
    assert (field["Label"], field["ProduceID"], field["PropagateID"]) == ("1", "gen_1", "rel_1")
    assert field["ContentPropagator"] == "青空茶"
    assert len(field) == 7


def test_the_table_says_when_it_was_read() -> None:
    assert date.fromisoformat(tomllib.loads(TABLE.read_text(encoding="utf-8"))["table"]) <= TODAY


@pytest.mark.parametrize(
    ("territory", "rule_id"),
    [
        ("cn", "cn.explicit"),
        (" CN", "cn.explicit"),
        ("CN-31", "cn.explicit"),
        ("DE-BY", "eu.50.4"),
        ("EL", "eu.50.4"),
        ("de", "eu.50.2"),
        ("US-NY", "us_ny.performer"),
        ("US", "us_ny.performer"),
    ],
)
def test_a_place_is_met_however_it_is_written(territory: str, rule_id: str) -> None:
    content = Content(territories=("JP", territory), channel="web", advertisement=True, person="invented")
    assert rule_id in compile_labels(content, TODAY).rule_ids


@pytest.mark.parametrize("territory", ["China", "中国", "EMEA", "XX", "ZZ", "C N"])
def test_a_place_that_nobody_knows_meets_every_rule(territory: str) -> None:
    everywhere = compile_labels(Content(territories=("*",), channel="web", language="ja"), TODAY)
    assert compile_labels(Content(territories=(territory,), channel="web", language="ja"), TODAY) == everywhere


def test_a_place_meets_no_rule_of_its_neighbours() -> None:
    content = Content(territories=("US-TX",), channel="web", advertisement=True, person="invented")
    assert not {r for r in compile_labels(content, TODAY).rule_ids if r.startswith(("us_", "eu.", "cn."))}
    assert compile_labels(replace(content, territories=("",)), TODAY).rule_ids == ("iptc.source_type",)


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "image/webp"])
@pytest.mark.parametrize("name", ["青空茶" * 40, "a\x0bb\x00c\ufffed", '"><x:evil/>&\n\t', "\U0001f375" * 120, ""])
def test_no_name_breaks_the_metadata(mime: str, name: str) -> None:
    data = io.BytesIO()
    Image.new("RGB", (1, 1)).save(data, mime.removeprefix("image/"))
    marked = packet(replace(ORIGIN, propagator=name, provider=name), frozenset({"aigc", "system"}))
    (described,) = ElementTree.fromstring(marked).iter(f"{{{RDF}}}Description")  # noqa: S314 - our own packet
    assert json.loads(described.attrib[AIGC])["ContentPropagator"] == name.replace("\ufffe", "\ufffd")
    said = embed_xmp(data.getvalue(), mime, marked)
    assert marked in said
    with Image.open(io.BytesIO(said)) as picture:
        picture.load()
