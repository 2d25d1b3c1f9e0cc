#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs of rt-tests in a server: whoever waits for another of them, by a mutex
# that inherits, a condition, a signal, a semaphore or a message, goes on, and the
# server beside it has all of its budget.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"

# works PROGRAM ARG...: twice at once, in two servers
works() {
	if ! command -v "$1" >/dev/null; then
		skip "$1" "it is not there"
		return
	fi
	"$vbsctl" run --keep-class --res 2ms/10ms -- "$@" >"$root/other" 2>&1 &
	other=$!
	check 0 "" "$* in a server" run --keep-class --report --res 3ms/10ms -- "$@"
	! says "had left its server"
	ok $? "$1: it has stayed"
	wait "$other"
	ended $? 0 "$1 in the other server: $(tail -n 1 "$root/other")"
	ok $? "$1: the other one too"
}

start "$vbsctl" run --res 2ms/10ms -- sh -c 'while :; do :; done'
# shellcheck disable=SC2016 # for until_true
until_true 'grep -q "leader=$pid " /proc/vbs'
neighbour=$pid
misses=$(field misses "$neighbour")
works pi_stress --duration=5 --groups=1 --quiet
works ptsematest -q -t 2 -i 1000 -l 300
works sigwaittest -q -t 2 -i 1000 -l 300
works pmqtest -q -t 2 -i 1000 -l 300
works svsematest -q -t 2 -i 1000 -l 300
[ "$(field misses "$neighbour")" = "$misses" ] && [ -n "$misses" ]
ok $? "the neighbour has missed no deadline"
stop
ok $? "nothing is booked afterwards"
plan
