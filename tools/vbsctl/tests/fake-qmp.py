#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A QEMU that is migrated: fake-qmp.py SOCKET LOG ANSWER...

Its machine protocol on SOCKET, every command as a line in LOG.  Each query-migrate after 'migrate' gets the next
ANSWER, the last one again and again: a status, or STATUS:PASSES, or failed:TEXT.
"""
import json
import os
import socket
import sys

path, log, answers = sys.argv[1], open(sys.argv[2], "a"), sys.argv[3:]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
peer = server.accept()[0].makefile("rw")
state = {"cancelled": False, "asked": 0}


def say(what):
    peer.write(json.dumps(what) + "\r\n")
    peer.flush()


def migration():
    if state["cancelled"]:
        return {"status": "cancelled"}
    answer = answers[min(state["asked"], len(answers) - 1)]
    state["asked"] += 1
    status, _, more = answer.partition(":")
    if status == "failed":
        return {"status": status, "error-desc": more}
    return {"status": status, "downtime": 30, "total-time": 400, "expected-downtime": 900,
            "ram": {"remaining": 8192, "transferred": 1000, "dirty-sync-count": int(more or 0) + 1}}


say({"QMP": {"version": {}, "capabilities": ["oob"]}})
for line in peer:
    command = json.loads(line)
    name, arguments = command["execute"], command.get("arguments", {})
    log.write(name + "".join(f" {k}={v}" for k, v in arguments.items()) + "\n")
    log.flush()
    say({"event": "NONSENSE", "timestamp": {}, "data": {}})
    if name == "query-migrate":
        say({"return": migration()})
    elif name == "query-migrate-parameters":
        say({"return": {"downtime-limit": 300}})
    elif name == "query-status":
        say({"return": {"status": os.environ.get("FAKE_STATUS", "running")}})
    elif name == os.environ.get("FAKE_REFUSES"):
        say({"error": {"class": "GenericError", "desc": "it does not want to"}})
    else:
        state["cancelled"] |= name == "migrate_cancel"
        say({"return": {}})
    if name == "quit":
        break
