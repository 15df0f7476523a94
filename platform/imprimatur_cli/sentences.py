"""What the command line says, in English and Japanese."""

from __future__ import annotations

import os
from typing import Annotated, Final, Literal

import typer

from imprimatur_cli.evaluate_words import EVALUATE
from imprimatur_cli.pilot_words import PILOT

Language = Literal["en", "ja"]
Lang = Annotated[str, typer.Option("--lang", help="Language of messages: en or ja.")]

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "loading": ("Loading {profile}", "{profile} を読み込み中"),
    "drawing": ("Drawing", "描画中"),
    "saved": (
        "Saved {path} ({width} x {height}, seed {seed})",
        "{path} を保存しました（{width} x {height}、シード {seed}）",
    ),
    "strip_saved": ("Mask film strip: {path}", "マスクの推移: {path}"),
    "explanation_saved": (
        "Explanation: {path}; see it with imprimatur explain {picture}",
        "説明データ: {path}（imprimatur explain {picture} で表示できます）",
    ),
    "card_saved": ("Card: {path}", "説明カード: {path}"),
    "sweep_done": ("Contact sheet: {sheet}; plot: {plot}", "一覧: {sheet}、グラフ: {plot}"),
    "sweep_unscored": (
        "this model gave no scores to choose by: look at the contact sheet",
        "このモデルはスコアを出さないため、一覧を見て選んでください",
    ),
    "sweep_proposal": (
        "Proposed: --scope {scope} --quantity {quantity}, frozen at step {stop}. Of {tried} settings, {candidates} lie "
        "within {within} of the best similarity ({best}); of these it obeys the words best "
        "(text match {text_match}, similarity {similarity})",
        "提案: --scope {scope} --quantity {quantity}（ステップ {stop} で固定）。{tried} 通りのうち {candidates} 通りが"
        "最高の類似度 {best} から {within} 以内で、"
        "その中で最も語に忠実です（語との一致 {text_match}、類似度 {similarity}）",
    ),
    "pixel_digest": ("Pixel digest {digest}", "画素ダイジェスト {digest}"),
    "note": ("Note: {text}", "注意: {text}"),
    "error": ("Error: {text}", "エラー: {text}"),
    "refused": ("Not permitted:", "許可されません:"),
    "development_key": (
        "signed with a development key that nobody outside trusts; for a real one set IMPRIMATUR_SIGNER_KEY and _CHAIN",
        "開発用の鍵で署名したため外部では信頼されません。IMPRIMATUR_SIGNER_KEY と _CHAIN で本番の鍵を指定できます",
    ),
    "state_trusted": ("Trusted: signed by {signer}", "信頼できます。署名者: {signer}"),
    "state_valid": (
        "Unchanged, but its signer {signer} is not known here",
        "改変はありませんが、署名者 {signer} はここでは確認できません",
    ),
    "state_invalid": ("Not to be trusted: {failures}", "信頼できません: {failures}"),
    "state_none": ("No provenance manifest in this file", "このファイルには来歴情報がありません"),
    "ingredient": ("made from {title}: {state}", "素材 {title}: {state}"),
    "ask_key": ("API key", "APIキー"),
    "logged_in": ("Logged in to {company}; kept in {path}", "{company} にログインしました。保存先: {path}"),
    "revoke_reaches": (
        "It takes {pictures} pictures out of sight ({released} of them released) and stops {queued} that are queued",
        "{pictures} 点の画像を非表示にし（うち公開済み {released} 点）、待機中の {queued} 点を中止します",
    ),
    "revoke_confirm": ("For good. Type {record} to confirm", "取り消せません。確認のため {record} と入力してください"),
    "revoke_unconfirmed": ("Nothing was revoked.", "撤回していません。"),
    "request_id": ("  request {request_id}", "  リクエスト {request_id}"),
    "not_in_time": (
        "not finished after {seconds} s; they go on, see the list of jobs",
        "{seconds} 秒以内に終わりませんでした。処理は続いています。ジョブ一覧を確認してください",
    ),
    "weights_known": ("as published", "公開値と一致"),
    "weights_first": ("recorded at first download", "初回取得時に記録"),
    "weights_good": (
        "{profile}: {count} files, all as recorded",
        "{profile}: {count} 個のファイルはすべて記録どおりです",
    ),
    "audit_intact": (
        "{rows} rows, unbroken; {witnesses} witnesses agree; the last hash is {head}",
        "{rows} 行、改変なし。照合 {witnesses} 件すべて一致。末尾のハッシュ {head}",
    ),
    "audit_touched": ("{rows} rows; the trail was touched:", "{rows} 行。記録が改変されています:"),
    "audit_enclosed_key": (
        "checked with the key that came with the trail; for proof, pass --key with one from an earlier day",
        "記録に同梱の鍵で確認しました。証明には、以前に受け取った鍵を --key で指定してください",
    ),
    "training": ("Training", "学習中"),
    "train_inspecting": ("Looking at pictures and captions", "画像と説明文を確認中"),
    "train_inspected": (
        "{folder}: {good} pairs can be learnt from, {bad} left out",
        "{folder}: 学習に使える組 {good} 件、除外 {bad} 件",
    ),
    "train_more": ("  and {count} more", "  ほか {count} 件"),
    "train_checked": ("{pairs} pairs are ready to train on", "学習に使える組は {pairs} 件です"),
    "train_stopped": (
        "Stopped after step {step}, everything kept: go on with the same options and --resume",
        "ステップ {step} で停止しました。状態は保存済みです。同じ指定に --resume を加えると続きから再開します",
    ),
    "train_done": (
        "Wrote {path} after {step} steps; loss on fixed pairs {before} -> {after}",
        "{path} を書き出しました（{step} ステップ、固定した組での損失 {before} -> {after}）",
    ),
    "train_draw": (
        "To draw with it, copy {folder} to $IMPRIMATUR_MODELS/{profile}/visual, then: "
        "imprimatur draw --profile {profile} ...",
        "描くには {folder} を $IMPRIMATUR_MODELS/{profile}/visual にコピーし、"
        "imprimatur draw --profile {profile} ... を実行してください",
    ),
    "fact_generated": ("generated {when} with {model}", "{when} に {model} で生成"),
    **EVALUATE,
    **PILOT,
}


def say(key: str, language: Language, **values: object) -> str:
    """The sentence with its placeholders filled."""
    return SENTENCES[key][1 if language == "ja" else 0].format(**values)


def default_language() -> Language:
    """`ja` where the terminal's locale is Japanese, else `en`."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ja" if named.startswith("ja") else "en"


def language_of(named: str) -> Language:
    """The language of `--lang`; the terminal's own where none is named. Raises BadParameter."""
    if named not in ("", "en", "ja"):
        raise typer.BadParameter("choose en or ja", param_hint="--lang")
    return "ja" if named == "ja" else "en" if named == "en" else default_language()
