"""Published Grad-CAM scripts by their own signatures, for programs that carry a copy of one.

| script                          | here                               | returns
| hiveml/tensorflow-grad-cam      | hiveml_grad_cam, grad_cam          | (side, side) float32 in [0, 1]
| Ankush96/grad-cam.tensorflow    | ankush96_grad_cam, grad_cam        | (224, 224, 3) float32, the map three times
| insikk/Grad-CAM-tensorflow      | insikk_visualize                   | the four pictures that it shows
| jacobgil/keras-grad-cam         | keras_grad_cam, grad_cam           | (uint8 BGR picture, map)
| raghakot/keras-vis              | visualize_cam                      | (H, W) float32 in [0, 1]

Arguments and results are theirs. What differs: a graph gets new operations at the first call only, arrays that are given
stay as they are, and a map without a positive value is zeros, not NaN. Weights are read at every call. The TF-Slim
scripts add to the graph of the session; where that is finalised, and for Keras models, a copy is kept for as long as the
session or the model lives, and all its weights are read anew for each map.
"""



