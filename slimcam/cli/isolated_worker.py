"""The program of an isolated model's process: it limits itself, loads a model, and answers what it is asked."""

import dataclasses
import os
import signal
import socket
from typing import Any, Callable, Dict, List, Mapping, Optional

from ..errors import ModelError, SlimcamError, to_json
from ..isolation import limits as limiting

FRAMES = 1 << 10  # characters of a message that was not written by slimcam


def main(end: int, limits: Dict[str, Any]) -> None:
    """Answer requests from the file descriptor `end` until it is closed."""
    given = limiting.described(limits)
    lacks = limiting.before_imports(given)
    connection = socket.socket(fileno=end)
    from ..isolation import messages

    try:
        answers = _imported()
        lacks += limiting.after_imports(given)
    except Exception as error:
        messages.send_reply(connection, {"error": _as_error(error)})
        return
    messages.send_reply(connection, {"value": {"lacks": lacks}})
    try:
        _serve(connection, answers)
    except MemoryError:
        os._exit(messages.NO_MEMORY)


def _serve(connection: socket.socket, answers: Mapping[str, Callable[..., Any]]) -> None:
    """Answer requests until there are no more."""
    from ..isolation import messages

    while True:
        try:
            name, patience, arguments = messages.receive_request(connection)
        except messages.Ended:
            return
        if patience is not None:  # for the process that waits may be gone
            signal.setitimer(signal.ITIMER_REAL, 2 * patience)
        reply = _answer(answers[name], arguments)
        try:
            messages.send_reply(connection, reply)
        except ModelError as error:  # what is no number cannot be sent, and nothing was
            messages.send_reply(connection, {"error": _as_error(error)})
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(function: Callable[..., Any], arguments: Any) -> Dict[str, Any]:
    try:
        return {"value": function(*arguments)}
    except Exception as error:
        return {"error": _as_error(error)}


def _as_error(error: Exception) -> Dict[str, Any]:
    """Return an error of slimcam's as it is, another one as a ModelError of one line."""
    if isinstance(error, SlimcamError):
        return to_json(error)
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "ResourceExhaustedError":
        return to_json(ModelError("the model takes more memory than it may: give more memory=, in GiB"))
    first = (str(error).splitlines() or [""])[0][:FRAMES]
    return to_json(ModelError(f"{kind}: {first}"))


def _imported() -> Dict[str, Callable[..., Any]]:
    """Import TensorFlow, and all that opens a file; return what answers each request."""
    import warnings

    from .. import explainer
    from ..migration import making
    from ..sources import loading
    from ..targets import detections
    from . import inspection

    warnings.simplefilter("ignore")  # they are given in the process that asks
    models: List[Any] = []
    cams: List[Any] = []

    def model() -> Any:
        return models[0]

    def load(path: str, options: Dict[str, Any]) -> Dict[str, Any]:
        models.append(loading.load(path, **options))
        return _description(models[0])

    def cam(layer: Any, target: Any, dialect: Any, hold: Any, engine: str) -> Dict[str, Any]:
        built = explainer.rebuilt(model(), layer, target, dialect, hold, engine)
        cams.append(built)
        number = [one.tensor is built.image_input.tensor for one in model().inputs].index(True)
        described = {"layer": built.layer, "on_logits": built.query.on_logits, "input": number}
        return {"number": len(cams) - 1, **described}

    def maps(number: int, target: Any, images: Any) -> Dict[str, Any]:
        made = explainer.together([cams[number]], [cams[number].image_input.batch(images)], target)[0]
        names = "raw", "classes", "scores", "finite", "rounding", "photo", "fed", "windows", "boxes"
        labels = None if made.boxes is None else made.labels
        return {**{name: getattr(made, name) for name in names}, "labels": labels}

    def evidence(number: int, target: Any, images: Any) -> Dict[str, Any]:
        found = cams[number].evidence(images, target)
        return {name: getattr(found, name) for name in ("activations", "gradients", "scores", "classes")}

    def features(name: str, images: Any) -> Any:
        return model().features(name, images)

    def layers() -> List[Dict[str, Any]]:
        return [{"layer": one.name, "tensor": _tensor(one.tensor)} for one in model().layers()]

    def golden(*arguments: Any) -> Dict[str, Any]:
        *others, images = arguments
        made = making.make_golden(model(), others[0], images, *others[1:])
        return dataclasses.asdict(made)

    return {
        "load": load,
        "golden": golden,
        "inputs_of": lambda tensors, cut: [model().inputs.index(one) for one in _inputs_of(model(), tensors, cut)],
        "detections": lambda photos: [[list(one) for one in each] for each in detections(model(), photos)],
        "inspect": inspection.describe_path,
        "tensor": lambda name: _tensor(model().tensor(name)),
        "name_of": lambda name: model().name_of(model().tensor(name)),
        "needs": lambda names: model().needs(*names),
        "layers": layers,
        "features": features,
        "cam": cam,
        "maps": maps,
        "evidence": evidence,
    }


def _description(model: Any) -> Dict[str, Any]:
    """Return what IsolatedModel reads."""
    names = "source", "no_logits", "output_kind", "fault", "randomness", "why", "notes", "labels"
    return {
        **{name: getattr(model, name) for name in names},
        "logits": _tensor(model.logits),
        "layer": _tensor(model.layer),
        "outputs": [_tensor(one) for one in model.outputs],
        "end_points": {name: _tensor(one) for name, one in model.end_points.items()},
        "inputs": [_image_input(one) for one in model.inputs],
    }


def _image_input(one: Any) -> Dict[str, Any]:
    photos = one.photos
    return {
        "tensor": _tensor(one.tensor),
        "values": _tensor(one.values),
        "single_image": one.single_image,
        "no_photos": one.no_photos,
        "takes_photos": photos is not None,
        "assumed": "" if photos is None else photos.assumed,
        "encoded": None if photos is None else _tensor(photos.tensor),
    }


def _tensor(tensor: Optional[Any]) -> Optional[Dict[str, Any]]:
    if tensor is None:
        return None
    shape = None if tensor.shape.rank is None else tensor.shape.as_list()
    return {"name": tensor.name, "shape": shape, "dtype": tensor.dtype.name}


def _inputs_of(model: Any, tensors: List[str], cut: List[str]) -> Any:
    return model.inputs_of([model.tensor(one) for one in tensors], cut)
