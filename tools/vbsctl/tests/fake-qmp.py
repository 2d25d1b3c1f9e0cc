#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A QEMU that is migrated: fake-qmp.py ORDERS

ORDERS is a pipe.  Each line from it is "SOCKET LOG KEY=VALUE... ANSWER...": this process then listens on SOCKET for one
client, and writes every command as a line to LOG.  Each query-migrate after 'migrate' gets the next ANSWER, the last one
again and again: a status, or STATUS:PASSES, or failed:TEXT, or "lost": then the connection ends.  SIGUSR1 ends it, too.

	refuses=COMMAND	gets an error
	lost=COMMAND	ends the connection
	status=STATUS	of its guest, before 'migrate' and, with after=STATUS, then
	stops=1		its guest has stopped and gone on meanwhile
"""
import json
import os
import shlex
import signal
import socket
import sys


class Over(Exception):
    pass


def over(*_):
    raise Over


class Qemu:
    def __init__(self, socket_path, log, *words):
        options = [w.split("=", 1) for w in words if "=" in w]
        self.options = dict(options)
        self.answers = [w for w in words if "=" not in w]
        self.socket, self.log = socket_path, open(log, "a")
        self.cancelled, self.begun, self.asked = False, False, 0
        self.returns = False

    def say(self, what):
        self.peer.write(json.dumps(what) + "\r\n")
        self.peer.flush()

    def migration(self):
        if self.cancelled:
            return {"status": "cancelled"}
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        status, _, more = answer.partition(":")
        if status == "lost":
            raise Over
        if status == "failed":
            return {"status": status, "error-desc": more}
        return {"status": status, "downtime": 30, "total-time": 400, "expected-downtime": 900,
                "ram": {"remaining": 8192, "transferred": 1000, "dirty-sync-count": int(more or 0) + 1}}

    def do(self, name, arguments):
        if name == self.options.get("refuses"):
            return self.say({"error": {"class": "GenericError", "desc": "it does not want to"}})
        if name == self.options.get("lost"):
            raise Over
        self.begun |= name == "migrate"
        self.cancelled |= name == "migrate_cancel"
        if name == "migrate-set-capabilities":
            self.returns = arguments["capabilities"][0]["state"]
        if name == "migrate_cancel" and "stops" in self.options:
            self.say({"event": "STOP", "timestamp": {}})
        status = self.options.get("status", "running")
        answers = {
            "query-migrate": self.migration,
            "query-migrate-parameters": lambda: {"downtime-limit": 300},
            "query-migrate-capabilities": lambda: [{"capability": "xbzrle", "state": True},
                                                   {"capability": "return-path", "state": self.returns}],
            "query-status": lambda: {"status": self.options.get("after", status) if self.begun else status},
        }
        return self.say({"return": answers.get(name, dict)()})

    def talk(self):
        self.say({"QMP": {"version": {}, "capabilities": ["oob"]}})
        for line in self.peer:
            command = json.loads(line)
            name, arguments = command["execute"], command.get("arguments", {})
            words = "".join(f" {k}={json.dumps(v) if isinstance(v, list) else v}" for k, v in arguments.items())
            self.log.write(name + words + "\n")
            self.log.flush()
            self.say({"event": "NONSENSE", "timestamp": {}, "data": {}})
            self.do(name, arguments)
            if name == "quit":
                break

    def listen(self):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.bind(self.socket)
            server.listen(1)
            connection = server.accept()[0]
            with connection, connection.makefile("rw") as self.peer:
                self.talk()
        except (Over, OSError):
            pass
        finally:
            server.close()
            if os.path.exists(self.socket):
                os.unlink(self.socket)


signal.signal(signal.SIGUSR1, over)
while True:
    try:
        with open(sys.argv[1]) as orders:
            order = orders.readline()
        if order:
            Qemu(*shlex.split(order)).listen()
    except Over:
        pass
