"""Labels: lines with and without the numbers that they are listed by."""

import pytest

import slimcam
from slimcam.sources.labels import read_labels


@pytest.fixture
def read(tmp_path):
    def labels(*lines):
        (tmp_path / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_labels(tmp_path / "labels.txt", len(lines))

    return labels


@pytest.mark.parametrize(
    "lines, labels",
    [
        (["0 cardboard", "1 glass", "2 dog food"], ["cardboard", "glass", "dog food"]),
        (["1 cardboard", "2\tglass"], ["cardboard", "glass"]),
        (["205: beagle", "281: tabby, tabby cat"], ["beagle", "tabby, tabby cat"]),
        (["cola", "7 up"], ["cola", "7 up"]),
        (["0 cardboard", "2 glass"], ["0 cardboard", "2 glass"]),  # no count: they may be names
        (["0 cardboard", "glass"], ["0 cardboard", "glass"]),
        (["7 up", "8 ball"], ["7 up", "8 ball"]),  # counts from 0 or 1
        (["0", "1", "2"], ["0", "1", "2"]),  # digits are the names themselves
        (["1 up"], ["1 up"]),
    ],
    ids=str,
)
def test_numbers_go_only_where_they_count_all_lines(read, lines, labels):
    assert read(*lines) == labels


def test_a_list_stays_as_it_is():
    assert read_labels(["0 cardboard", "1 glass"], 2) == ["0 cardboard", "1 glass"]
    with pytest.raises(slimcam.ModelError, match="1 labels for 3 classes"):
        read_labels(["a"], 3)
