"""The photo coach's words: what each finding of `generation.reference_quality` means, and what to do about it.

Kept beside each other in both languages, and stored with the picture: what somebody was told at upload stays told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

from generation.reference_quality import Check, assess

Words = tuple[str, str]  # English, Japanese

NAMES: Final[dict[str, Words]] = {
    "size": ("Size", "大きさ"),
    "blur": ("Sharpness", "ピント"),
    "exposure": ("Light", "明るさ"),
    "share": ("Close-up", "被写体の大きさ"),
    "one_subject": ("One subject", "被写体の数"),
    "clutter": ("Background", "背景"),
    "edges": ("Nothing cut off", "見切れ"),
}
_SIDES: Final[dict[str, Words]] = {
    "left": ("left", "左"),
    "top": ("top", "上"),
    "right": ("right", "右"),
    "bottom": ("bottom", "下"),
}
_CANNOT_TELL: Final[Words] = ("This could not be told from this picture.", "この画像からは判断できませんでした。")
_PLAIN_WALL: Final[Words] = ("Photograph it before a plain background.", "無地の背景で撮影してください。")
# code -> (what was found, what to do)
FINDINGS: Final[dict[str, tuple[Words, Words]]] = {
    "large_enough": (("The picture is large enough.", "十分な大きさです。"), ("", "")),
    "small": (
        ("The picture is rather small.", "画像がやや小さめです。"),
        ("Use one with at least 512 pixels on its short side.", "短辺が512ピクセル以上の画像をおすすめします。"),
    ),
    "very_small": (
        ("The picture is too small to show details.", "画像が小さく、細部が写っていません。"),
        ("Use one with at least 512 pixels on its short side.", "短辺が512ピクセル以上の画像をお使いください。"),
    ),
    "sharp": (("The picture is sharp.", "ピントが合っています。"), ("", "")),
    "soft": (
        ("The picture is a little soft.", "ピントがやや甘くなっています。"),
        ("Focus on the subject and hold the camera still.", "被写体にピントを合わせ、カメラを固定してください。"),
    ),
    "blurred": (
        ("The picture is blurred.", "画像がぼやけています。"),
        ("Take it again, in focus and with more light.", "ピントを合わせ、明るい場所で撮り直してください。"),
    ),
    "well_lit": (("The light is good.", "明るさは適切です。"), ("", "")),
    "flat": (
        ("The picture has little contrast.", "明暗の差が小さい画像です。"),
        ("Choose a background that differs from the subject.", "被写体と異なる色の背景を選んでください。"),
    ),
    "too_dark": (
        ("The picture is too dark.", "画像が暗すぎます。"),
        ("Take it again with more light.", "明るい場所で撮り直してください。"),
    ),
    "too_bright": (
        ("The picture is washed out.", "画像が白く飛んでいます。"),
        ("Take it again with less light, or lower the exposure.", "光を弱めるか、露出を下げて撮り直してください。"),
    ),
    "prominent": (("The subject is prominent.", "被写体が十分な大きさで写っています。"), ("", "")),
    "small_in_frame": (
        ("The subject is small in the frame.", "被写体が小さく写っています。"),
        ("Crop closer, or step nearer.", "トリミングするか、近づいて撮影してください。"),
    ),
    "far_away": (
        ("The subject takes up very little of the frame.", "被写体が画面のごく一部にしか写っていません。"),
        (
            "Crop until the subject fills about half of the frame.",
            "被写体が画面の半分ほどを占めるよう切り抜いてください。",
        ),
    ),
    "fills_frame": (
        ("The subject fills the whole frame.", "被写体が画面いっぱいに写っています。"),
        ("Leave a little background on every side.", "周囲に少し余白を残してください。"),
    ),
    "one": (("One subject was found.", "被写体は一つです。"), ("", "")),
    "several": (
        ("There are {value:.0f} things in the picture.", "画像に{value:.0f}個の物が写っています。"),
        (
            "Show the subject alone.",
            "被写体だけを写してください。",
        ),
    ),
    "none_found": (
        ("No subject stands out from the background.", "背景から浮き出る被写体が見つかりません。"),
        ("Choose a background that differs from the subject.", "被写体と異なる色の背景を選んでください。"),
    ),
    "clean": (("The background is clean.", "背景はすっきりしています。"), ("", "")),
    "busy": (("The background is a little busy.", "背景がやや雑然としています。"), _PLAIN_WALL),
    "cluttered": (("The background is cluttered.", "背景が雑然としています。"), _PLAIN_WALL),
    "whole": (("The subject is wholly in the picture.", "被写体の全体が写っています。"), ("", "")),
    "cut_off": (
        ("The subject is cut off at the {sides}.", "被写体の{sides}側が切れています。"),
        ("Take it again with some space around the subject.", "周囲に余白を取って撮り直してください。"),
    ),
    "cannot_tell": (_CANNOT_TELL, _PLAIN_WALL),
}


@dataclass(frozen=True)
class Advice:
    """One finding in one language. `verdict`: good, fair, poor or unknown; `advice` is '' where nothing is to do."""

    check: str
    name: str
    code: str
    verdict: str
    value: float | None
    sentence: str
    advice: str


def measure(image: Image.Image, *, person: bool) -> dict[str, Any]:
    """The coach's findings as JSON: measures, verdicts, and the sentences in both languages."""
    quality = assess(image, person=person)
    found = quality.to_json()
    return found | {"checks": [row | _words(check) for row, check in zip(found["checks"], quality.checks, strict=True)]}


def spoken(quality: dict[str, Any], language: str) -> list[Advice]:
    """Stored findings in one language ("en", "ja"), in the order of the checks."""
    column = "ja" if language.startswith("ja") else "en"
    return [
        Advice(
            check=row["check"],
            name=row["name"][column],
            code=row["code"],
            verdict=row["verdict"],
            value=row["value"],
            sentence=row["sentence"][column],
            advice=row["advice"][column],
        )
        for row in quality.get("checks", [])
    ]


def _words(check: Check) -> dict[str, dict[str, str]]:
    sentence, advice = FINDINGS[check.code]
    texts = {"name": NAMES[check.check], "sentence": sentence, "advice": advice}
    return {key: {"en": _filled(words[0], check, 0), "ja": _filled(words[1], check, 1)} for key, words in texts.items()}


def _filled(text: str, check: Check, column: int) -> str:
    sides = (" and ", "・")[column].join(_SIDES[side][column] for side in check.detail)
    return text.format(value=check.value or 0, sides=sides)
