# SPDX-License-Identifier: GPL-2.0
"""QEMU with the library that 'vbsctl vm run --pi' preloads: pi-qemu.py LIBRARY DIRECTORY.

The machine runs its firmware on two vCPUs without KVM, while QMP stops it and lets it go
on, so that all threads want the big lock. strace, where it is, sees how they wait for it.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

LIBRARY, DIRECTORY = sys.argv[1:]
SOCKET, TRACE = DIRECTORY + "/qmp", DIRECTORY + "/trace"
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-smp", "2", "-nodefaults", "-display", "none",
        "-object", "iothread,id=io", "-qmp", "unix:%s,server=on,wait=off" % SOCKET]
STRACE = ["strace", "-f", "-qq", "-e", "trace=futex", "-o", TRACE, "-E", "LD_PRELOAD=" + LIBRARY]


def start(traced):
    if traced:
        return subprocess.Popen(STRACE + QEMU)
    return subprocess.Popen(QEMU, env=dict(os.environ, LD_PRELOAD=LIBRARY))


def connect():
    for _ in range(300):
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(SOCKET)
            return sock.makefile("rw")
        except OSError:
            time.sleep(0.1)
    sys.exit("QEMU does not listen")


def ask(stream, command):
    stream.write(json.dumps({"execute": command}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "error" in answer:
            sys.exit("%s: %s" % (command, answer))
        if "return" in answer:
            return


def run(traced, rounds):
    process = start(traced)
    stream = connect()
    stream.readline()
    ask(stream, "qmp_capabilities")
    for _ in range(rounds):
        for command in ("stop", "query-status", "cont"):
            ask(stream, command)
    ask(stream, "quit")
    if process.wait(60):
        sys.exit("QEMU ended with %d" % process.returncode)
    os.path.exists(SOCKET) and os.remove(SOCKET)


run(False, 300)
if not shutil.which("strace"):
    print("nobody sees whether the big lock inherits: no strace")
else:
    run(True, 100)
    if "FUTEX_LOCK_PI" in open(TRACE, encoding="utf-8").read():
        print("the big lock inherits")
