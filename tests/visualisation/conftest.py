"""What the tests of pictures by gradient ascent share."""

import pytest
from fixtures import small_convnet


@pytest.fixture
def net(model_of):
    return model_of(small_convnet.build, preprocess="squash")
