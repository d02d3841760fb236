"""Programs with the idioms of old ones run unmodified, and print TensorFlow 1.15.5's numbers."""

import numpy as np
import pytest
from fixtures.old_programs import PROGRAMS, argument_of, record_of, run_original
from fixtures.tolerance import SMALL_NET, rounding_of_net

from slimcam._packages import installed_version
from slimcam._tf import TF_VERSION

# Each of these programs is float32, with a few thousand products between its weights and what it prints; training runs
# three steps of them. 2**-24 a rounding, times the square root of ten thousand of them, is 6e-6.
RELATIVE, ABSOLUTE = 5e-5, 6e-6


def same(ended, wanted, words):
    for word in words:
        ours, theirs = ended.numbers(word), wanted.numbers(word)
        assert len(ours) == len(theirs) > 0, word
        np.testing.assert_allclose(ours, theirs, RELATIVE, ABSOLUTE, err_msg=word)


@pytest.fixture
def both(run, tmp_path):
    """Return `both(program)`: how it ends under `slimcam run` here, and how it ended on TensorFlow 1.15.5."""
    if TF_VERSION < (2,):
        pytest.skip("this is TensorFlow 1.15.5 itself")

    def compared(program):
        return run(program, argument_of(program, tmp_path)), record_of(program)

    return compared


def test_a_slim_training_runs_as_on_tensorflow_1(both):
    ours, theirs = both("slim_training")
    assert ours.status == 0
    same(ours, theirs, ["loss", "scores", "frozen"])
    for word in ("variables", "shared", "nets"):
        assert ours.line(word) == theirs.line(word)


def test_a_graph_by_hand_runs_as_on_tensorflow_1(both):
    ours, theirs = both("plain_graph")
    words = ["logits", "average", "served", "restored"]
    if TF_VERSION < (2, 2):  # the program's last line needs an operation that 2.1 lacks
        assert ours.err.endswith("TensorFlow {}.{}.{} lacks its operation: take a newer one\n".format(*TF_VERSION))
    else:
        assert ours.status == 0
        words.append("rotated")
    same(ours, theirs, words)
    for word in ("width", "branch", "queue", "there", "hparams"):
        assert ours.line(word) == theirs.line(word)


@pytest.mark.parametrize(
    ("program", "numbers", "lines"),
    [
        (
            "keras_model",
            ["predict", "pooled", "batches", "classes", "trained", "loaded", "stepped"],
            ["shape", "isinstance"],
        ),
        ("keras_1", ["predict", "sum"], ["history", "sizes", "text", "queue"]),
    ],
)
def test_keras_programs_give_the_numbers_of_tensorflow_1(both, program, numbers, lines):
    ours, theirs = both(program)
    assert ours.status == 0
    same(ours, theirs, numbers)
    for word in lines:
        assert ours.line(word) == theirs.line(word)


def test_numpy_seeds_a_training_of_keras_as_it_did(both):
    ours, theirs = both("keras_seeded")
    assert ours.status == 0
    assert ours.line("batch") == "[3, 2] (3, 2)"
    assert ours.line("kinds") == "True Adagrad 0.01 0.002"
    assert ours.out.count("same True True True") == ours.out.count("continued True False") == 2
    assert ours.line("names") == "batch_normalization_1 mean_1 dense_2 sequential_"
    # by hand: after one step the means of the batch, and its variances 1 and 4 times 2 / (2 - 1 - 0.5)
    np.testing.assert_allclose(ours.numbers("averages"), [2, 4, 4, 16], 1e-5)
    # by hand: the outputs are 6, the error 1, the gradients 2 and 2 (x six weights, two biases), 6 and 6, 2; their norm
    # together is sqrt(8 * 4 + 2 * 36 + 4) = sqrt(108), and each weight loses 0.1 / sqrt(108) of its gradient
    norm = 0.1 / np.sqrt(108)
    np.testing.assert_allclose(
        ours.numbers("clipped"), [1 - 2 * norm, -2 * norm, 1 - 6 * norm, -2 * norm, 0.99, -0.01, 0.99, -0.01], 1e-5
    )
    same(ours, theirs, ["weights"])
    # keras 2.2.4 on TensorFlow 1.15.5 printed these. Its optimizers assign weights as gradients read them, so that
    # runs differ from each other, by 1e-5 after three epochs.
    np.testing.assert_allclose(
        ours.numbers("weights")[[0, 2, 3, 5]], [14.326768, 20.00886, 17.546307, 0.36706072], 1e-6
    )
    printed = [
        1.10119011,
        1.09907552,
        1.09881699,
        1.09878758,
        1.09803313,
        1.09819692,
        1.09821948,
        1.09713233,
        1.09758079,
    ]
    np.testing.assert_allclose(ours.numbers("losses")[:9], printed, 5e-5)


# Nine steps of a net of 6, 8 and 1, there and back: fewer than a thousand roundings, of values near 1 or of one sign.
NINE_STEPS = rounding_of_net(SMALL_NET)
# What keras 2.2.4 printed on TensorFlow 1.15.5 with resource variables: without those its optimizers assign weights as
# gradients read them.
LOOPS = {
    "each": [0.125, 0.625, 0.25, 0.375, 0.375, 1.0, 0.375, 0.75, 0.25],
    "fitted": [
        *(0.70110649, 0.37655474, 0.29712404, 0.35, 0.5, 0.5, 0.24353409, 0.23996264, 0.28930091, 0.6, 0.6, 0.4)
    ],
    "state": [296003],
    "whole": [0.22806811, 0.34471911],
    "generated": [0.16743346, 0.2507564, 0.20277768, 0.3327015],
    "turned": [9, 6, 1, 10, 5, 12949.34607, 10506.07377, 12498.78018, 9120.06509, 10070.64788],
    "bright": [9492, 11173, 17365, 21950],
    "flowed": [51.53578769],
    "gray": [63, 127, 191, 255],  # by hand: 50, 100, 150, 200 times 255 / 200
    "sure": [16.118095] * 3,  # by hand: -log(1e-7)
    "weighted": [5.5],  # by hand: (2 * 1 + 1 * 9) / 3 of two thirds that count
    "masked": [14 / 3],  # by hand: (1 + 4 + 9) / 3 steps that count
}


def test_keras_trains_and_validates_by_the_rules_of_2_2(run):
    ended = run("keras_loops")
    assert ended.status == 0
    for word, numbers in LOOPS.items():
        if word != "flowed" or TF_VERSION >= (2,):  # TensorFlow 1's own Keras takes random pictures in another order
            np.testing.assert_allclose(ended.numbers(word), numbers, NINE_STEPS, NINE_STEPS, err_msg=word)
    assert "123.5" not in ended.out


def test_a_sparse_input_is_fed_and_a_variable_is_true(run):
    if TF_VERSION < (2,):
        pytest.skip("TensorFlow 1's own Keras takes no sparse matrix of float64")
    ended = run("keras_sparse")
    assert ended.status == 0
    # by hand: rows 2 * (2, 3), (0, 1), 3 * (4, 5), and 1 more; (3 * 3 + 2 * 2 + 4 * 4) / 3.
    # Small whole numbers, which no processor rounds, and one quotient.
    np.testing.assert_allclose(ended.numbers("sparse"), [5, 7, 1, 2, 13, 16, 29 / 3], 1e-6)


def test_an_estimator_trains_as_on_tensorflow_1(both):
    if TF_VERSION >= (2, 16) and installed_version("tensorflow_estimator") is None:
        pytest.skip("this environment has no tensorflow-estimator")
    ours, theirs = both("estimator")
    assert ours.status == 0
    same(ours, theirs, ["evaluated", "predicted", "again", "served", "linear"])
    assert ours.line("names") == theirs.line("names")


@pytest.mark.slow  # half a minute: graphs by the dozen
def test_parts_of_contrib_are_as_on_tensorflow_1(both):
    ours, theirs = both("contrib_parts")
    assert ours.status == 0
    words = [line.split()[0] for line in theirs.out.splitlines() if line and not line.startswith("Parsing")]
    assert len(words) > 50
    for word in words:
        if word.endswith("_variables"):
            assert ours.line(word) == theirs.line(word)
        elif word != "drawn":
            same(ours, theirs, [word])
    assert ours.line("drawn") == theirs.line("drawn")


def test_contrib_takes_its_own_arguments(both):
    ours, theirs = both("contrib_arguments")
    assert ours.status == 0
    same(ours, theirs, ["losses", "value", "copied", "mean"])
    for word in ("found", "words", "there"):
        assert ours.line(word) == theirs.line(word)


def test_decoders_of_contrib_are_as_on_tensorflow_1(both):
    ours, theirs = both("decoding")
    assert ours.status == 0
    same(ours, theirs, ["plain", "luong", "bahdanau", "normed", "history", "tiled", "hardmax"])
    for kind in ("plain", "luong", "bahdanau", "normed"):
        for word in (f"names_{kind}", f"shapes_{kind}", "old_paths"):
            assert ours.line(word) == theirs.line(word)


def test_words_and_clusters_of_contrib_are_as_on_tensorflow_1(both):
    ours, theirs = both("contrib_words")
    assert ours.status == 0
    same(ours, theirs, ["scores"])
    for word in ("rows", "size", "unknown", "back", "trimmed", "restored", "kinds"):
        assert ours.line(word) == theirs.line(word)


def test_without_its_package_an_estimator_says_what_to_install(run, tmp_path):
    if TF_VERSION < (2, 16) or installed_version("tensorflow_estimator"):
        pytest.skip("tf.estimator is here")
    ended = run("estimator", tmp_path)
    assert ended.status == 1
    line = 'the package that it was still trains here: pip install "tensorflow-estimator==2.15.0"'
    assert ended.err.strip().splitlines()[-1].endswith(f"tf.estimator went with TensorFlow 2.16; {line}")


@pytest.mark.parametrize("program", ["slim_training", "plain_graph"])
def test_on_tensorflow_1_nothing_changes(run, tmp_path, program):
    if TF_VERSION >= (2,):
        pytest.skip("TensorFlow 1 alone runs these programs by itself")
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    theirs = run_original(program, tmp_path / "theirs")
    ours = run(program, argument_of(program, tmp_path / "ours"))
    assert (ours.status, theirs.status) == (0, 0)
    for ended in (ours, record_of(program)):
        same(ended, theirs, ["scores"] if program == "slim_training" else ["logits"])


def test_every_record_is_of_the_program_as_it_is():
    for program in PROGRAMS:
        assert record_of(program).out
