"""Arguments of Keras 1 as Keras 2.2 read them; expected calls are those of its legacy interfaces."""

import pytest

from slimcam._tf.keras1.arguments import converted


@pytest.mark.parametrize(
    ("name", "args", "named", "wanted"),
    [
        ("Conv2D", (64, 3, 5), {}, ((64,), {"kernel_size": (3, 5)})),
        ("Conv2D", (64, (3, 3), 2), {}, ((64, (3, 3), 2), {})),
        ("Conv2D", (64, 3), {"nb_col": 5}, ((64,), {"kernel_size": (3, 5)})),
        ("Conv2D", (64, 3), {"strides": 2}, ((64, 3), {"strides": 2})),
        (
            "Conv2D",
            (),
            {"nb_filter": 8, "nb_row": 3, "nb_col": 1, "subsample": 2, "border_mode": "same", "dim_ordering": "th"},
            (
                (),
                {
                    "kernel_size": (3, 1),
                    "filters": 8,
                    "strides": 2,
                    "padding": "same",
                    "data_format": "channels_first",
                },
            ),
        ),
        ("Conv3D", (4, 1, 2, 3), {}, ((4,), {"kernel_size": (1, 2, 3)})),
        ("Conv2DTranspose", (4, 3, 3, (None, 8, 8, 4)), {}, ((4,), {"kernel_size": (3, 3)})),
        ("SeparableConv2D", (4, 3, 3), {"init": "uniform"}, (
            (4,), {"kernel_size": (3, 3), "depthwise_initializer": "uniform", "pointwise_initializer": "uniform"})),
        ("Dense", (), {"output_dim": 3, "init": "normal", "bias": False, "W_regularizer": "l2"}, (
            (), {"units": 3, "kernel_initializer": "normal", "use_bias": False, "kernel_regularizer": "l2"})),
        ("Dropout", (), {"p": 0.5}, ((), {"rate": 0.5})),
        ("MaxPooling2D", ((2, 2),), {"border_mode": "same", "dim_ordering": "tf"}, (
            ((2, 2),), {"padding": "same", "data_format": "channels_last"})),
        ("MaxPooling2D", ((2, 2),), {"dim_ordering": "default"}, (((2, 2),), {"data_format": None})),
        ("BatchNormalization", (), {"mode": 0, "gamma_init": "one"}, ((), {"gamma_initializer": "one"})),
        ("LSTM", (), {"output_dim": 4, "input_dim": 5, "consume_less": "gpu", "forget_bias_init": "one"}, (
            (), {"units": 4, "input_shape": (None, 5), "implementation": 2, "unit_forget_bias": True})),
        ("Embedding", (9, 4), {"dropout": 0.2, "init": "uniform"}, ((9, 4), {"embeddings_initializer": "uniform"})),
        ("ZeroPadding2D", ({"top_pad": 1, "left_pad": 2},), {}, ((), {"padding": ((1, 0), (2, 0))})),
        ("Model", (), {"input": "x", "output": "y"}, ((), {"inputs": "x", "outputs": "y"})),
        ("fit", ("x", "y"), {"nb_epoch": 3}, (("x", "y"), {"epochs": 3})),
    ],
)  # fmt: skip
def test_arguments_of_keras_1_become_those_of_keras_2(name, args, named, wanted):
    assert converted(name, args, named) == wanted


class Batches:
    batch_size = 16


def test_samples_an_epoch_become_steps_where_the_generator_says_its_batch():
    assert converted("fit_generator", (Batches,), {"samples_per_epoch": 100})[1] == {"steps_per_epoch": 6}
    assert converted("fit_generator", (iter(()),), {"samples_per_epoch": 100, "nb_val_samples": 5})[1] == {
        "steps_per_epoch": 100,
        "validation_steps": 5,
    }


def test_both_names_of_one_argument_are_refused():
    with pytest.raises(TypeError, match=r"Dense received both 'output_dim', of Keras 1, and 'units', of Keras 2"):
        converted("Dense", (), {"output_dim": 3, "units": 3})


def test_a_mode_that_keras_2_never_had_is_refused():
    with pytest.raises(TypeError, match="BatchNormalization takes mode=0 only"):
        converted("BatchNormalization", (), {"mode": 2})


def test_sizes_one_by_one_with_strides_by_name_are_refused():
    with pytest.raises(ValueError, match="Pass `strides` as a keyword"):
        converted("Conv2D", (64, 3, 3), {"strides": 2})
