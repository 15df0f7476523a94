"""With --lang ja, or in a Japanese terminal, is every mistake told in Japanese, whoever worded it?"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from imprimatur_cli.main import app
from imprimatur_cli.translation import translated
from typer.testing import CliRunner


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


USAGE = [
    (("draw",), "オプション '--prompt' を指定してください。"),
    (("verify",), "引数 'file' を指定してください。"),
    (("drow",), "'drow' というコマンドはありません。'draw' のことですか。"),
    (("draw", "--nope"), "--nope というオプションはありません"),
    (("draw", "--prompt"), "オプション '--prompt' には値が必要です。"),
    (("train", "--seed", "x"), "'--seed' の値が正しくありません: 整数を指定してください"),
    (("train", "--lr", "x"), "'--lr' の値が正しくありません: 数値を指定してください"),
    (("train", "--steps", "0"), "'--steps' の値が正しくありません: 1 以上にしてください"),
    (("pilot", "/", "--similarity", "2"), "'--similarity' の値が正しくありません: 1 以下にしてください"),
    (("verify", "/nowhere.png"), "ファイル '/nowhere.png' がありません。"),
    (("verify", "/"), "ファイル '/' はフォルダーです。"),
    (("verify", __file__, "more"), "余分な引数があります（more）"),
    (("explain", __file__, "--trust", "x"), "--trust というオプションはありません"),
    (("evaluate", "--data", "/", "-o", "x", "--effort", "lazy"), "exact か fast を選んでください"),
]


@pytest.mark.parametrize(("words", "sentence"), USAGE)
def test_wrong_usage_is_told_in_japanese(here: Path, words: tuple[str, ...], sentence: str) -> None:
    result = run(words[0], "--lang", "ja", *words[1:])
    assert (result.exit_code, sentence in result.stderr.replace("\n", "")) == (2, True), result.stderr


def test_the_terminal_says_the_language_and_lang_overrules_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert "というコマンドはありません" in run("drow").stderr
    assert "No such command" in run("drow", "--lang=en").stderr
    assert "モデルの置き場所を" in run("weights", "get", "sd15").stderr
    assert "say where models are kept" in run("weights", "get", "sd15", "--lang", "en").stderr


def test_what_a_library_words_is_told_in_japanese(here: Path, reference: Path) -> None:
    asked = ("draw", "--prompt", "a bottle", "-o", str(here / "out.png"), "--own-work", "--lang", "ja")
    of_word = run(*asked, "--word", "mug", "-r", str(reference)).stderr
    assert "エラー: 「mug」はプロンプトにありません。次の語から選んでください: a, bottle" in of_word
    of_model = run(*asked, "--word", "bottle", "-r", str(reference), "--profile", "huge").stderr
    assert "エラー: 「huge」というモデルはありません。次から選んでください: studio, " in of_model
    of_steps = run(*asked, "--word", "bottle", "-r", str(reference), "--steps", "0").stderr
    assert "エラー: steps は 1 から " in of_steps


def test_what_is_filled_in_is_translated_too() -> None:
    told = translated("/a/rights.json is no rights file: kind 'own' is unknown: use one of likeness, property", "ja")
    assert told == (
        "/a/rights.json は権利ファイルとして読めません: "
        "kind の 'own' は使えません。次から選んでください: likeness, property"
    )
    assert translated("[Errno 13] Permission denied: '/root/x'", "ja") == "'/root/x': アクセスが許可されていません"
    assert translated("a sentence of an operating system", "ja") == "a sentence of an operating system"
