# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # for who sources it
# What the tests of the command line share.  TAP.
#	. "$(dirname "$0")/tap.sh"
# They may set vbsctl, a command of one or more words; root is a directory for them.
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
out=$root/out
vbsctl=vbsctl
n=0
failed=0

# ok STATUS NAME: 0 is success; what the command has said explains anything else
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$out"
		failed=$((failed + 1))
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# ended STATUS WANTED WHAT
ended() {
	[ "$1" -eq "$2" ] || { echo "status $1, not $2: $3" >>"$out" && false; }
}

# run STATUS ARG...: output and errors of vbsctl to $out
run() {
	want=$1
	shift
	# shellcheck disable=SC2086
	$vbsctl "$@" >"$out" 2>&1
	ended $? "$want" "$vbsctl $*"
}

# says TEXT: the last output contains it
says() {
	[ -z "$1" ] || grep -qF -e "$1" "$out" || { echo "not said: $1" >>"$out" && false; }
}

# check STATUS TEXT NAME ARG...
check() {
	status=$1 text=$2 name=$3
	shift 3
	run "$status" "$@" && says "$text"
	ok $? "$name"
}

# number KEY [FILE]: of that JSON, or of what was said last; 0 where there is none
number() {
	value=$(sed -n "s/^  \"$1\": *\([0-9]*\),*$/\1/p" "${2:-$out}")
	echo "${value:-0}"
}

# word KEY [FILE]
word() {
	sed -n "s/^  \"$1\": *\"*\([a-z-]*\)\"*,*$/\1/p" "${2:-$out}"
}

# part KEY [FILE]: a percentage, to one digit
part() {
	sed -n "s/^  \"$1_percent\": *\([0-9]*\(\.[0-9]\)\{0,1\}\).*/\1/p" "${2:-$out}"
}

# model_line FILE: a model, in a few words
model_line() {
	echo "$(word verdict "$1"), $(($(number start_ns "$1") / 1000)) us + $(number per_unit_fs "$1") fs each, above $(part above_mean "$1") %, states $(part states_apart "$1") %, shares $(part shares_apart "$1") %, uncharged $(part uncharged "$1") %, waited $(part waited "$1") %"
}

# as_user COMMAND: without privilege, as uid 1000
as_user() {
	su user -c "$1"
}

# user_check STATUS TEXT NAME COMMAND
user_check() {
	as_user "$4" >"$out" 2>&1
	ended $? "$1" "$4" && says "$2"
	ok $? "$3"
}

# plan: the last command
plan() {
	echo "1..$n"
	[ "$failed" -eq 0 ]
	exit
}
