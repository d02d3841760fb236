"""The lists of operations: complete for the TensorFlow at hand, without doubles, and right where attributes decide."""

import pytest
import tensorflow.compat.v1 as tf1

from slimcam._tf import registered_ops
from slimcam.sources.vetting.operators import BY_ATTRIBUTES, UNKNOWN, Judgement, is_known, judge
from slimcam.sources.vetting.operators_computing import CALLING, COMPUTING, DRAWING
from slimcam.sources.vetting.operators_refused import REASONS, REFUSED
from slimcam.sources.vetting.structure import COUNTS
from slimcam.sources.vetting.words import BYTES, WORDS


@pytest.fixture(scope="module")
def registry():
    return registered_ops()


def judged(op, **attributes):
    node = tf1.NodeDef(name="n", op=op)
    for name, value in attributes.items():
        setattr(node.attr[name], {bytes: "s", bool: "b", int: "type"}[type(value)], value)
    return judge(node)


def test_every_operation_of_this_tensorflow_is_on_a_list(registry):
    assert [op for op in sorted(registry) if not is_known(op)] == []  # scripts/operators prints what it is


def test_what_tensorflow_lite_registers_once_it_converts_is_on_a_list():
    ops = ["TFLite_Detection_PostProcess", "UnidirectionalSequenceLstm", "UnidirectionalSequenceRnn"]
    assert [op for op in ops if not is_known(op)] == []


def test_no_operation_is_on_two_lists():
    names = [name for names in REFUSED.values() for name in names.split()]
    assert len(names) == len(REASONS)
    assert COMPUTING & set(names) == COMPUTING & DRAWING == DRAWING & set(names) == set()


def test_who_calls_functions_is_looked_into(registry):
    calls = {op for op, one in registry.items() if any("func" in attribute.type for attribute in one.attr)}
    assert calls & COMPUTING == CALLING & set(registry)


def test_what_says_how_many_tensors_there_are_is_looked_at(registry):
    arguments = [one for op in registry.values() for one in (*op.input_arg, *op.output_arg)]
    assert {one.number_attr for one in arguments} - {""} <= COUNTS


def test_what_is_said_in_words_is_looked_at(registry):
    attributes = [one for op, row in registry.items() if op in COMPUTING for one in row.attr]
    assert {one.name for one in attributes if "string" in one.type} <= WORDS | BYTES
    assert not WORDS & BYTES


def test_what_takes_a_path_by_an_attribute_is_not_taken_for_computing(registry):
    # attributes by which TensorFlow's operations are told of files, addresses and programs
    words = ("file", "url", "address", "stream", "vocab", "descriptor_source", "protocol", "directory", "token")
    taking = {op for op, one in registry.items() if any(word in a.name for a in one.attr for word in words)}
    assert sorted(op for op in taking & COMPUTING if op not in BY_ATTRIBUTES) == []


@pytest.mark.parametrize(
    "op, why",
    [
        *(("WriteFile", "writes files"), ("SaveV2", "writes files"), ("MergeV2Checkpoints", "writes files")),
        *(("CacheDataset", "writes files"), ("CreateSummaryFileWriter", "writes files")),
        *(("DebugIdentityV2", "writes files"), ("ReadFile", "reads files"), ("MatchingFiles", "reads files")),
        *(("WholeFileReaderV2", "reads files"), ("InitializeTableFromTextFileV2", "reads files")),
        *(("ImmutableConst", "reads files"), ("PyFunc", "calls functions of the program that loads it")),
        *(("EagerPyFunc", "calls functions of the program that loads it"), ("RpcServer", "opens connections")),
        *(
            ("Abort", "ends the process"),
            ("BatchCholesky", "ends the process"),
            ("QueueDequeueV2", "may wait for ever"),
        ),
        *(("RemoteCall", "reaches other devices or processes"), ("XlaCallModule", "runs compiled code")),
        *(("_Recv", "is internal to TensorFlow"), ("IteratorGetNext", "is of an input pipeline")),
    ],
)
def test_what_reaches_out_is_refused_with_a_reason(op, why):
    assert judged(op) == Judgement(why, True)


@pytest.mark.parametrize("op", ["Conv2D", "Const", "While", "VarHandleOp", "LookupTableFindV2", "DecodeJpeg", "NoOp"])
def test_what_computes_is_allowed(op):
    assert judged(op) is None


@pytest.mark.parametrize("op", ["Assert", "Print", "RandomUniform"])
def test_what_has_a_side_effect_without_reach_is_said(op):
    assert judged(op).why and not judged(op).is_refused


def test_an_operation_that_nobody_knows_is_refused():
    assert judged("ReadFileOfTomorrow") == Judgement(UNKNOWN, True)


@pytest.mark.parametrize("length, refused", [(-1, False), (12, False), (1 << 30, True)])
@pytest.mark.parametrize("attribute", ["width", "precision"])
def test_a_text_of_a_number_has_an_end(attribute, length, refused):
    node = tf1.NodeDef(name="n", op="AsString")
    node.attr[attribute].i = length
    assert (judge(node) == Judgement("expands without bound", True)) == refused


@pytest.mark.parametrize("stream, refused", [(b"stderr", False), (b"log(info)", False), (b"file:///tmp/x", True)])
def test_printing_is_said_on_a_terminal_and_refused_in_a_file(stream, refused):
    assert judged("PrintV2", output_stream=stream).is_refused == refused


@pytest.mark.parametrize(
    "op, harmless, harmful",
    [
        ("DecodeProtoV2", {"descriptor_source": b"local://"}, {"descriptor_source": b"/etc/passwd"}),
        ("EncodeProto", {"descriptor_source": b"bytes://x"}, {"descriptor_source": b"a.pb"}),
        ("Empty", {"init": True}, {}),
        ("Const", {"dtype": 1}, {"dtype": 20}),
        ("ParseTensor", {"out_type": 1}, {"out_type": 21}),
    ],
)
def test_attributes_decide(op, harmless, harmful):
    assert judged(op, **harmless) is None
    assert judged(op, **harmful).is_refused


def test_a_sampler_that_reads_its_words_from_a_file_is_refused():
    assert not judged("FixedUnigramCandidateSampler").is_refused
    assert judged("FixedUnigramCandidateSampler", vocab_file=b"words").is_refused
