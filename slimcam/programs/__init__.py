"""Old programs as they are, on the TensorFlow that is installed."""
