#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016 # eval looks at what until_true is given
# The units, the drop-in, the slice and servers.json that are shipped, as they are, under systemd itself, in a
# virtual machine.  TAP.
#	tests/vm/run --smp 4 --no-icount --file tests/tap.sh --file tests/vm.sh --file tests/systemd-vm.t \
#		--file systemd:units --file /lib/systemd/systemd:/lib/systemd/systemd --tool systemctl --tool unshare \
#		--tool nsenter --tool setpriv --tool sleep -- systemd-vm.t
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"
etc=/etc/systemd/system

# A machine of systemd's own: what a unit needs of others is there, and empty
mkdir -p $etc /usr/local/bin /etc/vbsctl
for target in sysinit basic shutdown timers multi-user default; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target >$etc/$target.target
done
printf '[Unit]\nDefaultDependencies=no\n' >$etc/umount.target
ln -sf "$(command -v vbsctl)" /usr/local/bin/vbsctl
cp -r units/examples/* $etc/
sed 's,@BINDIR@,/usr/local/bin,' units/vbsctl-apply.service >$etc/vbsctl-apply.service
cp units/vbsctl-apply.timer $etc/
cp units/examples/servers.json /etc/vbsctl/
# What the recipes are for: a service without privilege, and two in the slice
printf '[Service]\nDynamicUser=yes\nExecStart=/usr/bin/sleep 1000\n' >$etc/mixer.service
for i in 1 2; do
	printf '[Service]\nSlice=realtime.slice\nExecStart=/usr/bin/sleep 200%s\n' $i >$etc/share$i.service
done
echo vbs >/etc/machine-id

ctl() {
	nsenter -t "$manager" -p -m systemctl "$@"
}

# main_pid UNIT: in this namespace
main_pid() {
	head -n 1 "/sys/fs/cgroup/$1/cgroup.procs"
}

active() {
	[ "$(ctl is-active "$1")" = active ]
}

server_named() {
	"$vbsctl" list "$1" >"$out" 2>&1
}

mkdir -p /run/vbs && chmod 1777 /run/vbs		# of vbs.conf, by systemd-tmpfiles
start unshare -p -f -m --mount-proc env container=vbs /lib/systemd/systemd --system --log-target=console
until_true '[ -n "$(pgrep systemd 2>/dev/null || pidof systemd)" ]'
manager=$(pidof systemd | tr ' ' '\n' | sort -n | head -n 1)
until_true '[ "$(ctl is-system-running 2>/dev/null)" = running ] || [ "$(ctl is-system-running 2>/dev/null)" = degraded ]'
ok $? "systemd runs"

# There is no journal here
mkdir $etc/controller.service.d
printf '[Service]\nStandardError=append:/run/controller.err\n' >$etc/controller.service.d/err.conf
ctl start controller.service >"$out" 2>&1
until_true 'server_named controller'
ok $? "controller.service: its ExecStart makes the server 'controller'"
until_true '"$vbsctl" show controller | grep -q "sleep$"'		# setpriv is there before
"$vbsctl" show controller >"$out" 2>&1
says "2ms/10ms, 20 %" && says "cap       30 % of a CPU" && says "sleep"
ok $? "controller.service: what it is given, and the command in it"
pid=$(main_pid system.slice/controller.service)
grep -q '^CapEff:[[:space:]]*0*$' "/proc/$pid/status"
ok $? "controller.service: the command has no privilege"
grep -qE '^Uid:[[:space:]]*6[1-5][0-9]{3}[[:space:]]' "/proc/$pid/status"
ok $? "controller.service: nor is it root"

ctl start mixer.service >"$out" 2>&1
until_true 'server_named mixer'
ok $? "mixer.service.d/vbs.conf: the service is in a server"
says "1ms/5ms" && says "25.00"
ok $? "mixer.service.d/vbs.conf: with what the drop-in says"

ctl start share1.service share2.service vbsctl-apply.timer >"$out" 2>&1
until_true 'server_named realtime'
ok $? "vbsctl-apply.timer: the slice has a server"
until_true '[ "$("$vbsctl" show realtime | grep -c "sleep$")" -eq 2 ]'
ok $? "vbsctl-apply.service: both services of the slice are in it"
ctl stop controller.service mixer.service share1.service share2.service vbsctl-apply.timer >"$out" 2>&1
until_true '! grep -q "^server " /proc/vbs'
ok $? "stopped: no server is left"
kill -KILL "$manager"
stop
plan
