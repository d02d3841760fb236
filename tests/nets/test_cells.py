"""The cells and blocks that NASNets and MobileNets are made of, on images of a few pixels, worked by hand."""

import numpy as np
import pytest
from fixtures.graphs import give
from fixtures.tolerance import assert_sums

from slimcam import nets
from slimcam._tf import slim, tf1
from slimcam.nets import inverted_residuals, mobilenet_v2, nasnet, nasnet_cells, pnasnet

# TensorFlow says this to tf_slim.
pytestmark = pytest.mark.filterwarnings(r"ignore:`(tf\.layers|layer)\.\w+` is deprecated:UserWarning")

ROOT = np.sqrt(1.001)  # what a fresh batch norm divides by: variance 1, epsilon 0.001

GIVEN = np.array([[0, 0, 0], [0, 9, 0], [0, 0, 0]])
BEFORE = np.array([[0, 0, 0], [0, 9, 0], [0, 0, -18]])
A = GIVEN / ROOT  # state 0, behind the 1 x 1 convolution and its norm; state 1 is BEFORE
PEAK = np.ones((3, 3))  # every window of 3 x 3 holds the middle
SHARE = np.array([[9, 6, 9], [6, 4, 6], [9, 6, 9]]) / 36  # of the middle in a mean: windows hold 4, 6 or 9 pixels
CORNER = np.array([[0, 0, 0], [0, 4, 6], [0, 6, 9]]) / 36


def twice(state):
    """Two separable convolutions that leave the image as it is: ReLUs and norms remain."""
    return np.maximum(state, 0) / ROOT**2


STATES = {
    "pnasnet": [
        twice(BEFORE) + 9 * PEAK,
        twice(A) + 9 / ROOT * PEAK,
        2 * twice(A),
        twice(2 * twice(A)) + 9 / ROOT * PEAK,
        twice(BEFORE) + A,
    ],
    "normal": [
        BEFORE,
        twice(A) + twice(BEFORE),
        2 * twice(BEFORE),
        9 / ROOT * SHARE + BEFORE,
        2 * (9 * SHARE - 18 * CORNER),
        twice(A) + A,
    ],
}


@pytest.mark.parametrize("name, cell", [("pnasnet", pnasnet.NORMAL), ("normal", nasnet.NORMAL)])
def test_a_cell_joins_the_sums_of_its_picture(name, cell):
    with tf1.Graph().as_default(), tf1.Session() as session, slim().arg_scope(nasnet.nasnet_mobile_arg_scope()):
        with slim().arg_scope([slim().batch_norm], is_training=False):
            net, before = (tf1.constant(image.reshape(1, 3, 3, 1), tf1.float32) for image in (GIVEN, BEFORE))
            joined = nasnet_cells.build_cell(cell, net, before, nasnet_cells.Place("cell", 1))
        session.run(tf1.global_variables_initializer())
        give(session, {one: middle(one.shape.as_list()) for one in tf1.trainable_variables() if "weights" in one.name})
        found = session.run(joined)[0]
    expected = np.stack(STATES[name], axis=-1)
    # at most nine terms in a sum, three sums and five norms one after another
    assert_sums(found, expected, 40, magnitude=np.full(expected.shape, 36.0))


def middle(shape):
    """Return the kernel that leaves an image of one channel as it is."""
    kernel = np.zeros(shape)
    kernel[shape[0] // 2, shape[1] // 2] = 1
    return kernel


def test_a_reduction_joins_the_sums_that_no_other_reads():
    assert nasnet.REDUCTION.joined_from == 3
    with tf1.Graph().as_default(), slim().arg_scope(nasnet.nasnet_mobile_arg_scope()):
        place = nasnet_cells.Place("cell", 6, stride=2)
        joined = nasnet_cells.build_cell(nasnet.REDUCTION, tf1.zeros([1, 8, 8, 4]), tf1.zeros([1, 16, 16, 2]), place)
        names = [one.op.name for one in tf1.global_variables()]
    assert joined.shape.as_list() == [1, 4, 4, 4 * 6]
    assert "cell/path1_conv/weights" in names  # the larger image is halved
    assert not any("comb_iter_3" in name for name in names)  # nothing and a pool


def test_paths_are_dropped_more_often_in_later_cells_and_steps():
    # in the second cell of four, half-way through: 1 - 0.5 * (2 / 4 * (1 - 0.2)) = 0.8
    drop = nasnet_cells.DropPath(keep_prob=0.2, cells=4, steps=10)
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(3)
        at_first, midway = session.run([drop(tf1.ones([2000, 1, 1, 1]), 1, tf1.constant(step)) for step in (0.0, 5.0)])
    assert (at_first == 1).all()
    np.testing.assert_allclose(np.unique(midway), [0, 1 / 0.8], rtol=1e-6)
    assert abs((midway > 0).mean() - 0.8) < 5 * np.sqrt(0.8 * 0.2 / 2000)  # five standard deviations


SMALL = nasnet.Config(3, 8, skip_reduction_layer_input=1, drop_path_keep_prob=0.7)


# Of ten terms each normal cell leaves two as they are, each reduction and each cell of a PNASNet one.
@pytest.mark.parametrize("module, terms", [(nasnet, 4 * 9 + 3 * 8), (pnasnet, 5 * 9)])
def test_training_adds_a_second_head_and_drops_paths(module, terms):
    kind = module.__name__.rpartition(".")[2]
    build, scope = getattr(module, f"build_{kind}_mobile"), getattr(module, f"{kind}_mobile_arg_scope")
    with tf1.Graph().as_default() as graph, slim().arg_scope(scope()):
        _, end_points = build(tf1.zeros([1, 96, 96, 3]), 5, True, config=SMALL)
        names = {one.op.name for one in tf1.global_variables()}
        drops = sum(op.type == "RandomUniform" for op in graph.get_operations())
    # test_nets has what is built for inference: neither
    assert "AuxLogits" in end_points
    assert "aux_1/aux_logits/FC/biases" in names
    assert drops == terms + 1  # and the dropout of the head


def test_an_end_point_ends_a_nasnet():
    with tf1.Graph().as_default(), slim().arg_scope(nasnet.nasnet_mobile_arg_scope()):
        net, end_points = nasnet.build_nasnet_mobile(tf1.zeros([1, 64, 64, 3]), 5, False, "Cell_0", config=SMALL)
    assert list(end_points) == ["Stem", "Cell_0"]
    assert net is end_points["Cell_0"]


@pytest.mark.parametrize(
    "depth, rounded",
    [(33.6, 32), (8.4, 8), (11.2, 16), (44.8, 48), (3, 8)],  # 8 would be less than nine tenths of 11.2
)
def test_depths_are_multiples_of_eight(depth, rounded):
    assert inverted_residuals.divisible(depth) == rounded


def test_layers_beyond_the_output_stride_are_dilated():
    layers = [inverted_residuals.Conv(8, 3, stride) for stride in (2, 1, 2, 2, 1)]
    assert inverted_residuals._strides(layers, None) == [(2, 1), (1, 1), (2, 1), (2, 1), (1, 1)]
    assert inverted_residuals._strides(layers, 4) == [(2, 1), (1, 1), (2, 1), (1, 1), (1, 2)]


def test_padding_may_be_explicit_and_the_last_layer_thinned():
    with tf1.Graph().as_default():
        images = tf1.zeros([1, 33, 33, 3])
        plain, _ = mobilenet_v2.mobilenet_base(images, 0.35, final_endpoint="layer_4")
        padded, ends = mobilenet_v2.mobilenet_base(
            images, 0.35, use_explicit_padding=True, scope="padded", min_depth=16
        )
        assert not any(op.get_attr("padding") == b"SAME" for op in convolutions("padded"))
        assert plain.shape.as_list() == [1, 9, 9, 8] and ends["layer_4"].shape.as_list() == [1, 9, 9, 16]
        assert padded.shape.as_list() == [1, 2, 2, 448]  # 1280 * 0.35


def convolutions(scope):
    operations = tf1.get_default_graph().get_operations()
    return [op for op in operations if op.name.startswith(scope + "/") and "Conv2" in op.type]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"depth_multiplier": 0}, "depth_multiplier is 0; it must be greater than 0"),
        ({"output_stride": 3}, "output_stride is 3; it must be 1 or a multiple of 2"),
    ],
)
def test_what_no_mobilenet_has_is_refused(arguments, message):
    with tf1.Graph().as_default(), pytest.raises(ValueError, match=message):
        nets.build("mobilenet_v2", tf1.zeros([1, 32, 32, 3]), **arguments)
