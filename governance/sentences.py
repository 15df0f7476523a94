"""Every sentence a rule can say, English and Japanese side by side.

A sentence becomes the tooltip of a disabled button: it says what is missing and what to do about it.
Neither column may be empty and both use the same placeholders; a test compares them.
"""

from __future__ import annotations

# Where pictures may go, what for, and what must not be shown: {slug: (English, Japanese)}. Other slugs are
# allowed in terms (a contract may name anything) and appear as they are written.
CHANNELS: dict[str, tuple[str, str]] = {
    "internal": ("internal drafts", "社内検討"),
    "web": ("own website", "自社サイト"),
    "ecommerce": ("online shop", "ECサイト"),
    "social": ("social media", "SNS"),
    "email": ("email", "メール"),
    "print": ("print", "印刷物"),
    "packaging": ("packaging", "パッケージ"),
    "outdoor": ("outdoor advertising", "屋外広告"),
    "tv": ("television", "テレビ"),
    "press": ("press", "報道"),
}
PURPOSES: dict[str, tuple[str, str]] = {
    "advertising": ("advertising", "広告"),
    "product": ("product pages", "商品紹介"),
    "editorial": ("editorial", "編集記事"),
    "corporate": ("corporate communication", "企業広報"),
    "research": ("research", "調査研究"),
}
CONTEXTS: dict[str, tuple[str, str]] = {
    "alcohol": ("alcohol", "酒類"),
    "tobacco": ("tobacco", "たばこ"),
    "gambling": ("gambling", "賭博"),
    "politics": ("politics", "政治"),
    "religion": ("religion", "宗教"),
    "adult": ("adult content", "成人向け表現"),
    "medical": ("medical claims", "医療・効能"),
    "violence": ("violence", "暴力"),
}
ACTIONS: dict[str, tuple[str, str]] = {
    "intake": ("take in", "受け入れ"),
    "generate": ("generate", "生成"),
    "edit": ("edit", "加工"),
    "composite": ("composite", "合成"),
    "train": ("train a model", "モデル学習"),
    "embed_face": ("embed the face", "顔の特徴量化"),
    "animate": ("animate", "動画化"),
    "review": ("review", "審査"),
    "release": ("release", "公開"),
    "serve": ("deliver", "配信"),
}
KINDS: dict[str, tuple[str, str]] = {
    "likeness": ("likeness consent", "肖像の同意"),
    "trademark": ("trademark licence", "商標の許諾"),
    "copyright": ("copyright licence", "著作権の許諾"),
    "property": ("property release", "所有物の使用許可"),
}
STATUSES: dict[str, tuple[str, str]] = {
    "draft": ("draft", "下書き"),
    "sent": ("sent", "送付済み"),
    "signed": ("signed", "署名済み"),
    "verified": ("verified", "確認済み"),
    "active": ("active", "有効"),
    "suspended": ("suspended", "停止中"),
    "revoked": ("revoked", "撤回済み"),
    "expired": ("expired", "失効"),
}
TREATMENTS: dict[str, tuple[str, str]] = {
    "unaltered": ("unaltered", "改変なし"),
    "in_scene": ("in a new scene", "新しい場面での掲載"),
    "recoloured": ("recoloured", "色の変更"),
    "patterned": ("with another pattern", "柄の変更"),
    "partial": ("partly shown", "部分的な表示"),
}
NAMES: dict[str, tuple[str, str]] = {
    "*": ("everywhere", "全世界"),
    **CHANNELS,
    **PURPOSES,
    **CONTEXTS,
    **ACTIONS,
    **KINDS,
    **STATUSES,
    **TREATMENTS,
}

SENTENCES: dict[str, tuple[str, str]] = {
    "action.unknown": (
        "“{action}” is not an action this product knows.",
        "「{action}」という操作は定義されていません。",
    ),
    "reference.missing": (
        "Choose a reference picture first.",
        "先に参照画像を選んでください。",
    ),
    "reference.quarantined": (
        "Reference “{reference}” is quarantined: ask your rights manager.",
        "参照画像「{reference}」は隔離されています。権利管理者に確認してください。",
    ),
    "reference.basis_missing": (
        "Nobody has said who owns reference “{reference}”: declare it as your own work or attach a licence.",
        "参照画像「{reference}」の権利者が示されていません。自社の著作物と宣言するか、許諾を登録してください。",
    ),
    "likeness.missing": (
        "Reference “{reference}” shows a person, and no likeness consent names it: add one under Rights.",
        "参照画像「{reference}」には人物が写っていますが、肖像の同意がありません。「権利」で登録してください。",
    ),
    "likeness.face_unexplained": (
        "A face was found in reference “{reference}”: say that it shows a person, or explain why no consent is needed.",
        "参照画像「{reference}」に顔が見つかりました。人物が写っていると宣言するか、同意が不要な理由を説明してください。",
    ),
    "mark.undeclared": (
        "Reference “{reference}” looks like the registered mark {marks}: declare it.",
        "参照画像「{reference}」は登録済みの商標「{marks}」に似ています。商標として宣言してください。",
    ),
    "blocklist.mark": (
        "These marks are on the company’s blocklist: {words}. Use another picture.",
        "次の商標は自社の禁止リストに載っています:{words}。別の画像を使ってください。",
    ),
    "trademark.missing": (
        "Reference “{reference}” carries the mark “{mark}”, and no trademark licence covers it: add one under Rights.",
        "参照画像「{reference}」には商標「{mark}」がありますが、許諾がありません。「権利」で登録してください。",
    ),
    "template.not_approved": (
        "The prompt template is not approved: ask for approval or choose another.",
        "プロンプトテンプレートが未承認です。承認を依頼するか、別のテンプレートを選んでください。",
    ),
    "blocklist.word": (
        "The prompt uses blocked words: {words}. Remove them.",
        "プロンプトに禁止語があります:{words}。取り除いてください。",
    ),
    "review.not_approved": (
        "The picture is not approved by two reviewers yet.",
        "二名の審査者による承認がまだ済んでいません。",
    ),
    "use.channel_missing": (
        "Say where the picture will appear before it leaves the house.",
        "社外に出す前に、掲載先を指定してください。",
    ),
    "use.territory_missing": (
        "Say in which country the picture will appear before it leaves the house.",
        "社外に出す前に、使用する国・地域を指定してください。",
    ),
    "use.purpose_missing": (
        "Say what the picture is for before it leaves the house.",
        "社外に出す前に、使用目的を指定してください。",
    ),
    "terms.not_active": (
        "The {kind} is {status}, not active: have it verified first.",
        "{kind}は「{status}」で、まだ有効ではありません。先に確認を済ませてください。",
    ),
    "terms.suspended": (
        "The {kind} is suspended: ask your rights manager.",
        "{kind}は停止中です。権利管理者に確認してください。",
    ),
    "terms.revoked": (
        "The {kind} was revoked: choose another reference.",
        "{kind}は撤回されました。別の参照画像を選んでください。",
    ),
    "terms.expired": (
        "The {kind} has expired: renew it.",
        "{kind}は失効しています。更新してください。",
    ),
    "terms.expired_on": (
        "The {kind} expired on {day}: renew it.",
        "{kind}は{day}に失効しました。更新してください。",
    ),
    "terms.not_yet_valid": (
        "The {kind} starts on {day}: wait until then.",
        "{kind}は{day}から有効です。それまでお待ちください。",
    ),
    "terms.channel": (
        "The {kind} does not cover {channel}.",
        "{kind}は「{channel}」での使用を認めていません。",
    ),
    "terms.territory": (
        "The {kind} does not cover the territory {territory}.",
        "{kind}は地域「{territory}」での使用を認めていません。",
    ),
    "terms.purpose": (
        "The {kind} does not cover the purpose “{purpose}”.",
        "{kind}は目的「{purpose}」での使用を認めていません。",
    ),
    "consent.majority": (
        "The person came of age on {day}: ask them for a consent of their own.",
        "本人は{day}に成年に達しました。本人からあらためて同意を得てください。",
    ),
    "consent.action": (
        "The {kind} does not allow “{action}”.",
        "{kind}は「{action}」を認めていません。",
    ),
    "consent.context": (
        "The {kind} forbids this context: {contexts}.",
        "{kind}は次の文脈での使用を禁じています:{contexts}。",
    ),
    "consent.paid_media": (
        "The {kind} covers organic use only, not paid advertising space.",
        "{kind}は有料広告枠での使用を認めていません(無料掲載のみ)。",
    ),
    "consent.language": (
        "The {kind} does not cover texts in the language “{language}”.",
        "{kind}は言語「{language}」での使用を認めていません。",
    ),
    "consent.disclosure": (
        "The {kind} demands that people are told that AI made the picture: say that it is disclosed.",
        "{kind}では、AIによる生成であることの明示が条件です。明示することを指定してください。",
    ),
    "consent.synthetic": (
        "The {kind} does not permit pictures made by AI.",
        "{kind}はAIによる画像生成を認めていません。",
    ),
    "consent.cap": (
        "The {kind} allows {cap} pictures; {count} are made and {requested} more are asked for.",
        "{kind}の上限は{cap}枚です。作成済み{count}枚に加えて{requested}枚が求められています。",
    ),
    "consent.cap_unknown": (
        "The {kind} limits the number of pictures, and nobody counted those already made.",
        "{kind}には枚数の上限がありますが、作成済みの枚数が数えられていません。",
    ),
    "consent.approval_missing": (
        "The {kind} reserves approval to the person: send them the picture first.",
        "{kind}では本人の承認が必要です。先に本人に画像を送って承認を得てください。",
    ),
    "trademark.treatment": (
        "The licence for “{mark}” does not permit “{treatment}”.",
        "商標「{mark}」の許諾は「{treatment}」を認めていません。",
    ),
    "terms.expiring": (
        "The {kind} expires on {day}: renew it in time.",
        "{kind}は{day}に失効します。早めに更新してください。",
    ),
    "terms.selling_off": (
        "The {kind} is over. What is out may be delivered until {day}; nothing new is made.",
        "{kind}の期間は終了しました。公開済みの画像の配信は{day}まで可能ですが、新たな生成はできません。",
    ),
    "consent.majority_near": (
        "The person comes of age on {day}: from then on they must consent themselves.",
        "本人は{day}に成年に達します。それ以降は本人の同意が必要です。",
    ),
    "consent.cap_near": (
        "The {kind} allows {cap} pictures; after this request {left} are left.",
        "{kind}の上限は{cap}枚です。今回の後の残りは{left}枚です。",
    ),
}
