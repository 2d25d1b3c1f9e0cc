#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync --from ntp:' over the loopback interface, from servers whose truth
# is known: inside in every reading, whoever lies, drops, is late or forges.  TAP.
#	VBSCTL=path OBJ=directory tests/network.t
set -u
. "$(dirname "$0")/tap.sh"
vbsctl="${VBSCTL:-vbsctl} timeline"
truth=$OBJ/tests/ntp_truth
rate=30:3,33:2,28:4
at=$("$truth" --start)
port=$((20000 + $$ % 20000))
pids=

stop() {
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	pids=
}
trap 'stop; rm -rf "$root"' EXIT

# server [OPTION]...: one more; its address is in $servers
server() {
	port=$((port + 1))
	"$truth" --at "$at" --rate $rate --stated 20000 "$@" $port 2>>"$root/errors" &
	pids="$pids $!"
	servers=${servers:+$servers,}127.0.0.1:$port
}

begin() {
	stop
	servers=
}

# measured COUNT [OPTION]...: exchanges with $servers, judged
measured() {
	local count=$1
	shift
	sleep 0.2
	timeout 60 "${VBSCTL:-vbsctl}" timeline sync --from "ntp:$servers" --poll 30ms --wander 6ppm \
		--count "$count" --record "$root/record" "$@" >"$out" 2>&1 || { echo "sync: $?" >>"$out" && false; } || return
	"$truth" --at "$at" --rate $rate --judge <"$root/record" >"$root/judged" || return
	$vbsctl sync --replay "$root/judged" --wander 6ppm >>"$out" 2>&1
}

begin
server
measured 60 && says "truth outside of the bound: 0 of 119" && says "60 exchanges of 1 servers, 0 refused, 60 with a bound"
ok $? "one server"
grep -qE 'worst error right after updates ([0-9.]*us|[0-9]\.[0-9]*ms)' "$out"
ok $? "the estimate is within 10 ms, whatever else runs here"
awk 'NR > 1 { n++; narrower += $4 > $2 && $5 < $3; wrong += $4 < $2 || $5 > $3 }
	END { exit wrong || narrower < 0.9 * n }' "$root/record"
ok $? "the kernel's stamps narrow the exchanges"

begin
server
server
server --lie 500000000
measured 90 && says "0 disagreements" && says "server 2 is false" && grep -q 'outside of the bound: 0 of' "$out"
ok $? "one of three lies"

begin
server --lie 300000000
server --lie -300000000
server
measured 60 --faulty 1 --json && ! grep -q 'outside of the bound: [1-9]' "$out" &&
	says '"result": "disagree"'
ok $? "two of three lie, and it is told"

begin
server --drop 30 --late 5000
server --drop 30 --late 5000
measured 60 && grep -q 'outside of the bound: 0 of' "$out"
ok $? "packets are lost and late"

begin
server --flood 300
measured 20 --verbose && grep -q 'outside of the bound: 0 of' "$out" && says "answers no request of ours"
ok $? "forged answers change nothing"
says "20 exchanges of 1 servers, 0 refused"
ok $? "none of them is an exchange"

begin
server --leap 3
server
measured 10 --verbose --faulty 0 && says "not synchronized" && says "with a bound"
ok $? "a server that is not synchronized"

begin
server
servers=$servers,$servers
measured 10 && says "127.0.0.1 and 127.0.0.1 are the same server"
ok $? "one machine under two names is told"

begin
server --code DENY
check 1 "wants to be asked now" "DENY ends who keeps no timeline" sync --from "ntp:$servers" --poll 30ms
begin
server --code RATE
sleep 0.2
timeout 2 "${VBSCTL:-vbsctl}" timeline sync --from "ntp:$servers" --poll 100ms..64s --verbose >"$out" 2>&1
requests=$(grep -c 'fewer requests' "$out")
[ "$requests" -ge 2 ] && [ "$requests" -le 6 ]
ok $? "RATE makes it ask less often ($requests times in 2 s, not 20)"

begin
servers=127.0.0.1:$port
timeout 2 "${VBSCTL:-vbsctl}" timeline sync --from "ntp:$servers" --poll 100ms --verbose >"$out" 2>&1
says "no answer"
ok $? "nobody listens"

# Where names are asked for, nobody answers: its own network, and its own resolv.conf
if unshare -rmn true 2>/dev/null; then
	begin
	cat >"$root/silent" <<-END
		ip link set lo up || exit
		echo 'nameserver 127.0.0.1' >$root/resolv.conf
		mount --bind $root/resolv.conf /etc/resolv.conf || exit
		"$truth" --drop 100 53 &
		"$truth" --at "$at" --rate $rate $port &
		sleep 0.2
		timeout -k 1 4 "${VBSCTL:-vbsctl}" timeline sync --from ntp:no.such.name.example,127.0.0.1:$port --faulty 0 \
			--poll 30ms --count 40
		echo "status \$?"
		kill %1 %2
	END
	unshare -rmn bash "$root/silent" >"$out" 2>&1
	says "status 0"
	ok $? "a resolver that does not answer keeps nobody from asking the others"
	# One of its addresses for each time that it is named
	cat >"$root/pool" <<-END
		ip link set lo up || exit
		printf '127.0.0.%d pool.example\n' 1 2 3 >$root/hosts
		printf 'hosts: files\n' >$root/nsswitch.conf
		printf 'multi on\n' >$root/host.conf
		mount --bind $root/hosts /etc/hosts || exit
		mount --bind $root/nsswitch.conf /etc/nsswitch.conf || exit
		[ ! -e /etc/host.conf ] || mount --bind $root/host.conf /etc/host.conf || exit
		"${VBSCTL:-vbsctl}" timeline sync --from ntp:pool.example:$port,pool.example:$port,pool.example:$port &
		sleep 1.5
		cat /proc/net/udp
		kill %1
	END
	unshare -rmn bash "$root/pool" >"$out" 2>&1
	[ "$(grep -oE "0[123]00007F:$(printf %04X $port) " "$out" | sort -u | wc -l)" -eq 3 ]
	ok $? "a pool that is named three times is three servers"
else
	skip "a resolver that does not answer" "there are no namespaces"
	skip "a pool that is named three times" "there are no namespaces"
fi

begin
server
servers="[::1]:$port"
measured 10 && grep -q 'outside of the bound: 0 of' "$out"
ok $? "IPv6"

plan
