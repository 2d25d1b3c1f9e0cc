#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The completions of zsh and fish know every command and option of 'vbsctl help'; each is
# skipped where its shell is not there.  TAP.
#	VBSCTL=path tests/shells.t
set -u
. "$(dirname "$0")/tap.sh"
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
tool=$(realpath "${VBSCTL:-vbsctl}")
mkdir -p "$root/bin"
ln -s "$tool" "$root/bin/vbsctl"
PATH=$root/bin:$PATH
export HOME="$root" XDG_CONFIG_HOME="$root" XDG_DATA_HOME="$root" VBSCTL_TEST=1

# What stands at the end of the words, one a line
zsh_words() {
	# shellcheck disable=SC2016
	zsh -f -c 'source "$1"; shift; words=("$@"); CURRENT=$#; _vbsctl_candidates' \
		zsh "$here/completion/_vbsctl" "$@" | sed 's/:.*//'
}

fish_words() {
	# shellcheck disable=SC2016
	fish --no-config -c 'source $argv[1]; complete -C (string join " " -- $argv[2..-1])' \
		"$here/completion/vbsctl.fish" "$@" | cut -f 1
}

# completes SHELL WANTED WORD...
completes() {
	shell=$1 wanted=$2
	shift 2
	printf '%s\n' "$wanted" | tr -s ' \n' '\n' | sed '/^$/d' | sort -u >"$root/wanted"
	"${shell}_words" "$@" 2>"$root/err" | sort -u >"$root/got"
	diff "$root/wanted" "$root/got" >"$out" && [ ! -s "$root/err" ]
	ok $? "$shell: $*"
	cat "$root/err"
}

options_of() {
	"$tool" help "$@" | sed -n 's/^ \{2,6\}\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p'
	echo --help
}

commands_of() {
	"$tool" help "$@" | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

for shell in zsh fish; do
	if ! command -v $shell >/dev/null; then
		skip "completion of $shell" "no $shell"
		continue
	fi
	completes "$shell" "$(commands_of) --help --version" vbsctl ""
	completes "$shell" "$(commands_of timeline)" vbsctl timeline ""
	completes "$shell" "$(commands_of vm)" vbsctl vm ""
	completes "$shell" "$(commands_of irq)" vbsctl irq ""
	completes "$shell" "$(commands_of channel)" vbsctl channel ""
	for cmd in $(commands_of); do
		case $cmd in
		help | channel | irq | timeline | vm) ;;
		*) completes "$shell" "$(options_of "$cmd")" vbsctl "$cmd" -- ;;
		esac
	done
	for cmd in $(commands_of timeline); do
		completes "$shell" "$(options_of timeline "$cmd")" vbsctl timeline "$cmd" --
	done
	for cmd in $(commands_of irq); do
		completes "$shell" "$(options_of irq "$cmd")" vbsctl irq "$cmd" --
	done
	for cmd in $(commands_of channel); do
		completes "$shell" "$(options_of channel "$cmd")" vbsctl channel "$cmd" --
	done
	for cmd in $(commands_of vm); do
		completes "$shell" "$(options_of vm "$cmd")" vbsctl vm "$cmd" --
	done
done
plan
