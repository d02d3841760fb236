"""Python 2's cPickle: its texts were bytes, and pickles of arrays hold such texts."""

import functools
import pickle

__all__ = pickle.__all__

globals().update({name: getattr(pickle, name) for name in __all__})
# each byte a letter, which is what NumPy asks for
load = functools.partial(pickle.load, encoding="latin1")
loads = functools.partial(pickle.loads, encoding="latin1")
