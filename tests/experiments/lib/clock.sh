# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # for who sources it, after base.sh and guest.sh
#
# A timeline of the host, "plant", that its synchroniser keeps on CLOCK_REALTIME with ten updates a second, and
# machines whose guests read it, or keep one of their own, "own", on what they can reach:
#
#	host	the host's timeline
#	ptp	by the PTP clock of KVM, which is the host's CLOCK_REALTIME
#	ntp	by the network: the host serves its timeline
vcpu=800us/10ms
dm=200us/10ms
keepers=''

# Servers, so that no load makes it worse than it is
clock_begin() {
	vbsctl timeline create --guest plant >/dev/null || fail "no timeline"
	keep vbsctl run --res 300us/10ms -- vbsctl timeline sync plant --from realtime --reference-error 0ns --interval 100ms
	guestload history plant "$xp/history" &
	keepers="$keepers $!"
	[ "$1" != 1 ] || keep vbsctl run --res 100us/10ms -- vbsctl timeline serve --listen 127.0.0.1 plant
	vbsctl timeline wait --accuracy 1ms --timeout 20s plant >/dev/null || fail "the timeline is not kept"
}

keep() {
	"$@" >"$xp/keeper" 2>&1 &
	keepers="$keepers $!"
}

clock_end() {
	# shellcheck disable=SC2086 # words
	[ -z "$keepers" ] || kill $keepers
	keepers=''
	vbsctl timeline destroy plant 2>/dev/null
}

# clock_wrap KIND: what the machine runs under
clock_wrap() {
	wrap="vbsctl vm run --vcpu $vcpu --dm $dm"
	[ "$1" != host ] || wrap="$wrap --guest-timelines"
	wrap="$wrap --"
}

clock_name() {
	case $1 in
	host) echo plant ;;
	*) echo own ;;
	esac
}

# clock_keep NAME KIND: in the guest, from now on
clock_keep() {
	case $2 in
	host) return ;;
	ptp) from="/dev/ptp0 --reference-error 0ns --interval 100ms" ;;
	ntp)
		guest_do "$1" 20 "ifconfig eth0 10.0.2.15 up" || fail "$1: no network"
		from="ntp:10.0.2.2 --poll 1s"
		;;
	*) fail "no kind $2 (--help)" ;;
	esac
	guest_do "$1" 80 "vbsctl timeline create own && { vbsctl timeline sync own --from $from >/tmp/sync 2>&1 & } \
&& vbsctl timeline wait --accuracy 100ms --timeout 60s own" || fail "$1: $(cat "$xp/$1/answer")"
}

vm_dir() {
	echo /sys/kernel/debug/kvm/"$(pid_of "$1")"-*
}

# agreement NAME: of what its guest has read, with what the host would have, KEY=VALUE words
agreement() {
	guestload agree "$xp/history" "$(vm_dir "$1")/vcpu0" <"$xp/$1/answer"
}
