# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2034,SC2154 # for who sources it
#
# What the experiments share: options, results, the CPU on which all of it happens. The caller defines
# about, which prints what --help is to say, and option, which takes an option of its own ($1, and its
# value $2) or fails.

name=${0##*/}
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
files=${EXPERIMENT_FILES:-/guest}
seconds=5
interval=1000
cpus=''
json=''

fail() {
	printf '%s: %s\n' "$name" "$*" >&2
	exit 1
}

note() {
	printf '%s: %s\n' "$name" "$*" >&2
}

usage() {
	cat <<END
usage: $name [option]...

$(about)

  --seconds N     virtual or real seconds of each measurement ($seconds)
  --cpu LIST      CPUs for machines and loads alike (the last $ncpus)
  --json          a line of JSON for each measurement, instead of the table

As root, on a kernel with SCHED_VBS in KVM. EXPERIMENT_FILES is where "run --prepare" has put the kernel
and the file system of the guests (/guest). In a virtual machine: tests/experiments/run $name.
END
}

# Each option that an experiment adds has a value
options() {
	ncpus=${1:-1}
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--json) json=1 ;;
		--help | -h) usage && exit 0 ;;
		--*)
			[ $# -ge 2 ] || fail "$1 needs a value (--help)"
			case $1 in
			--seconds) seconds=$2 ;;
			--cpu) cpus=$2 ;;
			*) option "$1" "$2" || fail "unknown option $1 (--help)" ;;
			esac
			shift
			;;
		*) fail "unknown argument $1 (--help)" ;;
		esac
		shift
	done
	case $seconds in
	'' | *[!0-9]* | 0) fail "--seconds $seconds: not a number of seconds" ;;
	esac
}

# The last of all CPUs, where the fewest interrupts are
last_cpus() {
	last=$(($(grep -c '^processor' /proc/cpuinfo) - 1))
	[ $((last + 1)) -ge "$1" ] || fail "takes $1 CPUs, this machine has $((last + 1))"
	if [ "$1" -gt 1 ]; then
		echo "$((last - $1 + 1))-$last"
	else
		echo $last
	fi
}

# begin: this process and all that it starts stay on these CPUs; without --json the lines become a table
begin() {
	[ "$(id -u)" -eq 0 ] || fail "must be root"
	[ -c /dev/kvm ] || fail "no /dev/kvm"
	[ -e /proc/vbs ] || fail "this kernel has no SCHED_VBS"
	for need in qemu-system-x86_64 chrt vbsctl hackbench; do
		command -v $need >/dev/null || fail "no $need"
	done
	[ -f "$files/bzImage" ] || fail "no $files/bzImage: tests/experiments/run --prepare"
	cpus=${cpus:-$(last_cpus "$ncpus")}
	taskset -p -c "$cpus" $$ >/dev/null || fail "cannot be on CPU $cpus"
	xp=$(mktemp -d)
	trap 'stop_all; rm -rf "$xp"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	lines=/dev/stdout
	[ -n "$json" ] || lines=$xp/lines
}

finish() {
	[ -n "$json" ] || "$here/report" "$name" "$lines"
}

# put KEY VALUE...: a line of JSON; what looks like a number, an array or an object is one
put() {
	line='{'
	while [ $# -gt 0 ]; do
		case $2 in
		*[!0-9.-]* | '' | *.*.*) value=\"$2\" ;;
		*) value=$2 ;;
		esac
		case $2 in
		\[*\] | \{*\}) value=$2 ;;
		esac
		line="$line\"$1\":$value,"
		shift 2
	done
	printf '%s}\n' "${line%,}" >>"$lines"
}

kernel_kind() {
	case $1 in
	*PREEMPT_RT*) echo RT ;;
	*) echo plain ;;
	esac
}

# of KEY FILE: the value after KEY= in what a program has said
of() {
	tr ' ' '\n' <"$2" | sed -n "s/^$1=//p" | tail -n 1
}

# now_cs: hundredths of a second
now_cs() {
	sed 's/\([0-9]*\)\.\([0-9]*\) .*/\1\2/' /proc/uptime
}

# percent NS SINCE: of one CPU, since now_cs said so
percent() {
	spent=$(($(now_cs) - $2))
	printf '%d.%02d\n' $(($1 / spent / 100000)) $(($1 / spent / 1000 % 100))
}
