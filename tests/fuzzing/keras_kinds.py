"""Kind: Keras files, .h5, .keras, .json and .yaml, changed key by key, in their bytes and in their containers."""

import io
import json
import os
import tempfile
import zipfile
from random import Random
from typing import Any, Callable, Dict

import h5py
import numpy as np
import yaml
from fixtures import keras_nets, keras_texts

from slimcam._tf import TF_VERSION, eager, keras2, keras3, keras_runs_eagerly, tf1

from .case import Case, listing
from .mutations import change_json, damage, dump, json_case, lines_case
from .runs import Came, close

CODE = (
    {"class_name": "Lambda", "config": {"name": "l", "function": ["4wAAAAA=", None, None], "function_type": "lambda"}},
    {"class_name": "function", "module": "os", "config": "getcwd"},
    {"class_name": "getcwd", "module": "os", "config": {}},
    {"module": "builtins", "class_name": "function", "config": "print", "registered_name": "print"},
    {"class_name": "TFOpLambda", "config": {"name": "t", "function": "io.gfile.exists"}},
    {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}},
    {"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "float32"}},
    {"class_name": "__numpy__", "config": {"value": [[1]], "dtype": "object"}},
    {"class_name": "Custom>Unknown", "config": {}, "registered_name": "Custom>Unknown"},
    "__lambda__",
)
YAML = (
    *(
        "!!python/object/apply:os.getcwd []",
        "!!python/name:os.system",
        "!!python/tuple [1, 2]",
        "!!binary AA==",
        "!x y",
    ),
    *(
        "&a [*a, *a]",
        "*missing",
        "{<<: {a: 1}}",
        "|",
        "!!set {a}",
        ".nan",
        "2020-01-01",
        "0o17",
        "1:30",
        "? [a]",
        "%",
        "!x y",
    ),
)


def strange(random: Random) -> Any:
    """Return a configuration that stands for code."""
    return json.loads(json.dumps(random.choice(CODE)))


def branched(keras: Any) -> Any:
    """Two branches that meet, and a model as a layer."""
    layers = keras.layers
    start = layers.Input((8, 8, 3), name="photo")
    inner_start = layers.Input((8, 8, 4), name="inner_photo")
    inner = keras.Model(inner_start, layers.Activation("relu", name="act")(inner_start), name="inner")
    x = layers.Conv2D(4, 3, padding="same", name="conv")(start)
    y = layers.BatchNormalization(name="norm")(layers.DepthwiseConv2D(3, padding="same", name="depth")(x))
    x = layers.Add(name="sum")([inner(x), y])
    x = layers.Dropout(0.5, name="drop")(layers.GlobalAveragePooling2D(name="pool")(x))
    return keras_nets.sow(keras.Model(start, layers.Dense(3, activation="softmax", name="scores")(x)))


def chain(keras: Any) -> Any:
    """A Sequential."""
    layers = keras.layers
    steps = [
        layers.Conv2D(4, 3, activation="relu", name="conv", input_shape=(8, 8, 3)),
        layers.MaxPooling2D(name="pool"),
    ]
    return keras_nets.sow(keras.Sequential([*steps, layers.Flatten(name="flat"), layers.Dense(2, name="scores")]))


def bases() -> Dict[str, Case]:
    """Return .h5 files of Keras 2, .keras files where Keras 3 is here, and .json and .yaml with weights."""
    found = {}
    with tempfile.TemporaryDirectory() as name, keras_nets.quiet():
        for build in (branched, chain):
            path = keras_nets.written(build, _Folder(name), f"{build.__name__}.h5")
            data = listing(name)[os.path.basename(path)]
            found[f"h5_{build.__name__}"] = Case({"model.h5": data}, "model.h5", {}, f"h5_{build.__name__}")
            if TF_VERSION >= (2, 16):
                build(keras3()).save(os.path.join(name, "model.keras"))
                found[f"keras_{build.__name__}"] = Case(
                    {"model.keras": listing(name)["model.keras"]}, "model.keras", {}, f"keras_{build.__name__}"
                )
        keras_texts.write_weights(os.path.join(name, "weights.h5"))
        files = {"weights.h5": listing(name)["weights.h5"]}
    for version, config in (("2", keras_texts.keras2_config()), ("1", keras_texts.keras1_config())):
        both = {**files, "model.json": json.dumps(config).encode()}
        found[f"json_{version}"] = Case(both, "model.json", {"weights": "weights.h5"}, f"json_{version}")
    text = {**files, "model.yaml": yaml.safe_dump(keras_texts.keras2_config(), sort_keys=False).encode()}
    found["yaml"] = Case(text, "model.yaml", {"weights": "weights.h5"}, "yaml")
    return found


class _Folder(str):
    """A folder that joins by `/`, as the fixtures ask for."""

    def __truediv__(self, name: str) -> str:
        return os.path.join(self, name)


def mutate(random: Random, case: Case) -> Case:
    """Change the configuration mostly; the container or its bytes at times."""
    name = random.choice(sorted(case.files))
    data = case.files[name]
    if name.endswith(".json"):
        return case.with_file(name, *json_case(random, data, strange))
    if name.endswith(".yaml"):
        return case.with_file(name, *_yaml(random, data))
    if random.random() < 0.2:
        return case.with_file(name, *damage(random, data))
    changed = _zip(random, data) if name.endswith(".keras") else _h5(random, data)
    return case.with_file(name, *changed)


def _yaml(random: Random, data: bytes) -> Any:
    """Change a line, with words that are YAML's own, or a key of what it says."""
    if random.random() < 0.3:
        lines = data.decode().split("\n")
        at = random.randrange(len(lines))
        word = random.choice(YAML)
        lines[at] = f"{lines[at].rsplit(' ', 1)[0]} {word}"
        return "\n".join(lines).encode(), f"line {at} ends in {word!r}"
    if random.random() < 0.3:
        return lines_case(random, data)
    config = yaml.safe_load(data.decode())
    recipe = change_json(random, config, strange)
    try:
        return yaml.safe_dump(config, sort_keys=False).encode("utf-8", "surrogatepass"), recipe
    except (RecursionError, yaml.YAMLError):  # which has no words for some of it
        return dump(config), recipe


def _h5(random: Random, data: bytes) -> Any:
    """Change an attribute of an HDF5 file, its configuration most of all, or take out or add an item."""
    memory = io.BytesIO(data)
    with h5py.File(memory, "r+") as file:
        recipe = _change_h5(random, file)
    return memory.getvalue(), recipe


def _change_h5(random: Random, file: Any) -> str:
    config = file.attrs.get("model_config")
    if config is not None and random.random() < 0.75:
        text = config if isinstance(config, bytes) else config.encode()
        changed, recipe = json_case(random, text, strange)
        file.attrs["model_config"] = np.void(changed) if b"\x00" in changed else changed
        return recipe
    items = ["/"]
    file.visit(items.append)
    name = random.choice(items)
    way = random.randrange(4)
    attributes = sorted(file[name].attrs)
    if way == 0 and name != "/":
        del file[name]
        return f"{name} taken out"
    if way == 1 and name != "/":
        del file[name]
        ways: Dict[str, Callable[[], Any]] = {
            "a link to itself": lambda: h5py.SoftLink(f"/{name}"),
            "a link to another file": lambda: h5py.ExternalLink("/etc/hostname", "/"),
            "a scalar": lambda: 1.0,
            "NaN": lambda: np.full((3, 3), np.nan, np.float32),
            "text": lambda: "text",
            "empty": lambda: np.zeros((0,), np.float32),
            "integers": lambda: np.ones((3, 3), np.int8),
        }
        what = random.choice(sorted(ways))
        file[name] = ways[what]()
        return f"{name} is {what}"
    if not attributes:
        file[name].attrs["weight_names"] = [b"a", b"b"]
        return f"{name} with weight_names"
    attribute = random.choice(attributes)
    if way == 2:
        del file[name].attrs[attribute]
        return f"{name} without {attribute}"
    values = (b"", b"theano", b"1.2", b"99.9", "x", 3, np.float32([1, 2]), [b"conv"], np.zeros((0,), "S1"), b"\xff")
    file[name].attrs[attribute] = random.choice(values)
    return f"{name}: {attribute} is {file[name].attrs[attribute]!r}"


def _zip(random: Random, data: bytes) -> Any:
    """Change a file of an archive, or the archive's list of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    name = random.choice([*sorted(files), "config.json", "config.json", "config.json"])
    way = random.randrange(12)
    if way == 0:
        del files[name]
        return packed(files), f"without {name}"
    if way == 1:
        other = random.choice(("../out.json", "/tmp/out.json", "config.json/x", "a" * 300, "config\x1b.json", ""))
        files[other] = files[name]
        return packed(files), f"{other[:30]!r} beside {name}"
    if way == 2:
        files[name] = bytes(random.choice((2**16, 2**22, 2**26)))
        return packed(files), f"{name} is {len(files[name])} zeros"
    if way == 3:
        method = random.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED))
        return packed(files, method), f"packed by method {method}"
    if name.endswith(".json"):
        files[name], recipe = json_case(random, files[name], strange)
    elif name.endswith(".h5"):
        files[name], recipe = _h5(random, files[name])
    else:
        files[name], recipe = damage(random, files[name])
    return packed(files), f"{name}: {recipe}"


def packed(files: Dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive, the same for the same files."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, method)
    return memory.getvalue()


def truth(path: str, case: Case, came: Came) -> bool:
    """Whether Keras gives the same of the file; what ends in a softmax is taken before it, so their order counts."""
    with keras_nets.quiet():
        if path.endswith(".keras") or (keras_runs_eagerly() and _is_new(path)):
            with eager():
                found = np.asarray(keras3().models.load_model(path, compile=False)(came.numbers["input"]))
        else:
            with tf1.Graph().as_default() as graph, tf1.Session(graph=graph).as_default():
                keras2().backend.set_learning_phase(0)
                model = _loaded(path) if path.endswith(".h5") else _built(path, case)
                found = model.predict(came.numbers["input"])
    with np.errstate(all="ignore"):
        logits = came.numbers["logits"]
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        return any(close(one, found) for one in (logits, shares, 1 / (1 + np.exp(-logits))))


def _loaded(path: str) -> Any:
    """Return what Keras 2 loads of a file; where its layers come in another order than their weights, by names."""
    models = keras2().models
    try:
        return models.load_model(path, compile=False)
    except ValueError:
        with h5py.File(path, "r") as file:
            config = file.attrs["model_config"]
        text = config if isinstance(config, str) else config.decode()
        model = models.model_from_json(text, custom_objects={"Functional": models.Model})  # as older ones call it
        model.load_weights(path, by_name=True)
        return model


def _built(path: str, case: Case) -> Any:
    """Return what Keras 2 makes of a .json or .yaml and its weights; it knows no words of Keras 1."""
    with open(path) as file:
        config = yaml.safe_load(file)  # which reads JSON too
    known = keras_texts.keras2_config() if config == keras_texts.keras1_config() else config
    model = keras2().models.model_from_json(json.dumps(known))
    model.load_weights(os.path.join(os.path.dirname(path), case.options["weights"]))
    return model


def _is_new(path: str) -> bool:
    if not path.endswith(".h5"):
        return False
    with h5py.File(path, "r") as file:
        version = file.attrs.get("keras_version", b"2")
    return (version if isinstance(version, bytes) else version.encode()).startswith(b"3")
