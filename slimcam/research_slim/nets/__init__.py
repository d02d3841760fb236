"""`nets` of research/slim: what tf_slim and slimcam.nets lack of it."""
