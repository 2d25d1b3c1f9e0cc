#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# 'vbsctl timeline sync --from ntp:' where the network, the servers and CLOCK_REALTIME do what
# they can: the truth stays in the bound.  And that it asks as often as its users need
# (--accuracy auto).  In virtual time.  TAP.  As root, as net-vm.t, without Debian's clients.
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/netbed.sh"
vbsctl="vbsctl timeline"
lan="delay 100us 10us"

# settled NAME: the ways are good again and the server tells the truth
settled() {
	way 1 "$lan" "$lan"
	server 1
}

# refused TEXT: how many packets sync did not take for that, as it says at most once a second
refused() {
	sed -n "s/.*\"answer\": \"$1.*\"refused\": \([0-9]*\).*/\1/p" "$root/$followed" | tail -n 1
}

# set_realtime_for TIMES: CLOCK_REALTIME is set again and again, by turns to 1 s before and behind, while
# exchanges take 200 ms, so that a step falls into most of them and two into none
set_realtime_for() {
	i=0
	while [ $i -lt "$1" ]; do
		usleep 370000
		realtime $(((i % 2 * 2 - 1) * 1000000))
		i=$((i + 1))
	done
}

# asks NAME SECONDS LEAST MOST: it has so many exchanges in that time
asks() {
	before=$(grep -c '"stamped"' "$root/lab")
	sleep "$2"
	n_asked=$(($(grep -c '"stamped"' "$root/lab") - before))
	echo "$n_asked exchanges in $2 s, not $3 to $4" >"$out"
	echo "# $1: $n_asked exchanges in $2 s"
	[ $n_asked -ge "$3" ] && [ $n_asked -le "$4" ]
	ok $? "$1: as often as is needed"
}

# told NAME: a number that 'sources' tells of the only server
told() {
	vbsctl timeline sources lab --json | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p"
}

# port_of ADDRESS: where a client of that server hears; in hexadecimal, as the kernel writes it
port_of() {
	printf '%d' "0x$(sed -n "s/.* 0100000A:\([0-9A-F]*\) $1:007B .*/\1/p" /proc/net/udp)"
}

if ! [ -e /dev/timeline ]; then
	skip "sync from the network" "this kernel has no timelines"
	plan
fi
lay_bed 1 2 3
for i in 2 3; do
	way $i "$lan" "$lan" || exit
	server $i
done
settled
realtime 0

# Ways that are long, uneven, and change; packets that are late, lost, doubled
follow lab --from ntp:10.0.1.1 --poll 1s..64s
ok $? "one server: synchronized"
judge "a good way" 60
way 1 "delay 15ms 300us" "delay 5ms 300us"
judge "15 ms out, 5 ms back" 120
settled
judge "a good way again" 30
way 1 "delay 50ms reorder 70%" "delay 50ms reorder 70%"
judge "50 ms more for 30 % of the packets" 300
way 1 "$lan loss 20%" "$lan loss 20%"
judge "20 % lost each way" 300
way 1 "$lan duplicate 30%" "$lan duplicate 30%"
judge "30 % doubled" 120
[ "$(refused "answers no request of ours")" -gt 0 ]
ok $? "and what comes twice is taken once"
way 1 "delay 100us 90us 25% reorder 25% 50%" "delay 2100us 10us"
judge "2 ms longer one way" 300
settled
server 1 --flood 100
said=$(grep -c '"refused"' "$root/$followed")
judge "100 forged answers before each" 60
[ "$(refused "answers no request of ours")" -gt 1000 ]
ok $? "and none of them is taken"
said=$(($(grep -c '"refused"' "$root/$followed") - said))
echo "# $said lines of them" | tee "$out"
[ $said -gt 0 ] && [ $said -le 65 ]
ok $? "and of what nobody asked for there is a line a second at most"
server 1 --drop 30 --late 5000
judge "a server that is late and drops requests" 120
all_synchronized "all of that"
leave "ways of all kinds"

# A hundred thousand packets a second to the right port, in the server's name; nothing is printed of each
settled
vbsctl timeline create lab >/dev/null
vbsctl timeline sync lab --from ntp:10.0.1.1 --poll 500ms >"$root/lab" 2>&1 &
sync=$! followed=lab
until_true 600 is_synchronized lab
sleep 120
judge "before the flood" 60
widest=$(figure width_max_us) refused=$(told refused) taken=$(told answers)
# What is sent in a server's name here would otherwise take its requests away
in_space "$router" sh -c 'echo 0 >/proc/sys/net/ipv4/ip_early_demux'
in_space "$router" ntp_flood 10.0.1.1:123 "10.0.0.1:$(port_of 0101000A)" 100000 6 >"$root/flood" 2>&1 &
flood=$!
judge "100000 forged answers a second" 5
all_synchronized "100000 forged answers a second"
[ "$(figure width_max_us)" -le $((widest + 20)) ]
ok $? "nor is the bound wider: $(figure width_max_us) us, $widest us before"
wait $flood
sleep 2
sent=$(cat "$root/flood") refused=$(($(told refused) - refused)) taken=$(($(told answers) - taken))
echo "# $sent sent in 6 s, $refused refused, $taken exchanges in about 8 s" | tee "$out"
[ "${sent:-0}" -ge 590000 ] && [ "$refused" -ge $((sent * 9 / 10)) ] && [ $taken -ge 14 ]
ok $? "they change a counter, and the server is asked as before"
leave "a flood"

# CLOCK_REALTIME, by which the packets are stamped, is set in the middle of exchanges
way 1 "delay 100ms 1ms" "delay 100ms 1ms"
server 1
follow lab --from ntp:10.0.1.1 --poll 500ms
set_realtime_for 600 &
setter=$!
judge "CLOCK_REALTIME is set by a second amid exchanges" 200
all_synchronized "CLOCK_REALTIME is set"
[ "$(grep -c '"stamped": true' "$root/lab")" -gt 0 ]
ok $? "and stamps that can be used are"
kill $setter
realtime 0
leave "CLOCK_REALTIME is set"

# The server is off for an hour
settled
follow lab --from ntp:10.0.1.1
sleep 600
# shellcheck disable=SC2154 # of server
kill -STOP "$server1"
judge "the server is off" 600
sleep 2400
judge "the server is off, 50 min later" 600
is_freerunning lab
ok $? "the server is off: freerunning"
run 0 sources lab && says " silent "
ok $? "sources: silent"
kill -CONT "$server1"
until_true 1500 is_synchronized lab
ok $? "the server is on again: synchronized"
judge "the server is on again" 120
leave "off for an hour"

# The server denies service for a moment, and is asked again an hour later
follow lab --from ntp:10.0.1.1
server 1 --code DENY
until_true 1500 is_freerunning lab
ok $? "the server denies service: freerunning"
run 0 sources lab && says " ended "
ok $? "sources: ended"
server 1
judge "the server has denied service" 600
is_freerunning lab
ok $? "it is not asked again soon"
sleep 2700
until_true 12000 is_synchronized lab
ok $? "an hour later it is asked again: synchronized"
judge "it does not deny service any more" 120
leave "denied for an hour"

# Two of three lie: more than may; what any says is covered, and it says so
server 2 --lie 20000000
server 3 --lie -20000000
follow lab --from ntp:10.0.1.1,10.0.2.1,10.0.3.1
sleep 120
judge "two of three lie, each otherwise" 120
is_freerunning lab
ok $? "two of three lie: freerunning"
server 2
server 3 --leap 3
until_true 6000 is_synchronized lab
ok $? "one tells the truth, one that it is not synchronized: synchronized"
judge "one tells the truth, one that it is not synchronized" 120
leave "two of three lie"
server 3

# As often as somebody needs
follow lab --from ntp:10.0.1.1 --poll 1s..64s --accuracy auto
sleep 600
asks "nobody needs it" 640 8 14
vbsctl timeline watch lab --accuracy 1ms >"$root/watch1" 2>&1 &
loose=$!
asks "1 ms" 640 8 14
vbsctl timeline watch lab --accuracy 200us >"$root/watch2" 2>&1 &
watch=$!
sleep 70
asks "200 us" 640 20 70
vbsctl timeline watch lab --accuracy 180us >"$root/watch3" 2>&1 &
strict=$!
sleep 30
asks "180 us" 320 12 200
judge "180 us" 60
[ "$(vbsctl timeline read lab --json | sed -n 's/.*"err_high_ns": \([0-9]*\),.*/\1/p')" -le 180000 ]
ok $? "180 us: it is"
# Who comes when the bound is wider is told so once, and then that all is well
cat "$root"/watch[123] >"$out"
! grep -q degraded "$root/watch1" && [ "$(grep -c degraded "$root/watch2")" -le 1 ] &&
	[ "$(grep -c degraded "$root/watch3")" -le 1 ]
ok $? "and whoever has what he needs is not told otherwise"
sed 's/^/# /' "$out"
vbsctl timeline watch lab --accuracy 100us >"$root/watch4" 2>&1 &
more=$!
sleep 20
asks "100 us, less than the way allows" 60 50 70
grep -v '^{' "$root/lab" >"$out"
[ "$(grep -c '^vbsctl: 100us is needed' "$out")" -eq 1 ]
ok $? "that it cannot be had is said once"
sed 's/^/# /' "$out"
kill $loose $watch $strict $more
sleep 70
asks "nobody needs it any more" 640 8 14
leave "as often as needed"

# The rate of the counter jumps by 6 ppm each 5 min, which is stated
steady=$rate start=$start_of_truth
rate=9:300,15:300
start_of_truth=$(ntp_truth --start)
settled
follow lab --from ntp:10.0.1.1 --wander 3ppm
ok $? "the rate jumps: synchronized"
pause=250000
judge "the rate jumps by 6 ppm" 1800
pause=50000
all_synchronized "the rate jumps"
leave "the rate jumps"
rate=$steady start_of_truth=$start

# A year ends with a leap second, which all three servers announce; a timeline that steps, and one that
# slews, at a poll that is longer than what is left of the year
set -- 1798761600 1801440000
for created in --step ""; do
	leap="--leap-second ${1}000000000"
	start_of_truth=$(ntp_truth --start | sed "s/,.*//"),$((($1 - 400) * 1000000000))
	shift
	server 1
	server 2
	server 3
	follow lab --from ntp:10.0.1.1,10.0.2.1,10.0.3.1 --poll 1024s
	sleep 300
	judge "a leap second${created:+, a timeline that steps}" 250
	readings=$(sed -n 's/^readings=\([0-9]*\) .*/\1/p' "$out")
	seconds=$(((readings - $(figure synchronized)) * 250 / readings))
	echo "# freerunning for $seconds s"
	[ $seconds -ge 60 ] && [ $seconds -le 75 ]
	ok $? "a leap second: freerunning from a minute before it until it is over"
	run 0 read lab && says synchronized
	ok $? "a leap second: synchronized after it"
	leave "a leap second"
done
stop_all
plan
