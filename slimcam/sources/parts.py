"""Parts: what a reader returns, and all sources share the way from there to a Model."""

from dataclasses import dataclass, field
from typing import List, Mapping, Optional, Sequence

from .._types import ArrayReader, GraphDef
from ..layers.names import Call
from ..model import Eager
from .options import TIMEOUT, LabelsLike, NamesLike
from .vetting.graphs import Judged


@dataclass(frozen=True)
class Parts:
    """A model that has not been imported yet; names are those of the GraphDef."""

    source: str
    graph_def: GraphDef
    weights: Mapping[str, ArrayReader] = field(default_factory=dict)  # read when needed, one at a time
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)  # of weights, where the source tells them
    input: Optional[NamesLike] = None  # one, or several, as options.names_of reads them
    logits: Optional[str] = None
    why_logits: str = ""  # why these are the logits, where it is not `named_by` that says it
    no_logits: str = ""  # why the source found none, where its outputs alone do not tell
    layer: Optional[str] = None
    named_by: str = "as asked"  # who named input and logits
    inputs: List[str] = field(default_factory=list)  # all inputs, in order, where the source says which they are
    outputs: List[str] = field(default_factory=list)  # likewise
    calls: List[Call] = field(default_factory=list)  # of Keras layers, on tensors of a graph with the same names
    end_points: Mapping[str, str] = field(default_factory=dict)
    preprocess: Optional[str] = None
    size: Optional[int] = None  # the side of the images, where the graph does not say it
    labels: Optional[LabelsLike] = None
    why: List[str] = field(default_factory=list)
    keep_dropout: bool = False
    timeout: Optional[float] = TIMEOUT  # seconds a run, None for no bound
    output_kind: str = ""  # a row of op_types.OUTPUT_KINDS, where the graph was cut off before it shows
    live: bool = False  # the weights may be read again later
    eager: Optional[Eager] = None  # the Keras model that the graph was traced from
    judged: Optional[Judged] = None  # of a file's own graph: what it does beside computing
    notes: List[str] = field(default_factory=list)  # what the user of a map must know: what was assumed, say
