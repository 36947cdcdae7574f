"""Threads that stand still, as one does that waits for a disk or a lock without end."""

import contextlib
import ctypes
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long
__WALL = 0x40000000


def _ptrace(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def thread(pid, name):
    """The number of a thread."""
    for number in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{number}/comm") as file:
            if file.read().strip() == name:
                return int(number)
    raise AssertionError(f"no thread {name}")


@contextlib.contextmanager
def still(pid, name):
    """The thread of a process that this one has started stands still; the others go on."""
    number = thread(pid, name)
    _ptrace(SEIZE, number)
    _ptrace(INTERRUPT, number)
    os.waitpid(number, __WALL)
    try:
        yield
    finally:
        try:
            _ptrace(DETACH, number)
        except OSError:
            # Its process ends, and waits for this.
            os.waitpid(number, __WALL)
