#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What 'vbsctl vm run --pi' preloads: which mutexes inherit, that they still work, and that
# Debian's QEMU does with them.  TAP.
#	OBJ=directory tests/pi.t
set -u
. "$(dirname "$0")/tap.sh"
obj=$(realpath "${OBJ:-obj}")
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)

with() {
	LD_PRELOAD=$obj/vbs-pi.so timeout 120 "$obj/tests/pi_locks" "$@" >"$out" 2>&1
}

with kinds
ok $? "locks of all kinds"
for kind in init static static-trylock static-timedlock static-recursive init-attr init-recursive; do
	grep -qx "$kind yes" "$out"
	ok $? "it inherits: $kind"
done
for kind in static-unused init-robust init-shared; do
	grep -qx "$kind no" "$out"
	ok $? "it is left as it is: $kind"
done
timeout 60 "$obj/tests/pi_locks" kinds >"$out" && ! says "yes"
ok $? "without the library none inherits"
with works && says "works"
ok $? "contention, conditions, recursion and time-outs"
with boost
status=$?
if [ $status -eq 77 ]; then
	skip "the holder has the priority of who waits" "SCHED_FIFO is not permitted"
else
	[ $status -eq 0 ] && says "boost yes"
	ok $? "the holder has the priority of who waits"
	timeout 60 "$obj/tests/pi_locks" boost >"$out" && says "boost no"
	ok $? "without the library it has its own"
fi

if command -v qemu-system-x86_64 >/dev/null && command -v python3 >/dev/null; then
	timeout 120 python3 "$here/pi-qemu.py" "$obj/vbs-pi.so" "$root" >"$out" 2>&1
	ok $? "QEMU stops and goes on 300 times, and ends as it should"
	if grep -q "no strace" "$out"; then
		skip "QEMU's threads wait for mutexes that inherit" "no strace"
	else
		says "the big lock inherits"
		ok $? "QEMU's threads wait for mutexes that inherit"
	fi
else
	skip "QEMU with the library" "no qemu-system-x86_64, or no python3"
fi
plan
