"""The words of the pilot and of its report, in English and Japanese; said by `imprimatur_cli.sentences.say`."""

from __future__ import annotations

from typing import Final

PILOT: Final[dict[str, tuple[str, str]]] = {
    "pilot_tiny": (
        "{width} x {height} pixels are too few: use at least {least} on each side.",
        "{width} x {height} ピクセルでは小さすぎます。各辺 {least} ピクセル以上の画像をお使いください。",
    ),
    "pilot_flat": (
        "One flat colour: use a picture that shows the subject.",
        "単色の画像です。被写体が写った画像をお使いください。",
    ),
    "pilot_done": ("Report: {path}", "レポート: {path}"),
    "pilot_found": (
        "Use --scope {scope} --quantity {quantity}: {usable} of {scored} pictures are usable",
        "--scope {scope} --quantity {quantity} をお使いください（{scored} 枚のうち {usable} 枚が使えます）",
    ),
    "pilot_do": ("What to do", "次にすること"),
    "pilot_set": (
        "Set scope to {scope} and quantity to {quantity}: {usable} of {scored} pictures were usable.",
        "範囲を {scope}、量を {quantity} に設定してください。{scored} 枚のうち {usable} 枚が使えました。",
    ),
    "pilot_use_references": ("Use these references: {names}", "次の参照画像をお使いください: {names}"),
    "pilot_retake": ("Replace these references, or take them again:", "次の参照画像は差し替えるか撮り直してください:"),
    "pilot_seldom": (
        "Only {usable} of {scored} pictures drawn from it were usable.",
        "この参照画像から描いた {scored} 枚のうち、使えたのは {usable} 枚だけでした。",
    ),
    "pilot_keep_templates": ("These templates hold: {names}", "次のテンプレートは安定しています: {names}"),
    "pilot_change_templates": (
        "Reword these templates, or do without them: {names}",
        "次のテンプレートは言い換えるか、使わないでください: {names}",
    ),
    "pilot_untaught": (
        "This model was never taught: {words}. It neither draws nor judges what they ask for.",
        "このモデルが学んでいない語: {words}。これらの語の内容は描かれず、評価もされません。",
    ),
    "pilot_at_best": (
        "At the dials to use; the pictures at other dials lie in the folder of this report.",
        "推奨設定の画像です。ほかの設定の画像はこのレポートのフォルダーにあります。",
    ),
    "pilot_counted": ("How this was counted", "数え方"),
    "pilot_unscored": (
        "This model gave no scores to choose by: look at the pictures.",
        "このモデルはスコアを出さないため、画像を見て選んでください。",
    ),
    "pilot_title": ("Pilot: what can be drawn from these references", "パイロット: この参照画像から何が描けるか"),
    "pilot_bar": (
        "A picture counts as usable from a similarity of {similarity} and a text match of {text_match} on. References "
        "and templates are judged at the dials to use; they hold when at least {holds} of their pictures are usable.",
        "類似度 {similarity} 以上かつ語との一致 {text_match} 以上の画像を「使える」と数えます。参照画像とテンプレートは"
        "推奨設定で評価し、{holds} 以上が使えるとき「安定」とします。",
    ),
    "pilot_cost": (
        "A usable picture costs {seconds} s of drawing on this machine ({pictures} pictures at {each} s each); "
        "a hundred of them about {minutes} min.",
        "使える一枚に、このマシンで {seconds} 秒かかります（{pictures} 枚 × 一枚 {each} 秒）。"
        "100 枚では約 {minutes} 分です。",
    ),
    "pilot_none_usable": (
        "No picture was usable at any dials: take better references, or simpler templates.",
        "使える画像がありませんでした。参照画像を撮り直すか、テンプレートを簡単にしてください。",
    ),
    "pilot_stamped": (
        "Every picture here carries its content credentials.",
        "ここにある画像にはすべて来歴情報が付いています。",
    ),
    "pilot_references": ("References", "参照画像"),
    "pilot_templates": ("Templates", "テンプレート"),
    "pilot_dials": ("Dials", "設定"),
    "pilot_pictures": ("Pictures", "画像"),
    "pilot_reference": ("Reference", "参照画像"),
    "pilot_template": ("Template", "テンプレート"),
    "pilot_word": ("Word", "語"),
    "pilot_photo": ("As a photo", "写真の質"),
    "pilot_reasons": ("Why not, and what to do", "理由と対処"),
    "pilot_usable": ("Usable", "使える枚数"),
    "pilot_similarity": ("Similarity", "類似度"),
    "pilot_text_match": ("Text match", "語との一致"),
    "pilot_per_usable": ("Pictures for a usable one", "使える一枚に要する枚数"),
    "pilot_verdict": ("Verdict", "判定"),
    "pilot_scope": ("Scope", "範囲"),
    "pilot_quantity": ("Quantity", "量"),
    "pilot_seed": ("seed {seed}", "シード {seed}"),
    "pilot_good": ("good", "良好"),
    "pilot_fair": ("fair", "普通"),
    "pilot_poor": ("poor", "不良"),
    "pilot_unusable": ("cannot be used", "使用不可"),
    "pilot_holds": ("holds", "安定"),
    "pilot_fails": ("does not hold", "不安定"),
    "pilot_use": ("use these", "推奨"),
    "pilot_not_drawn": ("not drawn from", "描画せず"),
}
