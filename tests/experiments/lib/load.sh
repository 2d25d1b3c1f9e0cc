# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2154 # for who sources it, after base.sh
#
# What disturbs the host, all of it SCHED_OTHER with nice value 0.
load=''

# load_start KIND [NAME]: none busy hackbench find dd, or qmp: commands for the main loop of machine NAME
load_start() {
	load=''
	case $1 in
	none) return ;;
	busy) load_run 'while :; do :; done' ;;
	hackbench) load_run 'exec hackbench -g 1 -l 1000000' ;;
	find) load_run 'while :; do find /proc; done' ;;
	dd) load_run "while :; do dd if=/dev/zero of=$xp/dd bs=1M count=64; done" ;;
	qmp) load_run "exec guestload flood '$xp/$2/qmp'" ;;
	*) fail "no load $1: want none, busy, hackbench, find, dd or qmp" ;;
	esac
	sleep 0.2
}

load_run() {
	setsid sh -c "$1" </dev/null >/dev/null 2>&1 &
	load=$!
}

load_stop() {
	[ -n "$load" ] || return 0
	kill -KILL "-$load" 2>/dev/null
	wait "$load" 2>/dev/null
	load=''
	rm -f "$xp/dd"
}
