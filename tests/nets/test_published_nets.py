"""The size of nets as it was published, and their numbers beside Keras' nets of the same architecture and weights."""

import numpy as np
import pytest

from slimcam.nets import variable_table

# What is counted: weights alone, all that is trained, or all that is saved.
WEIGHTS = ("weights", "biases")
TRAINED = (*WEIGHTS, "gamma", "beta")
SAVED = (*TRAINED, "moving_mean", "moving_variance")

# Millions, of nets of 1,000 or 1,001 classes. MobileNets: research/slim/nets/mobilenet/README.md, the small one of v3
# Howard et al. 2019, table 3; NASNets: research/slim/nets/nasnet/README.md; PNASNets: Liu et al. 2017, tables 4 and 5.
PUBLISHED = [
    ("mobilenet_v2_140", WEIGHTS, "6.06"),
    ("mobilenet_v2_130", WEIGHTS, "5.34"),
    ("mobilenet_v2", WEIGHTS, "3.47"),
    ("mobilenet_v2_075", WEIGHTS, "2.61"),
    ("mobilenet_v2_050", WEIGHTS, "1.95"),
    ("mobilenet_v2_035", WEIGHTS, "1.66"),
    ("mobilenet_v3_large", TRAINED, "5.4"),
    ("mobilenet_v3_large_075", TRAINED, "4.0"),
    ("mobilenet_v3_large_minimalistic", TRAINED, "3.9"),
    ("mobilenet_v3_small", TRAINED, "2.5"),
    ("mobilenet_v3_small_minimalistic", TRAINED, "2.0"),
    ("nasnet_mobile", SAVED, "5.3"),
    ("nasnet_large", SAVED, "88.9"),
    ("pnasnet_mobile", TRAINED, "5.1"),
    ("pnasnet_large", TRAINED, "86.1"),
]


@pytest.mark.parametrize("name, kinds, millions", PUBLISHED)
def test_a_net_has_as_many_parameters_as_published(name, kinds, millions):
    shapes = variable_table.shapes(name, 1001)
    count = sum(int(np.prod(shape)) for variable, shape in shapes.items() if variable.endswith(kinds))
    unit = 10.0 ** -len(millions.partition(".")[2])  # some were rounded, some cut off
    assert abs(count / 1e6 - float(millions)) < unit
