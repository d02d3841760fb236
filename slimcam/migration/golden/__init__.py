"""Golden recordings: what a model made of some photos, on disk, to be verified under another TensorFlow.

A recording is a folder with two files. Nothing in them is pickled, and NumPy and any JSON reader are enough to use it.

golden.json: an object with
    format, version   "slimcam golden" and 1
    made_by           python, platform, slimcam, tensorflow, numpy, and keras and tf_keras where they were loaded
    model             source (as it was named), sha256 (null for a live object; of several files, that of the lines
                      "<sha256>  <name>" in the order of names, as sha256sum prints them), input and logits (tensors),
                      dtype (of the input), classes (their number), preprocess (a name; null where photos were fed as
                      arrays), labels (sha256 of the lines, or null), why (lines that say what loading inferred)
    photos            a list of name, sha256 (of the file, or of the array's bytes) and size ([height, width])
    target            null for the winning class; {"class": 3}; {"sum": [[3, 1.0], [5, -1.0]]}; a list with one of these
                      a photo; {"top": 3}; for a score of tensor T {"mean": T}, {"norm": T}, {"channel": T, "k": 3},
                      {"dot": T, "array": [...]} or {"tensor": T}
    dialect, method, engine   how the maps were made
    layers            a list of name, shape ([N, h, w, C]) and dtype (of the activations, as the model computed them)
    npz               of golden.npz: sha256, bytes, and arrays: for each its dtype and shape

golden.npz, for N photos and M maps (M = N, or N * k for the k best classes, k in a row per photo): arrays of floats,
integers or booleans of up to 64 bits; what NumPy has no such type for (bfloat16) is stored as float32.
    inputs            (N, h, w, C), as they were fed
    logits            (N, classes); not there where the model needs more than one image for them
    top_classes       (N, 5) or all if there are fewer, best first; not there without logits
    and for the i-th layer, channels last:
    layer<i>/classes, /scores     (M,) what was explained; the class is -1 where it is no class
    layer<i>/mean, /deviation, /smallest, /largest   (C,) float64, of the activations of all photos and places
    layer<i>/places, /sample      (S,) indices into the flat (N, h, w, C) activations, up to 4096, and the values there
    layer<i>/gradients, /maps     (M, h, w, C), (M, h, w)
    layer<i>/rounding             (M,) float64, how far rounding alone can part two places of a map; a map whose places
                                  differ by no more is flat; not there in older recordings
"""

from .layout import Golden, Layer
from .reading import read
from .writing import check_place, write

__all__ = ["Golden", "Layer", "check_place", "read", "write"]
