"""A program that expects research/slim beside itself finds its folders."""

PROGRAM = """
import numpy as np
import tensorflow as tf
from datasets import dataset_factory, dataset_utils
from deployment import model_deploy
from nets import inception, nets_factory, resnet_v1
from nets.lenet import lenet
from preprocessing import preprocessing_factory
import preprocessing.vgg_preprocessing as vgg

slim = tf.contrib.slim
photo = tf.constant(np.arange(300, dtype=np.uint8).reshape(10, 10, 3))
image = preprocessing_factory.get_preprocessing("lenet")(photo, 8, 8)
with slim.arg_scope([slim.conv2d], weights_initializer=tf.constant_initializer(0.01)):
    with slim.arg_scope([slim.fully_connected], weights_initializer=tf.constant_initializer(0.02)):
        scores, ends = lenet(image[None], 2)
with slim.arg_scope(inception.inception_v1_arg_scope()):
    inception.inception_v1(tf.zeros([1, 224, 224, 3]), 5, is_training=False)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print("scores", *session.run(scores)[0])
print("norms", sum("BatchNorm/beta" in one.name for one in slim.get_model_variables()))
print("means", vgg._R_MEAN, resnet_v1.resnet_v1_50.default_image_size, model_deploy.DeploymentConfig().num_clones)
try:
    from nets import cyclegan
except ImportError as error:
    print("lacks", error)
from datasets import satellite
"""


def test_its_folders_are_there_and_take_the_programs_arg_scopes(run):
    ended = run(PROGRAM)
    scores = ended.numbers("scores")
    assert len(scores) == 2
    assert scores[0] == scores[1] != 0  # all weights are the same
    assert ended.line("norms") == "57"  # every convolution of Inception v1 but the last
    assert ended.line("means") == "123.68 224 1"
    assert ended.line("lacks").startswith("slimcam has no nets.cyclegan of research/slim")
    assert ended.status == 1
    assert ended.err.strip().splitlines()[-1].startswith("slimcam: ")
    assert "has no datasets.satellite of research/slim" in ended.err
