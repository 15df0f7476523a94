"""Which words does the shipped model know? No torch, no skia: the web side reads its choices from here.

Every choice is an English token, the word a caption carries, beside its Japanese label.
"""

from typing import NamedTuple


class Term(NamedTuple):
    """One word the model was taught: the English `token` of captions and the Japanese `ja` of forms."""

    token: str
    ja: str


#: The order is the class index of encoder and evaluator: add at the end.
KINDS: tuple[Term, ...] = (
    Term("bottle", "ボトル"),
    Term("mug", "マグカップ"),
    Term("sneaker", "スニーカー"),
    Term("bag", "バッグ"),
    Term("lamp", "ランプ"),
    Term("chair", "椅子"),
    Term("teapot", "ティーポット"),
    Term("car", "おもちゃの車"),
    Term("bear", "くまのぬいぐるみ"),
    Term("person", "人物"),
    Term("can", "缶"),
    Term("jar", "瓶"),
    Term("hat", "帽子"),
    Term("backpack", "リュック"),
    Term("umbrella", "傘"),
    Term("vase", "花瓶"),
    Term("robot", "ロボット"),
    Term("boot", "ブーツ"),
    Term("cake", "ケーキ"),
)

#: A scene is named by one word; the phrase is how captions and templates put it after the product.
SCENES: tuple[Term, ...] = (
    Term("beach", "砂浜"),
    Term("snow", "雪"),
    Term("forest", "森"),
    Term("city", "街"),
    Term("desert", "砂漠"),
    Term("mountains", "山"),
    Term("kitchen", "キッチン"),
    Term("studio", "スタジオ"),
    Term("sunset", "夕焼け"),
    Term("night", "夜"),
    Term("meadow", "草原"),
    Term("space", "宇宙"),
    Term("underwater", "水中"),
    Term("library", "図書館"),
    Term("stage", "舞台"),
    Term("rain", "雨"),
)

SCENE_PHRASES: dict[str, str] = {
    "beach": "on the beach",
    "snow": "in the snow",
    "forest": "in the forest",
    "city": "in the city",
    "desert": "in the desert",
    "mountains": "in the mountains",
    "kitchen": "in the kitchen",
    "studio": "in the studio",
    "sunset": "at sunset",
    "night": "at night",
    "meadow": "on the meadow",
    "space": "in space",
    "underwater": "underwater",
    "library": "in the library",
    "stage": "on the stage",
    "rain": "in the rain",
}

COLOURS: tuple[Term, ...] = (
    Term("red", "赤"),
    Term("orange", "オレンジ"),
    Term("yellow", "黄"),
    Term("green", "緑"),
    Term("blue", "青"),
    Term("purple", "紫"),
    Term("pink", "ピンク"),
    Term("brown", "茶"),
    Term("black", "黒"),
    Term("white", "白"),
)

PATTERNS: tuple[Term, ...] = (
    Term("plain", "無地"),
    Term("striped", "ストライプ"),
    Term("dotted", "水玉"),
    Term("checked", "チェック"),
    Term("zigzag", "ジグザグ"),
)

EMBLEMS: tuple[Term, ...] = (
    Term("none", "なし"),
    Term("star", "星"),
    Term("heart", "ハート"),
    Term("bolt", "稲妻"),
    Term("moon", "月"),
    Term("ring", "輪"),
)

#: Where the subject stands; nothing said means the centre. A phrase ends the prompt: "a mug on the beach, on the left".
POSITIONS: tuple[Term, ...] = (Term("centre", "中央"), Term("left", "左"), Term("right", "右"))
POSITION_PHRASES: dict[str, str] = {"left": "on the left", "right": "on the right"}

#: How large it is; the word comes first: "a small red mug". Nothing said means medium.
SIZES: tuple[Term, ...] = (Term("medium", "ふつう"), Term("small", "小さい"), Term("large", "大きい"))

#: What comes with it; the phrase follows the subject: "a mug beside a potted plant in the kitchen".
ACCESSORIES: tuple[Term, ...] = (
    Term("none", "なし"),
    Term("books", "積んだ本"),
    Term("plant", "鉢植え"),
    Term("ball", "赤いボール"),
    Term("gift", "プレゼントの箱"),
    Term("balloon", "黄色い風船"),
    Term("crown", "王冠"),
)
ACCESSORY_PHRASES: dict[str, str] = {
    "books": "beside a stack of books",
    "plant": "beside a potted plant",
    "ball": "beside a red ball",
    "gift": "beside a gift box",
    "balloon": "with a yellow balloon",
    "crown": "wearing a crown",
}


def tokens(terms: tuple[Term, ...]) -> tuple[str, ...]:
    """The English words alone, in order: the order is the class index of encoder and evaluator."""
    return tuple(term.token for term in terms)
