"""maps.save(): folders and files, their names, and that nothing is replaced unasked."""

import cv2
import numpy as np
import pytest
from fixtures import small_maps

import slimcam
from slimcam.maps.folder import Folder, npz_bytes, short_names, unique_stems


@pytest.fixture
def maps(photo):
    """Return a map on each of two photos of one name."""
    two = small_maps.of([[1, 0]], photo(8, 6), photo(8, 6, seed=1))
    two.names, two.layer = ["a/cat.jpg", "b/cat.jpg"], "net/Mixed_7c/concat"
    return two


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def read(path):
    return cv2.imread(str(path))[..., ::-1]


def test_a_folder_gets_a_picture_a_map_and_the_numbers(maps, tmp_path):
    out = tmp_path / "new" / "out"
    paths = maps.save(out)
    assert paths == [str(out / name) for name in ("cat.concat.0.png", "cat-2.concat.1.png", "maps.npz")]
    assert files(out) == ["cat-2.concat.1.png", "cat.concat.0.png", "maps.npz"]
    np.testing.assert_array_equal(read(paths[1]), maps.overlay()[1])
    with np.load(paths[2]) as saved:
        assert {key: saved[key].tolist() for key in ("files", "classes", "scores", "layer")} == {
            "files": ["a/cat.jpg", "b/cat.jpg"],
            "classes": [0, 1],
            "scores": [0, 0],
            "layer": "net/Mixed_7c/concat",
        }
        np.testing.assert_array_equal(saved["raw"], maps.raw)
        np.testing.assert_array_equal(saved["heat"], maps.heat)


def test_two_maps_of_one_photo_bear_its_name_and_their_classes(maps, tmp_path):
    maps.photo = np.array([1, 1])
    maps.save(tmp_path)
    assert files(tmp_path) == ["cat-2.concat.0.png", "cat-2.concat.1.png", "maps.npz"]


def test_a_score_that_is_no_class_has_no_number_in_its_name(maps, tmp_path):
    maps[0].save(tmp_path / "one")
    maps.classes = np.array([-1, -1])
    maps[0].save(tmp_path / "other", style="shade")
    assert files(tmp_path / "one") == ["cat.concat.0.png", "maps.npz"]
    assert files(tmp_path / "other") == ["cat.concat.png", "maps.npz"]
    np.testing.assert_array_equal(read(tmp_path / "other" / "cat.concat.png"), maps.shade()[0])


def test_columns_add_a_contact_sheet(maps, tmp_path):
    assert maps.save(tmp_path, columns=1)[2] == str(tmp_path / "sheet.png")
    np.testing.assert_array_equal(read(tmp_path / "sheet.png"), maps.sheet(columns=1))


@pytest.mark.parametrize("end", [".png", ".PNG", ".bmp", ".tiff"])
def test_a_file_is_the_picture_of_one_map_as_its_ending_says(maps, tmp_path, end):
    path = str(tmp_path / ("one" + end))
    assert maps[1].save(path, colormap="hot") == [path]
    np.testing.assert_array_equal(read(path), maps[1].overlay("hot")[0])


def test_a_jpeg_is_one(maps, tmp_path):
    maps[0].save(tmp_path / "one.jpg")
    assert (tmp_path / "one.jpg").read_bytes().startswith(b"\xff\xd8\xff")


def test_a_file_of_several_maps_is_a_contact_sheet(maps, tmp_path):
    maps.save(tmp_path / "all.png", columns=2)
    np.testing.assert_array_equal(read(tmp_path / "all.png"), maps.sheet(columns=2))


def test_numbers_alone(maps, tmp_path):
    assert maps.save(tmp_path / "numbers.npz") == [str(tmp_path / "numbers.npz")]
    with np.load(str(tmp_path / "numbers.npz")) as saved:
        np.testing.assert_array_equal(saved["raw"], maps.raw)


def test_maps_of_several_sizes_are_an_array_each():
    rows = [{"files": "", "raw": np.zeros(s), "heat": np.zeros(s), "classes": 0, "scores": 0} for s in ((1, 2), (2, 2))]
    assert b"raw_0" in npz_bytes(rows, "a") and b"heat_1" in npz_bytes(rows, "a")


# Nothing is replaced unasked


@pytest.mark.parametrize("name", ["maps.npz", "cat.concat.281.png", "cat-2.concat.0.png", "cat-2.concat.png"])
def test_a_folder_with_results_of_these_photos_is_refused_before_anything_is_written(maps, tmp_path, name):
    (tmp_path / name).write_text("kept")
    with pytest.raises(slimcam.OutputError, match=rf"{name}: is there already: .* overwrite=True"):
        maps.save(tmp_path)
    assert files(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "kept"
    maps.save(tmp_path, overwrite=True)
    assert len(files(tmp_path)) in (3, 4)


@pytest.mark.parametrize("name", ["cat.png", "cat.conc.0.png", "cat.concat.0.jpg", "cats.concat.0.png", "notes.txt"])
def test_other_files_in_the_folder_stay_and_are_in_nobody_s_way(maps, tmp_path, name):
    (tmp_path / name).write_text("kept")
    maps.save(tmp_path)
    assert (tmp_path / name).read_text() == "kept"
    assert len(files(tmp_path)) == 4


@pytest.mark.parametrize("name", ["one.png", "one.npz"])
def test_a_file_is_replaced_only_if_asked(maps, tmp_path, name):
    maps[0].save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(slimcam.OutputError, match=f"{name}: is there already"):
        maps[1].save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    maps[1].save(tmp_path / name, overwrite=True)
    assert (tmp_path / name).read_bytes() != before


def test_a_sheet_of_before_is_refused_too(maps, tmp_path):
    (tmp_path / "sheet.2.png").write_text("kept")
    with pytest.raises(slimcam.OutputError, match=r"sheet\.2\.png: is there already"):
        maps.save(tmp_path, columns=2)


def test_a_picture_that_came_in_the_meantime_is_not_replaced(tmp_path):
    folder = Folder(tmp_path)
    folder.claim("one")
    (tmp_path / "one.png").write_text("kept")
    with pytest.raises(slimcam.OutputError, match=r"one\.png: is there already"):
        folder.add_picture("one", np.zeros((2, 2, 3), np.uint8))
    assert (tmp_path / "one.png").read_text() == "kept"


def test_a_folder_that_is_none_is_an_output_error(maps, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(slimcam.OutputError, match="file/out: cannot be written to: Not a directory"):
        maps.save(tmp_path / "file" / "out")


# Names


def test_files_of_one_name_are_numbered_and_a_number_in_a_name_is_not_taken_twice():
    assert unique_stems(["a/x.png", "b/x.jpg", "x-2.png", "c/x.png", "y.tar.png"]) == [
        "x",
        "x-2",
        "x-2-2",
        "x-3",
        "y.tar",
    ]


def test_layers_are_named_by_their_last_part_where_that_is_enough():
    assert short_names(["a/conv:0", "b/conv", "b/pool@x"]) == ["a_conv", "b_conv", "pool@x"]
