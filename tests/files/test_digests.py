"""Digests, against the published one of "abc" (FIPS 180-2, appendix B.1)."""

import numpy as np

from slimcam.files import digests

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_of_bytes():
    assert digests.digest(b"abc") == ABC


def test_of_an_array_are_its_values_in_c_order_however_they_lie():
    letters = np.frombuffer(b"a.b.c.", np.uint8).reshape(3, 2)[:, 0]
    assert not letters.flags.c_contiguous
    assert digests.digest(letters) == ABC
    square = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert digests.digest(np.asfortranarray(square)) == digests.digest(square.tobytes())


def test_of_a_file_that_is_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "BLOCK", 2)
    (tmp_path / "abc").write_bytes(b"abc")
    assert digests.file_digest(tmp_path / "abc") == digests.file_digest(str(tmp_path / "abc")) == ABC
