"""HDF5 files and zip archives that reach out of themselves, or hold far more than they are."""

import stat
import zipfile

import h5py
import numpy as np
import pytest
from fixtures import keras_texts
from fixtures.keras_attacks import write_archive

import slimcam
from slimcam.sources import keras_trust
from slimcam.sources.vetting.containers import FLOOR


def _external(path, tmp_path, dataset):
    (tmp_path / "secret").write_bytes(b"\x00" * 64)
    with h5py.File(path, "r+") as file:
        del file[dataset]
        file.create_dataset(dataset, (1, 1, 1, 1), "float32", external=[(str(tmp_path / "secret"), 0, 64)])


def _virtual(path, tmp_path, dataset):
    with h5py.File(str(tmp_path / "other.h5"), "w") as other:
        other["x"] = np.zeros((1, 1, 1, 1), np.float32)
    layout = h5py.VirtualLayout((1, 1, 1, 1), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (1, 1, 1, 1))
    with h5py.File(path, "r+", libver="latest") as file:
        del file[dataset]
        file.create_virtual_dataset(dataset, layout)


def _link(link):
    def put(path, tmp_path, dataset):
        with h5py.File(path, "r+") as file:
            del file[dataset]
            file[dataset] = link(tmp_path)

    return put


def _vast(path, tmp_path, dataset):
    with h5py.File(path, "r+") as file:
        del file[dataset]
        file.create_dataset(dataset, (50_000_000, 50_000_000), "float32", chunks=(1000, 1000), compression="gzip")


H5 = {
    "external storage (CVE-2026-1669)": (_external, "lies in other files"),
    "an external link (GHSA-27f4-p4xq-cxg8)": (_link(lambda at: h5py.ExternalLink(str(at / "o.h5"), "x")), "a file"),
    "a soft link (GHSA-27f4-p4xq-cxg8)": (_link(lambda at: h5py.SoftLink("/model_weights")), "leads elsewhere"),
    "a virtual dataset (CVE-2026-12480)": (_virtual, "is put together from other files"),
    "a vast shape (CVE-2026-0897, CVE-2026-12570)": (_vast, "are more than 100 times the"),
}


@pytest.mark.parametrize("way", H5)
@pytest.mark.parametrize("kind", ["whole file", "weights of a json", "weights of a net", "folders"])
def test_data_of_elsewhere_is_refused(way, kind, tmp_path):
    change, message = H5[way]
    if kind == "folders":
        path = keras_texts.write_folders(tmp_path / "a.weights.h5", {"conv2d": [keras_texts.KERNEL]})
        dataset, options = "layers/conv2d/vars/0", {"net": lambda: None}
    else:
        group = "model_weights" if kind == "whole file" else "/"
        path = keras_texts.write_weights(tmp_path / "a.h5", group=group)
        dataset = f"{'' if group == '/' else 'model_weights/'}conv/conv/conv_0:0"
        options = {"net": lambda: None} if kind == "weights of a net" else {}
    change(path, tmp_path, dataset)
    if kind == "weights of a json":
        text = keras_texts.write_text(tmp_path / "a.json", keras_texts.keras2_config())
        path, options = text, {"weights": path}
    with pytest.raises(slimcam.errors.UntrustedModel, match=message):
        slimcam.load(path, **options)


def test_groups_in_a_circle_are_gone_through_once(tmp_path):
    path = keras_texts.write_weights(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["conv/again"] = file["conv"]
    assert keras_trust.verdict_of_file(path).pure


def _archive(tmp_path):
    return write_archive(tmp_path / "a.keras", keras_texts.keras2_config())


def _more(name, mode=0, compress=zipfile.ZIP_STORED, data=b"x"):
    def put(archive):
        item = zipfile.ZipInfo(name)
        item.external_attr, item.compress_type = mode << 16, compress
        archive.writestr(item, data)

    return put


ZIPS = {
    "a path out (GHSA-hqp4-2352-xf5r)": (_more("../../out"), "leads out of the archive"),
    "an absolute path": (_more("/tmp/out"), "leads out of the archive"),
    "a path of Windows": (_more("assets\\..\\..\\out"), "leads out of the archive"),
    "a drive": (_more("C:/out"), "leads out of the archive"),
    "a link (CVE-2025-12638)": (_more("assets/link", stat.S_IFLNK | 0o777, data=b"/etc"), "leads elsewhere"),
    "a second configuration": (_more("config.json", data=b"{}"), "stands for two files"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("way", ZIPS)
def test_an_archive_that_leads_out_is_refused(way, tmp_path):
    put, message = ZIPS[way]
    path = _archive(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        put(archive)
    with pytest.raises(slimcam.errors.UntrustedModel, match=message):
        slimcam.load(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["model.weights.h5", "config.json", "assets/more"])
def test_an_archive_that_says_it_holds_far_more_than_it_is_is_refused(name, tmp_path):
    """The size that is said is believed: to read it would take as long as the file wants."""
    path = _archive(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.filelist = [one for one in archive.filelist if one.filename != name]
        _more(name)(archive)
        archive.filelist[-1].file_size = FLOOR + 1
    with pytest.raises(slimcam.errors.UntrustedModel, match=f"{name}.*are more than 100 times the"):
        slimcam.load(path)


@pytest.mark.parametrize("keep", [10, 200, -30])
def test_a_truncated_archive_is_said_to_be_damaged(keep, tmp_path):
    path = _archive(tmp_path)
    with open(path, "rb") as file:
        data = file.read()[:keep]
    with open(path, "wb") as file:
        file.write(data)
    with pytest.raises(slimcam.ModelError, match=r"a\.keras: not a zip archive that can be read, or a damaged one"):
        slimcam.load(path)


@pytest.mark.parametrize("gone", ["metadata.json", "model.weights.h5"])
def test_an_archive_without_one_of_its_parts_says_which(gone, tmp_path):
    path = _archive(tmp_path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist() if name != gone}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(slimcam.ModelError, match=f"not a Keras archive that can be read, .*{gone}"):
        slimcam.load(path)


@pytest.mark.parametrize("part", ["config.json", "metadata.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"text"', "\x00"])
def test_an_archive_whose_texts_are_damaged_says_so(part, text, tmp_path):
    path = _archive(tmp_path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, part: text.encode()}.items():
            archive.writestr(name, data)
    with pytest.raises(slimcam.ModelError, match=r"a\.keras: its configuration is (no dictionary|not JSON)"):
        slimcam.load(path)


def test_what_is_refused_of_a_file_is_read_where_it_is_trusted(tmp_path):
    path = keras_texts.write_weights(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["elsewhere"] = h5py.SoftLink("/conv")
    text = keras_texts.write_text(tmp_path / "a.json", keras_texts.keras2_config())
    with pytest.raises(slimcam.errors.UntrustedModel, match="'/elsewhere' is a link, which leads elsewhere"):
        slimcam.load(text, weights=path)
    with slimcam.load(text, weights=path, trusted=True) as model:
        found = model.session.run(model.logits, {model.input: keras_texts.PHOTOS})
    np.testing.assert_array_equal(found, keras_texts.SCORES)


@pytest.mark.parametrize("way", H5)
def test_data_of_elsewhere_in_the_weights_of_an_archive_is_refused(way, tmp_path):
    change, message = H5[way]
    inner = keras_texts.write_folders(tmp_path / "model.weights.h5", {"conv2d": [keras_texts.KERNEL]})
    change(inner, tmp_path, "layers/conv2d/vars/0")
    path = _archive(tmp_path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist() if not name.endswith(".h5")}
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "model.weights.h5")
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(slimcam.errors.UntrustedModel, match=message):
        slimcam.load(path)


def test_types_that_crash_hdf5_in_a_damaged_file_are_not_read(tmp_path):
    """A list of numbers of its own length is read wherever the file says that it lies."""
    path = keras_texts.write_weights(tmp_path / "a.h5", group="model_weights")
    lists = h5py.special_dtype(vlen=np.dtype("int32"))
    with h5py.File(path, "r+") as file:
        value = np.empty(1, lists)
        value[0] = np.array([1, 2], np.int32)
        file.attrs.create("keras_version", value, dtype=lists)
    with pytest.raises(slimcam.ModelError, match="/@keras_version is of the type TypeVlenID"):
        slimcam.load(path, trusted=True)
