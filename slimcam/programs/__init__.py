"""Old programs run as they are: TensorFlow 1's world for the files of one program, apart from the libraries underneath.

world.py answers the program's imports; running.py runs a file, a module or a notebook in it.
"""
