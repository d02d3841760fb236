"""Kind: checkpoints of format V1 and V2, whose blocks have checksums, in a net of the user's own."""

import os
import tempfile
from random import Random
from typing import Any, Dict, Tuple

from slimcam._tf import tf1

from .case import Case, listing
from .graphs import seeded
from .mutations import damage, lines_case

NET = "fuzzing.checkpoints:net"


def net(images: Any, num_classes: int = 3, is_training: bool = False, **_: Any) -> Tuple[Any, Dict[str, Any]]:
    """A net with slim's signature."""
    x = tf1.nn.relu(tf1.nn.conv2d(images, _variable("one", 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="features")
    logits = tf1.matmul(tf1.reduce_mean(x, [1, 2]), _variable("dense", 4, 3))
    return logits, {"features": x, "Logits": logits}


net.default_image_size = 8  # type: ignore[attr-defined]


def _variable(name: str, *shape: int) -> Any:
    return tf1.get_variable(name, initializer=seeded(len(shape), *shape), use_resource=False)


def bases() -> Dict[str, Case]:
    """Return checkpoints of one net: format V1 and V2, by prefix and by folder."""
    found = {}
    for name, version in (("v1", tf1.train.SaverDef.V1), ("v2", tf1.train.SaverDef.V2)):
        with tempfile.TemporaryDirectory() as folder, tf1.Graph().as_default(), tf1.Session() as session:
            net(tf1.placeholder(tf1.float32, [None, 8, 8, 3]))
            session.run(tf1.global_variables_initializer())
            saver = tf1.train.Saver(write_version=version)
            saver.save(session, os.path.join(folder, "net"), write_meta_graph=False)
            files = listing(folder)
        # the folder that TensorFlow wrote to is named in it, and is another each time
        files["checkpoint"] = b'model_checkpoint_path: "net"\nall_model_checkpoint_paths: "net"\n'
        found[name] = Case(files, "net", {"net": NET}, name)
        found[f"{name}_folder"] = Case(files, ".", {"net": NET}, f"{name}_folder")
    return found


def mutate(random: Random, case: Case) -> Case:
    """Change a file in its bytes; take one away, or put one in the place of another."""
    name = random.choice(sorted(case.files))
    way = random.random()
    if way < 0.04:
        left = {key: data for key, data in case.files.items() if key != name}
        return case._replace(files=left, recipe=f"without {name}")
    if way < 0.08:
        other = random.choice(sorted(case.files))
        return case.with_file(name, case.files[other], f"is {other}")
    if name == "checkpoint":
        return case.with_file(name, *lines_case(random, case.files[name]))
    return case.with_file(name, *damage(random, case.files[name]))
