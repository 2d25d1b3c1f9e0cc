# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # of tap.sh, and for who sources it
# What the tests in network namespaces share, after tap.sh: servers that tell a truth which is
# a function of the counter (truth.h), behind a router that has ways of any kind (netem).
#
#	client 10.0.0.1 --- 10.0.0.254 router 10.0.N.254 --- 10.0.N.1 server N
#
# What the router holds up on its way to a server, and that on its way back, is seen by no
# stamp of either.
rate=11.6:1500,12.4:1500,12:1500
# us between readings that are judged
pause=50000
pids=
created=
# Of servers and judges: --leap-second NS
leap=
# Of sync: what runs it, as 'vbsctl run ... --'
within=
# Not busybox's, which is what its nsenter takes for these names
ip=/usr/bin/ip
tc=/usr/bin/tc

# in_space PID COMMAND...: in its network namespace
in_space() {
	space_pid=$1
	shift
	nsenter -t "$space_pid" -n "$@"
}

# space: a new network namespace; its pid is $space
space() {
	unshare -n sleep 100000 &
	space=$!
	pids="$pids $space"
	usleep 100000
	in_space "$space" $ip link set lo up
}

# link N: one more namespace behind the router, 10.0.N.1; its pid is $space
link() {
	space
	in_space "$router" $ip link add "r$1" type veth peer name "s$1" netns "$space"
	in_space "$router" $ip addr add "10.0.$1.254/24" dev "r$1"
	in_space "$router" $ip link set "r$1" up
	in_space "$space" $ip addr add "10.0.$1.1/24" dev "s$1"
	in_space "$space" $ip link set "s$1" up
	in_space "$space" $ip route add default via "10.0.$1.254"
	eval "space$1=$space"
}

lay_bed() {
	space
	router=$space
	$ip link set lo up
	$ip link add c0 type veth peer name r0 netns "$router"
	$ip addr add 10.0.0.1/24 dev c0
	$ip link set c0 up
	in_space "$router" $ip addr add 10.0.0.254/24 dev r0
	in_space "$router" $ip link set r0 up
	in_space "$router" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	$ip route add 10.0.0.0/16 via 10.0.0.254
	for place; do
		link "$place"
	done
	# In the first seconds the kernel measures the TSC better
	sleep 3
	start_of_truth=$(ntp_truth --start)
}

# space_of N
space_of() {
	eval "echo \$space$1"
}

# way N OUT BACK: what netem does to packets to and from server N
way() {
	# shellcheck disable=SC2086
	in_space "$router" $tc qdisc replace dev "r$1" root netem $2 &&
		in_space "$(space_of "$1")" $tc qdisc replace dev "s$1" root netem $3
}

# server N [OPTION]...: of ntp_truth, instead of the one before
server() {
	place=$1
	shift
	eval "old=\${server$place:-}"
	[ -z "$old" ] || { kill -KILL "$old" && wait "$old"; } 2>/dev/null
	# shellcheck disable=SC2086
	nsenter -t "$(space_of "$place")" -n ntp_truth --at "$start_of_truth" --rate $rate $leap --stated 8000 "$@" 123 &
	eval "server$place=$!"
	pids="$pids $!"
}

# until_true TENTHS COMMAND...
until_true() {
	tenths=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] || return 1
		usleep 100000
	done
}

is_synchronized() {
	vbsctl timeline read "$1" | grep -q synchronized
}

is_freerunning() {
	vbsctl timeline read "$1" | grep -q freerunning
}

# follow NAME ARG...: a new timeline, with the options $created, kept by sync; what that says is in $root/NAME
follow() {
	followed=$1
	shift
	# shellcheck disable=SC2086
	vbsctl timeline create $created "$followed" >/dev/null
	# shellcheck disable=SC2086
	$within vbsctl timeline sync "$followed" --json "$@" >"$root/$followed" 2>&1 &
	sync=$!
	until_true 600 is_synchronized "$followed" || { tail -n 20 "$root/$followed" >"$out" && false; }
}

# leave NAME: the last that was followed
leave() {
	kill -TERM "$sync"
	wait "$sync"
	ok $? "$1: sync ran to its end"
	vbsctl timeline destroy "$followed"
}

# judge NAME SECONDS [TIMELINE]: the truth is in the bound of each reading, of 20 a second
judge() {
	# shellcheck disable=SC2086
	net_judge --at "$start_of_truth" --rate $rate $leap --pause $pause "${3:-$followed}" "$2" >"$out" 2>&1
	ok $? "$1: the truth is in the bound in every reading, and time goes on"
	sed "s/^/# $1: /" "$out"
}

# figure NAME: of the last judgement, rounded down
figure() {
	sed -n "s/.* $1=\([0-9]*\).*/\1/p" "$out"
}

# all_synchronized NAME: the last judgement
all_synchronized() {
	[ "$(sed -n 's/^readings=\([0-9]*\) .*/\1/p' "$out")" = "$(figure synchronized)" ]
	ok $? "$1: synchronized all the while"
}

# field NAME KEY: the least of what sync has said of it, in us rounded up; of exchanges
field() {
	sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" "$root/$1" | sort -n | head -n 1 | awk '{ print int(($1 + 999) / 1000) }'
}

# realtime US: CLOCK_REALTIME is so far off the truth
realtime() {
	ntp_truth --at "$start_of_truth" --rate $rate --set "$1"
}

stop_all() {
	# shellcheck disable=SC2086
	kill -KILL $pids 2>/dev/null
}
