"""What the commands themselves, and their option parser, word in English; as `failure_words` is kept."""

from __future__ import annotations

from typing import Final

RIGHTS_GIVEN: Final = {
    "say by what right: --own-work if the reference is your own, or --rights FILE with the agreements": (
        "権利の根拠を示してください。自作なら --own-work、許諾書があれば --rights FILE を指定します"
    ),
    "{} is no rights file: {}": "{0} は権利ファイルとして読めません: {1}",
    "{} was drawn under agreements {}: give --rights FILE with them, they bind what is drawn from it too": (
        "{0} は許諾 {1} に基づく画像です。その許諾を --rights FILE で示してください（派生画像にも及びます）"
    ),
}

DRAW: Final = {
    "--origin: choose one of {}": "--origin: 次から選んでください: {0}",
    "--effort: choose one of {}": "--effort: 次から選んでください: {0}",
    "{}: pictures are written as PNG, name it *.png": "{0}: 画像は PNG で書き出します。*.png と名付けてください",
    "{} is no folder: create it first": "{0} はフォルダーではありません。先に作成してください",
    "{} is no file": "{0} というファイルはありません",
    "--word: name the word of the prompt that --reference shows": (
        "--word: --reference に写っている、プロンプトの語を指定してください"
    ),
    "“{}” has no reference: add --reference or --subject {}=FILE": (
        "「{0}」の参照画像がありません。--reference か --subject {1}=FILE を加えてください"
    ),
    "name a subject: --word with --reference, or --subject WORD=FILE": (
        "被写体を指定してください。--word と --reference、または --subject WORD=FILE を使います"
    ),
    "{} {}: write the word, then what it is given: {} {}": "{0} {1}: 語と値を次のように書いてください: {2} {3}",
    "{}: no subject is called “{}”, only {}": "{0}: 「{1}」という被写体はありません。あるのは {2} です",
    "--box {}: give left, top, right and bottom as shares of the picture: 0,0.2,0.5,1": (
        "--box {0}: 左、上、右、下を画像に対する割合で書いてください: 0,0.2,0.5,1"
    ),
    "{} is not the picture that was drawn: its explanation belongs to another file": (
        "{0} は描いた画像そのものではありません。説明データは別のファイルのものです"
    ),
    "the picture has no manifest of ours: draw it again": "画像に当方の来歴情報がありません。描き直してください",
    "{} is missing: draw the picture with --explain": "{0} がありません。--explain を付けて描いてください",
    "{} is no explanation of ours ({}): draw the picture again": (
        "{0} は当方の説明データではありません（{1}）。描き直してください"
    ),
    "these are not the references the picture was drawn from, in their order": (
        "画像の元になった参照画像と、内容か順番が異なります"
    ),
}

MANY: Final = {
    "{} {}: give numbers with commas between them": "{0} {1}: 数値をコンマで区切って指定してください",
    "that makes {} pictures: take fewer values, at most {} pictures": (
        "画像が {0} 枚になります。値を減らし、{1} 枚以内にしてください"
    ),
    "{} holds other files: name a new folder, or one of a former run": (
        "{0} には別のファイルがあります。新しいフォルダーか、以前の実行のフォルダーを指定してください"
    ),
    "{} is no list of pictures ({}): name a new folder": (
        "{0} は画像の一覧ではありません（{1}）。新しいフォルダーを指定してください"
    ),
    "{} holds a picture without a manifest of ours: name a new folder": (
        "{0} に当方の来歴情報のない画像があります。新しいフォルダーを指定してください"
    ),
    "a picture has no manifest of ours: name a new folder": (
        "当方の来歴情報のない画像があります。新しいフォルダーを指定してください"
    ),
    "{} lies among the references: name a folder outside {}": (
        "{0} は参照画像の中にあります。{1} の外のフォルダーを指定してください"
    ),
    "nothing can be drawn from these references: {}": "描ける参照画像がありません: {0}",
    "{} holds no PNG, JPEG or WebP picture: put the references there": (
        "{0} に PNG、JPEG、WebP の画像がありません。参照画像を入れてください"
    ),
    "{}: say what it shows with --word, or put it into a folder of that name": (
        "{0}: 何が写っているかを --word で指定するか、その語を名前にしたフォルダーに入れてください"
    ),
    "{} is no UTF-8 text: save it as UTF-8, one template a line": (
        "{0} は UTF-8 のテキストではありません。UTF-8 で、一行に一つずつ保存してください"
    ),
    "{}, line {}: write {} where the subject's word goes": "{0} の {1} 行目: 被写体の語が入る所に {2} と書いてください",
    "{} holds no template: write one a line, such as a {} on the beach": (
        "{0} にテンプレートがありません。a {1} on the beach のように一行に一つずつ書いてください"
    ),
    "say where the networks that judge are kept: --judges FOLDER, or set IMPRIMATUR_MODELS (then its “evaluation”)": (
        "評価用ネットワークの置き場所を --judges FOLDER で指定するか、IMPRIMATUR_MODELS を設定してください"
        "（その中の evaluation が使われます）"
    ),
    "the folder has {} subjects: {} cannot be chosen": "フォルダーにある被写体は {0} 件です。{1} 件は選べません",
}

TRAIN: Final = {
    "“{}” learns from pictures: name their folder with --data": (
        "「{0}」の学習には画像が必要です。--data でフォルダーを指定してください"
    ),
    "name the folder of the run with --out": "--out で学習結果の保存先フォルダーを指定してください",
    "the studio model draws its own pairs: there is no folder to check, name one with --data": (
        "studio は学習用の組を自分で描くため、確認するフォルダーがありません。--data で指定できます"
    ),
    "its content credentials refuse training: ask whoever made it, or say --own-work if it is yours": (
        "来歴情報が学習を禁じています。作成者に確認するか、自作であれば --own-work を指定してください"
    ),
    "there is no CUDA GPU here: train on the device “cpu”": (
        "このマシンには CUDA 対応の GPU がありません。デバイス「cpu」で学習してください"
    ),
    "--precision fp16 needs a GPU: choose bf16 or no": (
        "--precision fp16 には GPU が必要です。bf16 か no を選んでください"
    ),
    "--device: choose cpu, cuda or auto": "--device: cpu、cuda、auto のいずれかを選んでください",
    "--precision: choose no, bf16, fp16 or auto": "--precision: no、bf16、fp16、auto のいずれかを選んでください",
}

WEIGHTS: Final = {
    "say where models are kept: --models FOLDER, or set IMPRIMATUR_MODELS": (
        "モデルの置き場所を --models FOLDER または IMPRIMATUR_MODELS で指定してください"
    ),
    "{} is in the box: there is nothing to get": "{0} は同梱済みで、取得は不要です",
    "its parts come under {}: read them, then add --accept-licences": (
        "各部品のライセンスは {0} です。内容を確認し、--accept-licences を付けてください"
    ),
    "{}: name a *.safetensors file in a folder that exists": (
        "{0}: 既にあるフォルダーの中の *.safetensors を指定してください"
    ),
    "{} is no file of plain tensors: {}": "{0} は単純なテンソルのファイルではありません: {1}",
}

SERVER: Final = {
    "no API key is kept: run imprimatur login, or set IMPRIMATUR_API_KEY": (
        "APIキーがありません。imprimatur login を実行するか、IMPRIMATUR_API_KEY を設定してください"
    ),
    "{} cannot be read ({}): run imprimatur login again": (
        "{0} を読み込めません（{1}）。imprimatur login をもう一度実行してください"
    ),
    "nothing answers at {}: start it with ./run": "{0} から応答がありません。./run で起動してください",
    "Imprimatur does not run here: start it with ./run, or name its address with --url": (
        "Imprimatur が起動していません。./run で起動するか、--url でアドレスを指定してください"
    ),
    "{} names no demo_password: start the product once with ./run": (
        "{0} に demo_password がありません。一度 ./run で起動してください"
    ),
    "{} shows no sign-in form: is this an Imprimatur server?": (
        "{0} にサインイン画面がありません。Imprimatur のサーバーか確認してください"
    ),
    "{} and this password do not open a session": "{0} とこのパスワードではサインインできません",
    "no template is approved: submit one, and let a reviewer approve it": (
        "承認済みのテンプレートがありません。申請し、審査担当者の承認を受けてください"
    ),
    "not ready: {}": "準備できていません: {0}",
    "the server answered {}": "サーバーの応答 {0}",
    "the name must end in .zip, .csv or .jsonl": "ファイル名の末尾は .zip、.csv、.jsonl のいずれかにしてください",
    "{} is a file: name a folder with -o": "{0} はファイルです。-o でフォルダーを指定してください",
    "{} is no JSON ({})": "{0} は JSON ではありません（{1}）",
    "{} must hold one JSON object with terms": "{0} には、条件を一つの JSON オブジェクトで書いてください",
    "{} cannot be read ({})": "{0} を読み込めません（{1}）",
    "{}: give the id of a consent (cns_...) or of a licence (tml_...)": (
        "{0}: 同意（cns_...）かライセンス（tml_...）の ID を指定してください"
    ),
    "give --subject, or --brand, --name and --word for a new one": (
        "--subject を指定するか、新しい被写体には --brand、--name、--word を指定してください"
    ),
    "{}: write name=value": "{0}: 名前=値 の形で書いてください",
}

SYSTEM: Final = {
    "[Errno {}] {}: {}": "{2}: {1}",
    "[Errno {}] {}": "{1}",
    "No such file or directory": "ファイルまたはフォルダーがありません",
    "Permission denied": "アクセスが許可されていません",
    "Is a directory": "フォルダーです",
    "Not a directory": "フォルダーではありません",
    "No space left on device": "空き容量がありません",
    "Connection refused": "接続を拒まれました",
    "All connection attempts failed": "接続できません",
    "Read-only file system": "書き込みできないディスクです",
    "File name too long": "ファイル名が長すぎます",
}

# As typer and pydantic word them: `tests/imprimatur_cli/test_translation.py` makes each of these mistakes.
USAGE: Final = {
    "Missing {} {}.": "{0} {1} を指定してください。",
    "Missing command.": "コマンドを指定してください。",
    "Invalid value: {}": "値が正しくありません: {0}",
    "Invalid value for {}: {}": "{0} の値が正しくありません: {1}",
    "No such option: {}": "{0} というオプションはありません",
    "No such command {}.": "{0} というコマンドはありません。",
    "{} Did you mean {}?": "{0}{1} のことですか。",
    "{} (Possible options: {})": "{0}（候補: {1}）",
    "Option {} requires an argument.": "オプション {0} には値が必要です。",
    "Got unexpected extra argument(s) ({})": "余分な引数があります（{0}）",
    "{} {} does not exist.": "{0} {1} がありません。",
    "{} {} is a file.": "{0} {1} はファイルです。",
    "{} {} is a directory.": "{0} {1} はフォルダーです。",
    "Input should be a valid integer, unable to parse string as an integer": "整数を指定してください",
    "Input should be a valid number, unable to parse string as a number": "数値を指定してください",
    "Input should be greater than or equal to {}": "{0} 以上にしてください",
    "Input should be less than or equal to {}": "{0} 以下にしてください",
    "choose en or ja": "en か ja を選んでください",
    "choose exact or fast": "exact か fast を選んでください",
    "option": "オプション",
    "argument": "引数",
    "file": "ファイル",
    "directory": "フォルダー",
    "path": "パス",
}

COMMANDS: Final = RIGHTS_GIVEN | DRAW | MANY | TRAIN | WEIGHTS | SERVER | SYSTEM | USAGE
