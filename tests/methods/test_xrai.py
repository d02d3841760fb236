"""XRAI: regions by hand, and against the array of saliency with today's scikit-image."""

import numpy as np
import pytest

import slimcam
from slimcam.methods import xrai


def bands(*edges):
    """Return masks of 300 rows by 1 column, each from one row to another."""
    masks = []
    for top, bottom in edges:
        mask = np.zeros((300, 1), bool)
        mask[top:bottom] = True
        masks.append(mask)
    return masks


@pytest.mark.parametrize("fast", [False, True])
def test_regions_come_by_the_mean_of_what_they_add(fast):
    attribution = np.zeros((300, 1))
    attribution[:100], attribution[100:160], attribution[160:220] = 3, 1, 2
    # The first is taken whole, at 3. Of the second, 60 pixels of 1 are new; of the third, 60 of 2; the fourth adds 40
    # alone, fewer than a region must add, and so the rest has its own mean.
    got = xrai.fill_regions(attribution, bands((0, 100), (40, 160), (160, 220), (180, 260)), fast)
    np.testing.assert_allclose(np.unique(got), [0, 1, 2, 3])
    assert (got[:100] == 3).all() and (got[100:160] == 1).all() and (got[160:220] == 2).all()


def test_what_no_region_holds_has_its_own_mean():
    attribution = np.arange(300.0).reshape(300, 1)
    got = xrai.fill_regions(attribution, bands((0, 100)))
    assert (got[:100] == 49.5).all() and (got[100:] == 199.5).all()


def test_it_equals_saliencys_with_the_same_scikit_image(shared):
    pytest.importorskip("skimage")
    with np.load(str(shared / "peers" / "public.npz")) as peers:
        want, image = peers["saliency/XRAI_full_tf221_skimage026/cat"], peers["net/input/cat"].reshape(1, 224, 224, 3)
    with slimcam.load(shared / "real" / "mobilenet_v1_0.25_224_frozen.pb", preprocess="squash") as model:
        got = slimcam.Explainer(model, "xrai", target=288, steps=20)(image).raw[0]
    ranks = [np.argsort(np.argsort(one.ravel(), kind="stable")) for one in (got, want)]
    assert np.corrcoef(*ranks)[0, 1] > 0.98  # regions, and with them ranks, go by scikit-image's version
    assert np.corrcoef(got.ravel(), want.ravel())[0, 1] > 0.99
