# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What the tests of 'vbsctl timeline sync' beside keepers of clocks share, after tap.sh.  The truth is
# CLOCK_MONOTONIC_RAW (clock_truth).
#	. "$(dirname "$0")/keeping.sh"
# shellcheck disable=SC2154 # of tap.sh
log=$root/sync

# follow ARG...: a new timeline, kept by sync
follow() {
	vbsctl timeline create lab >/dev/null
	vbsctl timeline sync lab --interval 250ms --wander 1ppm "$@" >"$log" 2>&1 &
	sync=$!
	until_true 50 vbsctl timeline read lab
}

leave() {
	kill -TERM "$sync"
	wait "$sync"
	ok $? "$1: sync ran to its end"
	[ "$(wc -l <"$log")" -le 10 ] || { cp "$log" "$out" && false; }
	ok $? "$1: and has not said much"
	sed 's/^/# /' "$log"
	vbsctl timeline destroy lab
}

# until_true TENTHS COMMAND...
until_true() {
	tenths=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] || return 1
		usleep 100000
	done
}

keep() {
	"$@" >"$root/client" 2>&1 &
	client=$!
}

die() {
	tail -n 3 "$root/client" | sed 's/^/# client: /'
	kill -CONT "$client"
	kill -KILL "$client"
	wait "$client" 2>/dev/null
}

is_synchronized() {
	vbsctl timeline read lab | grep -q synchronized
}

is_freerunning() {
	vbsctl timeline read lab | grep -q freerunning
}

# judge NAME SECONDS: no reading is outside of its bound
judge() {
	clock_truth judge lab "$2" >"$out" 2>&1
	ok $? "$1: the truth is in the bound"
	sed "s/^/# $1: /" "$out"
}

# claims_nothing NAME: the last judgement saw neither a bound nor a claim
claims_nothing() {
	says " synchronized=0 bounded=0 "
	ok $? "$1: nothing is claimed"
}

logged() {
	cp "$log" "$out"
	says "$1"
	ok $? "$2"
}
