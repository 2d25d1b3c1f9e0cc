#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vbsctl vm with machines of KVM, as root, on a kernel whose KVM puts them into servers:
#	tools/build/user vbsctl
#	tests/vm/run --nested --file build/vbsctl/vbs-pi.so:/usr/lib/vbsctl/vbs-pi.so \
#		--file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/vm.sh \
#		--file tools/vbsctl/tests/machines-vm.t -- machines-vm.t
# The machines have no system: their vCPUs run the firmware, and wait for a disk.  TAP.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"

vbsctl vm check --cap 5% >"$out" 2>&1
if [ $? -eq 3 ] || ! command -v qemu-system-x86_64 >/dev/null; then
	echo "1..0 # SKIP no qemu-system-x86_64, or $(head -n 1 "$out")"
	exit 0
fi

# machine NAME [OPTION]...: in the background; its pid is $pid
machine() {
	name=$1
	shift
	start qemu-system-x86_64 -name "guest=$name,debug-threads=on" -accel kvm -nodefaults -display none \
		-m 64 "$@" >/dev/null 2>&1
}

# group KEY PID
group() {
	sed -n "s/^group pid=$2 .* $1=\([^ ]*\).*/\1/p" /proc/vbs
}

# places PID: servers of its vCPUs that somebody is in
places() {
	grep -c "^server .* members=1 .* group=$1 role=vcpu" /proc/vbs
}

# all_inside PID: no thread of it has another policy, but KVM's own
all_inside() {
	: >"$out"
	for t in /proc/"$1"/task/*; do
		p=$(policy "$1/task/${t##*/}" 2>/dev/null)
		grep -q "^kvm-nx-lpage" "$t/comm" 2>/dev/null || [ "${p:-8}" = 8 ] || echo "thread ${t##*/}: policy $p" >>"$out"
	done
	[ ! -s "$out" ]
}

# A machine that runs already
machine web1
web1=$pid
until_true 'ls -l /proc/$web1/fd | grep -q kvm-vcpu'
check 0 "it fits" "check: a running machine" vm check --vcpu 100us/1ms --dm 200us/1.5ms web1
! grep -q "^group" /proc/vbs
ok $? "check: nothing has changed"
check 0 "web1: each vCPU 100us/1ms, cap 20 %" "attach by name" vm attach web1 --vcpu 100us/1ms --cap 20%
until_true '[ "$(places $web1)" = 1 ]' && [ "$(group vcpus "$web1")" = 1 ]
ok $? "attach: the vCPU is in its place"
all_inside "$web1"
ok $? "attach: every thread is in a server"
check 0 " web1  " "list" vm list
! says "outside: thread"
ok $? "list: no thread is outside"
run 0 vm top -n 2 -d 200ms && says " web1  "
ok $? "top"
check 0 "each vCPU 80us/1ms, cap 20 %" "switch" vm switch web1 80us/1ms
grep -q "^server .* cap=209716 runtime=80000 period=1000000 .* role=vcpu" /proc/vbs
ok $? "switch: the server has it"
check 4 "cannot attach web1: needs 1 vCPU of 80 % and a device model of 80 %" "no room" \
	vm attach web1 --vcpu 800us/1ms --dm 1.2ms/1.5ms
grep -q "^server .* cap=209716 runtime=80000 period=1000000 .* role=vcpu" /proc/vbs
ok $? "no room: what it had stays"
check 0 "is left out: it is of a virtual machine" "save" save
check 0 "" "detach" vm detach web1
! grep -q "^group" /proc/vbs && [ "$(policy "$web1")" = 0 ]
ok $? "detach: nothing is left"
stop
ok $? "what was booked goes"

# One that is configured before it is a VMM
start vbsctl vm run --vcpu 100us/1ms --dm 200us/1.5ms --pi -- qemu-system-x86_64 -name guest=web2 -accel kvm \
	-nodefaults -display none -m 64 >/dev/null 2>&1
web2=$pid
until_true '[ "$(places $web2)" = 1 ]'
ok $? "run: the vCPU enters its place"
all_inside "$web2"
ok $? "run: every thread is in a server"
run 0 vm list --json web2 && says '"inherits": true'
ok $? "run --pi: its mutexes inherit"
kill -KILL "$web2"
stop && ! grep -q "^group" /proc/vbs
ok $? "kill -9: nothing is left"

# By the rules, as udev calls it
mkdir -p /etc/vbs/vm.d
printf 'name web*\nvcpu 100us/1ms\n' >/etc/vbs/vm.d/web.conf
machine db1
db1=$pid
machine web3 -S
web3=$pid
until_true 'ls -l /proc/$web3/fd | grep -q kvm-vcpu'
check 0 "No rule in /etc/vbs/vm.d is for db1" "rules: none" vm attach --rules "$db1"
check 0 "" "rules: one" vm attach --rules --quiet "$web3"
[ "$(group vcpus "$web3")" = 1 ] && [ -z "$(group vcpus "$db1")" ]
ok $? "rules: the one that is named"
stop
plan
