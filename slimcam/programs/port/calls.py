"""What a call of an old library is today, where more than its name changed: as text, from the text of its arguments."""

import ast
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..._tf.keras1.arguments import RENAMED, converted

_MERGES = {"concat": "concatenate", "sum": "add", "mul": "multiply", "ave": "average", "max": "maximum", "dot": "dot"}
# Keras 2.2's, which differ from TensorFlow 2's
_DEFAULTS: Dict[str, Dict[str, str]] = {
    "LSTM": {"recurrent_activation": "'hard_sigmoid'"},
    "GRU": {"recurrent_activation": "'hard_sigmoid'", "reset_after": "False"},
    "Adadelta": {"learning_rate": "1.0"},
    "Adagrad": {"learning_rate": "0.01", "initial_accumulator_value": "0.0"},
    "Adamax": {"learning_rate": "0.002"},
    "Nadam": {"learning_rate": "0.002"},
}
_PREDICTIONS = {  # methods of Sequential that went with TensorFlow 2.6
    "predict_proba": "{}",
    "predict_classes": "(lambda p: p.argmax(-1) if p.shape[-1] > 1 else (p > 0.5).astype('int32'))({})",
}
_METHODS = {"fit", "fit_generator", "evaluate_generator", "predict_generator"}
_SIMPLE = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)


class Call(NamedTuple):
    """A call: the whole name of what is called, "" if unknown, its text, and the texts of its arguments."""

    name: str
    function: str
    args: List[str]
    named: Dict[str, str]


class Changed(NamedTuple):
    """A call of today: its text, what it needs imported, as "module" or "module:name", and what to look at."""

    text: str
    imports: Tuple[str, ...] = ()
    left: str = ""


def changed(call: Call) -> Optional[Changed]:
    """Return a call of today; None where nothing but its name may have changed."""
    if call.name == "numpy.asscalar" and len(call.args) == 1:
        return Changed(f"{_operand(call.args[0])}.item()")
    if call.name in ("scipy.misc.imread", "scipy.ndimage.imread") and call.named == {"mode": call.named.get("mode")}:
        mode = _literal(call.named["mode"])
        if mode == "RGB" and len(call.args) == 1:
            return Changed(f"np.array(Image.open({call.args[0]}).convert('RGB'))", ("numpy as np", "PIL:Image"))
    if call.name.startswith("keras.") or call.name.startswith("tensorflow.keras."):
        return _keras(call)
    method = call.function.rpartition(".")[2]
    if not call.name and "." in call.function and method in _METHODS and set(call.named) & set(RENAMED.get(method, {})):
        return _with_today_arguments(call, method)
    if not call.name and method in _PREDICTIONS and "." in call.function:
        predicted = _text(call.function[: -len(method)] + "predict", call.args, call.named)
        return Changed(_PREDICTIONS[method].format(predicted))
    if not call.name and method == "tostring" and len(call.args) + len(call.named) == 0:
        return Changed(call.function[: -len("tostring")] + "tobytes()")
    return None


def _keras(call: Call) -> Optional[Changed]:
    last = call.name.rpartition(".")[2]
    if last == "merge" and call.name in ("keras.layers.merge", "keras.legacy.layers.merge", "keras.layers.core.merge"):
        return _merge(call)
    name = {"Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D"}.get(last, last)
    if ".optimizers." in call.name:
        return _optimizer(call, last)
    new = _with_today_arguments(call, name) if name in RENAMED else None
    if new is not None:
        return new
    return _with_defaults(call, last) if last in _DEFAULTS else None


def _optimizer(call: Call, name: str) -> Optional[Changed]:
    named = {("learning_rate" if key == "lr" else key): value for key, value in call.named.items()}
    if call.args and name in _DEFAULTS:
        return None if named == call.named else Changed(_text(call.function, call.args, named))
    named = {**named, **{key: value for key, value in _DEFAULTS.get(name, {}).items() if key not in named}}
    return None if named == call.named else Changed(_text(call.function, call.args, named))


def _with_defaults(call: Call, name: str) -> Optional[Changed]:
    missing = {key: value for key, value in _DEFAULTS[name].items() if key not in call.named}
    return Changed(_text(call.function, call.args, {**call.named, **missing})) if missing else None


def _merge(call: Call) -> Changed:
    """Return merge(…, mode=…) of Keras 1 as the function of Keras 2 that is named for its mode."""
    named = dict(call.named)
    mode = named.pop("mode", call.args[1] if len(call.args) > 1 else "'sum'")
    axis, dot_axes = named.pop("concat_axis", "-1"), named.pop("dot_axes", "-1")
    function = _MERGES.get(str(_literal(mode)))
    if function is None:
        return Changed(
            _text(call.function, call.args, call.named), (), f"merge(mode={mode}) has no function in Keras 2"
        )
    extra = {"concat": {"axis": axis}, "dot": {"axes": dot_axes}}.get(str(_literal(mode)), {})
    kept = {key: value for key, value in named.items() if key == "name"}
    return Changed(_text(function, call.args[:1], {**extra, **kept}), (f"tf_keras.layers:{function}",))


def _with_today_arguments(call: Call, name: str) -> Optional[Changed]:
    """Return a call with the arguments of Keras 1 as those of Keras 2; None where it has none."""
    keras1 = call.function.rpartition(".")[2].startswith("Convolution") or bool(set(call.named) & set(RENAMED[name]))
    of: Any = _Whole if keras1 else _Code
    before = tuple(of.read(text) for text in call.args), {key: of.read(text) for key, text in call.named.items()}
    args, named = converted(name, *before)
    if (list(args), named) == (list(before[0]), before[1]):
        return None
    left = ""
    if "samples_per_epoch" in call.named:
        left = "samples_per_epoch counted samples; steps_per_epoch counts batches: divide it by the batch size"
    order = ["kernel_size", *(RENAMED[name].get(key, key) for key in call.named)]
    keys = sorted(named, key=lambda key: order.index(key) if key in order else len(order))
    texts = {key: _code(named[key]) for key in keys}
    if name in _DEFAULTS:
        texts.update({key: value for key, value in _DEFAULTS[name].items() if key not in texts})
    return Changed(_text(call.function, [_code(value) for value in args], texts), (), left)


class _Code:
    """The text of an argument, among values that are known."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def read(cls, text: str) -> Any:
        """Return the value of a literal, the text of anything else."""
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return cls(text)
        return value if isinstance(value, (int, str, type(None))) else cls(text)


class _Whole(int):
    """The text of an argument that may be a size of Keras 1, which are whole numbers."""

    text: str

    @classmethod
    def read(cls, text: str) -> Any:
        """Return the value of a literal, the text of anything else, as a number where it may be one."""
        value = _Code.read(text)
        return cls._of(text) if isinstance(value, _Code) else value

    @classmethod
    def _of(cls, text: str) -> Any:
        if text[:1] in "([{'\"" or "=" in text:
            return _Code(text)
        number = cls(1)
        number.text = text
        return number


def _code(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_code, value)) + ("," if len(value) == 1 else "") + ")"
    return value.text if isinstance(value, (_Code, _Whole)) else repr(value)


def _literal(text: Any) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _operand(text: str) -> str:
    return text if isinstance(ast.parse(text, mode="eval").body, _SIMPLE) else f"({text})"


def _text(function: str, args: List[str], named: Dict[str, str]) -> str:
    return f"{function}({', '.join([*args, *(f'{key}={value}' for key, value in named.items())])})"
