"""engine="tape": the maps of a Keras model that TensorFlow 2 runs eagerly."""

import time

import numpy as np
import pytest
from fixtures import keras_nets as nets
from fixtures.keras_nets import KERASES, SIDE, assert_map, conv, quiet, sow, through, tower
from fixtures.tolerance import RESNET50, assert_net, rounding

import slimcam
from slimcam import targets
from slimcam._tf import TF_VERSION, keras2, keras3, tf
from slimcam.engines import tape_scores
from slimcam.explainers.gradcam import features

X, Y = nets.photos(), nets.photos(seed=1)
EAGER = pytest.mark.skipif(TF_VERSION < (2, 1), reason="eager models need TensorFlow 2")


def softmax_net(keras):
    """The tower, a convolution, dropout, and a dense layer with its own softmax."""
    layers = keras.layers
    start = layers.Input((SIDE, SIDE, 3), name="photo")
    x = layers.GlobalAveragePooling2D(name="mean")(conv(keras, "last")(tower(keras)(start)))
    x = layers.Dropout(0.5, name="drop")(x)
    return sow(keras.Model(start, layers.Dense(3, activation="softmax", name="probs")(x), name="net"))


def by_hand(model, x, layer, after, target):
    """Return the map of the logit `target` by a tape of the test's own; `after` leads from the layer to the logits."""
    with tf.GradientTape() as tape:
        activations = layer(x)
        tape.watch(activations)
        score = after(activations)[:, target]
    gradients = tape.gradient(score, activations).numpy()
    return np.einsum("nhwc,nc->nhw", activations.numpy(), gradients.mean((1, 2)))


@pytest.fixture(params=KERASES)
def keras(request):
    with quiet():
        yield request.param()


@EAGER
class TestOf:
    """Of Keras 2 and of Keras 3."""

    def test_map_of_a_logit_whose_softmax_is_in_the_last_layer(self, keras):
        model = softmax_net(keras)
        kernel, bias = model.get_layer("probs").get_weights()

        def after(a):
            return tf.matmul(tf.reduce_mean(a, [1, 2]), kernel) + bias

        expected = by_hand(model, X, lambda x: model.get_layer("last")(model.get_layer("tower")(x)), after, 1)
        cam = slimcam.GradCAM(model, "last", target=1, engine="tape")
        maps = cam(X)
        assert_map(maps.raw, expected)
        logit = np.log(np.asarray(model(X)))
        assert_net(maps.scores - cam(X, target=0).scores, logit[:, 1] - logit[:, 0])

    def test_a_softmax_that_no_tape_sees_through(self, keras):
        class Own(keras.layers.Layer):
            def __init__(self, **options):
                super().__init__(**options)
                self.dense = keras.layers.Dense(3, activation=lambda x: tf.nn.softmax(2.0 * x), name="inner")

            def call(self, x):
                return self.dense(x)

        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = keras.layers.GlobalAveragePooling2D()(conv(keras, "last")(start))
        with pytest.raises(slimcam.LayerError, match=r"'inner' applies its Softmax by itself.*logits="):
            slimcam.GradCAM(keras.Model(start, Own(name="own")(x)), "last", engine="tape")(X)

    def test_a_layer_in_bfloat16(self, keras):
        nets.skip_unless_convolved("bfloat16")
        start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
        x = conv(keras, "last", dtype="mixed_bfloat16" if keras is not keras2() else "bfloat16")(start)
        x = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
        model = keras.Model(start, keras.layers.Dense(3, name="scores", dtype="float32")(x))
        graph, tape = (slimcam.GradCAM(model, "last", 1, engine=engine)(X) for engine in ("graph", "tape"))
        assert tape.raw.dtype == np.float32
        # a value and its gradient are rounded to 8 bits in both, by at most 2 ** -8 each
        np.testing.assert_allclose(tape.raw, graph.raw, rtol=0, atol=4 * 2**-8 * np.abs(graph.raw).max())

    def test_the_model_is_left_as_it_was(self, keras):
        model = softmax_net(keras)
        kept, before = model.get_layer("probs").activation, np.asarray(model(X))
        calls = [kind.__call__ for kind in type(model).__mro__ if "__call__" in vars(kind)]
        slimcam.GradCAM(model, "last", engine="tape")(X)
        assert model.get_layer("probs").activation is kept
        assert [kind.__call__ for kind in type(model).__mro__ if "__call__" in vars(kind)] == calls
        np.testing.assert_array_equal(np.asarray(model(X)), before)

    @pytest.mark.parametrize("layer", ["tower/conv_a", "tower/norm", "tower/pool", "tower", "last"])
    @pytest.mark.parametrize("target", [None, 2, slimcam.Top(2)])
    def test_maps_are_those_of_the_graph(self, keras, layer, target):
        with slimcam.load(softmax_net(keras)) as model:
            graph, tape = (slimcam.GradCAM(model, layer, target, engine=engine)(X) for engine in ("graph", "tape"))
        assert_map(tape.raw, graph.raw)
        assert tape.classes.tolist() == graph.classes.tolist()
        assert tape.layer == graph.layer
        assert_net(tape.scores, graph.scores)

    @pytest.mark.parametrize("dialect", ["hiveml", "book", "csdn", "gates"])
    def test_dialects_are_those_of_the_graph(self, keras, dialect):
        with slimcam.load(softmax_net(keras)) as model:
            graph, tape = (slimcam.GradCAM(model, "last", 1, dialect, engine=engine)(X) for engine in ("graph", "tape"))
        assert_map(tape.raw, graph.raw)
        assert_net(tape.scores, graph.scores)

    @pytest.mark.parametrize(
        "target",
        [
            slimcam.Mean("tower/conv_b"),
            slimcam.Norm("tower/conv_b"),
            slimcam.Channel("tower/conv_b", 1),
            slimcam.Dot("probs", [1.0, 2.0, -1.0]),
            slimcam.Class(0) - slimcam.Class(2),
            [0, 2],
        ],
    )
    def test_scores_are_those_of_the_graph(self, keras, target):
        with slimcam.load(softmax_net(keras)) as model:
            graph, tape = (
                slimcam.GradCAM(model, "tower/norm", target, engine=engine)(X) for engine in ("graph", "tape")
            )
        assert_map(tape.raw, graph.raw)
        assert_net(tape.scores, graph.scores)
        assert tape.classes.tolist() == graph.classes.tolist()

    def test_photos_are_prepared_as_the_graph_does(self, keras, photo):
        photos = [photo(30, 20), photo(12, 50, seed=1)]
        with slimcam.load(softmax_net(keras), preprocess="inception") as model:
            graph, tape = (slimcam.GradCAM(model, "last", engine=engine)(photos) for engine in ("graph", "tape"))
            # a place among 50 pixels is rounded, and neighbours differ by up to 2
            fed = [features(model, model.input, photos, engine) for engine in ("graph", "tape")]
        assert_map(tape.raw, graph.raw)
        np.testing.assert_allclose(fed[0], fed[1], rtol=0, atol=rounding(50, 2))
        assert tape.overlay()[1].shape == (12, 50, 3)

    def test_photos_for_integers_are_rounded_as_the_graph_does(self, keras, photo):
        start = keras.layers.Input((SIDE, SIDE, 3), dtype="uint8", name="photo")
        x = keras.layers.Lambda(lambda x: tf.cast(x, tf.float32) / 255.0, output_shape=(SIDE, SIDE, 3))(start)
        model = sow(keras.Model(start, nets.head(keras, conv(keras, "last")(x))))
        photos = [photo(30, 20), photo(12, 50, seed=1)]
        with slimcam.load(model, preprocess="none") as loaded:
            graph, tape = (features(loaded, loaded.input, photos, engine) for engine in ("graph", "tape"))
            assert_map(*(slimcam.explain(loaded, photos, "last", 1, engine=engine).raw for engine in ("tape", "graph")))
        assert graph.dtype == tape.dtype == np.uint8
        np.testing.assert_array_equal(tape, graph)

    def test_a_shared_layer_is_watched_in_the_call_that_is_named(self, keras):
        model = nets.pair_net(keras)
        with slimcam.load(model) as loaded:
            kernel, bias = model.get_layer("scores").get_weights()

            def after(a):
                joined = tf.concat([a, model.get_layer("tower")(Y)], -1)
                return tf.matmul(tf.reduce_mean(joined, [1, 2]), kernel) + bias

            expected = by_hand(model, X, model.get_layer("tower"), after, 0)
            held = features(loaded, "tower@input_2", Y, "tape")
            cam = slimcam.GradCAM(loaded, "tower@input_1", 0, hold={"tower@input_2": held}, engine="tape")
            assert_map(cam(X).raw, expected)
            pair = slimcam.ExplainPair(loaded, target=0, engine="tape")(X, Y)
            assert_map(pair[0].raw, expected)

    def test_one_branch_needs_no_other_image(self, keras):
        with slimcam.load(nets.pair_net(keras)) as model:
            maps = slimcam.GradCAM(model, "tower/norm@input_2", slimcam.Mean("tower@input_2"), engine="tape")(Y)
            expected = slimcam.GradCAM(model, "tower/norm@input_2", slimcam.Mean("tower@input_2"))(Y)
            assert_map(maps.raw, expected.raw)
            with pytest.raises(slimcam.MissingFeed, match="needs 'input_2:0'"):
                slimcam.GradCAM(model, "tower@input_1", engine="tape")

    def test_a_subclassed_model_that_calls_a_layer_twice(self, keras):
        class Twice(keras.Model):
            def __init__(self):
                super().__init__()
                self.one = conv(keras, "one")
                self.two = keras.layers.Conv2D(4, 3, padding="same", name="two")
                self.mean = keras.layers.GlobalAveragePooling2D()
                self.dense = keras.layers.Dense(3, name="dense")

            def call(self, x, training=False):
                x = self.one(x)
                return self.dense(self.mean(self.two(x) + tf.nn.relu(self.two(x * 2.0))))

        model = Twice()
        model.predict(X, verbose=0)
        sow(model)
        one, two, dense = model.one, model.two, model.dense
        kernel, bias = (np.asarray(weight) for weight in dense.get_weights())

        def dense_of(a):
            return tf.matmul(tf.reduce_mean(a, [1, 2]), kernel) + bias

        first = by_hand(model, X, lambda x: two(one(x)), lambda a: dense_of(a + tf.nn.relu(two(one(X) * 2.0))), 2)
        second = by_hand(model, X, lambda x: two(one(x) * 2.0), lambda a: dense_of(two(one(X)) + tf.nn.relu(a)), 2)
        with slimcam.load(model) as loaded:
            names = [name for name in loaded.calls.tensors if name.startswith("two")]
            found = [slimcam.GradCAM(loaded, name, 2, engine="tape")(X).raw for name in names]
            with pytest.raises(slimcam.LayerError, match=r"is inside a layer or between two.*name what a layer gives"):
                slimcam.GradCAM(loaded, loaded.layers()[0].name, engine="tape")
        assert len(names) == 2
        swapped = np.abs(found[0] - first).max() > np.abs(found[0] - second).max()
        assert_map(found[int(swapped)], first)
        assert_map(found[int(not swapped)], second)

    @pytest.mark.skipif(TF_VERSION < (2, 2), reason="2.1 tells nothing of a subclassed model's several inputs")
    @pytest.mark.parametrize("packed", [list, lambda both: {"left": both[0], "right": both[1]}], ids=["list", "dict"])
    def test_a_subclassed_model_of_two_images(self, keras, packed):
        class Two(keras.Model):
            def __init__(self):
                super().__init__()
                self.conv = conv(keras, "conv")
                self.dense = keras.layers.Dense(3, name="dense")

            def call(self, inputs, training=False):
                left, right = inputs if isinstance(inputs, (list, tuple)) else (inputs["left"], inputs["right"])
                return self.dense(tf.reduce_mean(self.conv(left), [1, 2]) * tf.reduce_mean(self.conv(right), [1, 2]))

        model = Two()
        model.predict(packed([X, Y]), verbose=0)  # of a model that was only called 2.1 knows no shapes
        sow(model)
        kernel, bias = (np.asarray(weight) for weight in model.dense.get_weights())
        other = tf.reduce_mean(model.conv(Y), [1, 2])

        def after(a):
            return tf.matmul(tf.reduce_mean(a, [1, 2]) * other, kernel) + bias

        with slimcam.load(model) as loaded:
            pair = slimcam.explain_pair(loaded, X, Y, layer="conv", target=1, engine="tape")
        assert_map(pair[0].raw, by_hand(model, X, model.conv, after, 1))

    def test_a_sequential_model(self, keras):
        layers = keras.layers
        model = keras.Sequential(
            [layers.Input((SIDE, SIDE, 3)), conv(keras, "conv"), layers.GlobalAveragePooling2D(), layers.Dense(3)]
        ) if keras is not keras2() else keras.Sequential(
            [layers.InputLayer((SIDE, SIDE, 3)), conv(keras, "conv"), layers.GlobalAveragePooling2D(), layers.Dense(3)]
        )  # fmt: skip
        sow(model)

        def after(a):
            return through(keras.Sequential(model.layers[1:]), a)

        assert_map(
            slimcam.GradCAM(model, "conv", 1, engine="tape")(X).raw, by_hand(model, X, model.layers[0], after, 1)
        )

    def test_weights_that_change_change_the_map(self, keras):
        model = softmax_net(keras)
        cam = slimcam.GradCAM(model, "last", 1, engine="tape")
        before = cam(X).raw
        layer = model.get_layer("probs")
        layer.set_weights([2 * weight for weight in layer.get_weights()])
        assert_map(cam(X).raw, 2 * before)


@EAGER
def test_an_h5_of_keras_2_is_run_eagerly(tmp_path):
    path = nets.written(softmax_net, tmp_path)
    with slimcam.load(path) as graph, slimcam.load(path, engine="tape") as tape:
        expected = slimcam.explain(graph, X, "last", 1).raw
        assert_map(slimcam.explain(tape, X, "last", 1, engine="tape").raw, expected)
        with pytest.raises(slimcam.ModelError, match=r"is a graph, and engine='tape' runs eager Keras models"):
            slimcam.GradCAM(graph, "last", engine="tape")


def test_a_frozen_graph_has_no_tape(model_of):
    def net():
        x = tf.compat.v1.placeholder(tf.float32, [None, 4, 4, 1], name="x")
        tf.reduce_mean(tf.nn.relu(x, name="a"), [1, 2], name="logits")

    with pytest.raises(slimcam.ModelError, match=r"slimcam\.load\(path, engine='tape'\) \(this is TensorFlow "):
        slimcam.GradCAM(model_of(net), "a", engine="tape")


def test_scores_are_those_of_the_graph_by_name():
    assert set(tape_scores.SCORES) == set(targets.SCORES)


def test_an_engine_that_does_not_exist(model_of):
    with pytest.raises(slimcam.UnknownName, match=r"no engine 'type' \(there are graph, tape\); near: 'tape'"):
        slimcam.GradCAM(None, engine="type")


@pytest.mark.skipif(TF_VERSION < (2, 16), reason="Keras 3 needs TensorFlow 2.16")
@pytest.mark.parametrize("name, side", [("MobileNetV2", 96), ("EfficientNetB0", 64), ("ResNet50V2", 64)])
def test_nets_of_keras_applications(name, side):
    model = sow(getattr(keras3().applications, name)(weights=None, input_shape=(side, side, 3), classes=7))
    images = nets.photos(side=side)
    with slimcam.load(model) as loaded:
        graph, tape = (slimcam.explain(loaded, images, engine=engine) for engine in ("graph", "tape"))
    assert_map(tape.raw, graph.raw, RESNET50)


@EAGER
@pytest.mark.parametrize("forward, back", [(0.2, 0.0), (0.0, 0.3)], ids=["layers", "gradient"])
def test_a_run_of_layers_ends_in_time(keras, forward, back):
    @tf.custom_gradient
    def slow(x):
        time.sleep(forward)

        def gradient(dy):
            time.sleep(back)
            return dy

        return x, gradient

    class Slow(keras.layers.Layer):
        def call(self, x):
            return slow(x)

    start = keras.layers.Input((SIDE, SIDE, 3), name="photo")
    x = conv(keras, "last")(start)
    for i in range(4):
        x = Slow(name=f"slow{i}")(x)
    net = sow(keras.Model(start, keras.layers.GlobalAveragePooling2D(name="mean")(x)))
    for timeout, late in ((60.0, False), (0.5, True)):
        with slimcam.load(net, engine="tape", timeout=timeout) as model:
            cam = slimcam.GradCAM(model, "last", 1, engine="tape")
            if not late:
                assert cam(X).finite.all()
                continue
            with pytest.raises(slimcam.ModelError, match=r"^a run took more than 0.5 s: give timeout=, in seconds"):
                cam(X)
