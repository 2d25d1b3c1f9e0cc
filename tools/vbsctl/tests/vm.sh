# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for who sources it, after tap.sh
# What the tests of vbsctl on a kernel with SCHED_VBS share.
pids=

# start COMMAND...: in the background; its pid is $pid
start() {
	"$@" &
	pid=$!
	pids="$pids $pid"
}

# until_true COMMAND: at most 5 s
until_true() {
	i=0
	until eval "$1"; do
		i=$((i + 1))
		[ $i -lt 100 ] || return 1
		usleep 50000
	done
}

# Ends what was started and waits until nothing is booked any more: bookings last
# until the termination point
stop() {
	for p in $pids; do
		kill -KILL "$p" 2>/dev/null
	done
	for p in $pids; do
		wait "$p" 2>/dev/null
	done
	pids=
	until_true '! grep -q "^cpu .* booked=[1-9]" /proc/vbs'
}

policy() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 39
}

# field KEY LEADER: of the server whose oldest member that is
field() {
	sed -n "s/^server .* $1=\([^ ]*\) .* leader=$2 .*/\1/p" /proc/vbs
}

# id_of LEADER: of its server
id_of() {
	sed -n "s/^server id=\([0-9]*\) .* leader=$1 .*/\1/p" /proc/vbs
}
