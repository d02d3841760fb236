"""The names of the table preprocess.PREPROCESSING, for messages and the command line: it needs TensorFlow itself."""

PREPROCESSING = ("inception", "vgg", "squash", "unit", "caffe", "torch", "retrained", "retrained_unit", "none")
