"""A child process that does what it should not: each is a small Python in the place of the worker."""

import ast
import os
import pickle
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from slimcam.errors import MissingFeed, ModelError, UnknownName
from slimcam.isolation import child as children
from slimcam.isolation import messages
from slimcam.isolation.child import Child

# A worker that says that it has started, and then runs the test's code; `end` is its socket.
FAKE = """
import json, os, socket, struct, sys, time
settings = json.loads(sys.argv[1])
sys.path[:] = settings["path"]
from slimcam.isolation import guardian
guardian.fork(settings["pipe"], settings["end"], settings["scratch"])
end = socket.socket(fileno=settings["end"])
def send(text, arrays=b"", length=None):
    text = text if isinstance(text, bytes) else text.encode()
    end.sendall(struct.pack("<QQ", len(text), len(arrays) if length is None else length) + text + arrays)
def wait():
    head = end.recv(16, socket.MSG_WAITALL)  # a request comes in two parts
    if head:
        end.recv(struct.unpack("<QQ", head)[1], socket.MSG_WAITALL)
send('{"value": {"lacks": []}}')
"""
WAIT = "wait()\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a system like Linux or macOS")


@pytest.fixture
def child_of(monkeypatch):
    """Return `child_of(code, timeout)`: a Child whose process runs code in the place of the worker."""
    made = []

    def make(code, timeout=5.0):
        monkeypatch.setattr(children, "PROGRAM", f"{FAKE}{code}\nwhile end.recv(1 << 20): pass")
        made.append(Child("model.pb", [], False, 1 << 30, timeout, 100))
        return made[-1]

    yield make
    for one in made:
        one.close()


def left_behind(child):
    return child._process.poll() is None or not child.closed


@pytest.mark.parametrize(
    "code, ending",
    [
        ("os.kill(os.getpid(), 9)", "was ended by SIGKILL: a crash, or more memory than 1 GiB"),
        ("os.abort()", "was ended by SIGABRT: a crash, or more memory than 1 GiB, of which memory= gives more, in GiB"),
        ("sys.exit(71)", "takes more memory than 1 GiB: give memory=, in GiB"),
        ("sys.exit(3)", "ended with status 3"),
        ("send('{\"value\": 1}', length=1 << 50)", "sent what is no answer (ValueError), and was ended"),
        ("end.sendall(struct.pack('<QQ', 1 << 60, 0))", "sent what is no answer (ValueError), and was ended"),
        ("send('[' * 1000000)", "sent what is no answer (RecursionError), and was ended"),
        ("send(b'\\xff')", "sent what is no answer (UnicodeDecodeError), and was ended"),
        ("send('nothing')", "sent what is no answer (JSONDecodeError), and was ended"),
        ("send('[]')", "sent what is no answer (TypeError), and was ended"),
        ('send(\'{"error": {"error": "TYPE_CHECKING", "message": ""}}\')', "sent what is no answer (ValueError)"),
        ('send(\'{"error": {"error": "Remedy", "message": ""}}\')', "sent what is no answer (ValueError)"),
    ],
)
def test_a_process_that_ends_or_talks_nonsense_is_an_error_of_one_line(child_of, code, ending):
    child = child_of(WAIT + code)
    with pytest.raises(ModelError) as raised:
        child.call("layers")
    assert str(raised.value).startswith(f"model.pb: its process {ending}")
    assert not left_behind(child)
    with pytest.raises(ModelError, match=r"^model.pb: its process"):  # and stays one
        child.call("layers")


@pytest.mark.parametrize(
    "spec, size",
    [
        ('{"array": 0, "dtype": "float32", "shape": [4]}', 8),  # more than was sent
        ('{"array": 0, "dtype": "float32", "shape": [-1]}', 8),
        ('{"array": 0, "dtype": "float32", "shape": [4611686018427387904, 4, 0]}', 8),
        ('{"array": 0, "dtype": "object", "shape": [1]}', 8),
        ('{"array": 0, "dtype": "bool", "shape": [8]}', 8),
        ('{"array": 0, "dtype": "float32", "shape": [1' + ", 1" * 40 + "]}", 8),
        ('{"array": 0}', 8),
    ],
)
def test_arrays_that_are_none_are_an_error(child_of, spec, size):
    child = child_of(WAIT + f"send({'{' + chr(34) + 'value' + chr(34) + ': ' + spec + '}'!r}, b'\\x07' * {size})")
    with pytest.raises(ModelError, match=r"sent what is no answer"):
        child.call("features")


def test_nothing_that_a_process_sends_is_unpickled(child_of, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    child = child_of(WAIT + f"send({pickle.dumps(Evil())!r})")
    with pytest.raises(ModelError, match=r"sent what is no answer"):
        child.call("layers")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("code", ["time.sleep(60)", "end.sendall(b'\\0' * 5)\ntime.sleep(60)"])
def test_a_process_that_is_late_is_ended(child_of, monkeypatch, code):
    monkeypatch.setattr(children, "GRACE", 0.1)
    child, start = child_of(WAIT + code, timeout=0.2), time.monotonic()
    with pytest.raises(ModelError, match=r"its process took more than 0.3 s and was ended: give timeout="):
        child.call("layers")
    assert time.monotonic() - start < 10
    assert not left_behind(child)


def test_a_process_that_reads_nothing_is_ended(child_of, monkeypatch):
    monkeypatch.setattr(children, "GRACE", 0.1)
    child = child_of("time.sleep(60)", timeout=0.2)
    with pytest.raises(ModelError, match=r"took more than 0.3 s"):
        child.call("maps", np.zeros(1 << 22, np.uint8))


def test_closing_ends_a_call(child_of):
    child = child_of(WAIT + "time.sleep(60)", timeout=None)
    timer = threading.Timer(0.2, child.close)
    timer.start()
    with pytest.raises(ModelError, match=r"^the model is closed; load it again$"):
        child.call("layers")
    timer.join()
    assert not left_behind(child)


def test_threads_that_ask_at_the_same_time_take_turns(child_of):
    child = child_of("while end.recv(1 << 20): time.sleep(0.01); send('{\"value\": [1, 2]}')")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(child.call("layers"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [[1, 2]] * 6


def test_errors_of_slimcam_come_as_they_were(child_of):
    code = 'send(\'{"error": {"error": "UnknownName", "message": "no tensor", "remedies": []}}\')\n' + WAIT
    code += 'send(\'{"error": {"error": "MissingFeed", "message": "x", "remedies": [["a", "b", "c"]]}}\')\n' + WAIT
    child = child_of(WAIT + code)
    with pytest.raises(UnknownName, match=r"^no tensor$"):
        child.call("tensor", "x")
    with pytest.raises(MissingFeed) as raised:
        child.call("cam")
    assert raised.value.on_one_line() == "x; or b"


def test_what_cannot_be_pickled_is_an_error_and_nothing_is_sent(child_of):
    child = child_of(WAIT + "send('{\"value\": 7}')")
    with pytest.raises(ModelError, match=r"isolated= sends what can be pickled"):
        child.call("load", lambda: None)
    assert child.call("layers") == 7


def test_what_a_process_wrote_is_removed_with_it(child_of):
    code = "open(os.path.join(os.environ['TMPDIR'], 'file'), 'w').write('x')\n"
    child = child_of(WAIT + code + "send(json.dumps({'value': os.environ['TMPDIR']}))\n" + WAIT)
    folder = child.call("where")
    assert os.listdir(folder) == ["file"]
    child.close()
    assert not os.path.exists(folder)


STARTER = """
import sys, time
from slimcam.isolation import child
child.PROGRAM = sys.argv[1]
one = child.Child("model.pb", [], False, 1 << 30, None, 100)
print(one.call("where"), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("doing", ["time.sleep(600)", "while True: pass", WAIT], ids=["sleeps", "computes", "waits"])
def test_who_is_killed_leaves_no_process_and_no_folder(tmp_path, doing):
    code = "open(os.path.join(os.environ['TMPDIR'], 'file'), 'w').write('x')\n"
    code += "send(json.dumps({'value': [os.environ['TMPDIR'], os.getpid(), os.getppid()]}))\n" + doing
    words = [sys.executable, "-c", STARTER, f"{FAKE}{WAIT}{code}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as starter:
        folder, *pids = ast.literal_eval(starter.stdout.readline().decode())
        assert os.listdir(str(tmp_path)) == [os.path.basename(folder)]
        assert os.listdir(folder) == ["file"]
        starter.kill()
    until = time.monotonic() + 30
    while time.monotonic() < until and (os.path.exists(folder) or any(map(runs, pids))):
        time.sleep(0.05)
    assert os.listdir(str(tmp_path)) == []
    assert not any(map(runs, pids))


def runs(pid):
    """Whether a process is there, and no zombie that its new parent has yet to wait for."""
    ended = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return ended.stdout.strip()[:1] not in ("", "Z")


def test_a_guardian_that_is_killed_takes_the_process_along(child_of):
    child = child_of(WAIT + "send(json.dumps({'value': os.getpid()}))\n" + WAIT)
    pid = child.call("pid")
    os.kill(child._process.pid, 9)
    until = time.monotonic() + 30
    while sys.platform.startswith("linux") and runs(pid) and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ModelError, match="was ended by SIGKILL"):
        child.call("layers")
    assert not sys.platform.startswith("linux") or not runs(pid)


def test_secrets_of_the_environment_stay_here(child_of, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "abc")
    child = child_of(WAIT + "send(json.dumps({'value': sorted(os.environ)}))\n" + WAIT)
    names = child.call("environment")
    assert "SECRET_KEY" not in names
    assert "PATH" in names


def test_arrays_come_as_they_were_sent():
    here, there = socket.socketpair()
    arrays = [np.arange(6).reshape(2, 3).astype(kind) for kind in ("f4", "f8", "u1", "i8", "?")]
    arrays += [np.zeros((0, 3), np.float32), np.float32([[np.nan, np.inf]]).T, np.array(2.5)]
    with here, there:
        messages.send_reply(there, {"value": {"arrays": arrays, "rest": [1, None, "ü", np.float32(0.5)]}})
        value = messages.receive_reply(here, None)["value"]
    assert value["rest"] == [1, None, "ü", 0.5]
    for sent, received in zip(arrays, value["arrays"]):
        assert sent.dtype == received.dtype
        np.testing.assert_array_equal(sent, received)
