#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync --from ptp4l' beside Debian's ptp4l, which follows a grandmaster in
# another network namespace that tells the truth of the bed and states what it is good to: the
# truth is in the bound that ptp4l's statements make.  In other domains and profiles, with
# several ports, beside a boundary clock, hung and killed.  In virtual time.  TAP.  As root, as
# net-vm.t.
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/netbed.sh"
vbsctl="vbsctl timeline"
client_log=$root/ptp4l
address=10.9.0.2

# A wire to a namespace of its own, without a router: PTP is multicast
lay_wire() {
	space
	far=$space
	$ip link add p0 type veth peer name q0 netns "$far"
	$ip addr add 10.9.0.1/24 dev p0
	$ip link set p0 up
	in_space "$far" $ip addr add $address/24 dev q0
	in_space "$far" $ip link set q0 up
	# A port to which nobody is connected that speaks
	$ip link add p1 type veth peer name q1 netns "$far"
	$ip addr add 10.8.0.1/24 dev p1
	$ip link set p1 up
	in_space "$far" $ip link set q1 up
}

# grandmaster [OPTION]...: of ntp_truth, instead of the one before
grandmaster() {
	[ -z "${master:-}" ] || { kill -KILL "$master" && wait "$master"; } 2>/dev/null
	nsenter -t "$far" -n ntp_truth --at "$start_of_truth" --rate $rate "$@" --ptp $address >"$root/master" 2>&1 &
	master=$!
	pids="$pids $master"
}

# slave ARG...: ptp4l that follows it, with constants with which it finds its first frequency soon
slave() {
	: >"$client_log"
	rm -f /var/run/ptp4l /var/run/ptp4lro
	ptp4l -4 -S -s -m -i p0 --summary_interval -3 --step_threshold 0.01 "$@" >"$client_log" 2>&1 &
	client=$!
	pids="$pids $client"
}

is_locked() {
	tail -n 1 "$client_log" | grep -q ' s2 '
}

locks() {
	until_true 600 is_locked
	status=$?
	tail -n 10 "$client_log" | cat - "$root/master" >"$out"
	ok $status "$1: ptp4l locks"
	sleep 20
	tail -n 1 "$client_log" | sed 's/^/# /'
}

die() {
	kill -CONT "$client"
	kill -KILL "$client"
	wait "$client" 2>/dev/null
}

# keeps NAME SECONDS: synchronized, the truth inside, and mostly no wider than 100 us
keeps() {
	judge "$1" "$2"
	all_synchronized "$1"
	[ "$(figure width_med_us)" -le 100 ]
	ok $? "$1: the bound is narrow"
}

# claims_nothing NAME SECONDS
claims_nothing() {
	judge "$1" "$2"
	[ "$(figure synchronized)" -eq 0 ]
	ok $? "$1: nothing is claimed"
}

# follows NAME [OPTION]...: and is synchronized
follows() {
	name=$1
	shift
	follow lab --from ptp4l --interval 250ms --wander 1ppm "$@"
	ok $? "$name: synchronized"
}

if ! [ -e /dev/timeline ]; then
	skip "sync from ptp4l" "this kernel has no timelines"
	plan
fi
mkdir -p /var/run
lay_bed
if ! lay_wire; then
	skip "sync from ptp4l" "this kernel has no veth"
	plan
fi
realtime 20000

grandmaster
slave
locks "one port"
follows "one port"
keeps "one port" 60
run 0 show lab && says "what ptp4l states"
ok $? "show: why it is believed"
sed 's/^/# /' "$out"

# Its clock is set behind its back, which it sees at its next message; it steps it back
(sleep 5; realtime 30000) &
judge "being set by 30 ms" 30
locks "set by 30 ms"
until_true 1200 is_synchronized lab
ok $? "set by 30 ms: synchronized again"
keeps "set by 30 ms" 60

# It hangs, and dies; what was known goes on
kill -STOP "$client"
judge "hung" 30
is_freerunning lab
ok $? "hung: freerunning"
kill -CONT "$client"
until_true 1200 is_synchronized lab
ok $? "it goes on: synchronized"
die
judge "dead" 20
is_freerunning lab
ok $? "dead: freerunning"
leave "one port"

# Two ports, of which one hears nobody
slave -i p1
locks "two ports"
follows "two ports"
keeps "two ports" 60
leave "two ports"
die

# A domain of telecom; that of no profile with the number of 802.1AS
grandmaster --domain 24
slave --domainNumber 24
locks "domain 24"
follows "domain 24"
keeps "domain 24" 60
leave "domain 24"
die
grandmaster --transport 1 --domain 3
slave --transportSpecific 1 --domainNumber 3
locks "802.1AS"
follows "802.1AS"
keeps "802.1AS" 60
leave "802.1AS"
die

# A master that is a boundary clock, two steps from its grandmaster
grandmaster --steps 1
slave
locks "two steps"
vbsctl timeline create lab >/dev/null
vbsctl timeline sync lab --from ptp4l --interval 250ms >"$root/lab" 2>&1 &
sync=$! followed=lab
sleep 10
claims_nothing "two steps, and no word of what each adds" 20
cp "$root/lab" "$out" && says "has clocks on the way to its grandmaster"
ok $? "two steps: and sync says why"
leave "two steps"
follows "two steps, --hop-error" --hop-error 1us
keeps "two steps, --hop-error" 60
leave "two steps, --hop-error"
die

# One that does not know how good it is
grandmaster --accuracy 0xfe
slave
locks "no accuracy"
vbsctl timeline create lab >/dev/null
vbsctl timeline sync lab --from ptp4l --interval 250ms >"$root/lab" 2>&1 &
sync=$! followed=lab
sleep 10
claims_nothing "no accuracy" 20
cp "$root/lab" "$out" && says "states no accuracy"
ok $? "no accuracy: and sync says why"
leave "no accuracy"
die
kill -KILL "$master"
stop_all
plan
