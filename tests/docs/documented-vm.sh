# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2046 # eval looks at the one, and words are meant by the other
# What the recipes of tests/docs use in the machine.

# cpus N: the first N are online
cpus() {
	for n in 1 2 3; do
		echo $((n < $1)) >/sys/devices/system/cpu/cpu$n/online
	done
}

# until_true COMMAND: at most 10 s
until_true() {
	i=0
	until eval "$1"; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		usleep 50000
	done
}

# leader COMMAND: of the server whose oldest member runs that
leader() {
	sed -n "s/^server .* leader=\([0-9]*\) .*comm=$1$/\1/p" /proc/vbs
}

# busybox has none here
pgrep() {
	leader "$1"
}

# program NAME LINE...: a script in the working directory
program() {
	name=$1
	shift
	{ echo '#!/bin/sh' && printf '%s\n' "$@"; } >"$name"
	chmod +x "$name"
}

# Nobody is in a server any more, and nothing is booked
clean() {
	kill $(sed -n 's/^server .* leader=\([0-9]*\) .*/\1/p' /proc/vbs) 2>/dev/null
	kill $(jobs -p) 2>/dev/null
	wait
	until_true '! grep -q "^server " /proc/vbs && ! grep -q "^cpu .* booked=[1-9]" /proc/vbs' ||
		echo "something stays in /proc/vbs" >&2
	vbsctl timeline destroy lab plant >/dev/null 2>&1
	until_true '[ "$(vbsctl timeline list | wc -l)" -le 1 ]'
}
