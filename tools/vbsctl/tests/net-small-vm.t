#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync --from ntp:' in a server of 1 % of the CPU, beside a program that takes
# all that is left: it loses no exchange, and the truth stays in the bound, which is hardly
# wider.  In virtual time.  With four exchanges a second, each of which takes about 1.5 ms.  TAP.  As root, with one CPU, as net-vm.t, with chrt and without
# Debian's clients.
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/netbed.sh"
vbsctl="vbsctl timeline"
lan="delay 100us 10us"
budget=100us/10ms
seconds=20

# What CPU time process PID has had, in ticks of 10 ms
cpu_time() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# keeps NAME SECONDS: over that time no exchange is lost, and the truth is in the bound; how wide
# that was is in $widest
keeps() {
	before=$(grep -c '"stamped"' "$root/$followed") lost=$(grep -c '"answer": "no answer"' "$root/$followed")
	judge "$1" "$2"
	widest=$(figure width_max_us)
	all_synchronized "$1"
	exchanges=$(($(grep -c '"stamped"' "$root/$followed") - before))
	lost=$(($(grep -c '"answer": "no answer"' "$root/$followed") - lost))
	echo "# $1: $exchanges exchanges in $2 s, $lost lost, at most $widest us wide" | tee -a "$out"
	# Each 250 ms, by chance up to 5 % later
	[ "$lost" -eq 0 ] && [ "$exchanges" -ge $(($2 * 4000 / 1050 - 2)) ]
	ok $? "$1: no exchange is lost"
}

if ! [ -e /dev/timeline ] || ! [ -e /proc/vbs ]; then
	skip "sync in a server of 1 %" "this kernel has no timelines or no SCHED_VBS"
	plan
fi
lay_bed 1
way 1 "$lan" "$lan" || exit
# Another machine is not held up by what runs on this one
server 1
# shellcheck disable=SC2154 # of server
chrt -f -p 1 "$server1" >/dev/null
realtime 0

# shellcheck disable=SC2034 # of netbed.sh
within="vbsctl run --res $budget --"
follow lab --from ntp:10.0.1.1 --poll 250ms
ok $? "in a server of 1 %: synchronized"
grep "leader=$sync " /proc/vbs >"$out"
[ -s "$out" ]
ok $? "it is in a server"
sed 's/^/# /' "$out"
sleep 300
keeps "in a server of 1 %" 60
alone=$widest
sh -c 'while :; do :; done' &
hog=$!
had=$(cpu_time "$hog")
keeps "beside a hog" $seconds
had=$(($(cpu_time "$hog") - had))
echo "# it had $had of ${seconds}00 ticks" | tee "$out"
[ $had -ge $((seconds * 90)) ]
ok $? "beside a hog: that had the rest of the CPU"
grep "leader=$sync " /proc/vbs | sed 's/^/# /'
echo "# at most $widest us wide, $alone without it" >"$out"
[ "$widest" -le $((alone + 20)) ]
ok $? "beside a hog: the bound is not wider by more than waiting for a period costs the stamps"
leave "beside a hog"

# And it begins beside one
follow lab --from ntp:10.0.1.1 --poll 250ms
ok $? "begun beside a hog: synchronized"
keeps "begun beside a hog" 10
leave "begun beside a hog"
kill -KILL $hog
stop_all
plan
