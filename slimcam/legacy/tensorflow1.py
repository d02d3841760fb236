"""`import slimcam.legacy.tensorflow1 as tf`: TensorFlow 1, with contrib, on the TensorFlow that is installed.

What `import tensorflow as tf` gives a program under `slimcam run`, for a file that says so itself. To import it gives
this process TensorFlow 1's behaviour (`tf.compat.v1.disable_v2_behavior`), as such a file expects.
"""

import importlib.util
import os
import sys

if importlib.util.find_spec("tf_keras") is not None:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

from ..programs.frameworks import tensorflow

sys.modules[__name__] = tensorflow()
