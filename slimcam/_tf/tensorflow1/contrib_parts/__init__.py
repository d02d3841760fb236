"""What tf_slim and compat.v1 lack of `tensorflow.contrib`, by 1.15's definitions: small.py, and a file a large part."""
