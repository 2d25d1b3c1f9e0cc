#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every subcommand of 'vbsctl timeline' on a kernel with timelines, as root.  TAP.
#	tools/build/user vbsctl
#	tests/vm/run --no-icount --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/timeline-vm.t \
#		--file build/vbsctl/tests/timeline_truth -- timeline-vm.t
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/tap.sh"
vbsctl="vbsctl timeline"

# synced NAME ARG...: kept on its reference in the background, which has been read
synced() {
	vbsctl timeline sync "$@" >/dev/null 2>"$out" &
	keeper=$!
	i=0
	until vbsctl timeline read "$1" >/dev/null 2>&1 && vbsctl timeline show "$1" | grep -q "pid $keeper$"; do
		i=$((i + 1))
		[ $i -lt 100 ] || return 1
		usleep 50000
	done
}

stop() {
	kill -TERM "$keeper"
	wait "$keeper"
}

if ! [ -e /dev/timeline ]; then
	check 3 "this kernel has no timelines" "list without timelines" list
	plan
fi

# In the first seconds the kernel measures the TSC better, and its clocks change their rate
sleep 3

check 0 "There is no timeline." "list: nothing yet" list
check 0 '"timelines": [' "list --json: nothing yet" list --json
check 0 "lab: timeline" "create" create lab
check 1 "cannot create 'lab': there is one of that name" "create: twice" create lab
check 0 '"clock_id": 3' "create --json" create --type tai --step --guest --json plant
check 0 "studio: timeline" "create --slew" create --slew 1.5ppm studio
check 0 "continuous, slews by 1.5 ppm" "show: how fast it slews" show studio
check 0 '"slew_ppb": 1500' "show --json: how fast it slews" show studio --json
check 0 "slews by 500 ppm" "show: as fast as can be" show lab
check 0 "" "destroy" destroy studio
check 1 "'lab' has no time yet" "read: never set" read lab
check 0 "never set" "show: never set" show lab
says "keeper    not known: no 'vbsctl timeline sync' has left word"
ok $? "show: nobody keeps it"
check 0 "no bound" "list: never set" list
check 6 "cannot find 'nobody': there is no such timeline" "read: no such timeline" read nobody
check 6 "there is no such timeline" "sync: no such timeline" sync nobody --from realtime
check 0 "watching, never set, nothing bounds its error, and 1us is needed" "watch: never set" \
	watch lab --accuracy 1us --timeout 10ms
check 1 "'lab' is a timeline of type utc, and tai is none" "sync: wrong type" sync lab --from tai

# sync
check 0 "freerunning" "sync: from a clock that nobody keeps" \
	sync lab --from realtime --count 1 --verbose
says "nobody keeps it, so 'lab' gets no bound"
ok $? "sync: and says so"
says "no bound"
ok $? "sync: and claims nothing"
check 0 '"err_low_ns": null, "err_high_ns": null' "read: no bound either" read lab --json
check 0 '"reference_error_ns": null' "sync --json: of the reference" \
	sync lab --from realtime --count 1 --json
check 1 "CLOCK_TAI shows UTC" "sync: from a CLOCK_TAI that is UTC" sync plant --from tai
check 0 "synchronized" "sync: with a stated bound" \
	sync lab --from realtime --count 3 --interval 50ms --reference-error 0ns --verbose
check 0 '"period_ppm": ' "sync --json" \
	sync plant --from tai --count 3 --interval 50ms --reference-error 1us --json --record /tmp/record
check 0 "3 samples, 0 contradictions" "sync --replay of what was recorded" sync --replay /tmp/record

synced lab --from realtime --reference-error 0ns --interval 100ms --wander 1ppm
ok $? "sync: in the background"
timeline_truth lab 3 realtime continuous >"$out" 2>&1
ok $? "the truth is in the bound in every reading, and it does not run backwards"
sed 's/^/# /' "$out"
check 0 "synchronized" "read" read lab
check 0 "CLOCK_MONOTONIC" "read --cost" read lab --cost
run 0 read lab --count 3 --interval 10ms --json && [ "$(grep -c '"err_low_ns"' "$out")" -eq 3 ]
ok $? "read --json: a line each"
check 0 "tsc at nominal" "show" show lab
says "keeper    vbsctl timeline sync, pid $keeper"
ok $? "show: who keeps it"
says "reference realtime" && says "believed  to 0ms, by what its user states"
ok $? "show: on what, and why that is believed"
says " at the last update" && says "ago" && says "skew" && says "bound     -"
ok $? "show: offset, age, skew and bound"
sed 's/^/# /' "$out"
check 0 '"growth_ppm"' "show --json" show lab --json
says "\"keeper\": { \"pid\": $keeper, \"running\": true }" || says "\"pid\": $keeper"
ok $? "show --json: who keeps it"
says '"offset_ns"' && says '"age_ns"' && says '"believed": true'
ok $? "show --json: offset and age"

# compare: what keeps it has no error, so it is as good as its bound
check 0 "the bounds agree" "compare: with its reference" \
	compare lab realtime --reference-error 0s --over 200ms
sed 's/^/# /' "$out"
says "ppm over 200ms, known to"
ok $? "compare: drift"
check 0 "whether they agree cannot be told: a bound is missing" "compare: a reference that nobody keeps" \
	compare lab realtime --over 0s
says "realtime             not believed, no bound: nobody keeps it"
ok $? "compare: and why"
vbsctl timeline create --step wrong >/dev/null
check 1 "'wrong' has no time yet" "compare: never set" compare lab wrong
check 1 "'wrong' has no time yet" "compare: never set itself" compare wrong lab
check 6 "cannot find 'nobody'" "compare: no such timeline" compare lab nobody
check 2 "is a timeline, which has a scale and a bound of its own" "compare: a bound of a timeline" \
	compare lab wrong --reference-error 1s
check 1 "cannot open /dev/nothing" "compare: no such PTP clock" compare lab /dev/nothing
check 0 "" "another timeline" sync wrong --from realtime --reference-error 0s --count 2 --interval 50ms
check 0 "the bounds agree" "compare: two timelines" compare lab wrong --over 0s
check 0 "one is utc, one tai, and TAI - UTC is not known" "compare: two scales" compare lab plant --over 0s
check 0 '"agree": true' "compare --json" compare wrong lab --json --over 100ms
says '"drift_known_to_ppm": ' && says '"known_to_ns": '
ok $? "compare --json: drift"
# metrics: lines of three kinds, each family in one piece, no sample without its family
vbsctl timeline create 'a"b\c' >/dev/null
check 0 'vbs_timeline_info{timeline="a\"b\\c",id=' "metrics: a name with special characters" metrics
says 'vbs_timeline_error_low_seconds{timeline="a\"b\\c"} +Inf'
ok $? "metrics: no bound"
says 'vbs_timeline_keeper_up{timeline="lab"} 1'
ok $? "metrics: its keeper"
says 'vbs_timeline_reference_info{timeline="lab",reference="realtime",keeper="",why="what its user states"} 1'
ok $? "metrics: its reference"
says 'vbs_timeline_status{timeline="lab",vbs_timeline_status="synchronized"} 1'
ok $? "metrics: its status"
awk '
	end { bad = "after the end" }
	/^# EOF$/ { end = 1; next }
	/^# TYPE / { family = $3; type = $4; if (seen[family]++) bad = $0; next }
	/^# (UNIT|HELP) / { if ($3 != family) bad = $0; if ($2 == "UNIT" && family !~ "_" $4 "$") bad = $0; next }
	{
		name = $0; sub(/[{].*/, "", name)
		want = family (type == "info" ? "_info" : type == "counter" ? "_total" : "")
		if (name != want || $0 !~ /^[a-z_]+[{]timeline="([^"\\]|\\["\\])*"(,[a-z_]+="[^"]*")*[}] ([+]Inf|-?[0-9]+([.][0-9]+)?)$/) bad = $0
	}
	END { if (bad) print bad; exit !end || bad != "" }
' "$out" >"$root/bad"
status=$?
cat "$root/bad" >>"$out"
ok $status "metrics: is OpenMetrics"
check 0 "" "metrics --output" metrics --output "$root/timelines.prom"
[ "$(tail -n 1 "$root/timelines.prom")" = "# EOF" ] && [ ! -e "$root/timelines.prom.new" ]
ok $? "metrics --output: all of it"
vbsctl timeline destroy 'a"b\c'
check 0 "synchronized" "list" list

# Without privilege
user_check 5 "it takes CAP_SYS_TIME" "user: create" "vbsctl timeline create mine"
user_check 5 "it takes CAP_SYS_TIME" "user: destroy" "vbsctl timeline destroy lab"
user_check 5 "it takes CAP_SYS_TIME" "user: sync" "vbsctl timeline sync lab --from realtime"
user_check 0 "synchronized" "user: read" "vbsctl timeline read lab"
user_check 0 "ok" "user: bind" "vbsctl timeline bind lab -- echo ok"
user_check 0 "watching" "user: watch" "vbsctl timeline watch lab --accuracy 1s --timeout 10ms"

# bind
check 7 "" "bind: the command's exit status" bind lab -- sh -c 'exit 7'
check 127 "there is no command '/no/such'" "bind: no such command" bind lab /no/such
check 126 "cannot run '/proc'" "bind: not executable" bind lab -- /proc
check 125 "no such timeline" "bind: no such timeline" bind nobody -- true
check 125 "1ns is needed" "bind: not accurate enough" bind --accuracy 1ns lab -- true
check 125 "1ns is needed" "bind: options behind the name" bind lab --accuracy 1ns -- true
check 7 "" "bind: the command's options are its own" bind lab -a 1s sh -c 'exit 7'
check 0 "" "bind: accurate enough" bind --accuracy 1s lab -- true
check 0 "" "bind: resolution" bind --resolution 10ns lab -- true

# The limit is one of watches, and of who may not exceed limits
watches=/proc/sys/user/max_timeline_watches
limit=$(cat $watches)
echo 0 >$watches
su nobody -c "vbsctl timeline watch lab --accuracy 1s --timeout 10ms" >"$out" 2>&1
ended $? 4 "watch as nobody" && says "this user has as many watches as $watches allows"
ok $? "watch: no more"
check 0 "watching" "watch: root may exceed limits" watch lab --accuracy 1s --timeout 10ms
check 0 "" "bind: needs none" bind lab --accuracy 1s true
echo "$limit" >$watches

# The synchroniser dies: the bound grows, and who needs it is told
kill -KILL "$keeper"
wait "$keeper" 2>/dev/null
check 0 "keeper    none: pid $keeper has ended without a word" "show: the synchroniser was killed" show lab
check 0 'vbs_timeline_keeper_up{timeline="lab"} 0' "metrics: the synchroniser was killed" metrics
# An event that comes at once is not from before the first line
status=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	run 0 watch lab --accuracy 1ns --count 1 --timeout 60s && says "degraded" &&
		[ "$(cut -d ' ' -f 1-2 "$out")" = "$(cut -d ' ' -f 1-2 "$out" | sort)" ] && continue
	status=1
	break
done
ok $status "watch: the lines are in the order of their times"
check 0 "degraded, the bound of 50.0" "watch: the synchroniser was killed" \
	watch lab --accuracy 50us --count 1 --timeout 60s
vbsctl timeline watch lab --accuracy 50us --count 2 --timeout 60s --json >"$out" 2>&1 &
watcher=$!
usleep 100000
vbsctl timeline sync lab --from realtime --reference-error 0ns --count 2 --interval 100ms
wait $watcher && says '"event": "recovered"'
ok $? "watch: it is back"

# Somebody sets the clock: covered, freerunning, then followed
synced plant --from tai --reference-error 0ns --interval 100ms
date -s "$(date '+%Y-%m-%d %H:%M:30')" >/dev/null 2>&1
for _ in 1 2 3 4 5 6 7 8 9 10; do
	vbsctl timeline read plant
	usleep 20000
done >"$out" 2>&1
says "freerunning"
ok $? "sync: the reference was set: not known yet who is right"
usleep 400000
check 0 "synchronized" "sync: then it follows" read plant

# Two that were set by a clock of which each was sure
vbsctl timeline create right >/dev/null
check 0 "" "one that was set later" sync right --from realtime --reference-error 0s --count 2 --interval 50ms
check 1 "contradict each other: at least one of them is wrong" "compare: a timeline that is wrong" \
	compare wrong right --over 0s
head -n 1 "$out" | sed 's/^/# /'
check 1 '"agree": false' "compare --json: a timeline that is wrong" compare right wrong --over 0s --json
vbsctl timeline destroy right wrong
timeline_truth plant 1 tai >"$out" 2>&1
ok $? "and the truth is in the bound"
sed 's/^/# /' "$out"
stop
ok $? "sync: ends on SIGTERM"

# destroy
vbsctl timeline watch plant --accuracy 1s >"$out" 2>&1 &
watcher=$!
usleep 200000
vbsctl timeline destroy plant
wait $watcher
[ $? -eq 6 ] && says "destroyed"
ok $? "watch: it was destroyed"
check 6 "there is no such timeline" "destroy: twice" destroy plant
synced lab --from realtime --interval 50ms
vbsctl timeline destroy lab
wait "$keeper"
[ $? -eq 6 ]
ok $? "sync: ends when its timeline was destroyed"
i=0
while vbsctl timeline create "t$i" >"$out" 2>&1; do
	i=$((i + 1))
done
[ $i -eq 32 ] && says "all 32 timelines of this kernel are in use"
ok $? "create: no room"
check 4 "all 32 timelines" "create: its exit status" create more
# shellcheck disable=SC2046
check 0 "" "destroy: many" destroy $(seq 0 31 | sed s/^/t/)
check 0 "There is no timeline." "list: nothing is left" list

# By CLOCK_MONOTONIC_RAW, but not in a time namespace, which may shift it
clocksource=/sys/devices/system/clocksource/clocksource0
if grep -q hpet $clocksource/available_clocksource; then
	echo hpet >$clocksource/current_clocksource
	usleep 100000
	check 0 "lab: timeline" "create: without the TSC" create lab
	check 0 "" "sync: by CLOCK_MONOTONIC_RAW" sync lab --from realtime \
		--reference-error 0ns --count 2 --interval 50ms
	check 0 "unreliable" "read: by CLOCK_MONOTONIC_RAW" read lab
	mkdir -p /tmp/root/dev /tmp/root/proc/self/ns
	ln -s /dev/timeline /tmp/root/dev/timeline
	echo >/tmp/root/proc/self/ns/time
	export VBSCTL_ROOT=/tmp/root
	check 1 "in a time namespace that cannot be told" "sync: in another time namespace" \
		sync lab --from realtime --reference-error 0ns --count 1
	unset VBSCTL_ROOT
	check 0 "" "destroy" destroy lab
	echo tsc >$clocksource/current_clocksource
	usleep 100000
fi

# A network device that the kernel simulates has a PTP clock
new=/sys/bus/netdevsim/new_device
[ ! -w $new ] || echo "1 1" >$new
usleep 200000
if [ -e /dev/ptp0 ]; then
	vbsctl timeline create --type tai ptp >/dev/null
	check 0 "synchronized" "sync: from a PTP clock" \
		sync ptp --from /dev/ptp0 --scale tai --reference-error 0s --count 3 --interval 50ms --verbose
	run 0 sync ptp --from /dev/ptp0 --scale tai --reference-error 100ns --count 20 --interval 50ms --json &&
		says '"contradictions": 0' && says '"reference_error_ns": 100' &&
		[ "$(tail -n 1 "$out" | sed 's/.*"samples": \([0-9]*\).*/\1/')" -eq 20 ]
	ok $? "sync: 20 readings of it agree"
	tail -n 1 "$out" | sed 's/^/# /'
	check 0 "the bounds agree" "compare: with a PTP clock" \
		compare ptp /dev/ptp0 --scale tai --reference-error 1us --over 100ms
	check 0 "they have no scale in common" "compare: with a PTP clock whose scale nobody tells" \
		compare ptp /dev/ptp0 --over 0s
	vbsctl timeline destroy ptp
else
	n=$((n + 1))
	echo "ok $n - sync: from a PTP clock # SKIP this kernel has none"
fi
rm -f "$out"
plan
