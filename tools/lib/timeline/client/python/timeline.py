# SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note
"""Timelines: clocks with a guaranteed bound on their error (libtimeline(3)).

    import timeline

    with timeline.Timeline("lab") as lab:
        now = lab.read()
        print(now.ns, now.earliest, now.latest, now.status)
        lab.wait_good(100_000)                # until it is good to 100 us
        lab.sleep_until(now.ns + 10**9)
        begin = lab.mark()
        work()
        ns, err = lab.elapsed(begin, lab.mark())    # whatever steps meanwhile

Instants are ns since the epoch of the timeline, bounds are ns or None where nothing is
claimed. What fails raises OSError; its errno is that of libtimeline(3). A wait lets other
threads run, and signal handlers: it goes on after one that raises nothing.
"""
import collections
import ctypes
import enum
import errno
import os
import threading
import time

__all__ = ["Timeline", "Reading", "Interval", "Mark", "Status", "Type", "Semaphore",
           "Condition", "unbind"]

_UNBOUNDED = 2 ** 64 - 1
_MIN, _MAX = -2 ** 63, 2 ** 63 - 1


class _Time(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_int64), ("nsec", ctypes.c_uint32), ("status", ctypes.c_uint32),
                ("err_low_ns", ctypes.c_uint64), ("err_high_ns", ctypes.c_uint64),
                ("counter", ctypes.c_uint64), ("disruption", ctypes.c_uint64)]


class Mark(ctypes.Structure):
    """A value of the counter, for Timeline.elapsed()."""
    _fields_ = [("counter", ctypes.c_uint64), ("disruption", ctypes.c_uint64)]


class Status(enum.IntEnum):
    """What a reading says of its timeline."""
    UNKNOWN = 0
    INITIALIZING = 1
    SYNCHRONIZED = 2
    FREERUNNING = 3
    UNRELIABLE = 4


class Type(enum.IntEnum):
    """What the time of a timeline means."""
    UTC = 0
    TAI = 1
    MONOTONIC = 2


Interval = collections.namedtuple("Interval", "ns err")


class Reading(collections.namedtuple("Reading", "ns err_low err_high status counter step")):
    """A time: the truth is not before ns by more than err_low, nor after it by more than
    err_high; None claims nothing. It has stepped where step differs from an earlier one."""
    __slots__ = ()

    @property
    def bound(self):
        """The larger side, or None."""
        return None if None in (self.err_low, self.err_high) else max(self.err_low, self.err_high)

    @property
    def earliest(self):
        """The first instant that the truth can be at, or None."""
        return None if self.err_low is None else self.ns - self.err_low

    @property
    def latest(self):
        """The last one, or None."""
        return None if self.err_high is None else self.ns + self.err_high

    def good(self, bound_ns):
        """Whether it is synchronized and its bound not larger."""
        return (self.status == Status.SYNCHRONIZED and self.bound is not None
                and self.bound <= bound_ns)


_HANDLE = ctypes.c_void_p
_OUT = ctypes.POINTER(ctypes.c_void_p)
_FUNCTIONS = {
    "tl_open": [_OUT, ctypes.c_char_p],
    "tl_open_id": [_OUT, ctypes.c_uint],
    "tl_open_bound": [_OUT],
    "tl_read": [_HANDLE, ctypes.POINTER(_Time)],
    "tl_mark": [_HANDLE, ctypes.POINTER(Mark)],
    "tl_elapsed": [_HANDLE, ctypes.POINTER(Mark), ctypes.POINTER(Mark),
                   ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_uint64)],
    "tl_bind": [_HANDLE],
    "tl_unbind": [],
    "tl_wait_good": [_HANDLE, ctypes.c_uint64, ctypes.c_int64],
    "tl_watch": [_HANDLE, ctypes.c_uint64],
    "tl_sleep_until": [_HANDLE, ctypes.c_int64],
    "tl_sem_create": [_OUT, ctypes.c_uint],
    "tl_sem_wait": [_HANDLE, _HANDLE, ctypes.c_int64],
    "tl_sem_trywait": [_HANDLE],
    "tl_sem_post": [_HANDLE],
    "tl_id": [_HANDLE],
    "tl_type": [_HANDLE],
    "tl_flags": [_HANDLE],
    "tl_clockid": [_HANDLE],
}


def _load():
    lib = ctypes.CDLL(os.environ.get("LIBTIMELINE", "libtimeline.so.1"))
    for name, types in _FUNCTIONS.items():
        getattr(lib, name).argtypes = types
    lib.tl_name.argtypes = [_HANDLE]
    lib.tl_name.restype = ctypes.c_char_p
    for name in "tl_close", "tl_sem_destroy":
        getattr(lib, name).argtypes = [_HANDLE]
        getattr(lib, name).restype = None
    return lib


_lib = _load()


def _check(result, what=None):
    if result >= 0:
        return result
    raise OSError(-result, os.strerror(-result), what)


def _create(function, *args):
    handle = ctypes.c_void_p()
    _check(function(ctypes.byref(handle), *args), args[0] if args else None)
    return handle


def _again(function, *args):
    """Call it until it was not a signal handler that ended it."""
    while True:
        result = function(*args)
        if result != -errno.EINTR:
            return result


def _bound(value):
    return None if value == _UNBOUNDED else value


def _instant(ns):
    """As a 64-bit number; what is out of range is as good as its end."""
    return max(_MIN, min(_MAX, int(ns)))


class Timeline:
    """A timeline by its name, its id, or what the calling thread is bound to."""

    def __init__(self, name=None):
        if name is None:
            self._handle = _create(_lib.tl_open_bound)
        elif isinstance(name, int):
            if not 0 <= name < 2 ** 32:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), name)
            self._handle = _create(_lib.tl_open_id, name)
        else:
            self._handle = _create(_lib.tl_open, os.fsencode(name))

    def close(self):
        """Nobody may use it at that time, or later."""
        handle, self._handle = self._handle, None
        if handle:
            _lib.tl_close(handle)

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def _clock(self):
        if not self._handle:
            raise ValueError("the timeline is closed")
        return self._handle

    @property
    def name(self):
        """Its name."""
        return os.fsdecode(_lib.tl_name(self._clock))

    @property
    def id(self):
        """Its id."""
        return _lib.tl_id(self._clock)

    @property
    def clock_id(self):
        """For time.clock_gettime()."""
        return _lib.tl_clockid(self._clock)

    @property
    def type(self):
        """What its time means."""
        return Type(_lib.tl_type(self._clock))

    @property
    def steps(self):
        """Whether updates step it; else they slew it."""
        return bool(_lib.tl_flags(self._clock) & 1)

    def read(self):
        """The time, with its bounds and status."""
        tt = _Time()
        _check(_lib.tl_read(self._clock, tt))
        return Reading(tt.sec * 10 ** 9 + tt.nsec, _bound(tt.err_low_ns),
                       _bound(tt.err_high_ns), Status(tt.status), tt.counter, tt.disruption)

    def mark(self):
        """Where an interval begins or ends."""
        mark = Mark()
        _check(_lib.tl_mark(self._clock, mark))
        return mark

    def elapsed(self, begin, end):
        """ns from one mark to the other, which no step moves, and how wrong they can be."""
        ns, err = ctypes.c_int64(), ctypes.c_uint64()
        _check(_lib.tl_elapsed(self._clock, begin, end, ns, err))
        return Interval(ns.value, _bound(err.value))

    def bind(self):
        """Binds the calling thread to it."""
        _check(_lib.tl_bind(self._clock))

    def watch(self, bound_ns):
        """A file for select and the like, see tl_watch(); the caller closes it."""
        return _check(_lib.tl_watch(self._clock, bound_ns))

    def wait_good(self, bound_ns, timeout=None):
        """Waits until it is synchronized with a bound not larger; timeout in seconds."""
        if timeout is None:
            _check(_again(_lib.tl_wait_good, self._clock, bound_ns, -1))
            return
        end = time.monotonic_ns() + int(timeout * 10 ** 9)
        while True:
            left = max(0, end - time.monotonic_ns())
            result = _lib.tl_wait_good(self._clock, bound_ns, min(left, _MAX))
            if result != -errno.EINTR:
                _check(result)
                return

    def sleep_until(self, ns):
        """Until that instant."""
        _check(_again(_lib.tl_sleep_until, self._clock, _instant(ns)))


def unbind():
    """Binds the calling thread to no timeline."""
    _check(_lib.tl_unbind())


class Semaphore:
    """A counting semaphore whose deadline is an instant of a timeline."""

    def __init__(self, value=0):
        self._handle = _create(_lib.tl_sem_create, value)

    def __del__(self):
        if getattr(self, "_handle", None):
            _lib.tl_sem_destroy(self._handle)
            self._handle = None

    def release(self):
        """Counts up."""
        _check(_lib.tl_sem_post(self._handle))

    def acquire(self, timeline=None, ns=0):
        """Waits and counts down; False if the instant comes first. No timeline: no deadline."""
        result = _again(_lib.tl_sem_wait, self._handle,
                        timeline._clock if timeline else None, _instant(ns))
        if result == -errno.ETIMEDOUT:
            return False
        _check(result)
        return True


class Condition:
    """A condition variable whose deadline is an instant of a timeline; used like
    threading.Condition, by who holds its lock."""

    def __init__(self, lock=None):
        self._lock = lock or threading.Lock()
        self._waiters = collections.deque()
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *args):
        return self._lock.__exit__(*args)

    def wait(self, timeline=None, ns=0):
        """False if the instant comes before a notification."""
        waiter = Semaphore()
        self._waiters.append(waiter)
        notified = False
        self._lock.release()
        try:
            notified = waiter.acquire(timeline, ns)
        finally:
            self._lock.acquire()
            if not notified:
                # Whoever notified it before it had the lock again took it out
                notified = waiter not in self._waiters
                if not notified:
                    self._waiters.remove(waiter)
        return notified

    def wait_for(self, predicate, timeline=None, ns=0):
        """Waits until the predicate is true or the instant has come; what it is then."""
        result = predicate()
        while not result and self.wait(timeline, ns):
            result = predicate()
        return result or predicate()

    def notify(self, n=1):
        """Wakes who has waited longest."""
        for _ in range(min(n, len(self._waiters))):
            self._waiters.popleft().release()

    def notify_all(self):
        """Wakes all who wait."""
        self.notify(len(self._waiters))
