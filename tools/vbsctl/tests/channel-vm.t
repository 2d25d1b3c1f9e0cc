#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Messages between servers on a CPU that is booked full, in virtual time: none takes longer than its
# bound, and a directed load comes close to it.  TAP.
#	tools/build/user vbsctl
#	tests/vm/run --icount --timeout 580 --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/channel-vm.t \
#		-- channel-vm.t [COUNT]
set -u
. "$(dirname "$0")/tap.sh"

# Of the longest measurement
count=${1:-10000}

# measured NAME LEAST BEYOND ARG...: all are within the bound, the worst is at least LEAST % of it, and at least
# BEYOND are above the published formula
measured() {
	name=$1 least=$2 beyond=$3
	shift 3
	run 0 channel measure --json "$@"
	status=$?
	n_sent=$(number count) worst=$(number worst_ns) bound=$(number bound_ns) above=$(number above_published)
	[ $status -eq 0 ] && [ "$(number above_bound)" = 0 ] && [ "${bound:-0}" -gt 0 ] &&
		[ $((worst * 100)) -ge $((bound * least)) ] && [ "$above" -ge "$beyond" ]
	ok $? "$name: $n_sent within $((${bound:-0} / 1000)) us, worst $((${worst:-0} / 1000)) us, published $(($(number published_ns) / 1000)) us exceeded by $above"
}

# reached US NAME: by the worst that was measured last
reached() {
	[ "${worst:-0}" -ge $(($1 * 1000)) ]
	ok $? "$2: worst $((${worst:-0} / 1000)) us, at least $1"
}

short="--res 50us/500us,200us/2ms --reply 64"
much="--res 50us/500us,200us/8ms --reply 64"
long="--res 50us/500us,1ms/10ms --reply 64"
# shellcheck disable=SC2086
{
	measured "directed load, blocking" 45 0 $short --load --count "$count"
	# 70 % of 1.98 ms: a server that has all that is left runs no longer without a gap
	reached 1386 "directed load, blocking: all that a load of one server can do"
	for seed in 1 2 3; do
		measured "directed load, blocking, 16 periods of the sender in one of the receiver, seed $seed" 60 0 $much --load \
			--count 300 --seed $seed
	done
	measured "directed load, polling" 60 1 $short --load --poll --count $((count / 5))
	measured "random load, blocking" 0 0 $short --load=random --count $((count / 10))
	measured "a receiver that has most of the time, blocking" 60 0 $long --load --count 400
	measured "a receiver that has most of the time, polling" 65 1 $long --load --poll --count 300
	measured "work of three instances" 80 0 --res 100us/1ms,1ms/10ms --reply 64 --process 2500us --load --count 100
	# Any pair, each way
	for pair in 100us/1ms,100us/1ms 60us/500us,150us/1500us 200us/2ms,100us/1ms 100us/1ms,60us/300us 90us/900us,250us/2500us; do
		for how in "" --poll "--align" "--align --poll"; do
			measured "$pair, one slot $how" 0 0 --res $pair --reply 64 --load --count 40 $how
		done
		for how in "" --poll; do
			measured "$pair, a ring $how" 0 0 --res $pair --message 2K --slot 256 --slots 4 --load --count 30 $how
		done
	done
	for how in "sender:400us/4ms" "receiver:400us/4ms" "sender:400us/4ms --poll" "receiver:400us/4ms --poll"; do
		measured "one side switches: $how" 0 0 --res 100us/1ms,200us/2ms --reply 64 --load --count 80 \
			--switch-to $how
	done
}
# The receiver is another process, which shares a file
truncate -s 64K /tmp/ring
vbsctl run --res 200us/2ms -- vbsctl channel answer /tmp/ring >"$root/answer" 2>&1 &
answer=$!
measured "the receiver elsewhere, polling" 40 0 --over /tmp/ring --res 100us/1ms,200us/2ms --reply 64 --load --count 300
wait $answer
ended $? 0 "answer" && cat "$root/answer" >>"$out"
ok $? "and it has answered all"
check 2 "round trips" "one way is not measured with a receiver elsewhere" channel measure --over /tmp/ring --res 100us/1ms,200us/2ms
check 1 "nobody measures" "nothing to answer" channel answer --wait 10ms /tmp/ring
check 1 "No such file" "no such memory" channel answer /tmp/none
# A receiver that gives a quarter of each budget to its release, which is not counted here
check 1 "Verdict: 0 of 30 within the bound" "a cost that is left out" channel measure --res 700us/1ms,20us/1ms \
	--count 30 --overhead 0ms --process 300us --load=none
check 1 "they may pile up" "messages that are too close" channel measure --res 100us/1ms,100us/1ms --count 30 --every 100us
check 4 "cannot run 'receiver': needs 50 % of a CPU" "no room" channel measure --res 500us/1ms,500us/1ms
check 1 "nothing is left on CPU 0 to load it with" "no room for the load" channel measure --res 400us/1ms,499us/1ms --load
plan
