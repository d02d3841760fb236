"""What a process gives up for good: files, networks, other programs, memory. Linux offers it without privileges.

- rlimits: no core dumps, a bound on each file it writes, and on its data (RLIMIT_DATA: not what is only reserved, as
  RLIMIT_AS counts it, of which TensorFlow's threads have gigabytes).
- Landlock, Linux 5.13 on: which files it reaches, and from 6.7 on TCP. It holds for a thread and those that it starts,
  so it comes before NumPy and TensorFlow, which start some as they are imported. No library of PyPI for it is released.
- seccomp, by libseccomp, which every Debian, Ubuntu and Fedora has: system calls; it holds for all threads at once.

Only Python's own library is imported here.
"""

import ctypes
import errno
import os
import struct
import sys
from typing import Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple

LINUX = sys.platform.startswith("linux")
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h

# linux/landlock.h: system calls, alike on all machines; access rights by bit, and how many a version has
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
RIGHTS_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15  # truncate, ioctl; all others are of folders
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # of later versions as many as of the last
NETWORK, SCOPES = 3, 3  # bind, connect; abstract sockets, signals

# seccomp.h
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # with an error's number
ALL_THREADS, OPTIMISE = 4, 8
DIFFERS, MASKED = 1, 7
CLONE_THREAD = 0x00010000
NO_CALLS = {
    "programs": "execve execveat fork vfork ptrace process_vm_readv process_vm_writev pidfd_getfd process_madvise",
    "networks": "socket connect bind listen accept accept4 io_uring_setup io_uring_enter io_uring_register",
    "others": "kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open setpriority",
    "rights": "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr "
    "lremovexattr fremovexattr utime utimes utimensat futimesat setrlimit setuid setgid setresuid setresgid",
    "machine": "mount umount2 move_mount open_tree fsopen fsconfig pivot_root chroot setns unshare reboot swapon "
    "swapoff kexec_load kexec_file_load init_module finit_module delete_module bpf perf_event_open userfaultfd keyctl "
    "add_key request_key syslog settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname acct "
    "quotactl open_by_handle_at name_to_handle_at fanotify_init modify_ldt iopl ioperm",
}


class Limits(NamedTuple):
    """What a child is left with."""

    reads: Sequence[str]  # files and folders, with all that is in them
    writes: Sequence[str]
    data: int  # bytes beside what Python and TensorFlow have once they are imported
    file: int  # bytes of each file that it writes


def before_imports(limits: Limits) -> List[str]:
    """Give up files, networks and core dumps; return what this machine cannot do of that, in words."""
    _no_core_dumps()
    if not LINUX:
        return [f"{sys.platform} has no limit on files, on networks and on other programs that needs no privileges"]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return [f"no_new_privs is refused: {os.strerror(ctypes.get_errno())}"]
    return _landlock(libc, limits)


def after_imports(limits: Limits) -> List[str]:
    """Give up memory and system calls; return what this machine cannot do of that, in words."""
    lacks = _bounds(limits)
    return lacks + _seccomp() if LINUX else lacks


def _no_core_dumps() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bounds(limits: Limits) -> List[str]:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file, limits.file))
    try:
        with open("/proc/self/status") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return [f"{sys.platform} does not tell a process's data, so its memory has no bound"]
    bound = (used << 10) + limits.data
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    return []


def _landlock(libc: Any, limits: Limits) -> List[str]:
    """Keep to the files of `limits`, and from TCP."""
    libc.syscall.restype = ctypes.c_long
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return ["this kernel has no Landlock, so it reaches the files that you reach"]
    every = (1 << RIGHTS.get(version, RIGHTS[5])) - 1
    ruleset = struct.pack("<QQQ", every, NETWORK, SCOPES)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(CREATE_RULESET, ruleset, len(ruleset), 0)
    if rules < 0:
        return [f"Landlock is refused: {os.strerror(ctypes.get_errno())}"]
    for paths, rights in ((limits.reads, READ_FILE | READ_DIR), (limits.writes, every & ~EXECUTE)):
        for path in paths:
            _allow(libc, rules, path, rights)
    failed = libc.syscall(RESTRICT_SELF, rules, 0)
    os.close(rules)
    return [f"Landlock is refused: {os.strerror(ctypes.get_errno())}"] if failed else []


def _allow(libc: Any, rules: int, path: str, rights: int) -> None:
    """Add a rule for what is at a path; what is not there needs none.

    A rule is of an inode, and the kernel makes another for a file of /proc that it forgot meanwhile, as it does where
    memory is short. So these are kept open; TensorFlow 2.21 aborts where it cannot read /proc/self.
    """
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights &= -1 if os.path.isdir(path) else RIGHTS_OF_FILES
        libc.syscall(ADD_RULE, rules, 1, struct.pack("<Qi", rights, place), 0)
    finally:
        if not path.startswith("/proc/"):
            os.close(place)


class _Compare(ctypes.Structure):
    """scmp_arg_cmp: what an argument of a system call is compared with."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def _seccomp() -> List[str]:
    """Refuse system calls, in all threads."""
    try:
        lib = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return ["libseccomp.so.2 is not installed, so programs and networks are in its reach (Debian: libseccomp2)"]
    lib.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(ALLOW)))
    lib.seccomp_attr_set(rules, ALL_THREADS, ctypes.c_uint32(1))
    lib.seccomp_attr_set(rules, OPTIMISE, ctypes.c_uint32(2))  # a tree of rules, not a list of a hundred; from 2.5 on
    for name, code, compared in _refusals(os.getpid()):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number != -1:  # else newer than the library
            each = (_Compare * max(1, len(compared)))(*(_Compare(*one) for one in compared))
            lib.seccomp_rule_add_array(rules, ctypes.c_uint32(REFUSE | code), number, len(compared), each)
    failed = lib.seccomp_load(rules)
    lib.seccomp_release(rules)
    return [f"seccomp is refused: {os.strerror(-failed)}"] if failed else []


def _refusals(own: int) -> Iterable[Tuple[str, int, Sequence[Tuple[int, int, int, int]]]]:
    """Yield names of system calls, the error that they get, and for which arguments."""
    for names in NO_CALLS.values():
        for name in names.split():
            yield name, errno.EPERM, ()
    yield "clone", errno.EPERM, [(0, MASKED, CLONE_THREAD, 0)]  # a process: a thread has that flag
    yield "clone3", errno.ENOSYS, ()  # whose flags lie in memory; the C library then takes clone
    yield "openat2", errno.ENOSYS, ()
    yield "tgkill", errno.EPERM, [(0, DIFFERS, own, 0)]  # abort() signals itself
    yield "prlimit64", errno.EPERM, [(2, DIFFERS, 0, 0)]  # which only asks where that is 0


def described(limits: Dict[str, Any]) -> Limits:
    """Return Limits that came as JSON."""
    return Limits(**limits)
