"""The program of an isolated model's process: it limits itself, loads models, and answers what it is asked."""

import contextlib
import dataclasses
import importlib
import os
import socket
import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence

from ..errors import ModelError, NotFinite, SlimcamError, Unsure, to_json
from ..isolation import limits as limiting

FRAMES = 1 << 10  # characters of a message that was not written by slimcam
GIVEN = {NotFinite: "NotFinite", Unsure: "Unsure"}  # the warnings that go to the process that asks
MOST_WARNINGS = 100


class Stopped(BaseException):
    """What was asked for is not wanted any more."""


def main(end: int, limits: Dict[str, Any]) -> None:
    """Answer requests from the file descriptor `end` until it is closed."""
    given = limiting.described(limits)
    lacks = limiting.before_imports(given)
    connection = socket.socket(fileno=end)
    from ..isolation import messages

    try:
        answers = Answers(connection)
        lacks += limiting.after_imports(given)
    except Exception as error:
        messages.send_reply(connection, {"error": _as_error(error)})
        return
    messages.send_reply(connection, {"value": {"lacks": lacks}})
    try:
        _serve(connection, answers)
    except MemoryError:
        os._exit(messages.NO_MEMORY)


def _serve(connection: socket.socket, answers: "Answers") -> None:
    """Answer requests until there are no more."""
    from ..isolation import messages

    while True:
        try:
            name, arguments = messages.receive_request(connection)
        except messages.Ended:
            return
        reply = _answer(getattr(answers, name), arguments)
        try:
            messages.send_reply(connection, reply)
        except ModelError as error:  # what is no number cannot be sent, and nothing was
            messages.send_reply(connection, {"error": _as_error(error)})


def _answer(function: Callable[..., Any], arguments: Any) -> Dict[str, Any]:
    """Return what a function returns, with slimcam's warnings, or the error that it raises."""
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            value = function(*arguments)
    except Stopped:
        return {"error": _as_error(ModelError("it was stopped"))}
    except Exception as error:
        return {"error": _as_error(error)}
    given = [[GIVEN[one.category], str(one.message)] for one in seen if one.category in GIVEN]
    return {"value": value, "warnings": given[:MOST_WARNINGS]}


def _as_error(error: Exception) -> Dict[str, Any]:
    """Return an error of slimcam's as it is, another one as a ModelError of one line."""
    if isinstance(error, SlimcamError):
        return to_json(error)
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "ResourceExhaustedError":
        return to_json(ModelError("the model takes more memory than it may: give more memory=, in GiB"))
    first = (str(error).splitlines() or [""])[0][:FRAMES]
    return to_json(ModelError(f"{kind}: {first}"))


class Answers:
    """What answers each request, by its name; TensorFlow is imported with it, and all that opens a file."""

    def __init__(self, connection: socket.socket) -> None:
        """Take the connection, by which functions of the process that asks are called."""
        from ..explainers import evaluating, evaluating_elsewhere, pair
        from ..inputs import photos
        from ..isolation import answers, messages
        from ..migration import making
        from ..sources import loading, verdicts
        from . import inspection

        self._connection, self._messages, self._as_answer = connection, messages, answers.as_answer
        self._load, self._source_of, self._vet = loading.load, loading.source_of, verdicts.vet
        self._pair, self._make_golden, self._describe = pair, making.make_golden, inspection.describe_path
        self._evaluating, self._received, self._as_batch = evaluating, evaluating_elsewhere.received, photos.as_batch
        self._models: List[Any] = []
        self._cams: List[Sequence[Any]] = []

    @property
    def _model(self) -> Any:
        return self._models[0]

    def load(self, path: str, options: Dict[str, Any]) -> Dict[str, Any]:
        """Load a model, and say what is known of it."""
        self._models.append(self._load(path, **options))
        return _description(self._models[-1])

    def run(self, place: str, keywords: Dict[str, Any], calls: Sequence[str]) -> Any:
        """Run a function of slimcam's, MODULE:NAME, on all models; `calls` are keywords that are functions there."""
        module, _, name = place.partition(":")
        back = {one: self._call(one) for one in calls}
        return self._as_answer(getattr(importlib.import_module(module), name)(*self._models, **keywords, **back))

    def _call(self, name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            self._messages.send_reply(self._connection, {"call": name, "arguments": self._as_answer(arguments)})
            if not self._messages.receive_request(self._connection):
                raise Stopped

        return call

    def cams(self, *arguments: Any) -> Dict[str, Any]:
        """Build the cam of a method, or those of all branches; `arguments` are those of RemoteCam."""
        *given, branches, parameters, memory, averages = arguments
        build: Any = self._pair.cams_of_branches if branches else self._pair.only_cam
        cams = build(self._model, *given, parameters, memory, averages)
        self._cams.append(cams)
        inputs = [[own.tensor is cam.image_input.tensor for own in self._model.inputs].index(True) for cam in cams]
        described = {"layers": [cam.layer for cam in cams], "on_logits": cams[0].on_logits, "inputs": inputs}
        described["channels"] = max(getattr(cam, "channels", 1) for cam in cams)  # by which some methods take passes
        return {"number": len(self._cams) - 1, **described}

    def maps(self, number: int, target: Any, images: Any) -> List[Dict[str, Any]]:
        """Return the parts of the Maps of each branch."""
        cams = self._cams[number]
        batches = [cam.image_input.batch(one) for cam, one in zip(cams, images)]
        of_maps = "raw", "classes", "scores", "finite", "rounding", "channels", "details"
        names = *of_maps, "photo", "fed", "windows", "boxes"
        return [
            {**{name: getattr(maps, name) for name in names}, "labels": None if maps.boxes is None else maps.labels}
            for maps in self._together(cams, batches, target)
        ]

    def _together(self, cams: Sequence[Any], batches: Sequence[Any], target: Any) -> List[Any]:
        """Return the Maps of each branch; a method of many runs says after each of them that it goes on."""
        step = self._call("step")
        with contextlib.ExitStack() as after:
            for cam in cams:
                if hasattr(cam, "progress"):
                    after.callback(setattr, cam, "progress", cam.progress)
                    cam.progress = lambda rows: step(rows, 0)
            together: List[Any] = cams[0].together(cams, batches, target)
            return together

    def evidence(self, number: int, target: Any, images: Any) -> Dict[str, Any]:
        """Return the parts of a GradCAM's Evidence."""
        evidence = self._cams[number][0].evidence(images, target)
        return {name: getattr(evidence, name) for name in ("activations", "gradients", "scores", "classes")}

    def evaluate(self, judged: Sequence[Any], measures: Any, target: Any, truth: Any, memory: Any, images: Any) -> Any:
        """Return what metrics say of cams, given by their numbers, and of Maps; see explainers.evaluating_elsewhere."""
        step, judging = self._call("step"), self._evaluating
        options = judging.Options(target, truth, memory, lambda rows: step(rows, 0), lambda maps: step(0, maps))
        received = [self._received(one, self._cams) for one in judged]
        return list(judging.numbers_of(self._model, received, measures, self._as_batch(images), options)[:2])

    def features(self, name: str, images: Any) -> Any:
        """Return the values of a tensor."""
        return self._model.features(name, images)

    def tensor(self, name: str) -> Optional[Dict[str, Any]]:
        """Return what is known of a tensor."""
        return _tensor(self._model.tensor(name))

    def name_of(self, name: str) -> str:
        """Return the shortest name of a tensor."""
        return str(self._model.name_of(self._model.tensor(name)))

    def needs(self, names: Sequence[str]) -> List[str]:
        """Return the placeholders that tensors depend on."""
        return list(self._model.needs(*names))

    def layers(self) -> List[Dict[str, Any]]:
        """Return the layers that are worth explaining."""
        return [{"layer": one.name, "tensor": _tensor(one.tensor)} for one in self._model.layers()]

    def inputs_of(self, tensors: Sequence[str], cut: Sequence[str]) -> List[int]:
        """Return the numbers of the inputs that tensors depend on."""
        model = self._model
        return [model.inputs.index(one) for one in model.inputs_of([model.tensor(name) for name in tensors], cut)]

    def golden(self, *arguments: Any) -> Dict[str, Any]:
        """Return a recording."""
        source, layers, target, how, images = arguments
        return dataclasses.asdict(self._make_golden(self._model, source, images, layers, target, how))

    def inspect(self, path: str, options: Dict[str, Any]) -> str:
        """Describe a model in lines of text."""
        return str(self._describe(path, options))

    def vet(self, path: str, allow: Sequence[str]) -> Any:
        """Return the verdict on a file."""
        return self._as_answer(self._vet(path, allow))

    def takes(self, path: str, net: Any, names: Sequence[str]) -> Dict[str, bool]:
        """Return which options of load() the source of a path takes."""
        source = self._source_of(path, net)
        return {name: source.takes(name) for name in names}


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
