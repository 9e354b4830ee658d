"""What the kernel is asked to refuse, before the student's code begins: Linux only, as any user, and for good.

Landlock (Linux 5.13): read Python and its libraries but not tinyfm, write in one folder, reach nobody by network or
signal.  Seccomp: no new process or thread, no program, no signal, no socket, no look into other processes.  Where the
kernel knows one of them not, or the machine is of another kind, the audit hook of child.py and the limits must do.

`child.py` reads this file by its path: it stands alone too.  Sources: Linux, Documentation/userspace-api/landlock.rst
and seccomp_filter.rst; linux/landlock.h, linux/seccomp.h, linux/bpf_common.h; the numbers: asm/unistd.h.
"""
from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterator

SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime",
          "/dev/null", "/dev/zero", "/dev/urandom")
READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 14      # write, remove, make folders and files, truncate
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}       # what each version knows
ALL_FILES, ALL_NETWORK, ALL_SCOPES = (1 << 16) - 1, 3, 3

# audit architecture, and the numbers of: fork vfork clone clone3 execve execveat | kill tkill tgkill sigqueueinfo
# tgsigqueueinfo pidfd_open pidfd_send_signal | ptrace vm_readv vm_writev perf_event_open | socket socketpair io_uring |
# memfd_create shmget semget msgget mq_open | setsid setpgid prlimit setrlimit prctl setpriority setaffinity
# setscheduler | mknod mknodat mount chroot unshare bpf userfaultfd add_key keyctl inotify inotify1
FORBIDDEN = {
    "x86_64": (0xC000003E, (57, 58, 56, 435, 59, 322, 62, 200, 234, 129, 297, 434, 424, 101, 310, 311, 298, 41, 53, 425,
                            319, 29, 64, 68, 240, 112, 109, 302, 160, 157, 141, 203, 144, 133, 259, 165, 161, 272, 321,
                            323, 248, 250, 253, 294)),
    "aarch64": (0xC00000B7, (220, 435, 221, 281, 129, 130, 131, 138, 240, 434, 424, 117, 270, 271, 241, 198, 199, 425,
                             279, 194, 190, 186, 180, 157, 154, 261, 164, 167, 140, 122, 119, 33, 40, 51, 97, 280, 282,
                             217, 219, 26)),
}


def confine(folder: str, libraries: list[str]) -> list[str]:
    """libraries: folders of Python modules, readable but for what is named tinyfm.  Returns what was put in force."""
    if not sys.platform.startswith("linux"): return []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 9, 0, 0, 0)                    # PR_SET_PDEATHSIG, SIGKILL: we do not outlive the grader
    if libc.prctl(38, 1, 0, 0, 0): return []     # PR_SET_NO_NEW_PRIVS, without which neither is allowed
    done = ["landlock"] if landlock(libc, folder, libraries) else []
    return done + (["seccomp"] if seccomp(libc) else [])


def landlock(libc: ctypes.CDLL, folder: str, libraries: list[str]) -> bool:
    version = libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1: return False
    files = FILES.get(version, ALL_FILES)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = struct.pack("<QQQ", files, ALL_NETWORK, ALL_SCOPES)[:size]
    ruleset = libc.syscall(444, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0: return False
    try:
        for path, rights in allowed(folder, libraries): allow(libc, ruleset, path, rights & files)
        return libc.syscall(446, ruleset, 0) == 0
    finally: os.close(ruleset)


def allowed(folder: str, libraries: list[str]) -> Iterator[tuple[str, int]]:
    """(path, rights): for what stands below it too.  A folder that holds tinyfm is listed as a whole, read in parts.

    Shared libraries beside Python's folder are those that its modules load late, where it brings its own.
    """
    yield folder, READ_FILE | READ_DIR | WRITE
    for path in SYSTEM: yield path, READ_FILE | READ_DIR
    for library in libraries:
        yield library, READ_DIR
        for entry in os.scandir(os.path.dirname(library)):
            if ".so" in entry.name: yield entry.path, READ_FILE
        for entry in os.scandir(library):
            if "tinyfm" not in entry.name and entry.name not in ("site-packages", "dist-packages"):
                yield entry.path, READ_FILE | READ_DIR


def allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try: at = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError: return
    try:
        if not os.path.isdir(path): rights &= READ_FILE
        libc.syscall(445, ruleset, 1, struct.pack("<Qi", rights, at), 0)
    finally: os.close(at)


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def seccomp(libc: ctypes.CDLL) -> bool:
    """A filter that answers the calls above with "not permitted"; those of another architecture end the process."""
    if platform.machine() not in FORBIDDEN: return False
    architecture, numbers = FORBIDDEN[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    left = len(numbers)
    code = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, 0x80000000), (load, 0, 0, 0),
            (at_least, left + 1, 0, 0x40000000),                  # x86's third kind of calls
            *((equal, left - i, 0, n) for i, n in enumerate(numbers)),
            (answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x00050001)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *c) for c in code))
    program = Program(len(code), ctypes.cast(text, ctypes.c_void_p))
    return libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
