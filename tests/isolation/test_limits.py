"""What a process gives up: tried in processes of their own, which are Python alone."""

import json
import os
import subprocess
import sys
from unittest import mock

import pytest

import slimcam
from slimcam.isolation import limits
from slimcam.isolation.child import readable

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

PROGRAM = """
import ctypes, json, os, socket, subprocess, sys, threading
given, tries = json.loads(sys.argv[1])
sys.path.insert(0, given.pop("package"))
from slimcam.isolation import limits
given = limits.Limits(**given)
lacks = limits.before_imports(given)
threads = [threading.Thread(target=threading.Event().wait, args=(5,), daemon=True) for _ in range(2)]
[thread.start() for thread in threads]
lacks += limits.after_imports(given)
results = {"lacks": lacks}
for name, code in tries.items():
    try:
        results[name] = str(eval(code))
    except (OSError, MemoryError, ValueError) as error:
        results[name] = type(error).__name__
print(json.dumps(results))
"""
ROOT = os.path.dirname(os.path.dirname(slimcam.__file__))


def outcomes(tmp_path, **tries):
    """Return by name what became of expressions in a process with limits: their values, or the names of errors."""
    for name in ("own", "scratch", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    given = {
        "package": ROOT,
        "reads": [*readable(False), str(tmp_path / "own")],
        "writes": [str(tmp_path / "scratch"), "/dev/null"],
        "data": 1 << 28,
        "file": 1 << 20,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([given, tries])],
        capture_output=True,
        cwd=str(tmp_path / "own"),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    results = json.loads(done.stdout.decode())
    lacks = results.pop("lacks")
    if lacks:
        pytest.skip(f"this machine cannot do it all: {lacks}")
    return results


def test_no_files_but_its_own_are_reached(tmp_path):
    (tmp_path / "own").parent.joinpath("link").symlink_to(tmp_path / "other")
    assert outcomes(
        tmp_path,
        own="open('file').read()",
        other="open('../other/file').read()",
        by_link="open('../link/file').read()",
        passwords="open('/etc/passwd').read()",
        environment="open('/proc/%d/environ' % os.getppid()).read()",
        folder="os.listdir('../other')",
        written="open('file', 'w')",
        made="os.mkdir('new')",
        removed="os.remove('file')",
        linked="os.symlink('file', 'link')",
        moved="os.rename('file', '../scratch/moved')",
        rights="os.chmod('file', 0o777)",
        scratch="open('../scratch/file', 'a').write('more')",
        null="open('/dev/null', 'w').write('x')",
        process="open('/proc/self/status').readline()[:5]",
        library="bool(__import__('decimal').Decimal(1))",
    ) == {
        "own": "own",
        **dict.fromkeys(
            [
                "other",
                "by_link",
                "passwords",
                "environment",
                "folder",
                "written",
                "made",
                "removed",
                "linked",
                "moved",
                "rights",
            ],
            "PermissionError",
        ),
        **{"scratch": "4", "null": "1", "library": "True", "process": "Name:"},
    }
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["file"]


def test_no_network_no_programs_no_signals_and_threads_all_the_same(tmp_path):
    call = "(ctypes.set_errno(0), ctypes.CDLL(None, use_errno=True).{}, os.strerror(ctypes.get_errno()))[2]"
    assert outcomes(
        tmp_path,
        tcp="socket.socket()",
        unix="socket.socket(socket.AF_UNIX)",
        program="subprocess.run(['/bin/true'])",
        replaced="os.execv('/bin/true', ['true'])",
        forked="os.fork()",
        vforked=call.format("vfork()"),
        signal="os.kill(os.getppid(), 0)",
        traced=call.format("ptrace(16, os.getppid(), 0, 0)"),
        threads="(lambda t: (t.start(), t.join(), 'ran')[2])(threading.Thread(target=int))",
        limit="__import__('resource').setrlimit(__import__('resource').RLIMIT_CORE, (0, 0))",
        asked="__import__('resource').getrlimit(__import__('resource').RLIMIT_CORE)",
    ) == {
        **dict.fromkeys(["tcp", "unix", "program", "replaced", "forked", "signal"], "PermissionError"),
        "limit": "ValueError",  # which Python makes of the refusal
        **dict.fromkeys(("vforked", "traced"), os.strerror(1)),
        **{"threads": "ran", "asked": "(0, 0)"},
    }


def test_memory_and_files_have_bounds(tmp_path):
    assert outcomes(
        tmp_path,
        half="len(bytearray(1 << 27))",
        twice="len(bytearray(1 << 29))",
        written="open('../scratch/small', 'wb').write(bytes(1 << 20))",
        too_large="open('../scratch/large', 'wb').write(bytes(1 << 22)) == 1 << 22 or 'cut'",
    ) == {"half": str(1 << 27), "twice": "MemoryError", "written": str(1 << 20), "too_large": "OSError"}


def test_what_a_kernel_and_a_system_lack_is_said(monkeypatch):
    libc = mock.Mock()
    libc.syscall.return_value = -1
    given = limits.Limits([], [], 1, 1)
    assert limits._landlock(libc, given) == ["this kernel has no Landlock, so it reaches the files that you reach"]
    monkeypatch.setattr(limits.ctypes, "CDLL", mock.Mock(side_effect=OSError))
    assert limits._seccomp()[0].startswith(
        "libseccomp.so.2 is not installed, so programs and networks are in its reach"
    )
    monkeypatch.setattr(limits, "LINUX", False)
    assert "no limit on files, on networks" in limits.before_imports(given)[0]
