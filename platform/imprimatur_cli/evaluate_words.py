"""The words of `imprimatur evaluate`, in English and Japanese; said by `imprimatur_cli.sentences.say`."""

from __future__ import annotations

from typing import Final

EVALUATE: Final[dict[str, tuple[str, str]]] = {
    "evaluating": ("Drawing and measuring", "描画と測定"),
    "evaluate_no_reward": (
        "ImageReward is left out: it needs {lacking}",
        "ImageReward は測定しません。必要なもの: {lacking}",
    ),
    "evaluate_left": (
        "{left} of {all} pictures are not measured yet: give the same command again to go on",
        "{all} 枚のうち {left} 枚が未測定です。同じコマンドをもう一度実行すると続きから測定します",
    ),
    "evaluate_measured": (
        "{pictures} pictures of {subjects} subjects, {profile}; in brackets the bounds of the 95 % interval",
        "{profile}、被写体 {subjects} 件、画像 {pictures} 枚。角括弧内は 95 % 信頼区間です",
    ),
    "evaluate_published": ("as published: {source}", "公表値: {source}"),
    "evaluate_caution": (
        "Published figures come from other subjects and prompts: compare orders of magnitude, not digits.",
        "公表値は別の被写体とプロンプトによるものです。桁ではなく大きさの程度を比べてください。",
    ),
    "evaluate_method": ("method", "手法"),
    "evaluate_steps": ("tuning steps", "調整ステップ"),
}
