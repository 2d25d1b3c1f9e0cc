#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a share of a CPU is worth in bytes and operations per second, in virtual time: linear workloads are promised
# a rate, which is kept beside hostile neighbours; the others are refused, each for its reason.  TAP.
#	tools/build/user vbsctl
#	tests/vm/run --icount --timeout 580 --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/rates-vm.t \
#		--file build/vbsctl/tests/work -- rates-vm.t [RUNS]
set -u
. "$(dirname "$0")/tap.sh"
# How often each size is run in each state with each share
runs=${1:-1}
cd "$root" || exit 1
ifconfig lo up 2>/dev/null || ip link set lo up

# calibrated NAME STATUS VERDICT OPTION... -- COMMAND...: the model is in NAME.json
calibrated() {
	name=$1 want=$2 verdict=$3
	shift 3
	: >"$name.json"
	run "$want" calibrate --runs "$runs" --shares 30%,60% -o "$name.json" "$@" && [ "$(word verdict "$name.json")" = "$verdict" ]
	ok $? "$name: $(model_line "$name.json")"
}

# kept NAME RATE LATENCY -- COMMAND...: at that rate each piece is in time beside hostile neighbours, the CPU time
# is what the model says at most, to 2 %, and no more than 1.25 times what was needed is booked
kept() {
	name=$1 rate=$2 latency=$3
	shift 4
	run 0 check-rate --model "$name.json" --rate "$rate" --latency "$latency" --load --count 10 --json -- "$@"
	status=$?
	cap=$(number cap) needed=$(number needed)
	[ $status -eq 0 ] && [ "$(number late)" = 0 ] && [ "${needed:-0}" -gt 0 ] &&
		[ $((cap * 100)) -le $((needed * 125)) ] && [ $(($(number cpu_ns) * 100)) -le $(($(number piece_ns) * 102)) ]
	ok $? "$name: $rate/s in $(($(number runtime_ns) / 1000))/$(($(number period_ns) / 1000)) us, worst $(($(number worst_ns) / 1000)) us of $latency, booked $((cap * 100 / (needed + !needed))) % of what was needed"
}

# predicted NAME RES -- COMMAND...: alone on the CPU the server does what is promised for the long run or more, and no more
# than 15 % more
predicted() {
	name=$1 res=$2
	shift 3
	run 0 advise --model "$name.json" --res "$res" --latency 200ms --json
	window=$(number window_units) long=$(number long_run_rate)
	run 0 check-rate --model "$name.json" --res "$res" --rate $((${window:-0} * 5)) --latency 200ms --count 5 --json -- "$@"
	status=$?
	rate=$(number rate)
	[ $status -eq 0 ] && [ "${rate:-0}" -ge $((window * 5)) ] && [ "$rate" -le $((long * 115 / 100)) ]
	ok $? "$name: $res is promised $((window * 5))/s in 200ms, $long/s in the long run, and does $rate/s"
}

sha='head -c {} /dev/zero | sha256sum'
zip='head -c {} /dev/zero | gzip'
# Each run leaves no file that the next would have to truncate
# shellcheck disable=SC2016 # for another shell
copy='dd if=/dev/zero of=copy bs=4096 count=$(({} / 4096)) && rm copy'
# A cold run takes some 3 ms more whatever its size: the least size takes ten times that
calibrated sha256sum 0 linear --sizes 256K,512K,1M -- sh -c "$sha"
kept sha256sum 1536K 200ms -- sh -c "$sha"
predicted sha256sum 2ms/10ms -- sh -c "$sha"
calibrated gzip 0 linear --sizes 1M,2M,4M -- sh -c "$zip"
kept gzip 6M 200ms -- sh -c "$zip"
calibrated dd 0 linear --sizes 16M,32M,64M -- sh -c "$copy"
kept dd 96M 200ms -- sh -c "$copy"
# Packets are received by a softirq, that nobody is charged for
calibrated udp 1 uncharged --sizes 4M,8M,16M -- work udp {}
calibrated udp-accepted 0 linear --uncharged --sizes 4M,8M,16M -- work udp {}
kept udp-accepted 24M 200ms -- work udp {}
calibrated allocate 1 curved --unit operation --states idle,neighbour --sizes 1000..64000 -- work allocate {}
calibrated locked 0 linear --unit operation --sizes 4000..64000 -- work locked {}
kept locked 100000 200ms -- work locked {}
calibrated square 1 curved --unit operation --states idle,neighbour --sizes 500..8000 -- work square {}
calibrated sleep 1 waits --unit operation --states idle --sizes 4000..64000 -- work sleep {}
calibrated two-sizes 1 too-few --states idle --sizes 64K,128K -- sh -c "$sha"
check 1 "nothing is promised by $root/square.json: each line that no run was above is" "no server for what is not linear" \
	advise --model "$root/square.json" --rate 1000
check 1 "'false' with size 65536 ended with status 1" "a command that fails" calibrate --sizes 64K..1M --states idle -- false {}
check 1 "'no-such-command' with size 65536 ended with status 127" "no such command" calibrate --sizes 64K..1M --states idle -- no-such-command {}
check 4 "it takes 95 % of a CPU, and CPU 0 has 90 % to spare" "no room" calibrate --shares 95% --states idle -- true {}

# A process that reads a file in a server, watched from outside, with enough and with too little
head -c 67108864 /dev/zero >data
vbsctl run --res 3ms/10ms -- sh -c 'exec sha256sum - <data' &
pid=$!
sleep 1
check 0 "Verdict: kept" "a process that runs is fast enough" \
	check-rate --model sha256sum.json --rate 512K --latency 200ms --count 4 --pid $pid --fd 0
kill -STOP $pid
check 1 "Verdict: NOT kept: 4 of 4 pieces came too late" "one that is stopped is not" \
	check-rate --model sha256sum.json --rate 512K --latency 200ms --count 4 --pid $pid --fd 0
kill -KILL $pid
wait $pid 2>/dev/null
check 6 "process $pid" "one that has gone" check-rate --model sha256sum.json --rate 512K --pid $pid --fd 0
plan
