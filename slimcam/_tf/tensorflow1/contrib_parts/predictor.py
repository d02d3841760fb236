"""tf.contrib.predictor: call a SavedModel with a dict of arrays."""

from typing import Any, Dict, Mapping, Optional

from ...core import tf1

Arrays = Dict[str, Any]
DEFAULT = "serving_default"


class SavedModelPredictor:
    """A SavedModel in a session of its own; called with arrays by the names of a signature's inputs."""

    def __init__(
        self,
        export_dir: str,
        signature_def_key: Optional[str] = None,
        signature_def: Any = None,
        input_names: Optional[Mapping[str, str]] = None,
        output_names: Optional[Mapping[str, str]] = None,
        tags: Optional[str] = None,
        graph: Any = None,
        config: Any = None,
    ) -> None:
        if (input_names is None) != (output_names is None):
            raise ValueError("input_names and output_names must both be specified or both be unspecified.")
        if sum(one is not None for one in (signature_def_key, signature_def, input_names)) > 1:
            raise ValueError(
                "You must specify at most one of signature_def_key OR signature_def OR(input_names AND output_names)."
            )
        self.graph = graph or tf1.Graph()
        with self.graph.as_default():
            self.session = tf1.Session(config=config)
            loaded = tf1.saved_model.loader.load(self.session, (tags or "serve").split(","), export_dir)
        if input_names is None or output_names is None:
            signature = signature_def or _signature(loaded.signature_def, signature_def_key or DEFAULT)
            input_names = {name: one.name for name, one in signature.inputs.items()}
            output_names = {name: one.name for name, one in signature.outputs.items()}
        self.feed_tensors = {key: self.graph.get_tensor_by_name(name) for key, name in input_names.items()}
        self.fetch_tensors = {key: self.graph.get_tensor_by_name(name) for key, name in output_names.items()}

    def __call__(self, input_dict: Mapping[str, Any]) -> Arrays:
        """Return the outputs' arrays by their names. Raises ValueError for a name that is no input."""
        unexpected = set(input_dict) - set(self.feed_tensors)
        if unexpected:
            raise ValueError(f"Got unexpected keys in input_dict: {unexpected}\nexpected: {set(self.feed_tensors)}")
        feeds = {self.feed_tensors[key]: value for key, value in input_dict.items() if value is not None}
        made: Arrays = self.session.run(self.fetch_tensors, feed_dict=feeds)
        return made


def _signature(signatures: Mapping[str, Any], key: str) -> Any:
    for each in (key, f"default_input_alternative:{key}"):
        if each in signatures:
            return signatures[each]
    raise ValueError(f'Got signature_def_key "{key}". Available signatures are {list(signatures)}.')


def from_saved_model(export_dir: str, *args: Any, **options: Any) -> SavedModelPredictor:
    """Return the predictor of a SavedModel."""
    return SavedModelPredictor(export_dir, *args, **options)
