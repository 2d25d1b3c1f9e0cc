#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a share of a CPU for a device model is worth in bytes per second to its guest, in virtual time: of virtio-blk,
# read by dd, and of vhost-net, with UDP from the guest.  TAP.
#	tools/build/user
#	tests/vm/run --nested --icount --timeout 580 --guest-tool dd --file tools/vbsctl/tests/tap.sh \
#		--file tools/vbsctl/tests/vm.sh --file tools/vbsctl/tests/guest.sh --file tools/vbsctl/tests/in-guest \
#		--file tools/vbsctl/tests/rates-guest-vm.t -- rates-guest-vm.t [PIECES [RUNS]]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"
. "$(dirname "$0")/guest.sh"
need_guests
# How many pieces a rate is tested with, and how often each size is run in each state with each share
pieces=${1:-5} runs=${2:-1} long=${2:-no}
cd "$root" || exit 1

# dm: what the device model's server has
dm() {
	sed -n 's/^server .* \(cap=[0-9]* runtime=[0-9]* period=[0-9]*\) .* role=dm.*/\1/p' /proc/vbs
}

# calibrated NAME OPTION... -- COMMAND...: it is linear, and the model is in NAME.json; the device model has again what it had
calibrated() {
	name=$1
	shift
	: >"$name.json"
	run 0 calibrate --vm rates --runs "$runs" --states idle,neighbour --shares 5%,10% -o "$name.json" "$@" &&
		[ "$(word verdict "$name.json")" = linear ]
	ok $? "$name: $(model_line "$name.json")"
	[ "$long" = no ] || sed 's/^/# /' "$out"
	[ "$(dm)" = "$had" ]
	ok $? "$name: the device model has what it had, $(dm)"
}

# planned NAME RATE PIECE LATENCY: the server for that, in $res
planned() {
	run 0 advise --model "$1.json" --rate "$2" --op "$3" --latency "$4" --json
	res_us=$(($(number runtime_ns) / 1000)) period_us=$(($(number period_ns) / 1000))
	res=${res_us}us/${period_us}us
}

# kept NAME RATE PIECE LATENCY PLANNED -- COMMAND...: in the server for PLANNED, which leaves the guest the rest, each piece
# is in time beside hostile neighbours, with the CPU time that the model says at most, to 2 %
kept() {
	name=$1 rate=$2 piece=$3 latency=$4
	planned "$name" "$rate" "$piece" "$5"
	shift 6
	run 0 check-rate --vm rates --model "$name.json" --rate "$rate" --op "$piece" --latency "$latency" --res "$res" --load \
		--count "$pieces" --json -- "$@"
	status=$?
	cap=$(number cap) needed=$(number needed)
	[ $status -eq 0 ] && [ "$(number late)" = 0 ] && [ "${needed:-0}" -gt 0 ] &&
		[ $(($(number cpu_ns) * 100)) -le $(($(number piece_ns) * 102)) ]
	ok $? "$name: $rate/s from $res, worst $(($(number worst_ns) / 1000)) us of $latency, booked $((cap * 100 / (needed + !needed))) % of what was needed"
}

# short NAME RATE PIECE LATENCY -- COMMAND...: a device model that has a third of that meanwhile is too slow, and that is seen
short() {
	name=$1 rate=$2 piece=$3 latency=$4
	shift 5
	planned "$name" "$rate" "$piece" "$latency"
	third=$((res_us / 3))us/${period_us}us
	(sleep 0.3 && vbsctl vm switch -q rates --dm "$third") 2>/dev/null &
	run 1 check-rate --vm rates --model "$name.json" --rate "$rate" --op "$piece" --latency "$latency" --count "$pieces" --json -- "$@"
	status=$?
	wait $!
	[ $status -eq 0 ] && [ "$(number late)" -gt 0 ]
	ok $? "$name: falls short of it with $third, worst $(($(number worst_ns) / 1000)) us of $latency, $(number late) of $pieces late"
}

dd if=/dev/zero of=/tmp/disk bs=1M count=16 2>/dev/null
guest_start rates --vcpu 400us/1ms --dm 1ms/10ms --dm-cap 12% -- \
	-blockdev driver=file,node-name=disk,filename=/tmp/disk -device virtio-blk-pci,drive=disk \
	-netdev tap,id=net,ifname=tap0,script=no,downscript=no,vhost=on -device virtio-net-pci,netdev=net
ok $? "a guest with a disk and a network"
ifconfig tap0 10.9.9.1 netmask 255.255.255.0 up
in-guest rates 'ifconfig eth0 10.9.9.2 netmask 255.255.255.0 up && ping -q -c 1 10.9.9.1' >"$out" 2>&1
ok $? "packets"

had=$(dm)

disk='dd if=/dev/vda of=/dev/null bs=1M iflag=direct,count_bytes count={} 2>/dev/null'
net='guest_send 10.9.9.1 9 {}'
# What interrupts of the host take is known in hundredths of a second alone, as much as some runs need; and each
# size is run once
calibrated disk --uncharged --tolerance 30% --sizes 4M,8M,16M -- in-guest rates "$disk"
calibrated net --uncharged --tolerance 30% --sizes 512K,2M,4M -- in-guest rates "$net"
kept disk 32M 8M 250ms 200ms -- in-guest rates "$disk"
got=$(cat /sys/class/net/tap0/statistics/rx_bytes)
kept net 12M 3M 250ms 200ms -- in-guest rates "$net"
got=$(($(cat /sys/class/net/tap0/statistics/rx_bytes) - got))
[ $got -ge $((pieces * 3 * 1048576)) ]
ok $? "net: the host has got $got bytes"
short disk 32M 8M 250ms -- in-guest rates "$disk"
short net 12M 3M 250ms -- in-guest rates "$net"
stop
plan
