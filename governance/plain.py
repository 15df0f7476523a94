"""What would I agree to? Terms as short sentences for the person who signs, in English or Japanese.

Only what the terms say, in the order in which people ask: what is made, from what, where, for what, how long, what not,
and what the person may still do. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

from governance.agreement import Agreement
from governance.consent import ConsentTerms
from governance.scope import ANY
from governance.sentences import CHANNELS, CONTEXTS, PURPOSES, TREATMENTS
from governance.trademark import TrademarkTerms

TOKYO = timezone(timedelta(hours=9))
TERRITORIES: dict[str, tuple[str, str]] = {
    "JP": ("Japan", "日本"),
    "US": ("the United States", "アメリカ合衆国"),
    "GB": ("the United Kingdom", "イギリス"),
    "DE": ("Germany", "ドイツ"),
    "FR": ("France", "フランス"),
    "IT": ("Italy", "イタリア"),
    "ES": ("Spain", "スペイン"),
    "KR": ("South Korea", "韓国"),
    "TW": ("Taiwan", "台湾"),
    "CN": ("China", "中国"),
    "HK": ("Hong Kong", "香港"),
    "SG": ("Singapore", "シンガポール"),
    "TH": ("Thailand", "タイ"),
    "IN": ("India", "インド"),
    "AU": ("Australia", "オーストラリア"),
    "CA": ("Canada", "カナダ"),
    "BR": ("Brazil", "ブラジル"),
    ANY: ("the whole world", "全世界"),
}
EVERYTHING = ("everything", "すべて")
NOTHING = ("nothing", "なし")
_MADE: dict[str, tuple[str, str]] = {
    "likeness": (
        "{company} may have AI (a computer program) make new pictures that show you, from {count} of your pictures.",
        "{company}は、あなたの写真{count}枚をもとに、AIであなたの姿を含む新しい画像を作成できます。",
    ),
    "copyright": (
        "{company} may have AI (a computer program) make new pictures from {count} of yours.",
        "{company}は、あなたの作品{count}点をもとに、AIで新しい画像を作成できます。",
    ),
    "property": (
        "{company} may have AI (a computer program) make new pictures of what is yours, from {count} of its pictures.",
        "{company}は、{count}枚の画像をもとに、あなたの所有物を含む新しい画像をAIで作成できます。",
    ),
    "trademark": (
        "{company} may have AI (a computer program) make new pictures with your mark, from {count} of its pictures.",
        "{company}は、{count}枚の画像をもとに、貴社の商標を含む新しい画像をAIで作成できます。",
    ),
}
_NO_AI = ("Pictures made by AI are not allowed.", "AIによる画像の作成は認められていません。")
SENTENCES: dict[str, tuple[str, str]] = {
    "described": ("It was described to you like this: “{text}”", "内容の説明:「{text}」"),
    "channels": ("They may appear in: {words}.", "掲載先:{words}。"),
    "territories": ("In: {words}.", "地域:{words}。"),
    "excluded": ("But not in: {words}.", "除外する地域:{words}。"),
    "purposes": ("For: {words}.", "目的:{words}。"),
    "paid": ("In paid advertising too.", "有料広告にも使用されます。"),
    "unpaid": ("Not in paid advertising.", "有料広告には使用されません。"),
    "term": ("From {first} until {last}.", "期間:{first}から{last}まで。"),
    "endless": ("From {first}, without an end.", "期間:{first}から、期限なし。"),
    "sell_off": (
        "For {days} days after that, pictures that are out already may stay.",
        "終了後{days}日間は、公開済みの画像の掲載を続けられます。",
    ),
    "cap": ("At most {count} pictures.", "作成は最大{count}枚まで。"),
    "contexts": ("Never together with: {words}.", "次のものと一緒には使いません:{words}。"),
    "disclosed": ("It is always said that AI made the picture.", "AIで作成したことを必ず明示します。"),
    "per_output": (
        "You see every picture before it is published, and nothing is published without your yes.",
        "公開前にすべての画像を確認でき、あなたの承認なしには公開されません。",
    ),
    "per_campaign": (
        "You see each campaign before it is published, and nothing is published without your yes.",
        "公開前に企画ごとに画像を確認でき、あなたの承認なしには公開されません。",
    ),
    "answer": ("You promise to answer within {days} days.", "{days}日以内の回答をお願いします。"),
    "minor": (
        "It ends by itself on {day}, when the person comes of age.",
        "{day}に本人が成年に達すると、自動的に停止します。",
    ),
    "no_face": (
        "No measurements of a face are taken or kept.",
        "顔の特徴を測定したり保存したりすることはありません。",
    ),
    "treatments": ("The mark may be shown: {words}.", "商標の表示方法:{words}。"),
    "revocable": (
        "You can take it back at any time. From then on nothing is made, published or delivered under it.",
        "いつでも撤回できます。撤回後は、作成・公開・配信がすべて停止します。",
    ),
}


def summary(terms: Agreement, company: str, language: str) -> list[str]:
    """The sentences, in "en" or "ja"."""
    column = 1 if language.startswith("ja") else 0
    return [text.format(**words) for text, words in _said(terms, company, column)]


def _said(terms: Agreement, company: str, column: int) -> Iterator[tuple[str, dict[str, object]]]:
    yield from _what(terms, company, column)
    yield SENTENCES["channels"][column], {"words": _words(terms.channels, CHANNELS, column)}
    yield SENTENCES["territories"][column], {"words": _words(terms.territories, TERRITORIES, column)}
    if terms.excluded_territories:
        yield SENTENCES["excluded"][column], {"words": _words(terms.excluded_territories, TERRITORIES, column)}
    yield SENTENCES["purposes"][column], {"words": _words(terms.purposes, PURPOSES, column)}
    yield from _when(terms, column)
    if isinstance(terms, ConsentTerms):
        yield from _limits(terms, column)
    if isinstance(terms, TrademarkTerms):
        yield SENTENCES["treatments"][column], {"words": _words(terms.permitted_treatments, TREATMENTS, column)}
    yield SENTENCES["revocable"][column], {}


def _what(terms: Agreement, company: str, column: int) -> Iterator[tuple[str, dict[str, object]]]:
    kind = terms.kind if isinstance(terms, ConsentTerms) else "trademark"
    if isinstance(terms, ConsentTerms) and not terms.synthetic_media_permitted:
        yield _NO_AI[column], {}
        return
    yield _MADE[kind][column], {"company": company, "count": len(terms.reference_digests)}
    if isinstance(terms, ConsentTerms) and terms.synthetic_description:
        yield SENTENCES["described"][column], {"text": terms.synthetic_description}
    if kind == "likeness":
        yield SENTENCES["no_face"][column], {}


def _when(terms: Agreement, column: int) -> Iterator[tuple[str, dict[str, object]]]:
    first = _day(terms.valid_from, column)
    if terms.valid_until is None:
        yield SENTENCES["endless"][column], {"first": first}
        return
    last = _day(terms.valid_until - timedelta(seconds=1), column)
    yield SENTENCES["term"][column], {"first": first, "last": last}
    if terms.sell_off_days:
        yield SENTENCES["sell_off"][column], {"days": terms.sell_off_days}


def _limits(terms: ConsentTerms, column: int) -> Iterator[tuple[str, dict[str, object]]]:
    yield SENTENCES["paid" if terms.paid_media else "unpaid"][column], {}
    if terms.output_cap is not None:
        yield SENTENCES["cap"][column], {"count": terms.output_cap}
    if terms.prohibited_contexts:
        yield SENTENCES["contexts"][column], {"words": _words(terms.prohibited_contexts, CONTEXTS, column)}
    if terms.disclosure_duty:
        yield SENTENCES["disclosed"][column], {}
    if terms.approval_right != "none":
        yield SENTENCES[terms.approval_right][column], {}
    if terms.response_days is not None:
        yield SENTENCES["answer"][column], {"days": terms.response_days}
    if terms.majority is not None and terms.majority_date is not None:
        midnight = datetime(terms.majority_date.year, terms.majority_date.month, terms.majority_date.day, tzinfo=TOKYO)
        yield SENTENCES["minor"][column], {"day": _day(midnight, column)}


def _words(slugs: Iterable[str], names: dict[str, tuple[str, str]], column: int) -> str:
    known = {ANY: EVERYTHING, **names}
    found = [known[slug][column] if slug in known else slug for slug in sorted(slugs)]
    return ("、" if column else ", ").join(found) or NOTHING[column]


def _day(moment: datetime, column: int) -> str:
    day = moment.astimezone(TOKYO)
    return f"{day.year}年{day.month}月{day.day}日" if column else f"{day.day} {day:%B %Y}"
