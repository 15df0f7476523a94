"""What the libraries below the command line word in English, in Japanese; put to use by `imprimatur_cli.translation`.

`{}` stands for what the library filled in, in order; the Japanese names it by number.
"""

from __future__ import annotations

from typing import Final

MODELS: Final = {
    "compiling for a CPU needs a C++ compiler: install g++ or set CXX, or leave IMPRIMATUR_COMPILE unset": (
        "CPU 向けのコンパイルには C++ コンパイラーが必要です。g++ を導入するか CXX を設定してください。"
        "IMPRIMATUR_COMPILE を未設定にしても構いません"
    ),
    "there is no model “{}”: choose one of {}": "「{0}」というモデルはありません。次から選んでください: {1}",
    "there is no CUDA GPU here: draw on the device “cpu”": (
        "このマシンには CUDA 対応の GPU がありません。デバイス「cpu」で描いてください"
    ),
    "“{}” is not shipped: set IMPRIMATUR_MODELS to a folder, then imprimatur weights get {}": (
        "「{0}」は同梱されていません。IMPRIMATUR_MODELS にフォルダーを設定し、"
        "imprimatur weights get {1} を実行してください"
    ),
    "{} lacks {}: imprimatur weights get {}": (
        "{0} に {1} がありません。imprimatur weights get {2} を実行してください"
    ),
    "the studio model in {} has no visual branch: train it with the stages “encoder” and “vision”": (
        "{0} の studio モデルには画像用の層がありません。ステージ「encoder」と「vision」で学習してください"
    ),
    "no studio weights in {}: train them, then run python -m generation.studio.ship": (
        "{0} に studio の重みがありません。学習した後、python -m generation.studio.ship を実行してください"
    ),
    "studio weights: {} is missing or altered; restore it from the release": (
        "studio の重み: {0} がないか、改変されています。配布物から元に戻してください"
    ),
    "{} is not the file that {} describes: export it again": (
        "{0} は {1} に記されたファイルではありません。もう一度書き出してください"
    ),
    "{} is not the file its sidecar describes: export it again": (
        "{0} は付属の記録と一致しません。もう一度書き出してください"
    ),
    "{} is of format {}: this program reads {}": "{0} の形式は {1} です。このプログラムが読めるのは {2} です",
    "{} was trained on another base: train it again": (
        "{0} は別のベースモデルで学習されています。学習し直してください"
    ),
    "{} cannot be read: {}": "{0} を読み込めません: {1}",
    "{} was trained on another base than the one that is here: it belongs to {}, here is {}. Put that base there, "
    "or train anew": (
        "{0} はここにあるものとは別のベースモデルで学習されています。対応するのは {1}、ここにあるのは {2} です。"
        "そのベースモデルを置くか、学習し直してください"
    ),
    "{} lacks {} parameters of {}: {}": "{0} には {2} のパラメーターが {1} 個足りません: {3}",
    "{} lacks parameters of the UNet: {}": "{0} には UNet のパラメーターが足りません: {1}",
    "the weights do not fit this model; {}": "重みがこのモデルに合いません。{0}",
    "the UNet has no cross-attention for a word or a reference to act in": (
        "この UNet には、語や参照画像が働くクロスアテンションがありません"
    ),
    "{} normalises, adds or rescales in ways the method was not built for": (
        "{0} の正規化・加算・スケーリングには、この手法が対応していません"
    ),
    "{} positions are no halving of {} x {}": "{0} 箇所は {1} x {2} を半分ずつにした大きさではありません",
    "cross-attention masks are not part of the method": "クロスアテンションのマスクは、この手法では使いません",
    "{} is missing: imprimatur weights get {}": "{0} がありません。imprimatur weights get {1} を実行してください",
    "{} is not on record: nobody noted where it came from or under which licence": (
        "{0} の記録がありません。入手元もライセンスも残っていません"
    ),
    "{} is not the file that was fetched from {}: delete it and get it again": (
        "{0} は {1} から取得したファイルではありません。削除して取得し直してください"
    ),
    "{} has no licence on record": "{0} のライセンスが記録されていません",
}

DOWNLOADS: Final = {
    "{} is there but is not the published file: delete it, then get it again": (
        "{0} はありますが、公開されているファイルではありません。削除して取得し直してください"
    ),
    "{} broke off after {} bytes ({}): run the command again to go on from there": (
        "{0} の取得が {1} バイトで途切れました（{2}）。もう一度実行すると続きから取得します"
    ),
    "{} is no address: {}": "{0} はアドレスではありません: {1}",
    "{}: weights are fetched over https only": "{0}: 重みは https でのみ取得できます",
    "{} is not the file on record (SHA-256 {}, not {}): it was deleted; try again, and if it happens twice the source "
    "has changed": (
        "{0} は記録されているファイルではありません（SHA-256 は {1}、記録は {2}）。削除しました。"
        "もう一度お試しください。再び起きる場合は配布元が変わっています"
    ),
    "{} has {} bytes, not the {} on record: the source has changed": (
        "{0} は {1} バイトで、記録の {2} バイトと異なります。配布元が変わっています"
    ),
    "{} has {} GB free, {} needs {} GB: make room": (
        "{0} の空きは {1} GB ですが、{2} には {3} GB 必要です。空きを増やしてください"
    ),
    "{} {} ({}): fetch it by other means and put it at {}, or use --from": (
        "{0} {1}（{2}）。別の方法で取得して {3} に置くか、--from を使ってください"
    ),
    "asks who you are": "は認証を求めています",
    "does not let you in": "はアクセスを許可していません",
    "has no such file": "にはこのファイルがありません",
    "refuses": "に拒まれました",
    "the server answered {}": "サーバーの応答 {0}",
    "the server has another file than the one that was begun": "サーバーのファイルが取得開始時と異なります",
    "the server sent another range than asked for": "サーバーが指定と異なる範囲を送りました",
    "the connection ended early": "接続が途中で切れました",
}

DRAWING: Final = {
    "“{}” is not a word of the prompt; choose one of its words: {}": (
        "「{0}」はプロンプトにありません。次の語から選んでください: {1}"
    ),
    "“{}” stands beyond the {} tokens the model reads: move it forward or shorten": (
        "「{0}」はモデルが読む {1} トークンより後ろにあります。前に移すか文を短くしてください"
    ),
    "{} must lie between {} and {}, not {}": "{0} は {1} から {2} の間で指定してください（{3} は使えません）",
    "a box needs 0 <= left < right <= 1 and 0 <= top < bottom <= 1, as shares of the picture; not {}, {}, {}, {}": (
        "枠は画像に対する割合で、0 <= 左 < 右 <= 1、0 <= 上 < 下 <= 1 となるように指定してください"
        "（{0}, {1}, {2}, {3} は使えません）"
    ),
    "word is empty: name the word of the prompt that is the subject": (
        "語が空です。プロンプトの中で被写体にあたる語を指定してください"
    ),
    "prompt is empty: write what the picture shows": "プロンプトが空です。何を描くかを書いてください",
    "“{}”: a sketch needs both its picture and its digest in the spec": (
        "「{0}」: スケッチには画像とダイジェストの両方が必要です"
    ),
    "“{}” has no place: its box and sketch leave none of the mask's {} x {} positions; make them larger, or let them "
    "overlap": (
        "「{0}」を置く場所がありません。枠とスケッチの重なりに、マスクの {1} x {2} の位置が一つも入りません。"
        "広げるか、重ねてください"
    ),
    "fast effort leaves branches out that paper guidance needs in every step: choose release guidance for it": (
        "fast では、論文のガイダンスが毎ステップ必要とする計算を省きます。公開版のガイダンスを選んでください"
    ),
    "this model has no self-attention at the mask's resolution: turn the mask's refine off": (
        "このモデルにはマスクの解像度のセルフアテンションがありません。マスクの refine を外してください"
    ),
    "this pipeline draws {}, the spec asks for {}": "このパイプラインが描くのは {0} ですが、{1} が指定されています",
    "width and height must be multiples of {}, at least 64": "幅と高さは {0} の倍数で、64 以上にしてください",
    "{} sketches were given for {} subjects": "被写体 {1} 件に対して、スケッチが {0} 枚あります",
    "give 1 to {} references of “{}”, not {}": "「{1}」の参照画像は 1 ～ {0} 枚にしてください（{2} 枚あります）",
    "the subjects name {} references in all, but {} were given": (
        "被写体に必要な参照画像は合計 {0} 枚ですが、{1} 枚あります"
    ),
    "“{}” and “{}” stand on the same words of the prompt: give each subject words of its own": (
        "「{0}」と「{1}」がプロンプトの同じ語を指しています。被写体ごとに別の語を指定してください"
    ),
    "the reference is {} pixels: use one of at least {} on each side": (
        "参照画像は {0} ピクセルです。各辺 {1} ピクセル以上の画像をお使いください"
    ),
    "the reference is one flat colour: use a picture that shows the subject": (
        "参照画像が単色です。被写体が写った画像をお使いください"
    ),
    "the latent is not finite after step {} of {}: draw in a wider dtype or with less guidance": (
        "{1} ステップ中 {0} で計算が発散しました。精度の高い型を使うか、ガイダンスを弱めてください"
    ),
    "paper guidance needs the text-only branch in every step: the mask is frozen after step {}, but no time is saved; "
    "choose release guidance for that": (
        "論文のガイダンスは毎ステップ、テキストだけの計算を要します。マスクはステップ {0} で固定されますが、"
        "時間は短くなりません。短くするには公開版のガイダンスを選んでください"
    ),
}

NOTES: Final = {
    "the reference is blurred: a sharper picture gives a truer likeness": (
        "参照画像がぼやけています。鮮明な画像のほうが忠実に描けます"
    ),
    "the reference is too dark: take it in more light": "参照画像が暗すぎます。明るい場所で撮ってください",
    "the reference is washed out: take it in softer light": "参照画像が白く飛んでいます。光を弱めて撮ってください",
    "the reference's background is cluttered: use a plain one": "参照画像の背景が雑然としています。無地にしてください",
    "the subject is small in the reference: move closer or crop": (
        "参照画像の中の被写体が小さすぎます。近づいて撮るか、切り抜いてください"
    ),
    "no subject stands out in the reference: use a plain background": (
        "参照画像に目立つ被写体がありません。無地の背景にしてください"
    ),
    "the reference of “{}” acted on {} of the picture: lower the mask scope": (
        "「{0}」の参照画像が画像の {1} に働きました。マスクの範囲（scope）を下げてください"
    ),
    "the reference of “{}” acted on {} of the picture: raise the mask scope": (
        "「{0}」の参照画像が画像の {1} にしか働きませんでした。マスクの範囲（scope）を上げてください"
    ),
    "“{}” looks at {} of the picture, at no place in particular: say where it is": (
        "「{0}」の対応が画像の {1} に広がり、場所が定まりません。どこにあるかを書いてください"
    ),
    "“{}” looks at only {} of the picture: give it more room in the prompt": (
        "「{0}」の対応が画像の {1} しかありません。プロンプトで目立たせてください"
    ),
    "the model does not read the end of the prompt: “{}”": "モデルはプロンプトの末尾を読みません: 「{0}」",
}

LEARNING: Final = {
    "the loss is not finite at step {}: lower the learning rate, or train in bf16 or float32": (
        "ステップ {0} で損失が発散しました。学習率を下げるか、bf16 か float32 で学習してください"
    ),
    "no checkpoint in {}: start without --resume": (
        "{0} にチェックポイントがありません。--resume を付けずに始めてください"
    ),
    "{} holds a run already: go on with --resume, or name another folder": (
        "{0} には学習の途中経過があります。--resume で続けるか、別のフォルダーを指定してください"
    ),
    "{} has a checkpoint but no {}: nobody can say what it was trained on": (
        "{0} にチェックポイントはありますが {1} がなく、何で学習したか分かりません"
    ),
    "the run in {} was started differently: {}. Give it what it was started with": (
        "{0} の学習は別の設定で始められています: {1}。開始時と同じ設定にしてください"
    ),
    "the base predicts “{}”: use one that predicts epsilon or v_prediction": (
        "ベースモデルの予測対象は「{0}」です。epsilon か v_prediction を予測するものをお使いください"
    ),
    "“{}” trains on a base that is not in the box: name its folder with --base": (
        "「{0}」の学習に使うベースモデルは同梱されていません。--base でフォルダーを指定してください"
    ),
    "nobody has taught “{}” to be trained": "「{0}」の学習には対応していません",
    "the studio model in {} has no image encoder: train the stage “encoder” first": (
        "{0} の studio モデルには画像エンコーダーがありません。先にステージ「encoder」を学習してください"
    ),
    "{} lacks {}: put the base's folders there": ("{0} に {1} がありません。ベースモデルのフォルダーを置いてください"),
    "{} is no folder: name one with pictures and captions": (
        "{0} はフォルダーではありません。画像と説明文のあるフォルダーを指定してください"
    ),
    "{} has no pictures ({}): add some, each with a caption in a .txt of the same name": (
        "{0} に画像（{1}）がありません。画像と、同じ名前の .txt に説明文を置いてください"
    ),
    "no record of {} can be used ({}); the first, {}: {}": ("{0} に使える組がありません（{1}）。最初は {2}: {3}"),
    "there is no {} beside it": "{0} がありません",
    "the line is no JSON: {}": "この行は JSON ではありません: {0}",
    "the line names no file_name": "この行に file_name がありません",
    "its caption is empty": "説明文が空です",
    "its caption has {} characters: at most {} are read": "説明文が {0} 文字あります。読めるのは {1} 文字までです",
    "{} lies outside the folder": "{0} はフォルダーの外にあります",
    "there is no {}": "{0} がありません",
    "it unpacks to more than {} pixels": "展開すると {0} ピクセルを超えます",
    "it cannot be read as a JPEG, PNG or WebP: {}": "JPEG、PNG、WebP として読めません: {0}",
    "it is {} pixels: the shorter side must have at least {}": ("{0} ピクセルです。短辺は {1} ピクセル以上が必要です"),
}

MEASURING: Final = {
    "{} is missing: get {} and put its files there (hf download {} --local-dir {})": (
        "{0} がありません。{1} を取得して置いてください（hf download {2} --local-dir {3}）"
    ),
    "{} is no DINO: it lacks {}": "{0} は DINO ではありません。足りないもの: {1}",
    "{} is no folder": "{0} はフォルダーではありません",
    "{} holds neither {} nor {}: it needs one of them": "{0} には {1} も {2} もありません。どちらかが必要です",
    '{} should be {"SUBJECT": {"class": ..., "prompts": [...]}}: {} {}': (
        '{0} は {"被写体": {"class": ..., "prompts": [...]}} の形にしてください: {1} {2}'
    ),
    "{} is no UTF-8 text: save it as UTF-8": "{0} は UTF-8 のテキストではありません。UTF-8 で保存してください",
    "{}: “{}” needs a class and at least one prompt": "{0}: 「{1}」には class と一つ以上のプロンプトが必要です",
    "{}: “{}” of “{}” does not name its class “{}”": ("{0}: 「{2}」の「{1}」に class の語「{3}」がありません"),
    "{} should hold “{}” with a line a subject, then object and live subject prompts": (
        "{0} には、「{1}」の下に被写体を一行ずつ、続けて object と live subject のプロンプトを書いてください"
    ),
    "{} holds no picture: a subject needs at least one (jpg, png or webp)": (
        "{0} に画像がありません。被写体ごとに一枚以上（jpg、png、webp）必要です"
    ),
    "{} is no picture that can be read: replace it, or take it away": (
        "{0} は画像として読めません。差し替えるか、取り除いてください"
    ),
    "{} is no cache of cells ({}): name another file": (
        "{0} は測定の記録ではありません（{1}）。別のフォルダーを指定してください"
    ),
}

LIBRARY: Final = MODELS | DOWNLOADS | DRAWING | NOTES | LEARNING | MEASURING
