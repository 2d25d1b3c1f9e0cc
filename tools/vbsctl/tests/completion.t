#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The bash completion knows every command and option of 'vbsctl help'.  TAP.
#	VBSCTL=path tests/completion.t
# shellcheck disable=SC2016 # commands that are not to be run
set -u
vbsctl=${VBSCTL:-vbsctl}
. "$(dirname "$0")/../completion/vbsctl"
n=0
failed=0

# completes WANTED-WORDS WORD...: the cursor is on the last word
completes() {
	local want got
	want=$(tr -s ' \n' '\n' <<<"$1" | sed '/^$/d' | sort)
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_vbsctl
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
	n=$((n + 1))
	if [ "$got" = "$want" ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*"
		diff <(echo "$want") <(echo "$got") | sed 's/^/# /'
		failed=1
	fi
}

commands=$("$vbsctl" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
completes "$commands --help --version" vbsctl ""
for cmd in $commands; do
	case $cmd in help | channel) continue ;; esac
	completes "$("$vbsctl" help "$cmd" | sed -n 's/^  \(-., \)\?\(--[a-z-]*\).*/\2/p') --help" \
		vbsctl "$cmd" --
done
subcommands=$("$vbsctl" help timeline | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
completes "$subcommands --help" vbsctl timeline ""
for cmd in $subcommands; do
	completes "$("$vbsctl" help timeline "$cmd" | sed -n 's/^  \(-., \|    \)\?\(--[a-z-]*\).*/\2/p') --help" \
		vbsctl timeline "$cmd" --
done
subcommands=$("$vbsctl" help vm | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
completes "$subcommands --help" vbsctl vm ""
for cmd in $subcommands; do
	completes "$("$vbsctl" help vm "$cmd" | sed -n 's/^  \(-., \)\?\(--[a-z-]*\).*/\2/p') --help" vbsctl vm "$cmd" --
done
subcommands=$("$vbsctl" help irq | sed -n 's/^  \([a-z]*\)  .*/\1/p')
completes "$subcommands --help" vbsctl irq ""
for cmd in $subcommands; do
	completes "$("$vbsctl" help irq "$cmd" | sed -n 's/^  \(-., \|    \)\?\(--[a-z-]*\).*/\2/p') --help" vbsctl irq "$cmd" --
done
subcommands=$("$vbsctl" help channel | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
completes "$subcommands --help" vbsctl channel ""
for cmd in $subcommands; do
	completes "$("$vbsctl" help channel "$cmd" | sed -n 's/^  \(-., \)\?\(--[a-z-]*\).*/\2/p') --help" \
		vbsctl channel "$cmd" --
done
completes "attach" vbsctl vm a
completes "500us/5ms" vbsctl irq join 24 --res 5
completes "200us/1.5ms" vbsctl vm attach web1 --dm 2
completes "serve show sources sync" vbsctl timeline s
completes "ntp:" vbsctl timeline sync x --from n
completes "tai" vbsctl timeline create --type t
completes "realtime" vbsctl timeline sync x --from r
completes "realtime" vbsctl timeline compare lab r
completes "tai" vbsctl timeline compare x /dev/ptp0 --scale t
completes "admit advise analyze apply" vbsctl a
completes "--cap --cpu" vbsctl run --c
completes "misses" vbsctl top -s m

# Anybody may write names there, make a process called so, or perhaps a timeline: none of it is run
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
export VBSCTL_ROOT=$root
mkdir -p "$root/run/vbs" "$root/proc/1" "$root/proc/2" "$root/cwd"
cd "$root/cwd" || exit 1
touch "$root/run/vbs/"{arm,arm:0a1b,leg:1,'$(>ran)','`>ran`',.new-1,'a b'}
printf 'server id=3 cpu=0 leader=42 comm=$(>ran) leader=43 comm=x\n' >"$root/proc/vbs"
printf 'napi/$(>ran)-1\n' >"$root/proc/1/comm"
printf 'napi/eth0-1\n' >"$root/proc/2/comm"
printf '#!/bin/sh\nprintf "%%s\\n" TITLE "- - lab" "- - \$(>ran)" "- - a;b"\n' >"$root/timelines"
chmod 755 "$root/timelines"
completes "arm leg 42" vbsctl show ""
completes "arm leg 42" vbsctl irq join 24 --leader ""
completes "eth0" vbsctl irq join ""
completes "lab" "$root/timelines" timeline show ""
n=$((n + 1))
if [ -z "$(ls)" ]; then
	echo "ok $n - nothing of what others have written is run"
else
	echo "not ok $n - nothing of what others have written is run"
	failed=1
fi
echo "1..$n"
exit $failed
