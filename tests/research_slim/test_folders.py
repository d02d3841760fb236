"""Nets, data sets and deployment of research/slim."""

import io
import tarfile

import numpy as np
import pytest

from slimcam import research_slim
from slimcam._tf import slim, tf1
from slimcam.errors import GoneModule, GoneName

# TensorFlow says this to tf_slim.
pytestmark = pytest.mark.filterwarnings(r"ignore:`(tf\.layers|layer)\.\w+` is deprecated:UserWarning")


@pytest.mark.parametrize(
    "name, size, variables, logits",
    [
        ("lenet", 28, 8, "fc4/weights"),
        ("resnet_v1_50", 224, 267, "logits/weights"),
        ("cifarnet", 32, 10, "logits/weights"),
        ("vgg_16", 224, 32, "fc8/weights"),
        ("mobilenet_v2_035", 224, 262, "Conv2d_1c_1x1/weights"),
    ],
)
def test_a_net_by_its_name(name, size, variables, logits):
    network = research_slim.module("nets.nets_factory").get_network_fn(name, 7, weight_decay=0.01)
    assert network.default_image_size == size
    with tf1.Graph().as_default():
        scores, _ = network(tf1.zeros([2, size, size, 3]))
        assert scores.shape.as_list() == [2, 7]
        made = {one.op.name: one.shape.as_list() for one in tf1.global_variables()}
        assert len(made) == variables
        assert next(made[one] for one in made if one.endswith(logits))[-1] == 7
        assert len(tf1.losses.get_regularization_losses()) > 0


def test_every_net_has_a_scope_and_a_size():
    factory = research_slim.module("nets.nets_factory")
    assert set(factory.networks_map) == set(factory.arg_scopes_map)
    assert {factory.get_network_fn(name, 2).default_image_size for name in factory.networks_map} == {
        *(28, 32, 224, 231, 299, 331)
    }


def test_mobilenets_and_nasnets_are_where_programs_import_them_from():
    v2 = research_slim.module("nets.mobilenet.mobilenet_v2")
    v3 = research_slim.module("nets.mobilenet").mobilenet_v3
    cells = research_slim.module("nets.nasnet.nasnet")
    with tf1.Graph().as_default():
        with slim().arg_scope(v2.training_scope(is_training=True)):
            net, ends = v2.mobilenet_base(tf1.zeros([1, 64, 64, 3]), final_endpoint="layer_4", output_stride=4)
        assert net is ends["layer_4"] and net.shape.as_list() == [1, 16, 16, 24]
        norm = next(op for op in tf1.get_default_graph().get_operations() if op.type.startswith("FusedBatchNorm"))
        assert norm.get_attr("is_training")  # as the scope has it
        net, ends = v3.mobilenet_base(
            tf1.placeholder(tf1.float32, (1, None, None, 3)), conv_defs=v3.V3_SMALL, final_endpoint="layer_3"
        )
        assert net.shape.as_list() == [1, None, None, 24]
    assert cells.build_nasnet_cifar.default_image_size == 32


def test_inceptions_up_to_an_end_point():
    inception = research_slim.module("nets.inception")
    with tf1.Graph().as_default(), slim().arg_scope(inception.inception_v4_arg_scope()):
        net, ends = inception.inception_v4_base(tf1.zeros([1, 299, 299, 3]), "Mixed_3a")
        assert net is ends["Mixed_3a"]
        assert list(ends) == ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Mixed_3a"]
        assert net.shape.as_list() == [1, 73, 73, 160]
        net, ends = inception.inception_resnet_v2_base(tf1.zeros([1, 299, 299, 3]), "MaxPool_5a_3x3")
        assert net.shape.as_list() == [1, 35, 35, 192]
        assert net.op.name.startswith("InceptionResnetV2/MaxPool_5a_3x3")
    with pytest.raises(ValueError, match="only output_stride=16"):
        inception.inception_resnet_v2_base(None, output_stride=8)


def test_an_end_point_that_is_none_is_refused():
    inception = research_slim.module("nets.inception")
    with tf1.Graph().as_default(), pytest.raises(ValueError, match="Unknown final endpoint Mixed_7e; near: 'Mixed_7"):
        inception.inception_v4_base(tf1.zeros([1, 299, 299, 3]), "Mixed_7e")


def test_what_is_not_here_says_so():
    factory = research_slim.module("nets.nets_factory")
    with pytest.raises(GoneName, match="slimcam has no net 'i3d'; put the folder nets of tensorflow/models"):
        factory.get_network_fn("i3d", 3)
    with pytest.raises(ValueError, match="Name of network unknown inception_v33; near: 'inception_v3'"):
        factory.get_network_fn("inception_v33", 3)
    with pytest.raises(GoneModule, match=r"no nets.mobilnet of research/slim \(near: 'mobilenet'"):
        research_slim.module("nets.mobilnet")
    with pytest.raises(GoneModule, match=r"slimcam has no nets.mobilenet.conv_blocks of research/slim; put the folder"):
        research_slim.module("nets.mobilenet.conv_blocks")
    with pytest.raises(GoneModule, match="put the folder datasets of tensorflow/models, research/slim, beside"):
        research_slim.module("datasets.satellite")


def encoded(level):
    with tf1.Graph().as_default(), tf1.Session() as session:
        return session.run(tf1.image.encode_png(np.full((4, 3, 3), level, np.uint8)))


def test_flowers_are_read_as_they_were_written(tmp_path):
    utils = research_slim.module("datasets.dataset_utils")
    with tf1.io.TFRecordWriter(str(tmp_path / "flowers_train_00000.tfrecord")) as writer:
        for label in range(3):
            example = utils.image_to_tfexample(encoded(10 * label), b"png", 4, 3, label)
            writer.write(example.SerializeToString())
    assert not utils.has_labels(str(tmp_path))
    utils.write_label_file({0: "daisy", 1: "rose: red"}, str(tmp_path))
    with tf1.Graph().as_default(), tf1.Session() as session:
        split = research_slim.module("datasets.dataset_factory").get_dataset("flowers", "train", str(tmp_path))
        assert (split.num_samples, split.num_classes) == (3320, 5)
        assert split.labels_to_names == {0: "daisy", 1: "rose: red"}
        provider = slim().dataset_data_provider.DatasetDataProvider(split, shuffle=False, num_readers=1)
        image, label = provider.get(["image", "label"])
        coordinator = tf1.train.Coordinator()
        threads = tf1.train.start_queue_runners(session, coordinator)
        read = [session.run([image, label]) for _ in range(3)]
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=10, ignore_live_threads=True)
    assert [(one.shape, int(one[0, 0, 0]), int(number)) for one, number in read] == [
        ((4, 3, 3), 0, 0),
        ((4, 3, 3), 10, 1),
        ((4, 3, 3), 20, 2),
    ]


@pytest.mark.parametrize("name, split, number", [("cifar10", "test", 10), ("mnist", "train", 10)])
def test_other_sets(tmp_path, name, split, number):
    made = research_slim.module(f"datasets.{name}").get_split(split, str(tmp_path))
    assert made.num_classes == number
    assert made.data_sources == str(tmp_path / f"{name}_{split}.tfrecord")
    with pytest.raises(ValueError, match="split name tests was not recognized"):
        research_slim.module(f"datasets.{name}").get_split("tests", str(tmp_path))


def test_imagenet_says_what_to_do_without_its_names(tmp_path, monkeypatch):
    imagenet = research_slim.module("datasets.imagenet")
    monkeypatch.setattr(imagenet, "NAMES", (tmp_path / "nowhere").as_uri() + "/")
    with pytest.raises(GoneName, match=r"put a file labels.txt with lines number:name beside the records, or set"):
        imagenet.get_split("train", str(tmp_path))
    monkeypatch.setattr(imagenet, "LOAD_READABLE_NAMES", False)
    assert imagenet.get_split("train", str(tmp_path)).num_classes == 1001


def test_imagenet_names_are_written_beside_the_records(tmp_path, monkeypatch):
    (tmp_path / "imagenet_lsvrc_2015_synsets.txt").write_text("n2\nn1\n")
    (tmp_path / "imagenet_metadata.txt").write_text("n1\ttench, Tinca\nn2\tgoldfish\n")
    imagenet = research_slim.module("datasets.imagenet")
    monkeypatch.setattr(imagenet, "NAMES", tmp_path.as_uri() + "/")
    assert imagenet.get_split("train", str(tmp_path)).labels_to_names == {
        0: "background",
        1: "goldfish",
        2: "tench, Tinca",
    }
    assert (tmp_path / "labels.txt").read_text() == "0:background\n1:goldfish\n2:tench, Tinca\n"


def test_a_tarball_is_unpacked_into_its_folder_only(tmp_path, capsys):
    unpack = research_slim.module("datasets.dataset_utils").download_and_uncompress_tarball
    (tmp_path / "out").mkdir()
    for name, inside in (("good.tar.gz", "a/b.txt"), ("bad.tar.gz", "../b.txt")):
        with tarfile.open(str(tmp_path / name), "w:gz") as archive:
            member = tarfile.TarInfo(inside)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"hi"))
    unpack((tmp_path / "good.tar.gz").as_uri(), str(tmp_path / "out"))
    assert (tmp_path / "out" / "a" / "b.txt").read_text() == "hi"
    assert "Successfully downloaded good.tar.gz" in capsys.readouterr().out
    with pytest.raises(tarfile.TarError, match=r"'../b.txt' of bad.tar.gz lies outside"):
        unpack((tmp_path / "bad.tar.gz").as_uri(), str(tmp_path / "out"))


def test_clones_share_variables_and_sum_their_gradients():
    deploy = research_slim.module("deployment.model_deploy")
    config = deploy.DeploymentConfig(num_clones=2, clone_on_cpu=True)
    inputs = iter([3.0, 5.0])

    def model():
        weight = slim().model_variable("w", [], initializer=tf1.constant_initializer(2.0), regularizer=lambda w: w * w)
        tf1.losses.add_loss(weight * next(inputs))
        return weight

    with tf1.Graph().as_default(), tf1.Session() as session:
        made = deploy.deploy(config, model, optimizer=tf1.train.GradientDescentOptimizer(0.5))
        session.run(tf1.global_variables_initializer())
        assert [one.scope for one in made.clones] == ["clone_0/", "clone_1/"]
        assert len(tf1.global_variables()) == 2  # w and the global step
        # (2 * 3 + 2 * 5) / 2 + 2 * 2, and the gradient of w is (3 + 5) / 2 + 2 * 2
        assert session.run(made.total_loss) == 12
        session.run(made.train_op)
        assert session.run(tf1.trainable_variables()[0]) == 2 - 0.5 * 8
        assert made.summary_op is not None


def test_devices_of_replicas():
    deploy = research_slim.module("deployment.model_deploy")
    config = deploy.DeploymentConfig(num_clones=2, num_replicas=2, num_ps_tasks=2)
    assert config.clone_device(1) == "/job:worker/device:GPU:1"
    assert config.inputs_device() == config.optimizer_device() == "/job:worker/device:CPU:0"
    choose = config.variables_device()
    nodes = [tf1.NodeDef(name=str(one), op="VariableV2") for one in range(3)]
    assert [choose(one)[-1] for one in nodes] == ["0", "1", "0"]
    assert choose(tf1.NodeDef(op="MatMul")) == ""
    with pytest.raises(ValueError, match="clone_index must be less than num_clones"):
        config.clone_scope(2)
    with pytest.raises(ValueError, match="num_ps_tasks must be positive"):
        deploy.DeploymentConfig(num_replicas=2)
    assert deploy.DeploymentConfig().variables_device() == "/device:CPU:0"
