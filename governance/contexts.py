"""What does a prompt put the subject beside? The contexts that a consent may forbid, told by their words.

A list of plain words is no understanding: it finds "a glass of wine" and misses an allusion. Templates therefore tag
their options too, and whoever releases a picture says what it appears with.
"""

from __future__ import annotations

from governance.blocklist import matched_words
from governance.sentences import CONTEXTS

WORDS: dict[str, tuple[str, ...]] = {
    "alcohol": (
        *("alcohol", "beer", "beers", "wine", "wines", "whisky", "whiskey", "sake", "vodka", "gin", "rum", "cocktail"),
        *("cocktails", "champagne", "liquor", "pub", "brewery", "winery", "drunk"),
        *("酒", "ビール", "ワイン", "ウイスキー", "焼酎", "居酒屋", "カクテル"),
    ),
    "tobacco": (
        *("tobacco", "cigarette", "cigarettes", "cigar", "cigars", "smoking", "vape", "vaping", "hookah", "ashtray"),
        *("たばこ", "煙草", "喫煙", "葉巻"),
    ),
    "gambling": (
        *("gambling", "casino", "casinos", "poker", "roulette", "slot machine", "slot machines", "betting", "lottery"),
        *("賭博", "カジノ", "ギャンブル", "パチンコ", "競馬"),
    ),
    "politics": (
        *("politics", "political", "election", "elections", "campaign rally", "parliament", "politician", "ballot"),
        *("政治", "選挙", "政党", "議員", "投票"),
    ),
    "religion": (
        *("religion", "religious", "church", "mosque", "temple", "shrine", "altar", "priest", "prayer", "praying"),
        *("宗教", "教会", "寺院", "神社", "祈り"),
    ),
    "adult": (
        *("nude", "naked", "lingerie", "erotic", "sexy", "porn", "topless", "bikini"),
        *("ヌード", "裸", "下着", "アダルト"),
    ),
    "medical": (
        *(
            "medical",
            "medicine",
            "hospital",
            "doctor",
            "surgery",
            "syringe",
            "pill",
            "pills",
            "vaccine",
            "cure",
            "cures",
        ),
        *("医療", "病院", "医師", "手術", "注射", "薬"),
    ),
    "violence": (
        *("violence", "violent", "gun", "guns", "rifle", "pistol", "knife fight", "blood", "bloody", "war", "weapon"),
        *("weapons", "corpse", "暴力", "銃", "流血", "戦争", "武器"),
    ),
}


def contexts_of(text: str) -> frozenset[str]:
    """Slugs of `governance.sentences.CONTEXTS` whose words the text uses, however they are written."""
    return frozenset(slug for slug in CONTEXTS if matched_words(text, WORDS[slug]))
