"""Which pixels the places of a tensor see: by what changes, by what a gradient reaches, and as slimcam works it out."""

import numpy as np
import tensorflow.compat.v1 as tf1


def ends(reached):
    """Return the first and the last number of each list, None for an empty one."""
    return [(int(one[0]), int(one[-1])) if len(one) else None for one in reached]


def pixels_that_matter(tensor, image, size=None):
    """Return, for rows and for columns, the first and the last pixel that changes each position of a tensor.

    Each row in turn is lit. Weights and pixels are positive, so no ReLU stops the light, and it is in every maximum.
    """
    height, width = size or image.shape.as_list()[1:3]
    reached = []
    with tf1.Session() as session:
        for axis, side in ((1, height), (2, width)):
            batch = np.ones((side + 1, height, width, image.shape.as_list()[-1]), np.float32)
            for i in range(side):
                batch[(i, i) if axis == 1 else (i, slice(None), i)] = 1e8
            *lit, dark = session.run(tensor, {image: batch}).max((3 - axis, 3))
            assert np.isfinite(lit).all()
            # of so few convolutions each pixel has a share of more than 1e-10, and roundings are less than 1e-6
            reached.append(ends(np.flatnonzero(column) for column in (lit > dark * 1.001).T))
    return reached


def pixels_that_a_gradient_reaches(tensor, image, positions):
    """Return, for rows and for columns, the first and the last pixel that a gradient reaches from some positions.

    However deep the net: what a far pixel adds may be too little to change a sum, but its gradient is a number.
    """
    one, reached = np.ones((1, *image.shape.as_list()[1:]), np.float32), []
    with tf1.Session() as session:
        shape = session.run(tf1.shape(tensor), {image: one})
        for axis in (1, 2):
            asked = positions(shape[axis])
            masks = np.zeros((len(asked), *shape[1:]), np.float32)
            for i, at in enumerate(asked):
                masks[(i, at) if axis == 1 else (i, slice(None), at)] = 1
            gradient = tf1.gradients(tensor * tf1.constant(masks), image)[0]
            got = session.run(gradient, {image: one.repeat(len(asked), 0)}).sum((3 - axis, 3))
            reached.append(ends(np.flatnonzero(row) for row in got))
    return reached


def intervals(field, positions=None):
    both = []
    for axis in (field.rows, field.columns):
        asked = range(len(axis.first)) if positions is None else positions(len(axis.first))
        pairs = [(int(axis.first[i]), int(axis.last[i])) for i in asked]
        both.append([pair if pair[0] <= pair[1] else None for pair in pairs])
    return both


def windows(axis):
    return axis.size, axis.stride, axis.start
