from __future__ import annotations

from collections.abc import Callable

import pytest

from ssgan.datasets.annotations import Annotation, annotate
from ssgan.errors import InvalidSetting

NAMES = ("img_align_celeba/000001.jpg", "img_align_celeba/000002.jpg")


def texts(**files: str) -> Callable[[str], str | None]:
    named = {name.replace("__", "/").replace("_csv", ".csv").replace("_txt", ".txt"): text for name, text in files.items()}
    return named.get


def test_celebas_lists_are_found_beside_the_folder_or_in_its_own_ones() -> None:
    expected = {NAMES[0]: Annotation("2880", "train"), NAMES[1]: Annotation("2937", "test")}
    identities, partitions = "000001.jpg 2880\n000002.jpg 2937\n", "000001.jpg 0\r\n000002.jpg 2\r\n\r\n"
    beside = texts(identity_CelebA_txt=identities, list_eval_partition_txt=partitions)
    below = texts(Anno__identity_CelebA_txt=identities, Eval__list_eval_partition_txt=partitions)
    assert annotate(NAMES, beside) == annotate(NAMES, below) == expected


def test_what_is_not_listed_is_not_known() -> None:
    found = annotate(NAMES, texts(identity_CelebA_txt="000001.jpg 2880\n"))
    assert found == {NAMES[0]: Annotation("2880", None)}
    assert annotate(NAMES, texts()) == {}


def test_an_index_tells_identity_partition_and_fold() -> None:
    index = "file,other,identity,partition,fold\na.png,x,7,1,3\nb.png,y,,,\n"
    found = annotate(("a.png", "b.png", "c.png"), texts(index_csv=index))
    assert found == {"a.png": Annotation("7", "validate", 3), "b.png": Annotation()}


def test_an_index_of_something_else_is_left_alone() -> None:
    assert annotate(("a.png",), texts(index_csv="path,set\na.png,kodak\n")) == {}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"identity_CelebA_txt": "000001.jpg 2880\n000002.jpg\n"}, "line 2"),
        ({"list_eval_partition_txt": "000001.jpg 3\n"}, "partition '3'"),
        ({"index_csv": "file,partition\na.png,holdout\n"}, "line 2.*holdout"),
        ({"index_csv": "file,fold\na.png,first\n"}, "line 2.*fold"),
    ],
)
def test_a_malformed_list_is_named_with_its_line(files: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidSetting, match=reason):
        annotate(NAMES, texts(**files))
