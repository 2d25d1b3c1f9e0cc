#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whole processes, names of servers, and what is said before it is done, as root.  TAP.
# With one CPU in virtual time, and with two:
#	tools/build/user vbsctl
#	tests/vm/run --tool chrt --tool cyclictest --tool signaltest --tool ptsematest \
#		--tool setpriv --tool setcap --tool trace-cmd \
#		--file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/vm.sh \
#		--file build/vbsctl/tests/threads --file tools/vbsctl/tests/servers-vm.t -- servers-vm.t
#	the same with --smp 2
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"

# Whole processes
start threads 5 >"$out"
until_true 'grep -q ready "$out"'
crowd=$pid
in_servers() {
	inside=0
	for t in /proc/"$1"/task/*; do
		[ "$(policy "$1/task/${t##*/}")" = 8 ] && inside=$((inside + 1))
	done
	echo "threads in servers: $inside" >>"$out"
	[ "$inside" -eq "$2" ]
}
none_outside() {
	for t in /proc/"$1"/task/*; do
		p=$(policy "$1/task/${t##*/}" 2>/dev/null)
		[ "${p:-8}" = 8 ] || echo "thread ${t##*/}: policy $p" >>"$out"
	done
	! grep -q "policy" "$out"
}
last_thread() {
	for t in /proc/"$1"/task/*; do
		t=${t##*/}
	done
	echo "$t"
}
check 0 "$crowd: server" "admit -a" admit -a -v --res 1ms/10ms --name crowd "$crowd"
[ "$(field members "$crowd")" = 6 ] && in_servers "$crowd" 6
ok $? "admit -a: all threads are in one server"
check 1 "6 of its threads are in a server already; 'vbsctl leave -a $crowd' takes them out" \
	"admit -a: they are in one already" admit -a --res 1ms/10ms "$crowd"
check 0 "" "leave: one thread" leave "$(last_thread "$crowd")"
check 0 "" "leave -a: the rest" leave -a "$crowd"
in_servers "$crowd" 0
ok $? "leave -a: no thread is in a server"
check 1 "$crowd is in no server" "leave -a: of none" leave -a "$crowd"
check 0 "" "leave: what is booked goes" list
chrt -f -p 7 "$(last_thread "$crowd")"
start sleep 100
leader=$pid
check 0 "" "admit: who is joined" admit --res 1ms/10ms --name host "$leader"
if [ "$(nproc)" -gt 1 ]; then
	taskset -p $((2 - $(field cpu "$leader"))) "$(last_thread "$crowd")" >/dev/null
	check 1 "the affinity mask of $(last_thread "$crowd") has only CPU" "join -a: one thread is refused" \
		join -a "$crowd" host
	in_servers "$crowd" 0 && [ "$(field members "$leader")" = 1 ] &&
		chrt -p "$(last_thread "$crowd")" >>"$out" && says "SCHED_FIFO"
	ok $? "join -a: and none has joined"
	taskset -p 3 "$(last_thread "$crowd")" >/dev/null
else
	skip "join -a: one thread is refused" "one CPU"
	skip "join -a: and none has joined" "one CPU"
fi
if [ "$(nproc)" -gt 1 ]; then
	# The first thread may use both CPUs, one of the others only the fuller one
	start vbsctl run --cap 30% --cpu 1 -- sleep 100
	filler=$pid
	until_true 'grep -q sleep "/proc/$filler/comm"'
	taskset -p 2 "$(last_thread "$crowd")" >/dev/null
	check 0 "on CPU 1" "admit -a: where all threads may be" admit -a -v --res 1ms/50ms "$crowd"
	run 0 leave -a "$crowd"
	set -- "/proc/$crowd/task"/*
	taskset -p 1 "${2##*/}" >/dev/null
	check 1 "its threads are bound to different CPUs" "admit -a: bound to different CPUs" \
		admit -a --res 1ms/50ms "$crowd"
	in_servers "$crowd" 0
	ok $? "admit -a: and none has entered"
	for t in "/proc/$crowd/task"/*; do
		taskset -p 3 "${t##*/}" >/dev/null
	done
	chrt -f -p 7 "$(last_thread "$crowd")"
	kill -KILL "$filler"
else
	skip "admit -a: where all threads may be" "one CPU"
	skip "admit -a: bound to different CPUs" "one CPU"
	skip "admit -a: and none has entered" "one CPU"
fi
check 0 "" "join -a: by name" join -a "$crowd" host
[ "$(field members "$leader")" = 7 ] && in_servers "$crowd" 6
ok $? "join -a: all threads"
check 0 "$(last_thread "$crowd") (thread) threads" "show: who is in it" show host
says "members   $leader sleep" && says "server " && says "'host' on CPU"
ok $? "show: the oldest first"
run 0 show --json "$leader" && [ "$(grep -c '"pid"' "$out")" -eq 7 ] && says '"name": "host"'
ok $? "show --json"
# By a vbsctl that is held up again and again
start threads 20 restless >"$out"
until_true 'grep -q ready "$out"'
restless=$pid
check 0 "" "admit -a: a process that makes threads all the time" run --res 110us/5ms -- \
	vbsctl admit -a --res 2ms/10ms "$restless"
usleep 50000
none_outside "$restless"
ok $? "admit -a: none is outside"
check 6 "there is no process or thread 4000000" "admit -a: nobody" admit -a --cap 1% 4000000
check 6 "there is no process or thread 4000000" "leave -a: nobody" leave -a 4000000
stop

# Moves
if [ "$(nproc)" -gt 1 ]; then
	start vbsctl run --res 2ms/10ms --cpu 0 -- sleep 100
	mover=$pid
	until_true 'grep -q sleep "/proc/$mover/comm"'
	check 0 "$mover: CPU 0 to CPU 1, strict" "move: who sleeps loses nothing" move -v --cpu 1 --within 1s "$mover"
	[ "$(field cpu "$mover")" = 1 ] && taskset -p "$mover" >>"$out" && says "mask: 2"
	ok $? "move: the only CPU of the mask follows"
	check 1 "CPU 99 is not online" "move: to a CPU that is not" move --cpu 99 "$mover"
	start vbsctl run --cap 85% --cpu 0 -- sleep 100
	filler=$pid
	until_true 'grep -q sleep "/proc/$filler/comm"'
	check 4 "it needs 20 % of a CPU, and CPU 0 has" "move: no room" move --cpu 0 --relax "$mover"
	[ "$(field cpu "$mover")" = 1 ] && taskset -p "$mover" >>"$out" && says "mask: 2"
	ok $? "move: and nothing has changed"
	kill -KILL "$filler"
	start sleep 100
	check 0 "" "move: a second member" join "$pid" "$mover"
	check 1 "its server has 2 members" "move: of two members" move --cpu 0 "$mover"
	stop
else
	for what in "who sleeps loses nothing" "the only CPU of the mask follows" "to a CPU that is not" "no room" \
		"and nothing has changed" "a second member" "of two members"; do
		skip "move: $what" "one CPU"
	done
fi

# Names
start vbsctl run --res 1ms/10ms --name arm -- sleep 100
until_true 'grep -q sleep "/proc/$pid/comm"'
arm=$pid
check 0 "arm             sleep" "list: the name" list
check 0 "arm             sleep" "list: by name" list arm
! says "CPU 0:"
ok $? "list: and nothing else"
check 0 "2ms/10ms" "switch: by name" switch -v arm --cap 20% 2ms/10ms
check 0 "server $(id_of "$arm") 'arm' on CPU" "show: by name" show arm
check 0 "'arm'" "show: by id" show "id:$(id_of "$arm")"
check 0 "'arm'" "show: by process" show "$arm"
check 1 "1 is in no server that is shown to you; id:1" "show: a process in no server" show 1
check 0 "" "reset: by name" reset arm
check 0 "" "reset: all" reset --all
check 6 "there is no server named 'leg'" "reset: nobody's name" reset leg
check 6 "there is no server named 'leg'" "show: nobody's name" show leg
check 6 "there is no server 4000000000" "show: no id" show id:4000000000
check 2 "'a/b': a name has letters" "show: what is no name" show a/b
start sleep 100
check 1 "server $(id_of "$arm") has the name 'arm' already" "admit: a name that is taken" \
	admit --cap 1% --name arm "$pid"
[ "$(policy "$pid")" = 0 ]
ok $? "admit: and nothing was done"
check 125 "has the name 'arm' already" "run: a name that is taken" run --cap 1% --name arm true
kill -KILL "$arm"
until_true '! [ -d /proc/$arm ]'
check 0 "" "admit: a name whose server is gone" admit --cap 1% --name arm "$pid"
check 0 "arm             sleep" "list: it is another's now" list arm
check 0 "" "run: a name under a parent" run --cap 1% --name short --report -- true
! [ -e /run/vbs/short ]
ok $? "run: the parent takes it back"
user_check 0 "1777" "the directory of names is for all" "stat -c %a /run/vbs"
as_user "echo $(id_of "$pid") >/run/vbs/squatter"
! vbsctl list squatter >"$out" 2>&1 && says "there is no server named 'squatter'"
ok $? "nobody names another's server"
stop

# Nobody keeps a name from others: by a file that names nobody, or by a server of his own
as_user "echo 1 >/run/vbs/held && : >/run/vbs/empty"
echo 1 >/run/vbs/old
for name in held empty old; do
	# shellcheck disable=SC2086
	/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=+sys_nice --ambient-caps=+sys_nice \
		vbsctl run --res 1ms/10ms --name $name -- vbsctl list --json $name >"$out" 2>&1
	ended $? 0 "run --name $name" && says "\"name\": \"$name\"" && says '"owner": 65534'
	ok $? "a name that a file of somebody else holds: $name"
done
start /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=+sys_nice --ambient-caps=+sys_nice \
	vbsctl run --res 1ms/10ms --name both -- /usr/bin/setpriv --ambient-caps=-all --inh-caps=-all sleep 100
users=$pid
until_true 'grep -q sleep "/proc/$users/comm"'
check 0 '"owner": 0' "a name that a user's server has: root's is root's" run --res 1ms/10ms --name both -- vbsctl list --json both
user_check 0 "$users" "which counts for him" "vbsctl show both"
check 0 "note: 'both' is what uid 1000 calls server $(id_of "$users")" "root is told whose word it is" switch both 500us/10ms
stop

# Before it is done
start vbsctl run --cap 60% --cpu 0 -- sleep 100
until_true '[ -n "$(id_of "$pid")" ]'
check 4 "cannot run 'make': needs 85 % of a CPU" "run --dry-run: no room" run --dry-run --cap 85% --cpu 0 -- make
check 0 "It would fit now: it needs 20 % of a CPU, and CPU 0 has most to spare, 30 % of 90 %" \
	"run --dry-run: it fits" run --dry-run --cap 20% --cpu 0 -- make
check 1 "a period of 2s is above" "run --dry-run: a limit" run --dry-run --res 1ms/2s -- make
check 0 '"fits": true' "admit --dry-run --json" admit --dry-run --json --cap 10% "$$"
[ "$(policy $$)" = 0 ]
ok $? "admit --dry-run: nothing is done"
user_check 0 "note: a new server needs CAP_SYS_NICE" "run --dry-run: without privilege" \
	"vbsctl run --dry-run --cap 5% -- make"
check 125 "cannot run 'make': needs 85 % of a CPU" "run: a refusal names the command" \
	run --cap 85% --cpu 0 -- make
check 0 "members 1" "run: inside a server" run --cap 5% -- \
	vbsctl run --res 1ms/50ms -- sed -n 's/^server .* runtime=1000000 .* \(members\)=\([0-9]*\) .*/\1 \2/p' /proc/vbs
check 125 "cannot run 'make' in a server of its own, which needs CAP_SYS_NICE" \
	"run: inside a server, without privilege" run --cap 5% -- su user -c "vbsctl run --cap 1% -- make"
stop

# The ways in which users get the right, as Documentation/scheduler/sched-vbs-services.rst says
/usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=+sys_nice --ambient-caps=+sys_nice \
	vbsctl run --res 2ms/10ms --name controller -- /usr/bin/setpriv --ambient-caps=-all --inh-caps=-all \
	sh -c 'echo policy $(sed "s/.*) //" /proc/$$/stat | cut -d " " -f 39) $(grep CapEff /proc/$$/status) uid $(id -u)
		vbsctl switch -v controller 1ms/10ms && ! vbsctl switch controller --cap 50%' >"$out" 2>&1
ended $? 0 "setpriv" && says "policy 8 CapEff: 0000000000000000 uid 1000" && says "1ms/10ms, cap 20 %" &&
	says "raising the cap from 20 % to 50 % needs CAP_SYS_NICE"
ok $? "a service with an ambient capability"
mkdir -p "$root/bin" && mount -t tmpfs none "$root/bin" && chmod 755 "$root" "$root/bin" &&
	cp "$(command -v vbsctl)" "$root/bin/vbs" && chown 0:1000 "$root/bin/vbs" && chmod 750 "$root/bin/vbs" &&
	setcap cap_sys_nice=ep "$root/bin/vbs" >"$out" 2>&1
ok $? "a vbsctl for a group"
user_check 0 "policy 8 CapEff: 0000000000000000 owner 1000" "the group runs a command" \
	"$root/bin/vbs run --res 1ms/10ms --name mine -- sh -c 'echo policy \$(sed \"s/.*) //\" /proc/\$\$/stat | cut -d \" \" -f 39) \$(grep CapEff /proc/\$\$/status) owner \$(sed -n \"s/^server .* owner=\([0-9]*\) .*/\1/p\" /proc/vbs)'"
su nobody -c "$root/bin/vbs run --cap 1% -- true" >"$out" 2>&1
[ $? -ge 126 ]
ok $? "and nobody else"
umount "$root/bin"
stop

# A file of servers
plan_is() {
	printf '{ "format": 1, "servers": [ %s ] }\n' "$1" >"$root/plan"
}
mkdir -p "$root/cg" && mount -t cgroup2 none "$root/cg" && mkdir -p "$root/cg/sys.slice/mixer.service/sub" "$root/cg/other"
start threads 3 >"$out"
until_true 'grep -q ready "$out"'
mixer=$pid
echo "$mixer" >"$root/cg/sys.slice/mixer.service/sub/cgroup.procs"
start sleep 1000
echo "$pid" >"$root/cg/other/cgroup.procs"
lone=$pid
plan_is '{ "name": "audio", "res": "1ms/10ms", "cap": "15%", "unit": "mixer.service" },
	{ "name": "rest", "res": "2ms/20ms", "cgroup": "/other", "user": "root" },
	{ "name": "later", "res": "1ms/20ms", "command": "not-started" }'
check 0 "audio: would be made with 1ms/10ms, cap 15 %; 4 tasks, 4 of them would be new" "apply --dry-run" \
	apply --dry-run "$root/plan"
in_servers "$mixer" 0
ok $? "apply --dry-run: nothing is done"
check 0 "audio: made with 1ms/10ms, cap 15 %; 4 tasks, 4 of them new" "apply" apply "$root/plan"
says "rest: made with 2ms/20ms, cap 10 %; 1 task, 1 of them new" &&
	says "later: there is no task of command 'not-started'"
ok $? "apply: every entry"
in_servers "$mixer" 4 && [ "$(field members "$mixer")" = 4 ] && [ "$(field cap "$lone")" = 104858 ]
ok $? "apply: all tasks are in"
run 0 list && cp "$out" "$root/before"
check 0 "audio: as it is, 4 tasks" "apply: again" apply "$root/plan"
run 0 list && cmp -s "$out" "$root/before"
ok $? "apply: again changes nothing"
vbsctl leave "$(last_thread "$mixer")"
check 0 "audio: 4 tasks, 1 of them new" "apply: one was outside" apply "$root/plan"
sed -i 's,"1ms/10ms","2ms/10ms",; s,15%,30%,' "$root/plan"
check 0 "audio: switched to 2ms/10ms, cap 30 %" "apply: other parameters" apply "$root/plan"
[ "$(field runtime "$mixer")" = 2000000 ]
ok $? "apply: are in force"
check 0 '"name": "audio"' "save" save
run 0 save "$root/saved" && grep -q '"unit": "mixer.service"' "$root/saved" && grep -q '"cap": "30%"' "$root/saved" &&
	grep -q '"command": "sleep"' "$root/saved"
ok $? "save: to a file"
run 0 list && cp "$out" "$root/before"
check 0 "audio: as it is" "apply: what was saved" apply "$root/saved"
run 0 list && cmp -s "$out" "$root/before"
ok $? "apply: what was saved changes nothing"
plan_is '{ "name": "audio", "res": "2ms/10ms", "cap": "95%", "unit": "mixer.service" }'
check 4 "cannot switch" "apply: no room" apply "$root/plan"
plan_is '{ "name": "big", "res": "2ms/10ms", "cap": "95%", "command": "init", "user": "root" }'
check 4 "cannot admit 1: needs 95 %" "apply: no room for a new one" apply "$root/plan"
chmod 755 "$root"
user_check 5 "needs CAP_SYS_NICE" "apply: without privilege" "vbsctl apply $root/plan"
start threads 4 restless >"$out"
until_true 'grep -q ready "$out"'
plan_is '{ "name": "restless", "res": "2ms/10ms", "command": "threads", "cpus": "0" }'
vbsctl leave -a "$mixer"
check 0 "restless: made with" "apply: a process that makes threads all the time" apply "$root/plan"
usleep 20000
none_outside "$pid"
ok $? "apply: none is outside"
stop

# A user has a server and a unit of a plan's names, and a program called so: none of it counts
as_uid() {
	uid=$1
	shift
	start /usr/bin/setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=+sys_nice --ambient-caps=+sys_nice "$@"
}
users=$root/cg/user.slice/user-1000.slice/user@1000.service/app.slice/mixer.service
mkdir -p "$users"
as_uid 1000 vbsctl run --res 1ms/50ms --name audio -- sleep 1000
taker=$pid
until_true 'grep -q sleep "/proc/$taker/comm"'
as_uid 1000 sleep 1000
hog=$pid
echo "$hog" >"$users/cgroup.procs"
as_uid 65534 sleep 1000
mixer=$pid
echo "$mixer" >"$root/cg/sys.slice/mixer.service/sub/cgroup.procs"
plan_is '{ "name": "audio", "res": "1ms/10ms", "cap": "15%", "unit": "mixer.service" }'
check 0 "audio: made with 1ms/10ms, cap 15 %; 1 task, 1 of them new" "apply: not into a user's server" apply "$root/plan"
says "note: uid 1000 calls server $(id_of "$taker") 'audio', which is not the one of the file"
ok $? "apply: says so"
[ "$(field cap "$taker")" = 20972 ] && [ "$(field members "$taker")" = 1 ] && [ "$(field members "$mixer")" = 1 ]
ok $? "apply: whose cap and members are as they were"
[ "$(policy "$hog")" = 0 ]
ok $? "apply: a user's unit is not the system's"
check 0 "audio: as it is, 1 task" "apply: again, with two of the name" apply "$root/plan"
plan_is '{ "name": "hogs", "res": "1ms/10ms", "command": "sleep" }'
check 0 "there is no task of command 'sleep'" "apply: nor is a user's command root's" apply "$root/plan"
plan_is '{ "name": "hogs", "res": "1ms/10ms", "unit": "mixer.service", "user": "1000" }'
check 0 "hogs: made with 1ms/10ms, cap 10 %; 1 task, 1 of them new" "apply: a unit of the user that is named" apply "$root/plan"
[ "$(policy "$hog")" = 8 ]
ok $? "apply: which is in"
run 0 save "$root/saved" && tr -d ' \n' <"$root/saved" >"$out" && says '"name":"hogs","res":"1ms/10ms","unit":"mixer.service","user":'
ok $? "save: a user's unit is that user's"
stop
umount "$root/cg"

# What happens
grep -q tracefs /proc/mounts || mount -t tracefs none /sys/kernel/tracing
start vbsctl watch --json -d 50ms >"$root/events"
watcher=$pid
until_true 'ls /sys/kernel/tracing/instances | grep -q vbsctl'
vbsctl run --res 1ms/10ms --name busy -- sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
vbsctl run --cap 99% -- true 2>/dev/null
until_true 'grep -q refuse "$root/events" && grep -q \"end\" "$root/events"'
cp "$root/events" "$out"
grep -q '"event": "begin"' "$root/events" &&
	grep -q '"event": "throttle", .*"name": "busy", .*"more": [1-9]' "$root/events" &&
	grep -q '"event": "refuse", .*"reason": "no_room", "asked": 1038091' "$root/events"
ok $? "watch: a server, its throttling, a refusal"
kill -TERM "$watcher"
wait "$watcher"
ended $? 0 "watch" && [ -z "$(ls /sys/kernel/tracing/instances)" ]
ok $? "watch: leaves no tracer behind"
user_check 0 "refusals are not seen: the tracer" "watch: without privilege" "vbsctl watch -n 1 -d 10ms"
stop

# Programs that ask for another class
check 3 "" "run --keep-class: SCHED_FIFO is not taken" run --keep-class --report --cap 10% -- \
	sh -c 'chrt -f -p 1 $$ && exit 3'
! says "had left its server"
ok $? "run --keep-class: it has stayed"
check 0 "policy 8 NoNewPrivs: 0" "run --keep-class: root may still gain privilege" run --keep-class --cap 10% -- \
	sh -c 'chrt -r -p 1 $$; echo policy $(sed "s/.*) //" /proc/$$/stat | cut -d " " -f 39) $(grep NoNewPrivs /proc/$$/status)'
check 0 "policy 8 uid 65534" "run --keep-class --user" run --keep-class --user nobody --cap 10% -- \
	sh -c 'chrt -f -p 1 $$; echo policy $(sed "s/.*) //" /proc/$$/stat | cut -d " " -f 39) uid $(id -u)'
check 0 "1ms/10ms" "run --keep-class: it may switch" run --keep-class --cap 10% -- \
	sh -c 'vbsctl switch $$ 500us/5ms && vbsctl switch -v $$ 1ms/10ms'
for probe in "cyclictest -q -l 20 -i 2000" "signaltest -q -l 20" "ptsematest -l 20"; do
	if command -v "${probe%% *}" >/dev/null; then
		# shellcheck disable=SC2086
		check 0 "" "run --keep-class ${probe%% *}" run --keep-class --report --res 5ms/10ms -- $probe
		! says "had left its server"
		ok $? "${probe%% *}: it has stayed"
	else
		skip "run --keep-class ${probe%% *}" "it is not there"
		skip "${probe%% *}: it has stayed" "it is not there"
	fi
done
stop

# Advice
# What is seen in real time on a busy host may be anything
if [ "$(nproc)" -eq 1 ]; then
	start cyclictest -q -t 2 -a 0 -i 10000 -d 0 -l 100000 >/dev/null
	until_true '[ "$(ls "/proc/$pid/task" | wc -l)" -eq 3 ]'
	check 0 "Proposed: vbsctl admit -a --res " "advise: a periodic process" advise -t 2s "$pid"
	grep -q "^ *\\(19[0-9]\\|20[0-9]\\) *10ms " "$out"
	ok $? "advise: its period is seen"
	[ "$(grep -c "^ *[0-9][0-9]* *\(10\|9\.[0-9]*\)ms " "$out")" -eq 2 ]
	ok $? "advise: of both threads"
	check 0 '"proposal": {' "advise --json" advise -t 1s --json "$pid"
	res=$(sed -n 's/.*"runtime_ns": \([0-9]*\).*/\1/p' "$out" | tail -n 1)ns/$(sed -n 's/.*"period_ns": \([0-9]*\).*/\1/p' "$out" | tail -n 1)ns
	check 0 "" "advise: what it proposes fits" admit -a --res "$res" "$pid"
	usleep 1000000
	[ "$(field misses "$pid")" = 0 ]
	ok $? "advise: and is enough"
else
	skip "advise: a periodic process" "in real time"
fi
start sh -c 'printf "x\033[2J" >/proc/$$/comm; while :; do :; done'
check 1 "No proposal: what never waits" "advise: what never waits" advise -t 200ms "$pid"
says "$pid (x?[2J): "
ok $? "advise: a hostile name"
check 6 "there is no process or thread 4000000" "advise: nobody" advise 4000000
user_check 5 "cannot use the tracer" "advise: without privilege" "vbsctl advise -t 100ms \$\$"
[ -z "$(ls /sys/kernel/tracing/instances)" ]
ok $? "advise: leaves no tracer behind"
stop

# A trace
check 7 "" "trace: the status of the command" trace --length 2s -p "$root/plan.svg" -- \
	vbsctl run --res 3ms/10ms -- sh -c 'i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); done; exit 7'
grep -q ">server [0-9]*, 3ms/10ms<" "$root/plan.svg" && [ "$(grep -c 'class="r"' "$root/plan.svg")" -ge 5 ] &&
	[ "$(grep -c 'class="e"' "$root/plan.svg")" -ge 5 ] && grep -q ">sh [0-9]*<" "$root/plan.svg"
ok $? "trace --picture: the server, its releases and ends of budgets, the thread"
if command -v trace-cmd >/dev/null; then
	check 0 "" "trace: trace.dat" trace -o "$root/trace.dat" -- vbsctl run --res 3ms/10ms -- sleep 0.01
	[ ! -s "$out" ]
	ok $? "trace: and no word of it"
	trace-cmd report "$root/trace.dat" >"$out" 2>&1
	says "sched_vbs_release" && says "sched_vbs_admit" && says "sched_switch"
	ok $? "trace: trace-cmd reads it"
	check 125 "trace.dat is not written: trace-cmd has failed: " "trace: nowhere to write to" trace -o /no/such/trace.dat -- true
else
	check 125 "there is no trace-cmd" "trace: trace.dat" trace -o "$root/trace.dat" -- true
	skip "trace: and no word of it" "no trace-cmd"
	skip "trace: trace-cmd reads it" "no trace-cmd"
	skip "trace: nowhere to write to" "no trace-cmd"
fi
check 127 "there is no command '/no/such'" "trace: no such command" trace -p "$root/plan.svg" /no/such
check 125 "cannot write /nowhere/x.svg" "trace: no directory" trace -p /nowhere/x.svg true
user_check 125 "cannot use the tracer" "trace: without privilege" "vbsctl trace -- true"
[ -z "$(ls /sys/kernel/tracing/instances)" ]
ok $? "trace: leaves no tracer behind"
stop

rm -f "$out"
plan
