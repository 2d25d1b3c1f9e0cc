#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vbsctl irq on a kernel with SCHED_VBS and threads of interrupts.  What this test says goes
# through one of them.  TAP.
#	tools/build/user vbsctl
#	tests/vm/run --smp 2 --append threadirqs --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/vm.sh \
#		--file tools/vbsctl/tests/irq-vm.t -- irq-vm.t
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"

# line_of NAME: the first line with a thread of such a name; its number and the thread's in $line and $thread
line_of() {
	line='' thread=''
	for task in /proc/[0-9]*; do
		read -r comm <"$task/comm" || continue
		case $comm in
		irq/*-$1*) comm=${comm#irq/} line=${comm%%-*} thread=${task#/proc/} && return ;;
		esac
	done 2>/dev/null
	return 1
}

lines() {
	cat "/proc/irq/$line/smp_affinity_list"
}

check 0 "FIFO 50" "list" irq list -d 100ms
says "CPU 0: nobody's are hard interrupts"
ok $? "list: what is nobody's"
line_of virtio
ok $? "a virtio line has a thread"
check 0 "server" "join" irq join "$line" --res 2ms/10ms --name device -v
[ "$(policy "$thread")" = 8 ] && [ "$(field runtime "$thread")" = 2000000 ]
ok $? "join: its thread is in a server"
check 0 "VBS" "list: it is there" irq list -d 100ms
grep -q "^$line .* VBS .* 2ms/10ms" "$out"
ok $? "list: with its resource"
check 0 "device" "list: its name" list device
check 1 "is in a server already" "join: twice" irq join "$line" --res 1ms/10ms
check 0 "" "switch" switch device 1ms/10ms
[ "$(field runtime "$thread")" = 1000000 ]
ok $? "switch: another resource"
check 0 "in no server" "leave" irq leave "$line" -v
[ "$(policy "$thread")" = 1 ] && [ "$(sed 's/.*) //' "/proc/$thread/stat" | cut -d ' ' -f 38)" = 50 ]
ok $? "leave: FIFO 50"
check 1 "is in no server" "leave: twice" irq leave "$line"
stop
ok $? "nothing is booked"

start sh -c 'while :; do :; done'
run 0 admit --cap 30% --res 2ms/10ms "$pid"
check 0 "" "join --leader" irq join "$line" --leader "$pid"
[ "$(field members "$pid")" = 2 ]
ok $? "join --leader: two members"
check 2 "leave --res" "join --leader with a resource" irq join "$line" --leader "$pid" --res 1ms/10ms
run 0 irq leave "$line"
stop
ok $? "nothing is booked after --leader"

before=$(lines)
check 4 "needs 95 % of a CPU" "join: no room" irq join "$line" --res 9.5ms/10ms --cpu 0
[ "$(lines)" = "$before" ] && [ "$(policy "$thread")" = 1 ]
ok $? "join: no room, and the line is where it was"
if [ -e /sys/devices/system/cpu/cpu1 ]; then
	check 0 "on CPU 1" "join --cpu" irq join "$line" --res 1ms/10ms --cpu 1 -v
	[ "$(lines)" = 1 ] && [ "$(field cpu "$thread")" = 1 ]
	ok $? "join --cpu: the line and its server"
	run 0 irq leave "$line"
	echo "$before" >"/proc/irq/$line/smp_affinity_list"
fi
user_check 5 "" "join: without privilege" "vbsctl irq join $line --res 1ms/10ms"

# The console's is the serial line's
exec 5>/dev/ttyS0
if line_of ttyS0; then
	check 1 "interrupt 4 is the console's" "the console" irq join 4 --res 1ms/10ms
	check 0 "" "the console, --force" irq join 4 --res 1ms/10ms --force
	run 0 irq leave 4
fi
check 1 "has no thread" "a line without a thread" irq join 0 --res 1ms/10ms
check 6 "there is no interrupt 250" "no line" irq join 250 --res 1ms/10ms
check 1 "has no such thread of NAPI" "a device without threads" irq join lo --res 1ms/10ms
kthreadd=$(cat /proc/2/comm)
check 1 "2 ($kthreadd) is a thread of the kernel" "other threads of the kernel stay out" admit --cap 1% 2
stop
ok $? "nothing is booked in the end"
plan
