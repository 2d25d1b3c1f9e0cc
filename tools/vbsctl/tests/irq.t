#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vbsctl irq on any kernel: files of a fake root are read in place of /proc and /sys.  TAP.
#	VBSCTL=path tests/irq.t
set -u
. "$(dirname "$0")/tap.sh"
vbsctl=$(realpath "${VBSCTL:-vbsctl}")
export VBSCTL_ROOT="$root"

# thread TID COMM POLICY PRIORITY FLAGS
thread() {
	mkdir -p "$root/proc/$1"
	echo "$1 ($2) S 2 0 0 0 -1 $5 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 $4 $3 0 0 0" >"$root/proc/$1/stat"
	printf 'Name:\t%s\nTgid:\t%s\nUid:\t0\t0\t0\t0\nCpus_allowed_list:\t0-1\n' "$2" "$1" >"$root/proc/$1/status"
	echo "5000 0 1" >"$root/proc/$1/schedstat"
}

kthread=2129984
thread 4000001 irq/4-ttyS0 1 50 $kthread
thread 4000002 irq/24-virtio0 8 0 $kthread
thread 4000003 irq/24-s-virtio0 1 50 $kthread
thread 4000004 napi/a-b-8200 0 0 $kthread
thread 4000005 napi/a-b-8193 8 0 $kthread
thread 4000006 napi/eth0-x 0 0 $kthread
thread 4000007 irq/9-mine 0 0 0
thread 4000008 ksoftirqd/0 0 0 $kthread
for line in 0 4 7 11 24; do
	mkdir -p "$root/proc/irq/$line"
	echo 0-1 >"$root/proc/irq/$line/smp_affinity_list"
done
mkdir -p "$root/sys/class/net/eth1" "$root/sys/class/net/a-b" "$root/sys/class/tty/console" "$root/sys/class/tty/ttyS0"
echo "tty0 ttyS0" >"$root/sys/class/tty/console/active"
echo 4 >"$root/sys/class/tty/ttyS0/irq"
cat >"$root/proc/interrupts" <<'END'
            CPU0       CPU1
   0:         10          0   IO-APIC   2-edge      timer
   4:        100         20   IO-APIC   4-edge      ttyS0
  24:       5000          0   PCI-MSIX-0000:00:03.0   0-edge      virtio0
 NMI:          0          0   Non-maskable interrupts
END
printf 'cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 1 2 3 4 5 60 70 0 0 0\ncpu1 1 2 3 4 5 6 7 0 0 0\nintr 1\n' >"$root/proc/stat"
cat >"$root/proc/vbs" <<'END'
vbs version=1 demoted=0
limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000
cpu id=0 online=1 capacity=943718 booked=104858 spare=838860 servers=1
cpu id=1 online=1 capacity=943718 booked=0 spare=943718 servers=0
server id=3 cpu=0 cap=104858 runtime=1000000 period=10000000 flags=0x0 members=1 state=idle consumed=1 instances=1 misses=0 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 owner=0 leader=4000002 comm=irq/24-virtio0
END

check 0 "leave    take them out of their servers" "help" irq --help
check 2 "a subcommand is missing" "no subcommand" irq
check 0 "LINE          THREAD CPUS      RATE/S  CPU % CLASS       ID BUDGET/PERIOD     NAME" "list" irq list -d 1ms
says "4            4000001 0-1            0      0 FIFO 50      - -                 irq/4-ttyS0" &&
	says "24           4000002 0-1            0      0 VBS          3 1ms/10ms          irq/24-virtio0"
ok $? "list: lines, their classes and servers"
says "a-b:0        4000005 0-1            -      0 VBS          - -                 napi/a-b-8193" && says "a-b:1        4000004"
ok $? "list: queues in the order of their ids"
says "CPU 1: nobody's are hard interrupts, 0 %, and softirqs, 0 %"
ok $? "list: what is nobody's"
! says "irq/9-mine" && ! says "eth0"
ok $? "list: nothing that only has such a name"
sed -i '/not said/d' "$out"
check 0 '"interrupts_per_s": 0' "list --json" irq list --json -d 1ms
says '"kind": "napi"' && says '"device": "a-b"' && says '"queue": 1' && says '"class": "FIFO 50"' && says '"softirq_ns": 0' &&
	says '"runtime_ns": 1000000'
ok $? "list --json: what there is"
check 2 "--delay '0ms'" "list: no time" irq list -d 0ms
check 2 "it takes no operands" "list: an operand" irq list 4

check 2 "which interrupt or network device" "join: nothing" irq join --res 1ms/10ms
check 2 "say how much" "join: no resource" irq join 24
check 2 "--cpu: one CPU" "join: two CPUs" irq join 24 --res 1ms/10ms --cpu 0-1
check 2 "leave --res, --cap and --name out" "join: a resource and a leader" irq join 24 --leader 1 --res 1ms/10ms
check 2 "--name names one server" "join: two of one name" irq join 24 4 --res 1ms/10ms --name x
check 6 "there is no interrupt 99" "join: no such line" irq join 99 --res 1ms/10ms
check 1 "interrupt 11 has no thread: its handler runs in the interrupt" "join: a line without a thread" irq join 11 --res 1ms/10ms
check 6 "no network device 'wlan0'" "join: no such device" irq join wlan0 --res 1ms/10ms
check 1 "eth1 has no such thread of NAPI" "join: a device without threads" irq join eth1 --res 1ms/10ms
check 1 "a-b:7 has no such thread" "join: no such queue" irq join a-b:7 --res 1ms/10ms
check 2 "an interrupt by its number" "join: neither" irq join :1 --res 1ms/10ms
check 1 "interrupt 4 is the console's" "join: the console" irq join 4 --res 1ms/10ms
thread 4000009 irq/0-timer 1 50 $kthread
check 1 "interrupt 0 is a timer's" "join: a timer" irq join 0 --res 1ms/10ms
check 0 "It would fit now: it needs 10 % of a CPU, and CPU 1 has most to spare" "join --dry-run --force" irq join 4 --res 1ms/10ms --force --dry-run
check 0 "and CPU 0 has most to spare" "join --dry-run --cpu" irq join 24 --res 1ms/10ms --cpu 0 --dry-run
[ "$(cat "$root/proc/irq/24/smp_affinity_list")" = 0-1 ]
ok $? "join --dry-run: nothing has been changed"

# No such task is there in truth, so it is refused, and all is as it was
run 6 irq join 24 --res 1ms/10ms --cpu 1 || run 1 irq join 24 --res 1ms/10ms --cpu 1
[ "$(cat "$root/proc/irq/24/smp_affinity_list")" = 0-1 ]
ok $? "join: what fails puts the line back"

check 2 "which interrupt or network device" "leave: nothing" irq leave
check 6 "there is no interrupt 99" "leave: no such line" irq leave 99
plan
