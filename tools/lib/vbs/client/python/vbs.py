# SPDX-License-Identifier: GPL-2.0
"""Servers of SCHED_VBS: libvbs(3) for Python.

Times are nanoseconds, bandwidths fractions of a CPU. pid 0 is the calling thread. What
fails raises OSError with the error number of libvbs(3), and what cannot be passed on
ValueError.

	import vbs
	vbs.enter(3_000_000, 10_000_000, cap=0.5)
	vbs.switch(500_000, 1_000_000)
"""

import ctypes
import fractions
import math
import os

ALIGN = 0x1
NO_INHERIT = 0x2
OVERRUN_SIGNAL = 0x4

_CPU = 1 << 20


class _Params(ctypes.Structure):
    _fields_ = [("runtime", ctypes.c_uint64), ("period", ctypes.c_uint64),
                ("cap", ctypes.c_uint32), ("flags", ctypes.c_uint32)]


class _CpuInfo(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32), ("online", ctypes.c_uint32), ("capacity", ctypes.c_uint32),
                ("booked", ctypes.c_uint32), ("spare", ctypes.c_uint32), ("servers", ctypes.c_uint32)]


class _ServerInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("id", "owner")] + \
        [(name, ctypes.c_int32) for name in ("cpu", "leader")] + \
        [(name, ctypes.c_uint32) for name in ("cap", "flags", "members", "reserved")] + \
        [(name, ctypes.c_uint64) for name in (
            "runtime", "period", "consumed", "instances", "misses", "overruns", "overrun_worst",
            "switches", "switch_worst", "release_worst", "skipped", "lost")] + \
        [("state", ctypes.c_char * 16), ("name", ctypes.c_char * 32), ("comm", ctypes.c_char * 64)]


_lib = ctypes.CDLL(os.environ.get("LIBVBS", "libvbs.so.1"))
_lib.vbs_least_cap.argtypes = [ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32]
_lib.vbs_least_cap.restype = ctypes.c_uint32
_lib.vbs_name.argtypes = [ctypes.c_int, ctypes.c_char_p]
_lib.vbs_list_free.argtypes = [ctypes.c_void_p]
_lib.vbs_list_free.restype = None
_lib.vbs_list_cpus.argtypes = _lib.vbs_list_servers.argtypes = [ctypes.c_void_p]
_lib.vbs_list_cpu.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.POINTER(_CpuInfo), ctypes.c_size_t]
_lib.vbs_list_server.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.POINTER(_ServerInfo),
                                 ctypes.c_size_t]


def _check(err):
    if err:
        raise OSError(err, os.strerror(err))


def _number(value, bits):
    """C would cut it."""
    if not 0 <= value < 1 << bits:
        raise ValueError("a number of %d bits is meant, not %d" % (bits, value))
    return value


def _pid(value):
    return _number(value, 31)


def _params(runtime, period, cap, flags):
    """Caps are rounded up, as everywhere: 0.3 holds 3 of 10 ms."""
    if cap is None:
        units = 0
    else:
        units = math.ceil(fractions.Fraction(str(cap) if isinstance(cap, float) else cap) * _CPU)
        if not 0 < units <= _CPU:
            raise ValueError("a cap is more than 0 and at most 1")
    return ctypes.byref(_Params(_number(runtime, 64), _number(period, 64), units, _number(flags, 32)))


def available():
    """True if the running kernel has SCHED_VBS."""
    return _lib.vbs_available() == 0


def enter(runtime, period, cap=None, flags=0, pid=0):
    """Put a thread into a new server of its own."""
    _check(_lib.vbs_enter(_pid(pid), _params(runtime, period, cap, flags)))


def switch(runtime, period, cap=None, flags=0, pid=0):
    """Give the server of a thread another resource; without a cap that stays."""
    _check(_lib.vbs_switch(_pid(pid), _params(runtime, period, cap, flags)))


def join(member, pid=0):
    """Put a thread into the server of another one."""
    _check(_lib.vbs_join(_pid(pid), _pid(member)))


def leave(pid=0):
    """Take a thread out of its server."""
    _check(_lib.vbs_leave(_pid(pid)))


def get(pid=0):
    """(runtime, period, cap, flags, leader) of a thread's server."""
    params = _Params()
    leader = ctypes.c_int()
    _check(_lib.vbs_get(_pid(pid), ctypes.byref(params), ctypes.byref(leader)))
    return (params.runtime, params.period, fractions.Fraction(params.cap, _CPU), params.flags,
            leader.value)


def least_cap(runtime, period, flags=0):
    """The least cap that holds a resource."""
    return fractions.Fraction(_lib.vbs_least_cap(_number(runtime, 64), _number(period, 64), _number(flags, 32)), _CPU)


def name(text, member=0):
    """Name the server of a thread, for vbsctl(1)."""
    if "\0" in text:
        raise ValueError("a name has no zeros")
    _check(_lib.vbs_name(_pid(member), text.encode()))


def _dict(info):
    out = {}
    for field, _ in info._fields_:
        value = getattr(info, field)
        if field == "reserved":
            continue
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif field in ("cap", "capacity", "booked", "spare"):
            value = fractions.Fraction(value, _CPU)
        out[field] = value
    return out


def _all(handle, count, get_one, kind):
    found = []
    for n in range(count(handle)):
        info = kind()
        _check(get_one(handle, n, ctypes.byref(info), ctypes.sizeof(info)))
        found.append(_dict(info))
    return found


def read():
    """(cpus, servers) as lists of dictionaries: what /proc/vbs says."""
    handle = ctypes.c_void_p()
    _check(_lib.vbs_list_read(ctypes.byref(handle)))
    try:
        return (_all(handle, _lib.vbs_list_cpus, _lib.vbs_list_cpu, _CpuInfo),
                _all(handle, _lib.vbs_list_servers, _lib.vbs_list_server, _ServerInfo))
    finally:
        _lib.vbs_list_free(handle)
