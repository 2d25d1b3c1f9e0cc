#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long an ordinary task waits beside servers, and what analyze says of it.  TAP.
# As root, with one CPU in virtual time:
#	tests/vm/run --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/wait-vm.t \
#		--file build/vbsctl/tests/longest_wait -- wait-vm.t
set -u
. "$(dirname "$0")/tap.sh"
pids=

# server OPTION... -- COMMAND...: comes back when the command has begun to work
server() {
	vbsctl run "$@" &
	pid=$!
	pids="$pids $pid"
	sleep 1
}

stop() {
	# shellcheck disable=SC2086
	kill -KILL $pids
	# shellcheck disable=SC2086
	wait $pids 2>/dev/null
	pids=
	while grep -q "^cpu .* booked=[1-9]" /proc/vbs; do
		usleep 10000
	done
}

# waits NAME KEY SET MILLISECONDS LEAST: longer than that (us), and within analyze's bound, 2 % for
# interrupts, which nobody is charged for, and 0.3 ms for timers and switches.  A member that
# goes on as a fair task takes a turn of these, too: 3 ms.
waits() {
	turn=0
	[ "$2" != blackout_kernel_ns ] || turn=3000000
	waited=$(longest_wait "$4")
	vbsctl analyze --json --set "$3" >"$out"
	bound=$(tr ',' '\n' <"$out" | sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p")
	echo "# $1: waited $waited ns of $bound"
	[ "$waited" -gt $(($5 * 1000)) ] && [ "$waited" -le $((bound + bound / 50 + 300000 + turn)) ]
	ok $? "$1"
}

spin() {
	server "$@" -- sh -c 'while :; do :; done'
}

# One system call that takes longer than all that can be borrowed
in_kernel() {
	server "$@" -- sh -c 'while :; do dd if=/dev/zero of=/dev/null bs=128M count=8; done 2>/dev/null'
}

# among spin|in_kernel KEY SET MILLISECONDS LEAST NAME: beside one such server for each of the set
among() {
	for res in $(echo "$3" | tr ',' ' '); do
		"$1" --res "$res"
	done
	waits "$6" "$2" "$3" "$4" "$5"
	stop
}

among spin blackout_user_ns 3ms/10ms 500 2900 "one server in user mode"
among spin blackout_user_ns 3ms/10ms,1ms/2ms 500 4500 "two servers in user mode"
among in_kernel blackout_kernel_ns 3ms/10ms 2000 11500 "one server in the kernel"
among in_kernel blackout_kernel_ns 8ms/10ms 2000 40000 "one server in the kernel that is released meanwhile"
among in_kernel blackout_kernel_ns 3ms/10ms,1ms/2ms 3000 20000 "two servers in the kernel"
among in_kernel blackout_kernel_ns 3ms/10ms,2ms/7ms,1ms/5ms 3000 20000 "three servers in the kernel"
spin --res 3ms/10ms --cap 89%
vbsctl switch "$pid" 89ms/100ms
waits "one server that has switched" blackout_ns 3ms/10ms:89% 1000 88000
stop
plan
