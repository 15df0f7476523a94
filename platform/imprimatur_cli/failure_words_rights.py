"""What `governance` words in English where rights or evidence are wrong, in Japanese; as `failure_words` is kept."""

from __future__ import annotations

from typing import Final

TERMS: Final = {
    "the terms cannot be read: {}": "条件を読み取れません: {0}",
    "id and grantee must not be empty: they say which agreement this is and whose": (
        "id と grantee は必須です。どの許諾で、誰に対するものかを示します"
    ),
    "id, grantee and owner must not be empty: they say which licence this is and whose": (
        "id、grantee、owner は必須です。どのライセンスで、誰のものかを示します"
    ),
    "kind {} is unknown: use one of {}": "kind の {0} は使えません。次から選んでください: {1}",
    "status {} is unknown: use one of {}": "status の {0} は使えません。次から選んでください: {1}",
    "renewal {} is unknown: use one of {}": "renewal の {0} は使えません。次から選んでください: {1}",
    "approval_right {}: use one of {}": "approval_right の {0} は使えません。次から選んでください: {1}",
    "actions {} are unknown: use some of {}": "actions の {0} は使えません。次から選んでください: {1}",
    "permitted_treatments {} are unknown: use some of {}": (
        "permitted_treatments の {0} は使えません。次から選んでください: {1}"
    ),
    "output_cap must be at least 1, or None for no limit": "output_cap は 1 以上にしてください（上限なしは None）",
    "response_days must be at least 1, or None for no promise": (
        "response_days は 1 以上にしてください（約束しない場合は None）"
    ),
    "sell_off_days must be 0 or more, and needs a valid_until to count from": (
        "sell_off_days は 0 以上とし、起算日となる valid_until も指定してください"
    ),
    "a minor's consent needs the majority_date, when it suspends itself": (
        "未成年者の同意には、効力が止まる日（majority_date）が必要です"
    ),
    "a minor cannot consent alone: the capacity must be guardian, estate or agency": (
        "未成年者は単独で同意できません。capacity は guardian、estate、agency のいずれかにしてください"
    ),
    "mark must contain a letter or digit: write the word or the name of the sign": (
        "mark には文字か数字が必要です。商標の語か、図形の名前を書いてください"
    ),
    "nice_classes must lie between 1 and 45": "nice_classes は 1 から 45 の間にしてください",
    "{} must be a list": "{0} はリストにしてください",
    "{} must be a list of words": "{0} は語のリストにしてください",
    "{} must be a whole number up to {}": "{0} は {1} 以下の整数にしてください",
    "{} must be {}": "{0} は {1} にしてください",
    "{}: {} is no SHA-256: write 64 lower-case hexadecimal digits": (
        "{0}: {1} は SHA-256 ではありません。小文字の 16 進数 64 桁で書いてください"
    ),
    '{}: {} is no ISO 3166 code: write "JP", "US-NY" or "*"': (
        '{0}: {1} は ISO 3166 のコードではありません。"JP"、"US-NY"、"*" のように書いてください'
    ),
    "{}: choose a day between {} and {}": "{0}: {1} から {2} の間の日を選んでください",
    "valid_from and valid_until need a zone: use timezone-aware datetimes": (
        "valid_from と valid_until にはタイムゾーンが必要です"
    ),
    "valid_until must lie after valid_from": "valid_until は valid_from より後にしてください",
    "a commitment needs a secret salt of at least {} random bytes": (
        "コミットメントには {0} バイト以上の無作為な秘密のソルトが必要です"
    ),
}

KEYS: Final = {
    "the private key does not belong to the chain's first certificate: put the leaf first": (
        "秘密鍵が証明書チェーンの先頭と対応していません。末端の証明書を先頭に置いてください"
    ),
    "{}, {}: cannot be read ({})": "{0}、{1}: 読み込めません（{2}）",
    "the certificate chain is no PEM text, leaf first ({})": (
        "証明書チェーンは、末端を先頭にした PEM ではありません（{0}）"
    ),
    "the signing key is no unencrypted PKCS#8 PEM ({})": (
        "署名鍵は暗号化されていない PKCS#8 の PEM ではありません（{0}）"
    ),
    "the signing key must be an elliptic-curve key (P-256, P-384) or Ed25519": (
        "署名鍵は楕円曲線（P-256、P-384）か Ed25519 の鍵にしてください"
    ),
    "the signing key's curve {} is not supported: use P-256 or P-384": (
        "署名鍵の曲線 {0} には対応していません。P-256 か P-384 をお使いください"
    ),
    "the leaf certificate's curve is {}: a KMS key must be on P-256 or P-384": (
        "末端の証明書の曲線は {0} です。KMS の鍵は P-256 か P-384 にしてください"
    ),
    "{}: names no key of a KMS ({})": "{0}: KMS の鍵が記されていません（{1}）",
    "{}: no signing key is installed for this company": "{0}: この会社の署名鍵がありません",
    "this key does not sign any more: ask for the chain again": (
        "この鍵ではもう署名できません。証明書チェーンを取得し直してください"
    ),
    "this company's keys are not issued here: install the new one": (
        "この会社の鍵はここでは発行していません。新しい鍵を設置してください"
    ),
    "the certificate ended on {}": "証明書の期限は {0} でした",
    "{}: permits are signed with Ed25519, this is another kind of key": (
        "{0}: 許可証の署名には Ed25519 を使います。別の種類の鍵です"
    ),
    "{}: permits are verified with Ed25519, this is another kind of key": (
        "{0}: 許可証の検証には Ed25519 を使います。別の種類の鍵です"
    ),
    "{}: cannot be read as an unencrypted PKCS#8 PEM key ({})": (
        "{0}: 暗号化されていない PKCS#8 の PEM 鍵として読めません（{1}）"
    ),
    "{}: cannot be read as a PEM public key ({})": "{0}: PEM の公開鍵として読めません（{1}）",
    "{} is damaged ({}): restore it, or remove its folder for a new chain": (
        "{0} が壊れています（{1}）。元に戻すか、フォルダーを削除して新しいチェーンを作ってください"
    ),
    "{} is no trust list ({}): install one from its publisher's PEM file": (
        "{0} は信頼リストではありません（{1}）。発行元の PEM ファイルから設置してください"
    ),
    "the checkpoints' key is no PEM public key ({})": "チェックポイントの鍵は PEM の公開鍵ではありません（{0}）",
    "checkpoints are checked with an Ed25519 key; this is another kind": (
        "チェックポイントの検証には Ed25519 の鍵を使います。別の種類の鍵です"
    ),
}

EVIDENCE: Final = {
    "the picture could not be signed: {}": "画像に署名できませんでした: {0}",
    "the picture is {}, not {}: pass its true type": "画像の形式は {1} ではなく {0} です",
    "the signing certificate ended on {}: renew it": "署名用の証明書の期限は {0} でした。更新してください",
    "the picture's manifest is {} ({})": "画像の来歴情報は {0} です（{1}）",
    "the picture's manifest is not that of generation {}": "画像の来歴情報は生成 {0} のものではありません",
    "the {} picture's manifest is invalid ({}): sign the original anew": (
        "{0} の画像の来歴情報が無効です（{1}）。元の画像に署名し直してください"
    ),
    "the parent picture has no manifest: sign it first, or its history is lost": (
        "元の画像に来歴情報がありません。先に署名しないと来歴が失われます"
    ),
    "the picture names no place in an audit trail": "この画像には監査記録の位置が記されていません",
    "this file is no exported audit trail ({})": "このファイルは書き出した監査記録ではありません（{0}）",
    "line {} of the trail cannot be read ({})": "監査記録の {0} 行目を読み取れません（{1}）",
    "row {}: its subject is not the one that was hashed": "{0} 行: 対象がハッシュ時のものと異なります",
    "row {}: {} {} must not contain '|' or a line break": "{0} 行: {1} {2} に「|」や改行は使えません",
    "row {} is missing: row {} stands in its place": "{0} 行がなく、その位置に {1} 行があります",
    "row {} does not continue the row before it: one of the two was changed": (
        "{0} 行が前の行とつながりません。どちらかが改変されています"
    ),
    "row {} was changed after it was written: its hash does not match its content": (
        "{0} 行は書かれた後に改変されています。内容とハッシュが一致しません"
    ),
    "this file is no checkpoint ({}): name one from the checkpoints folder": (
        "このファイルはチェックポイントではありません（{0}）。checkpoints フォルダーのファイルを指定してください"
    ),
    "the checkpoint's content cannot be read ({}): use an unchanged copy": (
        "チェックポイントの内容を読み取れません（{0}）。改変のない控えをお使いください"
    ),
    "the checkpoint was signed with key {}, which is none of ours": (
        "チェックポイントは当方のものではない鍵 {0} で署名されています"
    ),
    "the checkpoint was changed after it was signed: use an unchanged copy": (
        "チェックポイントは署名後に改変されています。改変のない控えをお使いください"
    ),
}

RIGHTS: Final = TERMS | KEYS | EVIDENCE
