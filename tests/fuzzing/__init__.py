"""A fuzzer of what slimcam reads: models, photos, recordings and labels as strangers might damage them.

A case is a whole model (or photo, recording …) with one to three changes: a field of a protocol buffer, a key of a
configuration, a block of bytes. `kinds.KINDS` lists the kinds; a case is known by its kind, a seed and a number, and is
the same whenever it is asked for on one TensorFlow. It runs in a process of its own kind (worker.py) with bounds of
memory and time (pool.py), which goes on to the next case unless it died. It ends in one of these ways:

refused   a SlimcamError, whose line for the terminal is one, of at most 500 characters, without control characters.
same      loaded and explained; inputs, scores and maps are those of the file before the change, but for rounding.
said      loaded and explained otherwise: either the file now is another model, and TensorFlow (Keras, TensorFlow Lite,
          OpenCV), given the changed file by itself, computes the same scores, and the same maps where it can; or
          model.why, model.notes, model.fault, a warning or maps.finite says what it did not say of the whole file.
raw       any other exception, from wherever it comes, or the message of a SlimcamError is not as above.
crash     the process died: a signal, an abort, or more memory than it is given.
hang      no end within the bounds of time, of the processor and of the clock.
silent    anything else: maps that are neither the whole file's nor TensorFlow's own of the changed one, without a
          word; maps of NaN or infinity that call themselves finite; a file beside the case's own that was written,
          changed or removed; a checksum of a manifest or a recording that does not fit what was read, without a word;
          something of a file loaded with a word of allow= that ran though that word does not name it.

The last four are failures. Weights changed within a valid file are another model, which nothing can tell from the file
alone, so they are held against TensorFlow's own numbers; a checkpoint's index and data have checksums of their own, so
of those any other map is silent.
"""
