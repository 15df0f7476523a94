"""The studio's own CLIP tokenizer: byte-pair merges under which every taught word is one token."""

import json
import re
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

from generation.studio import vocabulary
from generation.studio.world.captions import CLOSINGS, OPENINGS

#: Tokens of a caption, start and end included; longer prompts are cut.
MAX_LENGTH = 32
_GLUE = "a an the of on in at with and by from to for over under near beside front behind wearing holding no not very"
#: Words a prompt may well carry; they have a token of their own should a later training teach them.
_SPARE = """can jar hat umbrella backpack robot guitar watch book box boot cup vase phone camera headphones cake dress
shirt toy plush man woman child boy girl people clock cap kettle candle perfume glasses ball bicycle plant flower dog
cat space garden library stage rain sea underwater street park office shop room sky lake meadow field river waterfall
autumn spring summer winter morning evening day indoors outdoors table floor wall window sun cloud grass sand water
stripes dots checks small big large old new shiny matte wooden metal glass golden silver grey gray teal cyan beige navy
style drawing painting cartoon minimal modern vintage elegant festive happy cosy beautiful simple colourful dark
dramatic background light photo picture image poster campaign brand logo close up centred detailed realistic render"""


def taught_words() -> list[str]:
    """Every word of the captions and the spare ones, sorted: the merges depend on nothing else."""
    return sorted({*_captioned(), *_GLUE.split(), *_SPARE.split()})


def _captioned() -> list[str]:
    looks = (vocabulary.COLOURS, vocabulary.PATTERNS, vocabulary.EMBLEMS)
    layout = (vocabulary.POSITIONS, vocabulary.SIZES, vocabulary.ACCESSORIES)
    terms = (vocabulary.KINDS, vocabulary.SCENES, *looks, *layout)
    text = [token for group in terms for token in vocabulary.tokens(group)]
    for phrases in (vocabulary.SCENE_PHRASES, vocabulary.POSITION_PHRASES, vocabulary.ACCESSORY_PHRASES):
        text += phrases.values()
    text += [*OPENINGS, *CLOSINGS]
    return " ".join(text).split()


def untaught_words(text: str) -> list[str]:
    """Words of `text` that no caption of the training holds, in order: what they mean, the model cannot know."""
    taught = {*_captioned(), *_GLUE.split()}
    return list(dict.fromkeys(word for word in re.findall(r"[^\W_]+", text.casefold()) if word not in taught))


def _apply(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    """The word with every neighbouring `pair` made one symbol."""
    joined: list[str] = []
    for symbol in symbols:
        if joined and (joined[-1], symbol) == pair:
            joined[-1] += symbol
        else:
            joined.append(symbol)
    return joined


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Byte-pair merges until every word is one symbol; ties go to the alphabet, so every machine agrees.

    The trainer of `tokenizers` breaks ties by hash order, differently in every run.
    """
    spelled = [[*word[:-1], f"{word[-1]}</w>"] for word in words]
    merges: list[tuple[str, str]] = []
    while any(len(symbols) > 1 for symbols in spelled):
        counts = Counter(pair for symbols in spelled for pair in pairwise(symbols))
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        spelled = [_apply(symbols, best) for symbols in spelled]
    return merges


def write_tokenizer(folder: Path) -> None:
    """Writes vocab.json and merges.txt as CLIP has them: bytes, bytes that end a word, merges, two special tokens."""
    merges = _merges(taught_words())
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *("".join(merge) for merge in merges)]
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))


def build_tokenizer() -> CLIPTokenizer:
    """The tokenizer of a fresh training; deterministic."""
    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder))
        return CLIPTokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=MAX_LENGTH)
