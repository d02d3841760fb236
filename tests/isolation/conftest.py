"""What tests of isolated models share."""

import pytest
from fixtures.isolated_nets import write_all


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Return a folder of three nets and two photos."""
    return write_all(tmp_path_factory.mktemp("same"))
