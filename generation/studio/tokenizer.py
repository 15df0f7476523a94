"""The studio's own CLIP tokenizer: byte-pair merges under which every taught word is one token."""

import json
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
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
    terms = (vocabulary.KINDS, vocabulary.SCENES, vocabulary.COLOURS, vocabulary.PATTERNS, vocabulary.EMBLEMS)
    text = [token for group in terms for token in vocabulary.tokens(group)]
    text += [*vocabulary.SCENE_PHRASES.values(), *OPENINGS, *CLOSINGS, _GLUE, _SPARE]
    return sorted(set(" ".join(text).split()))


def _merges(words: list[str]) -> list[list[str]]:
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=100_000, min_frequency=0, end_of_word_suffix="</w>", show_progress=False)
    trained.train_from_iterator(words, trainer)
    return [list(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]


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
