#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync --from ntp:' of a kernel with timelines, and all that it is good for:
# one server, three of which one lies, a timeline that is served, fed and a PTP clock, and
# Debian's chronyd, ntpd and phc2sys that read it.  In virtual time.  TAP.  As root:
#	tools/build/clients
#	tests/vm/run --icount --timeout 900 --tool ip --tool tc --file tools/vbsctl/tests/tap.sh \
#		--file tools/vbsctl/tests/netbed.sh --file tools/vbsctl/tests/net-vm.t --file build/vbsctl/tests/ntp_truth \
#		--file build/vbsctl/tests/net_judge --file build/clients/bin:/usr/bin -- net-vm.t
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/netbed.sh"
vbsctl="vbsctl timeline"

# What a bound may be wider than the fastest way and 2 E, both sides, in us: the jitter of both ways, 40, and the
# growth until the next update, 2 (2 w + d) tau, with w = 1 ppm, d = (way + 2 E) / 600 s, 0.5 ppm, and tau = 16 s * 1.05.
growth=124

# narrow NAME: the widest bound, both sides, is the way + 2 E + the growth
narrow() {
	widest=$(figure width_max_us)
	most=$(($(field "$followed" way_ns) + 2 * $(field "$followed" stated_ns) + growth))
	echo "# $1: at most $widest us wide, $most us allowed" | tee -a "$out"
	[ "$widest" -le "$most" ]
	ok $? "$1: not wider than the way, what is stated and the growth"
}

# off_by COMMAND...: by how much chronyd finds CLOCK_REALTIME to be wrong, in us, is 300 ms within TIME
off_by() {
	tolerance=$1 name=$2
	shift 2
	"$@" >"$out" 2>&1
	us=$(sed -n 's/.*System clock wrong by \([-0-9.]*\) seconds.*/\1/p' "$out" | awk '{ printf "%d", -$1 * 1e6 }')
	echo "# $name: CLOCK_REALTIME, which is 300000 us ahead, is found to be ${us:-?}" | tee -a "$out"
	[ "${us:-0}" -ge $((300000 - tolerance)) ] && [ "${us:-0}" -le $((300000 + tolerance)) ]
	ok $? "$name: is right within $tolerance us"
}

if ! [ -e /dev/timeline ]; then
	skip "sync from the network" "this kernel has no timelines"
	plan
fi
lay_bed 1 2 3 9
for i in 1 2 3; do
	way $i "delay 100us 10us" "delay 100us 10us" || exit
	server $i
done
far_space=$(space_of 9)
realtime 0

# One server; the memory fills
follow lab --from ntp:10.0.1.1
ok $? "one server: synchronized"
judge "one server, beginning" 60
sleep 600
judge "one server" 900
all_synchronized "one server"
narrow "one server"

# The judge judges: a server that lies and is the only one is believed
server 1 --lie 30000000
sleep 120
net_judge --at "$start_of_truth" --rate $rate lab 5 >"$out" 2>&1
[ $? -eq 1 ] && [ "$(figure outside)" -gt 0 ]
ok $? "one server, which lies: then the truth is outside"
server 1
leave "one server"

# Three, of which one lies, while chronyd slews CLOCK_REALTIME, which stamps the packets, by up to 10 %
server 3 --lie 30000000
realtime -20000
printf 'server %s iburst minpoll 4 maxpoll 4\n' 10.0.1.1 10.0.2.1 10.0.3.1 >/etc/chrony.conf
printf 'maxslewrate 100000\nport 0\n' >>/etc/chrony.conf
chronyd -d -F 0 -u root -f /etc/chrony.conf >"$root/chronyd" 2>&1 &
chronyd=$!
follow lab --from ntp:10.0.1.1,10.0.2.1,10.0.3.1
ok $? "three servers, one lies: synchronized"
check 0 "lab is synchronized" "wait --accuracy" wait lab --accuracy 300us --timeout 600s
check 1 "and 1us is needed" "wait --accuracy: out of reach" wait lab --accuracy 1us --timeout 10s
judge "three servers, one lies, chronyd slews" 300
sleep 600
# Over two turns of the rate, with chronyd beside it. What a server takes to wake up would be in the error of both
server 1 --stamped
server 2 --stamped
server 3 --stamped --lie 30000000
pause=250000
judge "three servers, one lies" 3000
pause=50000
all_synchronized "three servers, one lies"
[ "$(figure error_p99_us)" -le "$(figure realtime_p99_us)" ]
ok $? "three servers, one lies: 99 % of the readings are nearer to the truth than chronyd's"
narrow "three servers, one lies"
run 0 sources lab && grep -q '^10.0.3.1:123 .* false ' "$out" && [ "$(grep -c ' true ' "$out")" -eq 2 ]
ok $? "sources: the one that lies is false"
sed 's/^/# /' "$out"
check 0 '"state": "false"' "sources --json" sources lab --json
kill -TERM $chronyd
wait $chronyd

# A timeline of a timeline: another machine has it from this one
vbsctl timeline serve lab --listen 10.0.0.1 >"$root/serve" 2>&1 &
serve=$!
lab=$sync
in_space "$far_space" vbsctl timeline create far >/dev/null
nsenter -t "$far_space" -n vbsctl timeline sync far --json --from ntp:10.0.0.1 >"$root/far" 2>&1 &
far=$!
until_true 600 is_synchronized far
ok $? "serve: another machine is synchronized"
sleep 600
net_judge --at "$start_of_truth" --rate $rate --pause $pause lab 600 >"$root/meanwhile" 2>&1 &
meanwhile=$!
judge "serve" 600 far
all_synchronized "serve"
wait $meanwhile
ok $? "serve: meanwhile the truth was in the bound of what is served"
# What it states is the wider side, so d is 1.1 ppm after ten minutes
growth=145
side=$(sed -n 's/.* side_max_us=\([0-9]*\).*/\1/p' "$root/meanwhile")
most=$((2 * side + 2 + $(field far way_ns) + 4 * 16 + growth))
echo "# serve: at most $(figure width_max_us) us wide, $most us allowed" | tee -a "$out"
[ "$(figure width_max_us)" -le $most ]
ok $? "serve: not wider than what it was served, the way and the growth"

# Debian's clients of it
realtime 300000
off_by 300 "chronyd" in_space "$far_space" chronyd -Q -u root -t 60 "server 10.0.0.1 iburst"
mkdir -p /var/lib/ntpsec
echo 0.000 >/var/lib/ntpsec/drift
printf 'server 10.0.0.1 iburst\ndriftfile /var/lib/ntpsec/drift\n' >/etc/ntp.conf
in_space "$far_space" timeout 120 ntpd -g -q -n -c /etc/ntp.conf >"$root/ntpd" 2>&1
net_judge --at "$start_of_truth" --rate $rate lab 1 >"$out"
[ "$(figure realtime_max_us)" -le 1000 ]
ok $? "ntpd: sets CLOCK_REALTIME by it"
sed 's/^/# ntpd: /' "$out"
[ "$(figure realtime_max_us)" -le 1000 ] || sed 's/^/# /' "$root/ntpd"
kill -TERM $serve $far
wait $serve
ok $? "serve: ends on SIGTERM"
wait $far
vbsctl timeline destroy far

# A reference clock of chronyd
realtime 300000
vbsctl timeline feed lab --shm 2 >"$root/feed" 2>&1 &
feed=$!
off_by 300 "chronyd, refclock SHM" chronyd -Q -u root -t 60 "refclock SHM 2 poll 2 delay 0.001"
realtime 300000
printf 'refclock shm unit 2 minpoll 3 maxpoll 3\ndriftfile /var/lib/ntpsec/drift\n' >/etc/ntp.conf
timeout 300 ntpd -g -q -n -c /etc/ntp.conf >"$root/ntpd" 2>&1
net_judge --at "$start_of_truth" --rate $rate lab 1 >"$out"
[ "$(figure realtime_max_us)" -le 1000 ]
ok $? "ntpd, refclock shm: sets CLOCK_REALTIME by it"
sed 's/^/# ntpd, refclock shm: /' "$out"
[ "$(figure realtime_max_us)" -le 1000 ] || sed 's/^/# /' "$root/ntpd"
kill -TERM $feed
wait $feed
ok $? "feed: ends on SIGTERM"
sync=$lab followed=lab
leave "three servers"

# A PTP clock; what keeps it must not be a timeline of that name without one
vbsctl timeline create --phc lab >"$out" 2>&1 && says ", /dev/ptp"
ok $? "create --phc"
phc=$(sed -n 's,.*\(/dev/ptp[0-9]*\).*,\1,p' "$out")
check 0 "PTP clock $phc" "show: its PTP clock" show lab
check 0 "\"phc\": \"$phc\"" "show --json: its PTP clock" show lab --json
error_bound=/sys/class/ptp/${phc#/dev/}/device/error_bound_ns
! cat "$error_bound" >"$out" 2>&1 && says "temporarily unavailable"
ok $? "error_bound_ns: not synchronized yet"
vbsctl timeline sync lab --json --from ntp:10.0.1.1,10.0.2.1,10.0.3.1 >"$root/lab" 2>&1 &
sync=$!
until_true 600 is_synchronized lab
realtime 300000
off_by 300 "chronyd, refclock PHC" chronyd -Q -u root -t 60 "refclock PHC $phc poll 2 delay 0.001"
bound() {
	vbsctl timeline read lab --json | sed -n 's/.*"err_low_ns": \([0-9]*\), "err_high_ns": \([0-9]*\),.*/\1 \2/p' |
		tr ' ' '\n' | sort -n | tail -n 1
}
before=$(bound)
between=$(cat "$error_bound")
after=$(bound)
echo "# error_bound_ns: $before <= $between <= $after" | tee "$out"
[ "$before" -gt 50000 ] && [ "$before" -le "$between" ] && [ "$between" -le "$after" ]
ok $? "error_bound_ns: what the bound is"
phc2sys -s "$phc" -c CLOCK_REALTIME -O 0 -m >"$root/phc2sys" 2>&1 &
phc2sys=$!
sleep 90
judge "phc2sys" 60 lab
kill -TERM $phc2sys
wait $phc2sys
worst=$(figure error_max_us)
[ "$(figure realtime_max_us)" -le $((worst + 20)) ]
ok $? "phc2sys: keeps CLOCK_REALTIME on it"
tail -n 3 "$root/phc2sys" | sed 's/^/# /'
vbsctl timeline destroy lab
until_true 10 test ! -e "$phc"
ok $? "destroy: its PTP clock goes"
wait $sync
stop_all
plan
