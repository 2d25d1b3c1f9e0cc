#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Messages between a host and its guest, through the memory of ivshmem-plain, in virtual time: both ends poll, no
# round trip takes longer than its bound, and looking causes no exit.  TAP.
#	tools/build/user
#	PATH=build/user/bin:$PATH tests/vm/run --nested --icount --timeout 580 --guest-tool vbsctl --tool chrt \
#		--file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/vm.sh --file tools/vbsctl/tests/guest.sh \
#		--file tools/vbsctl/tests/in-guest --file tools/vbsctl/tests/channel-guest-vm.t -- channel-guest-vm.t [COUNT]
# shellcheck disable=SC2016 # for the shell of the guest
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"
. "$(dirname "$0")/guest.sh"
need_guests

# Round trips of the longest measurement
count=${1:-200}
ring=/dev/shm/ring

# guest COMMAND: its output to $out
guest() {
	in-guest peer "$1" >"$out" 2>&1
}

# answers [WORD...]: the receiver in the guest, behind these words
answers() {
	guest "($* vbsctl channel answer /tmp/ring >/tmp/said 2>&1; echo \$? >/tmp/status) &"
}

answered() {
	guest "while ! [ -s /tmp/status ]; do sleep 0.1; done; cat /tmp/said; read s </tmp/status; rm /tmp/status; exit \$s"
}

# measure RECEIVER ARG...: the JSON in $root/json, the status in $status
measure() {
	receiver=$1
	shift
	vbsctl channel measure --over $ring --json --reply 64 --res "100us/1ms,$receiver" "$@" >"$root/json" 2>&1
	status=$?
	cp "$root/json" "$out"
	return $status
}

# within NAME LEAST: what has been measured is within the bound, and the worst at least LEAST % of it
within() {
	n_sent=$(number count) worst=$(number worst_ns) bound=$(number bound_ns)
	[ "$status" -eq 0 ] && [ "$(number above_bound)" = 0 ] && [ "${bound:-0}" -gt 0 ] &&
		[ $((worst * 100)) -ge $((bound * $2)) ]
	ok $? "$1: ${n_sent:-0} within $((${bound:-0} / 1000)) us, worst $((${worst:-0} / 1000)) us, published $(($(number published_ns) / 1000)) us exceeded by $(number above_published)"
}

# count_exits NAME [PID]: in half a second, by reason, "COUNT REASON" a line, in $root/NAME.  Ahead of all that is in no
# server.  False if that process has ended by then.
count_exits() {
	chrt -f 50 sh -c 'cd /sys/kernel/tracing && sleep 0.2 && echo 0 >tracing_on && echo >trace &&
		echo 1 >events/kvm/kvm_exit/enable && echo 1 >tracing_on && sleep 0.5 && echo 0 >tracing_on &&
		echo 0 >events/kvm/kvm_exit/enable && { [ -z "$1" ] || kill -0 "$1"; } &&
		sed -n "s/.* reason \([a-z_0-9]*\) .*/\1/p" trace' sh "${2:-}" >"$root/all" || return
	sort "$root/all" | uniq -c | sed 's/^ *//' >"$root/$1"
}

# reasons NAME: in a line
reasons() {
	tr '\n' ' ' <"$root/$1" | sed 's/ $//'
}

# sum NAME: of them all
sum() {
	awk '{ n += $1 } END { print n + 0 }' "$root/$1"
}

# In the guest: a server that books most of what is left, and a task that is in none; both want all
hogs_begin() {
	guest 'for how in "vbsctl run --res 800us/4ms --" ""; do $how sh -c "while :; do :; done" & echo $! >>/tmp/hogs; done'
}

dd if=/dev/zero of=$ring bs=1M count=1 2>/dev/null
guest_start peer --vcpu 500us/1ms --dm 150us/1.5ms --guest-switch -- \
	-object "memory-backend-file,id=ring,size=1M,mem-path=$ring,share=on" -device ivshmem-plain,memdev=ring
ok $? "a guest with the memory"
# Shorter periods have no capacity beside a vCPU that may be without its CPU for a millisecond
guest 'echo 4000 >/proc/sys/kernel/sched_vbs_period_min_us && p=$(grep -l 0x1110 /sys/bus/pci/devices/*/device) && ln -s "${p%device}resource2" /tmp/ring'
ok $? "the guest finds it"

answers
measure 500us/1ms --load --count $((count * 2 / 3))
within "alone on its vCPU" 35
answered
ok $? "and the guest has answered all"

# The same claim, of a vCPU that has less
vbsctl vm switch -q peer --vcpu 50us/8ms 2>/dev/null
answers
measure 500us/1ms --count 20
[ "$status" -eq 1 ] && [ "$(number above_bound)" -gt 0 ]
ok $? "a vCPU that has less than is claimed: $(number above_bound) of $(number count) above the bound, worst $(($(number worst_ns) / 1000)) us of $(($(number bound_ns) / 1000))"
vbsctl vm switch -q peer --vcpu 500us/1ms 2>/dev/null
# A console that gets its CPU for 50 us of 8 ms loses what is typed
sleep 1
answered
ok $? "which the guest has answered all the same"

# What a busy guest exits for: timers, its own and its host's; and now and then for something that is new to it
hogs_begin
guest 'vbsctl run --res 400us/4ms -- sh -c "while :; do :; done" & echo $! >/tmp/loop'
count_exits loop
guest 'kill $(cat /tmp/loop)'
answers vbsctl run --res 400us/4ms --
measure 400us/4ms --load --count "$count" &
measured=$!
count_exits polling $measured && [ -s "$root/loop" ] && [ -s "$root/polling" ] &&
	! grep -v -e ' interrupt$' -e ' msr$' -e ' vintr$' -e '^[1-9] hypercall$' -e '^[1-9] npf$' "$root/polling" >"$out" &&
	[ $(($(sum polling) * 4)) -le $(($(sum loop) * 5)) ]
ok $? "exits in 500 ms, while it polls: $(reasons polling); while it loops: $(reasons loop)"
wait $measured
status=$?
cp "$root/json" "$out"
within "in a server of the guest, beside hogs in it" 25
worst=$(number worst_ns)
run 0 analyze --channel 64 --poll --message 64 --reply 64 --sender 100us/1ms --receiver 400us/4ms --pass 10us \
	--vcpu receiver:500us/1ms --least-period 4ms --json
bound=$(number bound_ns)
[ "${worst:-0}" -gt 0 ] && [ "$worst" -le "${bound:-0}" ]
ok $? "that is within what analyze says of a server in such a vCPU, $((${bound:-0} / 1000)) us"
answered
ok $? "and the guest has answered all"
check 1 "above the capacity of a vCPU, 37.48 %" "a server that such a vCPU does not supply" analyze --channel 64 --poll \
	--message 64 --reply 64 --sender 100us/1ms --receiver 1600us/4ms --vcpu receiver:500us/1ms --least-period 4ms
stop
plan
