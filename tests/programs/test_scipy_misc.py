"""Images of scipy.misc: values worked by hand, and beside SciPy's own where it still has them."""

import io

import numpy as np
import pytest

pytest.importorskip("PIL", reason="pip install slimcam[programs]")
from PIL import Image

from slimcam.programs.gone import scipy_misc

GREY = np.array([[0, 100], [200, 40]], np.uint8)
COLOURS = np.array([[[0, 0, 0, 0], [255, 0, 0, 100]], [[0, 255, 0, 200], [9, 8, 7, 255]]], np.uint8)


def test_bytescale_spreads_values_over_the_grey_levels():
    # 0, 1/4 and 1/2 of 255 are 63.75 and 127.5; a half goes up
    assert scipy_misc.bytescale(np.array([[0.0, 1.0], [2.0, 4.0]])).tolist() == [[0, 64], [128, 255]]
    assert scipy_misc.bytescale(np.array([0.0, 1.0]), cmin=0, cmax=2, high=200, low=100).tolist() == [100, 150]
    assert scipy_misc.bytescale(GREY) is GREY


def test_bytescale_widens_integers_that_a_limit_does_not_fit():
    # (0 + 10) * 255 / 100 = 25.5 and (90 + 10) * 2.55 = 255
    assert scipy_misc.bytescale(np.array([0, 90], np.uint16), cmin=-10, cmax=90).tolist() == [26, 255]


def test_bytescale_reckons_in_float32_where_it_is_given_float32():
    # 0.7 is 0.699999988 in float32; times 85 it is 59.499999, which float32 rounds to 59.5, and that goes up
    values = np.array([0.0, 0.7, 3.0], np.float32)
    assert scipy_misc.bytescale(values).tolist() == [0, 60, 255]
    assert scipy_misc.bytescale(values, cmax=np.float64(3)).tolist() == [0, 60, 255]
    assert scipy_misc.bytescale(values.astype(np.float64)).tolist() == [0, 59, 255]


@pytest.mark.parametrize("size", [200, 2.0, (4, 4), (4, 4, 3)])
def test_imresize_takes_a_percentage_a_fraction_or_a_size(size):
    # rows first, each rounded: 0 25 75 100 and 200 160 80 40; then columns by the same weights, 3/4 and 1/4
    wanted = [[0, 25, 75, 100], [50, 59, 76, 85], [150, 126, 79, 55], [200, 160, 80, 40]]
    assert scipy_misc.imresize(GREY, size).tolist() == wanted


def test_imresize_scales_floats_first():
    assert scipy_misc.imresize(np.array([[0.0, 0.5]]), (1, 4), interp="nearest").tolist() == [[0, 0, 255, 255]]
    assert scipy_misc.imresize(np.array([[0.0, 0.5]]), (1, 4), "nearest", mode="F").tolist() == [[0, 0, 0.5, 0.5]]


def test_transparent_colours_are_premultiplied_for_nearest_too():
    # of alpha 0 no colour is left; 255 * 100 / 255 = 100 and back
    resized = scipy_misc.imresize(COLOURS, 200, "nearest")
    assert resized[0, 0].tolist() == [0, 0, 0, 0]
    assert resized[0, 2].tolist() == [255, 0, 0, 100]
    clear = np.full((1, 1, 4), [9, 8, 7, 0], np.uint8)
    assert scipy_misc.imresize(clear, 200, "nearest").max() == 0
    assert scipy_misc.imresize(clear, 100, "nearest").tolist() == clear.tolist()  # of its own size it is a copy


def test_imresize_rounds_between_columns_and_rows():
    # what SciPy 1.2.3 gives with Pillow 6.2.2; rows first give 87 and 150 where 88 and 149 are
    array = (np.arange(7 * 6) * 37 % 256).reshape(7, 6).astype(np.uint8)
    assert scipy_misc.imresize(array, (2, 5)).tolist() == [[140, 98, 78, 88, 123], [114, 149, 160, 139, 97]]


def test_imrotate_and_imfilter():
    assert scipy_misc.imrotate(GREY, 90).tolist() == [[100, 40], [0, 200]]
    assert scipy_misc.imfilter(np.full((5, 5), 7, np.uint8), "blur").tolist() == [[7] * 5] * 5
    with pytest.raises(ValueError, match="Unknown filter type"):
        scipy_misc.imfilter(GREY, "median")


def test_toimage_finds_the_channels():
    first = np.moveaxis(COLOURS[..., :3], 2, 0)
    assert scipy_misc.toimage(COLOURS).mode == "RGBA"
    np.testing.assert_array_equal(np.array(scipy_misc.toimage(first)), COLOURS[..., :3])
    with pytest.raises(ValueError, match="suitable array shape"):
        scipy_misc.toimage(np.zeros((5, 5, 2)))
    with pytest.raises(ValueError, match="Invalid array shape for mode"):
        scipy_misc.toimage(COLOURS, mode="RGB")


def _file(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "png", **options)
    buffer.seek(0)
    return buffer


def test_imread_reads_palettes_bits_and_sixteen_bits():
    palette = Image.fromarray(np.array([[0, 1]], np.uint8))
    palette.putpalette([1, 2, 3, 40, 50, 60] + [0] * 762)
    assert scipy_misc.imread(_file(palette)).tolist() == [[[1, 2, 3], [40, 50, 60]]]
    assert scipy_misc.imread(_file(palette, transparency=0)).tolist() == [[[1, 2, 3, 0], [40, 50, 60, 255]]]
    bits = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    assert scipy_misc.imread(_file(bits)).tolist() == [[0, 255]]
    deep = scipy_misc.imread(_file(Image.fromarray(np.array([[0, 65535]], np.uint16))))
    assert (deep.dtype, deep.tolist()) == (np.int32, [[0, 65535]])


def test_imread_cuts_grey_levels_off_as_pillow_did():
    # 0.299 * 0 + 0.587 * 1 + 0.114 * 3 = 0.929, which Pillow rounds to 1 since release 7
    file = Image.fromarray(np.array([[[0, 1, 3]]], np.uint8))
    assert scipy_misc.imread(_file(file), mode="L").tolist() == [[0]]
    grey = scipy_misc.imread(_file(file), flatten=True)
    assert grey.dtype == np.float32
    assert grey[0, 0] == pytest.approx(0.929, rel=float(np.finfo(np.float32).eps))


def test_imsave_writes_what_imread_reads(tmp_path):
    scipy_misc.imsave(str(tmp_path / "grey.png"), GREY)
    assert scipy_misc.imread(str(tmp_path / "grey.png")).tolist() == GREY.tolist()
    scipy_misc.imsave(str(tmp_path / "floats.bmp"), np.array([[0.0, 1.0], [2.0, 4.0]]))
    assert scipy_misc.imread(str(tmp_path / "floats.bmp")).tolist() == [[0, 64], [128, 255]]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(13, 17), (13, 17, 3), (3, 13, 17), (13, 17, 4)])
@pytest.mark.filterwarnings("ignore:`im:DeprecationWarning", "ignore:scipy.misc:DeprecationWarning")
def test_it_equals_scipy(dtype, shape):
    misc = pytest.importorskip("scipy.misc")
    if not hasattr(misc, "imresize"):
        pytest.skip("SciPy has had none since release 1.3")
    array = (np.random.RandomState(0).uniform(0, 200, shape)).astype(dtype)
    for size in (50, 1.7, (30, 8)):
        for interp in ("nearest", "lanczos", "bilinear", "bicubic"):
            mine, its = (one.imresize(array, size, interp) for one in (scipy_misc, misc))
            np.testing.assert_array_equal(mine, its)
    for angle in (0, 30, 90):
        np.testing.assert_array_equal(scipy_misc.imrotate(array, angle), misc.imrotate(array, angle))
