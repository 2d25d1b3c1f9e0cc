# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # for who sources it, after base.sh
#
# Machines of the distribution's QEMU with a Linux guest that takes commands on its serial line
# (tests/vm/guest-init).
machines=''

# guest_start NAME [OPTION]...: returns when the guest takes commands; false if it does not within 120 s. $machine is
# its type, $wrap words before the command. QEMU holds both ends of the pipes.
guest_start() {
	guest_begin "$@" && guest_up "$1" 120
}

guest_begin() {
	dir=$xp/$1
	guest=$1
	shift
	mkdir "$dir"
	mkfifo "$dir/in" "$dir/out" "$dir/qmp.in" "$dir/qmp.out"
	# shellcheck disable=SC2086 # words
	${wrap:-} qemu-system-x86_64 -name "guest=$guest,debug-threads=on" -M "${machine:-microvm}" -accel kvm -cpu host -m 80 \
		-nodefaults -display none -kernel "$files/bzImage" -initrd "$files/initrd" \
		-append "console=ttyS0 quiet reboot=t panic=-1 ${append:-}" -serial stdio \
		-chardev "pipe,id=qmp,path=$dir/qmp" -mon chardev=qmp,mode=control "$@" \
		0<>"$dir/in" 1<>"$dir/out" 2>"$dir/err" &
	echo $! >"$dir/pid"
	machines="$machines $guest"
}

# until_line SECONDS TEXT: what comes on standard input, up to a line with the text. sed reads a line ahead.
until_line() {
	# shellcheck disable=SC2016 # expands in there
	timeout "$1" sh -c 'while IFS= read -r line; do
		printf "%s\n" "$line"
		case $line in
		*"$0"*) exit ;;
		esac
	done' "$2" | tr -d '\r'
}

# guest_up NAME SECONDS
guest_up() {
	until_line "$2" 'vbs-guest: ready' <"$xp/$1/out" >"$xp/$1/answer"
	grep -q 'vbs-guest: ready' "$xp/$1/answer"
}

pid_of() {
	cat "$xp/$1/pid"
}

# guest_do NAME SECONDS COMMAND: what it says is in $xp/NAME/answer, its status is that of the command
guest_do() {
	guest_ask "$1" "$3"
	guest_answer "$1" "$2"
}

guest_ask() {
	printf '%s\n' "$2" >"$xp/$1/in"
}

guest_answer() {
	until_line "$2" 'vbs-guest: end' <"$xp/$1/out" >"$xp/$1/answer"
	grep -q '^vbs-guest: end 0' "$xp/$1/answer"
}

# guests_do SECONDS COMMAND NAME...: in all of them at once
guests_do() {
	limit=$1
	asked=$2
	shift 2
	for vm; do
		guest_ask "$vm" "$asked"
	done
	for vm; do
		guest_answer "$vm" "$limit" || fail "$vm: $(tail -n 5 "$xp/$vm/answer")"
	done
}

# qmp NAME COMMAND [ARGUMENTS]: these are an object of JSON
qmp() {
	[ -e "$xp/$1/qmp.drain" ] || qmp_begin "$1"
	printf '{"execute":"%s","arguments":%s}\n' "$2" "${3:-{\}}" >"$xp/$1/qmp.in"
}

# Somebody reads the answers
qmp_begin() {
	cat <"$xp/$1/qmp.out" >>"$xp/$1/qmp.log" &
	echo $! >"$xp/$1/qmp.drain"
	printf '{"execute":"qmp_capabilities"}\n' >"$xp/$1/qmp.in"
}

# qmp_until NAME COMMAND TEXT: asks until the text is in an answer, 60 s at most
qmp_until() {
	tries=0
	qmp "$1" "$2"
	until sleep 0.1 && grep -q "$3" "$xp/$1/qmp.log"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "$1: $2: no $3: $(tail -n 3 "$xp/$1/qmp.log")"
		: >"$xp/$1/qmp.log"
		qmp "$1" "$2"
	done
	: >"$xp/$1/qmp.log"
}

# vcpu_tids NAME; other_tids NAME: all but those and KVM's own worker
tids() {
	for task in /proc/"$(pid_of "$1")"/task/*; do
		case $(cat "$task/comm" 2>/dev/null) in
		*"/KVM") kind=vcpu ;;
		kvm-nx-lpage* | '') continue ;;
		*) kind=other ;;
		esac
		[ "$kind" != "$2" ] || echo "${task##*/}"
	done
}

vcpu_tids() {
	tids "$1" vcpu
}

other_tids() {
	tids "$1" other
}

# cpu_ns TID...: what they have run
cpu_ns() {
	total=0
	pid=$1
	shift
	for tid; do
		read -r ran rest <"/proc/$pid/task/$tid/schedstat" || ran=0
		total=$((total + ran))
	done
	echo $total
}

vcpu_ns() {
	# shellcheck disable=SC2046 # words
	cpu_ns "$(pid_of "$1")" $(vcpu_tids "$1")
}

guest_stop() {
	kill -KILL "$(pid_of "$1")" 2>/dev/null
	[ ! -e "$xp/$1/qmp.drain" ] || kill "$(cat "$xp/$1/qmp.drain")" 2>/dev/null
	wait "$(pid_of "$1")" 2>/dev/null
	rm -rf "${xp:?}/$1"
	machines=$(echo "$machines" | tr ' ' '\n' | grep -vx "$1" | tr '\n' ' ')
}

# What they had booked is free within a period or so
stop_all() {
	for guest in $machines; do
		guest_stop "$guest"
	done
	load_stop
	settled
}

settled() {
	tries=0
	while grep -q '^cpu .* booked=[1-9]' /proc/vbs && [ $tries -lt 40 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}
