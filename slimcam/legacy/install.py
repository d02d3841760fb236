"""`import slimcam.legacy.install` as the first line of an old program: this process is the program's from then on.

Its files see TensorFlow 1, Keras 2.2, slim and what other libraries took away, as under `slimcam run`. Import it before
TensorFlow: TensorFlow 2.16 and newer choose their Keras when they are imported.
"""

from ..programs import world

world.enter()
