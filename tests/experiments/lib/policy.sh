# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2154 # for who sources it, after base.sh
#
# The columns of the tables: what a machine runs under. RES is BUDGET/PERIOD in us.
#
#	other		SCHED_OTHER
#	fifo		vCPUs FIFO 99
#	fifo-all	all threads FIFO 99
#	dl:RES		vCPUs SCHED_DEADLINE
#	vbs:RES:RES	vCPUs in servers, and the device model in one
#	vbs:RES:out	the device model is SCHED_OTHER
#	vbs:RES:one	one server for all
# Options of "vbsctl vm" follow after another colon, with commas between them.

with_unit() {
	echo "$1" | sed 's,\([0-9][0-9]*\),\1us,g'
}

# vbs_words COLUMN: for vbsctl vm
vbs_words() {
	IFS=: read -r _ res dm words <<END
$1
END
	words=$(echo "$words" | tr ',' ' ')
	case $dm in
	one) echo "--one --vcpu $(with_unit "$res") $words" ;;
	out) echo "--vcpu $(with_unit "$res") --dm 100us/1ms $words" ;;
	*) echo "--vcpu $(with_unit "$res") --dm $(with_unit "$dm") $words" ;;
	esac
}

# each COMMAND -- TID...
each() {
	command=$1
	shift
	for tid; do
		$command "$tid" >/dev/null || return
	done
}

# policy_set NAME COLUMN: all threads of the machine. What vbsctl warns of is what is measured.
policy_set() {
	res=${2#*:}
	res=${res%%:*}
	# shellcheck disable=SC2046 # words
	case $2 in
	other) ;;
	fifo) each "chrt -f -p 99" $(vcpu_tids "$1") ;;
	fifo-all) each "chrt -f -p 99" $(vcpu_tids "$1") $(other_tids "$1") ;;
	dl:*)
		each "chrt -d -T ${res%/*}000 -D ${res#*/}000 -P ${res#*/}000 -p 0" $(vcpu_tids "$1")
		;;
	vbs:*)
		vbsctl vm attach $(vbs_words "$2") "$(pid_of "$1")" >"$xp/vbsctl" 2>&1 ||
			fail "$2: $(cat "$xp/vbsctl")"
		case $2 in
		*:out*) each "chrt -o -p 0" $(other_tids "$1") ;;
		esac
		;;
	*) fail "no policy $2 (--help)" ;;
	esac || fail "cannot set $2"
}

# policy_of TID: its number
policy_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 39
}

# policy_kept NAME COLUMN: it has what it was to have, or the figures would be another column's
policy_kept() {
	case $2 in
	other) want=0 ;;
	fifo*) want=1 ;;
	dl:*) want=6 ;;
	vbs:*) want=8 ;;
	esac
	for tid in $(vcpu_tids "$1"); do
		[ "$(policy_of "$tid")" = "$want" ] || fail "$2: vCPU thread $tid has policy $(policy_of "$tid")"
	done
	case $2 in
	vbs:*:out* | fifo | dl:*) want=0 ;;
	esac
	for tid in $(other_tids "$1"); do
		[ "$(policy_of "$tid")" = "$want" ] || fail "$2: thread $tid has policy $(policy_of "$tid")"
	done
}
