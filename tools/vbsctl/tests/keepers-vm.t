#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What 'vbsctl timeline sync' believes of the programs that really keep clocks, and that nothing they
# do ends it.  The truth is CLOCK_MONOTONIC_RAW (clock_truth).  TAP.  As root:
#	tools/build/clients
#	tests/vm/run --no-icount --smp 2 --timeout 900 --file tools/vbsctl/tests/tap.sh \
#		--file tools/vbsctl/tests/keeping.sh --file tools/vbsctl/tests/keepers-vm.t --file build/vbsctl/tests/clock_truth \
#		--file build/clients/bin:/usr/bin -- keepers-vm.t
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/keeping.sh"
vbsctl="vbsctl timeline"
server_address=10.0.0.1

prepare() {
	mkdir -p /etc/systemd /run/systemd/netif /var/lib/systemd/timesync /var/lib/ntpsec
	printf 'systemd-timesync:x:997:997::/:/bin/sh\n' >>/etc/passwd
	printf 'systemd-timesync:x:997:\n' >>/etc/group
	chown 997:997 /var/lib/systemd/timesync
	printf 'OPER_STATE=routable\nCARRIER_STATE=carrier\nADDRESS_STATE=routable\nONLINE_STATE=online\n' \
		>/run/systemd/netif/state
	printf '[Time]\nNTP=%s\n' $server_address >/etc/systemd/timesyncd.conf
	printf 'server %s iburst minpoll 0 maxpoll 0\nport 0\n' $server_address >/etc/chrony.conf
	(cat /etc/chrony.conf; echo rtcsync) >/etc/chrony-rtcsync.conf
	printf 'server %s iburst minpoll 3 maxpoll 3\ninterface ignore wildcard\ninterface listen 127.0.0.1\ndriftfile /var/lib/ntpsec/drift\n' \
		$server_address >/etc/ntp.conf
	echo 0.000 >/var/lib/ntpsec/drift
	# Not an interface's, which ntpd would listen on
	ip route add local $server_address/32 dev lo src 127.0.0.1 table local
	# In the first seconds the kernel measures the TSC better
	sleep 3
	clock_truth begin
	clock_truth serve $server_address &
}

# believed NAME TENTHS SAYS COMMAND...: a keeper that states a bound, beginning 20 ms off
believed() {
	name=$1 tenths=$2 text=$3
	shift 3
	clock_truth set 20000
	follow --from realtime
	keep "$@"
	judge "$name, beginning" 8
	until_true "$tenths" is_synchronized
	ok $? "$name: it becomes synchronized"
	judge "$name, synchronized" 5
	logged "$text" "$name: whom sync believes, and why"
	run 0 show lab && says "(pid $client)" && says "believed  to " && says "${text#bounded }"
	ok $? "$name: show says by whom and why it is believed"
	kill -STOP "$client"
	judge "$name, stopped" 3
	# Without a word from ntpd its bound in the kernel grows, which is as good
	is_freerunning || [ "$1" = ntpd ]
	ok $? "$name, stopped: not synchronized"
	kill -CONT "$client"
	until_true 100 is_synchronized
	ok $? "$name, continued: synchronized again"
	die
	judge "$name, dead" 3
	is_freerunning
	ok $? "$name, dead: not synchronized"
	leave "$name"
}

# unbelieved NAME US TEXT COMMAND...: a keeper that states nothing, beginning so far off; sync begins
# amid the correction
unbelieved() {
	name="$1 from $2 us" text=$3
	clock_truth set "$2"
	shift 3
	keep "$@"
	sleep 3
	follow --from realtime
	judge "$name" 12
	claims_nothing "$name"
	echo "# $name: now $(clock_truth off) us off"
	logged "$text" "$name: and sync says why"
	die
	judge "$name, dead" 2
	claims_nothing "$name, dead"
	leave "$name"
}

prepare
clock_truth set 0
follow --from realtime
judge "nobody" 2
claims_nothing "nobody"
logged "nobody keeps it" "nobody: and sync says why"
leave "nobody"

unbelieved timesyncd 3000 "kept by systemd-timesyncd" systemd-timesyncd
unbelieved timesyncd -20000 "kept by systemd-timesyncd" systemd-timesyncd
! busybox --list | grep -qx ntpd ||
	unbelieved "busybox ntpd" 20000 "kept by busybox ntpd" busybox ntpd -n -p $server_address
believed "chronyd with rtcsync" 200 "bounded by its tracking report" \
	chronyd -d -F 0 -u root -f /etc/chrony-rtcsync.conf
believed "chronyd without rtcsync" 200 "bounded by its tracking report" \
	chronyd -d -F 0 -u root -f /etc/chrony.conf
believed "ntpsec" 600 "bounded by its answers" ntpd -n -g -c /etc/ntp.conf

# Two at once: neither knows of the other's corrections
clock_truth set 0
follow --from realtime
keep chronyd -d -F 0 -u root -f /etc/chrony.conf
until_true 200 is_synchronized
ok $? "two keepers: the first is believed"
other=$client
keep systemd-timesyncd
until_true 200 is_freerunning
ok $? "two keepers: not synchronized"
judge "two keepers" 4
logged "two programs keep it (" "two keepers: then none is"
die
client=$other
die
leave "two keepers"

# A PTP clock states nothing, and its scale is not known
echo "1 1" >/sys/bus/netdevsim/new_device
until_true 20 [ -c /dev/ptp0 ]
clock_truth phc /dev/ptp0 0
clock_truth set 0
vbsctl timeline create lab >/dev/null
check 2 "may show utc or tai, which it does not tell" "PTP clock: its scale" sync lab --from /dev/ptp0
check 1 "'lab' is a timeline of type utc, and /dev/ptp0 is tai" "PTP clock: another scale" \
	sync lab --from /dev/ptp0 --scale tai
vbsctl timeline destroy lab
follow --from /dev/ptp0 --scale utc
clock_truth phc /dev/ptp0 3000
judge "PTP clock" 2
claims_nothing "PTP clock"
logged "/dev/ptp0 states no quality" "PTP clock: and sync says why"
leave "PTP clock"

# phc2sys slews CLOCK_REALTIME to it, when the PTP clock is moved by 3 ms
clock_truth phc /dev/ptp0 0
follow --from realtime
keep phc2sys -s /dev/ptp0 -c CLOCK_REALTIME -O 0 -m
judge "phc2sys" 4
claims_nothing "phc2sys"
clock_truth phc /dev/ptp0 3000
judge "phc2sys, moved by 3 ms" 10
claims_nothing "phc2sys, moved by 3 ms"
echo "# phc2sys: now $(clock_truth off) us off"
logged "kept by phc2sys" "phc2sys: and sync says why"
die
judge "phc2sys, dead" 2
claims_nothing "phc2sys, dead"
leave "phc2sys"

# phc2sys that steers the other way, beside chronyd
clock_truth set 0
keep phc2sys -s CLOCK_REALTIME -c /dev/ptp0 -O 0 -m
other=$client
keep chronyd -d -F 0 -u root -f /etc/chrony.conf
follow --from realtime
until_true 200 is_synchronized
ok $? "phc2sys to a PTP clock: keeps no system clock"
die
client=$other
die
leave "phc2sys to a PTP clock"

# What no update can be made of ends nothing
clock_truth set 0
follow --from realtime --reference-error 5ms --verbose
clock_truth set 2000000000000
judge "a step of 2000000 s" 2
vbsctl timeline read lab >"$out" && says "no bound  freerunning"
ok $? "a step of 2000000 s: nothing is claimed"
clock_truth set 0
until_true 50 is_synchronized
ok $? "a step of 2000000 s and back: synchronized again"

# Stopped: instants that have passed are passed over
kill -STOP $sync
sleep 4
before=$(wc -l <"$log")
kill -CONT $sync
sleep 1
after=$(wc -l <"$log")
[ $((after - before)) -le 6 ] || { echo "$((after - before)) updates in a second" >"$out" && false; }
ok $? "stopped and continued: no update is made up for"
grep -v "^20" "$log" >"$root/said"
mv "$root/said" "$log"
leave "a step of 2000000 s"

# A PTP clock that is gone
clock_truth phc /dev/ptp0 0
follow --from /dev/ptp0 --scale utc --reference-error 1ms
until_true 20 is_synchronized
ok $? "PTP clock with a stated bound: synchronized"
echo 1 >/sys/bus/netdevsim/del_device
judge "PTP clock, gone" 2
is_freerunning
ok $? "PTP clock, gone: not synchronized"
logged "cannot read /dev/ptp0" "PTP clock, gone: sync says so"
run 0 show lab && says "reference /dev/ptp0" && says "believed  not: cannot be read: "
ok $? "PTP clock, gone: so does show"
leave "PTP clock, gone"

plan
