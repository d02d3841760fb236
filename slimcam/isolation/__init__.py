"""A model in a child process with limits: files of strangers, where nothing can be proved of what they do.

limits.py is what the child does to itself before it opens a file, messages.py what the two processes say to each other,
child.py the process, model.py and cams.py what stands for a model and its GradCAMs in this one. What the child runs is
cli.isolated_worker. The child is not trusted: what comes from it is read as JSON and plain arrays, within bounds.
"""
