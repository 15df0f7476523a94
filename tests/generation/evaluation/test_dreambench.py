"""Is a benchmark's folder read as it was published, and is what is wrong with it told?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generation.evaluation.dreambench import UnusableBenchmark, read_benchmark
from tests.generation import dummy

PUBLISHED = """Classes

subject_name,class
backpack_dog,backpack
cat2,cat
wolf_plushie,stuffed animal

Prompts

Object Prompts

prompt_list = [
'a {0} {1} in the jungle'.format(unique_token, class_token),
"a {0} {1} on top of a child's desk".format(unique_token, class_token),
]

Live Subject Prompts

prompt_list = [
'a {0} {1} wearing a santa hat'.format(unique_token, class_token),
]
"""


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dummy.reference().save(path)


def test_the_published_layout_is_read_without_its_pseudo_words(tmp_path: Path) -> None:
    (tmp_path / "prompts_and_classes.txt").write_text(PUBLISHED)
    for name in ("dataset/backpack_dog/01.jpg", "dataset/backpack_dog/00.jpg", "dataset/cat2/00.png"):
        picture(tmp_path / name)
    picture(tmp_path / "dataset/wolf_plushie/a.webp")
    (tmp_path / "dataset/cat2/notes.txt").write_text("not a picture")
    backpack, cat, wolf = read_benchmark(tmp_path)
    assert backpack.prompts == ("a backpack in the jungle", "a backpack on top of a child's desk")
    assert [path.name for path in backpack.pictures] == ["00.jpg", "01.jpg"]
    assert cat.prompts == ("a cat wearing a santa hat",)
    assert [path.name for path in cat.pictures] == ["00.png"]
    assert (wolf.word, wolf.prompts[0]) == ("stuffed animal", "a stuffed animal in the jungle")


def test_subjects_of_ones_own_name_their_class_in_every_prompt(tmp_path: Path) -> None:
    told = {"mine": {"class": "mug", "prompts": ["a {} in the snow", "a mug on the beach"]}}
    (tmp_path / "prompts.json").write_text(json.dumps(told))
    picture(tmp_path / "mine" / "front.png")
    (mine,) = read_benchmark(tmp_path)
    assert mine.prompts == ("a mug in the snow", "a mug on the beach")
    told["mine"]["prompts"] = ["a smugly smiling cat"]
    (tmp_path / "prompts.json").write_text(json.dumps(told))
    with pytest.raises(UnusableBenchmark, match="does not name its class “mug”"):
        read_benchmark(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("prompts.json", "[1]", "should be"),
        ("prompts.json", '{"mine": {"class": "mug"}}', "prompts"),
        ("prompts.json", '{"mine": {"class": "mug", "prompts": []}}', "at least one prompt"),
        ("prompts.json", '{"mine": {"class": "mug", "prompts": ["a mug"]}}', "holds no picture"),
        ("prompts_and_classes.txt", "nothing of the kind", "subject_name,class"),
        ("notes.txt", "", "holds neither"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UnusableBenchmark, match=said):
        read_benchmark(tmp_path)
