#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync' beside ptp4l that really keeps CLOCK_REALTIME, by software time stamps over
# veth: it locks to a grandmaster in another network namespace that tells the truth (clock_truth ptp),
# is stepped, slewed and killed.  ptp4l states no bound, so none is claimed, unless its user states
# one.  TAP.  As root:
#	tools/build/clients
#	tests/vm/run --no-icount --smp 2 --timeout 600 --file tools/vbsctl/tests/tap.sh \
#		--file tools/vbsctl/tests/keeping.sh --file tools/vbsctl/tests/ptp-vm.t \
#		--file build/vbsctl/tests/clock_truth --file build/clients/bin:/usr/bin -- ptp-vm.t
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/keeping.sh"
vbsctl="vbsctl timeline"
client_log=$root/client
address=10.1.0.2

# A wire between two network namespaces, and a grandmaster at its other end
lay_wire() {
	ip link add wire0 type veth >"$out" 2>&1 || return
	other=$(basename /sys/class/net/veth*)
	ifconfig wire0 10.1.0.1 netmask 255.255.255.0 up
	unshare -n sleep 1000 &
	space=$!
	usleep 300000
	ip link set "$other" netns $space
	nsenter -t $space -n ifconfig "$other" $address netmask 255.255.255.0 up
	nsenter -t $space -n clock_truth ptp $address >"$root/master" 2>&1 &
	master=$!
}

# slave ARG...: ptp4l that follows it; a line for each message, constants with which its first guess of
# the frequency takes a second and not 20, and no alarm where an emulated CPU was stopped for a while
slave() {
	: >"$client_log"	# what the one before has said last is not said of this one
	keep ptp4l -4 -S -s -m -i wire0 --summary_interval -3 --pi_proportional_const 0.2 \
		--pi_integral_const 0.02 --sanity_freq_limit 0 "$@"
}

# Its servo is locked, and it has it right: within 2 ms, which an emulated machine takes to answer
is_locked() {
	tail -n 1 "$client_log" | grep -q ' s2 ' || return
	us=$(clock_truth off)
	[ "${us#-}" -lt 2000 ]
}

# How often it has set the clock
steps() {
	grep -c ' s1 ' "$client_log"
}

# compare_steps -gt|-eq N NAME: as compared with those of before
compare_steps() {
	(echo "$(steps) steps, $2 before"; grep -n -v ' s2 ' "$client_log") >"$out"
	test "$(steps)" "$1" "$2"
	ok $? "$3"
}

locks() {
	until_true 600 is_locked
	status=$?
	tail -n 20 "$client_log" >"$out"
	ok $status "$1"
	tail -n 1 "$client_log" | sed 's/^/# /'
	echo "# now $(clock_truth off) us off"
}

mkdir -p /var/run
# In the first seconds the kernel measures the TSC better
sleep 3
clock_truth begin
clock_truth set 20000
if ! lay_wire; then
	skip "ptp4l" "this kernel has no veth"
	plan
fi

slave --step_threshold 0.01
locks "ptp4l: locks"
follow --from realtime
judge "locked" 4
claims_nothing "locked"
logged "kept by ptp4l (pid $client), which states a bound of 0" "locked: and sync says why"

check 0 "reference realtime, kept by ptp4l (pid $client)" "locked: show" show lab
says "believed  not: states a bound of 0"
ok $? "locked: show says why it is not believed"

# Moved behind its back: it steps
before=$(steps)
for _ in 1 2 3; do
	clock_truth set 30000
	judge "stepped" 4
	claims_nothing "stepped"
	locks "stepped: locks again"
	# On a busy host its servo can be about to begin anew
	[ "$(steps)" -eq "$before" ] || break
done
compare_steps -gt "$before" "stepped: it was a step"
die
judge "dead" 2
claims_nothing "dead"
leave "stepped and killed"

# Without a threshold it slews, and what its user states is what is claimed
clock_truth set 0
slave
locks "ptp4l without steps: locks"
follow --from realtime --reference-error 50ms
until_true 50 is_synchronized
ok $? "a stated bound: synchronized"
before=$(steps)
clock_truth set 10000
judge "slewed by 10 ms, a stated bound" 8
locks "slewed: locks again"
compare_steps -eq "$before" "slewed: it was no step"
until_true 50 is_synchronized
ok $? "slewed, a stated bound: synchronized"
judge "slewed, a stated bound" 2

# And it is stopped, as if it hung: its user's word is all that there is
kill -STOP "$client"
judge "stopped, a stated bound" 2
kill -CONT "$client"
die
judge "killed, a stated bound" 2
leave "slewed and killed"
kill -KILL "$master" "$space"
plan
