"""A frozen net, and its recording."""

import pytest
from recorded_net import X, net

import slimcam


@pytest.fixture
def old(frozen):
    return frozen(net, "old.pb")


@pytest.fixture
def recorded(old, tmp_path):
    return slimcam.record(old, X, tmp_path / "golden", layers=["maps", "first"])


@pytest.fixture
def photos(make_photo):
    """Return the paths of two photos of different sizes."""
    return [make_photo("one.png"), make_photo("two.png", 20, 10, seed=1)]


# --- photos


@pytest.fixture
def of_photos(old, photos, tmp_path):
    return slimcam.record(old, photos, tmp_path / "golden", "maps", preprocess="squash")
