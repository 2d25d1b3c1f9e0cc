#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The units, the drop-in and the files that are shipped as examples.  TAP.
#	VBSCTL=path tests/examples.t
set -u
. "$(dirname "$0")/tap.sh"
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
vbsctl=$(realpath "${VBSCTL:-vbsctl}")
top=$(cd "$here/../.." && pwd)

# As they are installed, with a vbsctl that is there, and a service for the drop-in
mkdir "$root/units"
for unit in "$here"/systemd/*.service "$here"/systemd/*.timer "$here"/systemd/examples/*.service \
	"$here"/systemd/examples/*.slice; do
	sed "s|/usr/local/bin/vbsctl|$vbsctl|; s|@BINDIR@/vbsctl|$vbsctl|" "$unit" >"$root/units/${unit##*/}"
done
mkdir "$root/units/mixer.service.d"
sed "s|/usr/local/bin/vbsctl|$vbsctl|" "$here/systemd/examples/mixer.service.d/vbs.conf" >"$root/units/mixer.service.d/vbs.conf"
printf '[Service]\nExecStart=/bin/true\n' >"$root/units/mixer.service"
if command -v systemd-analyze >/dev/null && command -v setpriv >/dev/null; then
	for unit in vbsctl-apply.service vbsctl-apply.timer vbsctl-timeline@lab.service controller.service \
		realtime.slice mixer.service; do
		SYSTEMD_UNIT_PATH=$root/units: systemd-analyze --man=no verify "$root/units/$(echo "$unit" | sed 's/@lab/@/')" 2>&1 |
			grep -F "$root" >"$out"
		[ ! -s "$out" ]
		ok $? "$unit is as systemd wants it"
	done
else
	skip "units" "no systemd-analyze, or no setpriv"
fi

# The command lines in them
for file in systemd/examples/controller.service systemd/examples/mixer.service.d/vbs.conf; do
	# shellcheck disable=SC2016
	line=$(sed -e ':more' -e '/\\$/N; s/\\\n//; t more' "$here/$file" | sed -n 's/^Exec[A-Za-z]*=+\{0,1\}[^ ]*vbsctl //p' |
		sed 's/%%/%/g; s/%N/mixer/; s/\$MAINPID/1/; s/^\([a-z]*\)/\1 --dry-run/')
	# On a kernel without SCHED_VBS it is that which is said, and nothing of the options
	# shellcheck disable=SC2086
	"$vbsctl" $line >"$out" 2>&1
	case $? in 0 | 3 | 4) true ;; *) false ;; esac
	ok $? "the command of $file"
done
mkdir -p "$root/proc"
printf 'vbs version=1\ncpu id=0 online=1 capacity=943718 spare=943718 servers=0\n' >"$root/proc/vbs"
VBSCTL_ROOT=$root check 0 "arm: there is no task of command 'controller'" "servers.json is understood" \
	apply --dry-run "$here/systemd/examples/servers.json"
sed -n 's/^kernel\.\([a-z_]*\) = .*/\1/p' "$here/systemd/examples/60-vbs.conf" >"$root/names"
while read -r name; do
	grep -q "^\.B $name" "$here/man/sched_vbs.7"
	ok $? "the sysctl $name"
done <"$root/names"

# The text names files that there are, and what it computes is so
doc=$top/Documentation/scheduler/sched-vbs-services.rst
for file in controller.service mixer.service.d/vbs.conf 60-vbs.conf realtime.slice; do
	grep -qF "$file" "$doc" && [ -f "$here/systemd/examples/$file" ]
	ok $? "the text speaks of $file"
done
check 0 "at least 833us while it has work" "the budget of PipeWire's recipe" analyze --defaults --res 500us/2ms --window 5333us
plan
