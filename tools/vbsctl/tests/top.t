#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The screen of vbsctl top, at 80 x 24: 64 CPUs and 200 servers of a synthetic /proc/vbs, whose times
# are in the file.  Skipped where tmux or a UTF-8 locale is not there.  TAP.
#	VBSCTL=path tests/top.t		tests/top.t --accept writes the screens anew
set -u
. "$(dirname "$0")/tap.sh"
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
vbsctl=$(realpath "${VBSCTL:-vbsctl}")
export LC_ALL=C.UTF-8
unset TMUX VBSCTL_ROOT

# at SECOND: what /proc/vbs is then
at() {
	"$here/many-servers" "$1" >"$root/proc/new" && mv "$root/proc/new" "$root/proc/vbs"
}

keys() {
	tmux -S "$root/tmux" send-keys "$@"
}

# within_30_s COMMAND
within_30_s() {
	i=0
	until "$@"; do
		i=$((i + 1))
		[ $i -lt 300 ] || return 1
		sleep 0.1
	done
}

captured() {
	tmux -S "$root/tmux" capture-pane -p >"$root/screen" 2>>"$out"
}

shows() {
	captured && grep -qF -e "$1" "$root/screen"
}

# same_as NAME: what is drawn comes in parts
same_as() {
	captured && diff "$here/screens/$1" "$root/screen" >"$out"
}

# screen NAME: the whole of it
screen() {
	[ -z "$accept" ] || { sleep 2 && captured && cp "$root/screen" "$here/screens/$1"; }
	within_30_s same_as "$1"
	ok $? "top at 80 x 24: $1"
}

accept=${1:-}
mkdir -p "$root/proc"
if ! command -v tmux >/dev/null; then
	skip "top at 80 x 24" "no tmux"
	plan
fi
at 1
tmux -S "$root/tmux" -f /dev/null new-session -d -x 80 -y 24 \
	"VBSCTL_ROOT=$root exec '$vbsctl' top --delay 10000s"
screen first
at 3
keys ' '
within_30_s shows "+2 misses"
at 4
keys ' '
screen used
keys NPage
screen second-page
keys End
screen end
keys PPage Up Down m
keys Home
screen by-misses
tmux -S "$root/tmux" resize-window -x 140 -y 40
screen large
keys q
quit() {
	! tmux -S "$root/tmux" has-session 2>/dev/null
}
within_30_s quit
ok $? "top: q quits"
# Characters of two columns are no reason for a line to go on in the next one
awk '/^server/ && n++ { next } { sub(/ comm=.*/, " comm=音声処理係") } 1' "$root/proc/vbs" >"$root/one"
mv "$root/one" "$root/proc/vbs"
tmux -S "$root/tmux" -f /dev/null new-session -d -x 80 -y 24 \
	"VBSCTL_ROOT=$root exec '$vbsctl' top --delay 10000s"
within_30_s shows "space: now"
grep -A 1 "音声処理係" "$root/screen" >"$out" && [ "$(wc -l <"$out")" -eq 2 ] && ! tail -n 1 "$out" | grep -q .
ok $? "top: wide characters"
keys q
within_30_s quit
tmux -S "$root/tmux" kill-server 2>/dev/null
plan
