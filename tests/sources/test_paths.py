"""A model reads its own files only, in its own folder; pipes and devices are said at once, and an index is checked."""

import os
import shutil
import struct

import numpy as np
import pytest
import tensorflow.compat.v1 as tf1

import slimcam
from slimcam import ModelError
from slimcam.errors import UntrustedModel
from slimcam.sources.variables import open_checkpoint

X = np.array([[[[4], [-1]], [[2], [0]]]], np.float32)


def own(images, num_classes=2, is_training=False):
    """A net of slim's signature, of one variable."""
    maps = tf1.nn.relu(images[..., :1] * tf1.get_variable("own", initializer=[1.0, -1.0]), name="maps")
    logits = tf1.multiply(tf1.reduce_mean(maps, [1, 2]), 2.0, name="logits")
    return logits, {"maps": maps}


@pytest.fixture
def saved(tmp_path):
    """Return `saved(name)`: the prefix of a checkpoint of `own`, in tmp_path/NAME, with its .meta."""

    def save(name="model", **how):
        (tmp_path / name).mkdir(exist_ok=True)
        with tf1.Graph().as_default(), tf1.Session() as session:
            tf1.nn.softmax(own(tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x"))[0])
            session.run(tf1.global_variables_initializer())
            return tf1.train.Saver(**how).save(session, str(tmp_path / name / "model.ckpt"))

    return save


def load(path, **options):
    return slimcam.load(path, **({} if str(path).endswith(".meta") else {"net": own, "size": 2}), **options)


# Folders that name a checkpoint


@pytest.mark.parametrize("named", ["{elsewhere}/model.ckpt", "../elsewhere/model.ckpt", "link/model.ckpt"])
def test_a_checkpoint_elsewhere_is_not_followed(saved, tmp_path, named):
    prefix = saved("elsewhere")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{named.format(elsewhere=tmp_path / "elsewhere")}"')
    with pytest.raises(ModelError, match=r"its 'checkpoint' file names '.*', outside of the folder: load that itself"):
        load(folder)
    with load(prefix) as model:
        assert model.classes == 2


@pytest.mark.parametrize("named", ["/gone/model.ckpt", "model.ckpt", "sub/model.ckpt"])
def test_a_checkpoint_in_the_folder_is(saved, tmp_path, named):
    folder = os.path.dirname(saved())
    if "sub" in named:
        (tmp_path / "given").mkdir()
        shutil.move(folder, str(tmp_path / "given" / "sub"))
        folder = str(tmp_path / "given")
    with open(os.path.join(folder, "checkpoint"), "w") as file:
        file.write(f'model_checkpoint_path: "{named}"')
    with load(folder) as model:
        assert model.classes == 2


NO_PATH = b'model_checkpoint_path: "model\\000.ckpt"'


@pytest.mark.parametrize("what", ["pipe", b"\xff\xfe\x00", b"no proto", NO_PATH, "large"])
def test_a_checkpoint_file_that_is_none(saved, what):
    folder = os.path.dirname(saved())
    path = os.path.join(folder, "checkpoint")
    os.remove(path)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "large":
        with open(path, "wb") as file:
            file.truncate(1 << 34)
    else:
        with open(path, "wb") as file:
            file.write(what)
    with pytest.raises(ModelError, match=r"a folder without a model|its 'checkpoint' file is damaged"):
        load(folder)


# Links


@pytest.mark.parametrize("ending", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("given", ["", ".meta"])
def test_a_link_out_of_the_folder_is_refused_and_can_be_allowed(saved, tmp_path, ending, given):
    prefix = saved()
    shutil.move(prefix + ending, str(tmp_path / "elsewhere"))
    os.symlink(str(tmp_path / "elsewhere"), prefix + ending)
    link = rf"model\.ckpt{ending}' is a link to '.*/elsewhere', which leads out of its folder"
    with pytest.raises(UntrustedModel, match=rf"{link}: say allow=\['links'\] if that is meant, or trusted=True"):
        load(prefix + given)
    for options in ({"allow": ["links"]}, {"trusted": True}):
        with load(prefix + given, **options) as model:
            assert any("leads out of its folder" in why for why in model.why)


def test_a_link_that_the_caller_names_is_followed_and_what_lies_beside_it_or_its_file(saved, frozen, tmp_path):
    prefix = saved()
    (tmp_path / "links").mkdir()
    for ending in (".index", ".data-00000-of-00001", ".meta"):
        os.symlink(prefix + ending, str(tmp_path / "links" / ("model.ckpt" + ending)))
    os.symlink(os.path.dirname(prefix), str(tmp_path / "folder"))
    with load(tmp_path / "links" / "model.ckpt.meta") as model, load(tmp_path / "folder") as other:
        assert model.classes == other.classes == 2


@pytest.mark.parametrize("name", ["saved_model.pb", "variables", "variables/variables.index"])
def test_a_link_out_of_a_saved_model_is_refused(tmp_path, name):
    folder = tmp_path / "exported"
    with tf1.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf1.float32, [None, 2, 2, 1], name="x")
        logits, _ = own(images)
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, str(folder), {"x": images}, {"logits": logits})
    with slimcam.load(folder) as model:
        assert model.classes == 2
    shutil.move(str(folder / name), str(tmp_path / "elsewhere"))
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UntrustedModel, match=rf"exported/{name}.*' is a link to '.*/elsewhere.*', which leads out of"):
        slimcam.load(folder)


# What is no file


ENDINGS = (".pb", ".pbtxt", ".h5", ".keras", ".json", ".yaml", ".tflite", ".meta", ".ckpt", "")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("thing", ["pipe", "/dev/zero", "/proc/self/mem", "/proc/self/maps"])
def test_a_model_that_is_no_file_is_said_at_once(tmp_path, ending, thing, run):
    path = tmp_path / f"model{ending}"
    os.mkfifo(str(path)) if thing == "pipe" else path.symlink_to(thing)
    with pytest.raises((ModelError, slimcam.errors.MissingPackage)):
        slimcam.load(path)
    ended = run("inspect", path)
    assert ended.status == 2 and len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["model.ckpt.data-00000-of-00001", "model.ckpt.index"])
def test_a_file_of_a_checkpoint_that_is_a_pipe(saved, name):
    prefix = saved()
    path = os.path.join(os.path.dirname(prefix), name)
    os.remove(path)
    os.mkfifo(path)
    with pytest.raises(ModelError, match=r"a pipe, not a file|no such file"):
        load(prefix)


@pytest.mark.parametrize("option", ["labels", "weights", "checkpoint", "net"])
def test_a_file_of_an_option_that_is_a_pipe(frozen, tmp_path, option, saved):
    os.mkfifo(str(tmp_path / "pipe"))
    path = saved() + ".meta"
    with pytest.raises(ModelError, match=r"pipe: a pipe, not a file|takes no weights="):
        load(path, **{option: tmp_path / "pipe"})


@pytest.mark.parametrize("text", [b"\xff\xfe", None])
def test_labels_that_are_no_text_or_gigabytes(saved, tmp_path, text):
    with open(str(tmp_path / "labels.txt"), "wb") as file:
        file.truncate(1 << 34) if text is None else file.write(text)
    with pytest.raises(ModelError, match=r"labels .*labels\.txt: "):
        load(saved() + ".meta", labels=tmp_path / "labels.txt")


# An index that lies


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(key, value):
    """Return a field of a protobuf message: a number, or bytes."""
    if isinstance(value, int):
        return varint(key << 3) + varint(value)
    return varint(key << 3 | 2) + varint(len(value)) + value


def shape(*dims):
    return b"".join(field(2, field(1, size)) for size in dims)


def entry(dims=(2,), kind=1, start=0, size=8, shard=0, part=None):
    """Return a BundleEntryProto; by default that of the variable of `own`."""
    parts = b"" if part is None else field(7, b"".join(field(1, field(1, at) + field(2, n)) for at, n in part))
    return field(1, kind) + field(2, shape(*dims)) + field(3, shard) + field(4, start) + field(5, size) + parts


def crc32c(data):
    """Return the checksum of a block as tables have it, masked; bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def block(entries):
    data = b"".join(b"\0" + varint(len(k)) + varint(len(v)) + k + v for k, v in entries) + struct.pack("<II", 0, 1)
    return data + b"\0" + crc32c(data + b"\0")


def table(*entries):
    """Return a table with right checksums, as a stranger would write it."""
    first = block(entries)
    handles = [varint(0) + varint(len(first) - 5)]
    meta, index = block([]), block([(b"z", handles[0])])
    ends = [(len(first), len(meta) - 5), (len(first) + len(meta), len(index) - 5)]
    footer = b"".join(varint(start) + varint(size) for start, size in ends)
    return first + meta + index + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def bundle(**changed):
    return table((b"", field(1, 1) + field(3, field(1, 1))), (b"own", entry(**changed)))


LIES = {
    "negative": {"dims": (-1,)},
    "giant": {"dims": (1 << 40,), "size": 1 << 42},
    "beyond all numbers": {"dims": (1 << 40, 1 << 40)},
    "many dimensions": {"dims": (1,) * 255, "size": 4},
    "another size": {"dims": (3,)},
    "beyond the file": {"start": 1 << 40},
    "before the file": {"start": -8},
    "negative size": {"size": -8},
    "strings": {"dims": (1 << 30,), "kind": 7},
    "a part beyond": {"part": [(1, 5)]},
    "a part of less": {"part": [(0, 1), (0, 1)]},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_is_not_given_to_tensorflow(saved, lie):
    prefix = saved()
    with open(prefix + ".index", "wb") as file:
        file.write(bundle(**LIES[lie]))
    with pytest.raises(ModelError, match=r"model\.ckpt: the checkpoint cannot be read: it") as caught:
        open_checkpoint(prefix)
    assert "'own'" in str(caught.value)


def test_an_index_of_ours_that_tells_the_truth_is_read(saved):
    """That the lies above are what is refused: TensorFlow takes the table itself."""
    prefix = saved()
    with open(prefix + ".index", "wb") as file:
        file.write(bundle())
    assert open_checkpoint(prefix).shapes == {"own": [2]}


@pytest.mark.parametrize("lie", ["negative", "giant", "beyond all numbers"])
def test_a_v1_file_that_lies_is_not_given_to_tensorflow(tmp_path, lie):
    dims = LIES[lie]["dims"]
    tensors = field(1, field(1, b"own") + field(2, shape(*dims)) + field(3, 1))
    (tmp_path / "v1.ckpt").write_bytes(table((b"", field(1, tensors + field(2, field(1, 1))))))
    with pytest.raises(ModelError, match=r"v1\.ckpt: the checkpoint cannot be read: it says that 'own' is of shape"):
        open_checkpoint(str(tmp_path / "v1.ckpt"))


@pytest.mark.parametrize("version", [tf1.train.SaverDef.V1, tf1.train.SaverDef.V2])
def test_an_index_that_was_cut_off_anywhere_is_one_error(saved, version):
    prefix = saved(write_version=version)
    path = prefix + ".index" if version == tf1.train.SaverDef.V2 else prefix
    with open(path, "rb") as file:
        data = file.read()
    for keep in range(0, len(data) - 8, 7):
        with open(path, "wb") as file:
            file.write(data[:keep] + data[-8:])  # with the magic number, so that it passes for a table
        try:
            variables = open_checkpoint(prefix)
        except ModelError as error:
            assert len(str(error).splitlines()) == 1
        else:  # what was cut off is padding
            assert keep > len(data) - 48
            assert variables.shapes == {"own": [2]}
