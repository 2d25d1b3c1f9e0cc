#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every command of vbsctl on a kernel with SCHED_VBS, as root.  TAP.
# With one CPU in virtual time, and with two:
#	tools/build/user vbsctl
#	tests/vm/run --tool chrt --file tools/vbsctl/tests/tap.sh --file tools/vbsctl/tests/vm.sh \
#		--file tools/vbsctl/tests/vm.t -- vm.t
#	the same with --smp 2
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/vm.sh"
# used_is PERCENT: in the last view of top --json.  In real time, with a host that
# takes the CPUs away, only the upper bound is exact.
used_is() {
	used=$(tr ',' '\n' <"$out" | sed -n 's/.*"used_percent": \([0-9]*\).*/\1/p' | tail -n 1)
	echo "used: $used" >>"$out"
	if [ "$(nproc)" -eq 1 ]; then
		[ "${used:-0}" -ge $(($1 - 1)) ] && [ "$used" -le "$1" ]
	else
		[ "${used:-0}" -ge 1 ] && [ "$used" -le $(($1 + 2)) ]
	fi
}

# free_releases COMMAND...: where the cost of a release, measured at boot, is no limit of a budget
free_releases() {
	cost=$(cat /proc/sys/kernel/sched_vbs_release_cost_ns)
	echo 0 >/proc/sys/kernel/sched_vbs_release_cost_ns
	"$@"
	echo "$cost" >/proc/sys/kernel/sched_vbs_release_cost_ns
}

check 0 "SCHED_VBS is ready." "check: ready" check
check 0 '"status": 0' "check --json" check --json
check 0 "0 servers" "list: no servers yet" list

# run
vbsctl run --cap 10% -- sh -c 'exit 7'
[ $? -eq 7 ]
ok $? "run: the command's exit status"
check 127 "there is no command '/no/such'" "run: no such command" run --cap 10% -- /no/such
check 126 "cannot run '/proc'" "run: not executable" run --cap 10% -- /proc
sh -c 'vbsctl run --cap 10% -- sh -c "kill -KILL \$\$"' 2>/dev/null
[ $? -eq 137 ]
ok $? "run: a signal ends it"
check 0 "3ms/10ms" "run: the command is in a server" run --res 3ms/10ms -- vbsctl list
check 0 "40.00 4ms/10ms" "run: --cap alone" run --cap 40% -- vbsctl list
check 0 "40.00 1ms/5ms" "run: cap and resource" run --cap 40% --res 1ms/5ms -- vbsctl list
check 0 "1ms/5ms a" "run: --align" run --align --res 1ms/5ms -- vbsctl list
check 0 "members 3" "run: children are members" run --res 1ms/5ms -- \
	sh -c 'sleep 100 & sed -n "s/^server .* \(members\)=\([0-9]*\) .*/\1 \2/p" /proc/vbs; kill $!'
check 42 "" "run: --overrun-signal" run --overrun-signal --res 50ms/100ms -- \
	sh -c 'trap "exit 42" XCPU; while :; do :; done'
check 0 "child 0" "run: --no-inherit" run --no-inherit --res 1ms/10ms -- \
	sh -c 'sleep 5 & echo child $(sed "s/.*) //" /proc/$!/stat | cut -d " " -f 39); kill $!'
check 0 "on CPU 0" "run: --cpu" run --cpu 0 --res 1ms/10ms -- \
	sh -c 'echo on CPU $(sed -n "s/^server .* cpu=\([0-9]*\) .*/\1/p" /proc/vbs)'
check 125 "CPU 200: none of them is online" "run: --cpu of no CPU" run --cpu 200 --cap 10% -- true
free_releases check 125 "a budget of 5us is below the least, 10us" "run: refused by the kernel" \
	run --res 5us/1ms -- true

# A server's cap is held until its termination point: the next one waits for it
spin='i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done'
statuses=
for i in 1 2 3 4 5; do
	vbsctl run --res 51ms/100ms --cpu 0 -- sh -c "$spin" 2>>"$out"
	statuses="$statuses $?"
done
echo "statuses:$statuses" >>"$out"
[ "$statuses" = " 0 0 0 0 0" ]
ok $? "run: five times in a row"
vbsctl run --res 90ms/1s --cpu 0 -- sh -c "$spin" &&
	vbsctl run --res 1ms/10ms --cap 85% --cpu 0 -- true >"$out" 2>&1
ok $? "run: after a server with a long period"

# Only what the resource gives, and that all of it
start vbsctl run --res 3ms/10ms -- sh -c 'while :; do :; done'
hog=$pid
usleep 100000
run 0 top --json -n 2 -d 500ms
used_is 30
ok $? "top: 3ms/10ms uses 30 %"
check 0 "USED%" "top -b" top -b -n 2 -d 100ms
says "3ms/10ms"
ok $? "top -b shows the server"

# switch, as root
check 0 "$hog: server" "switch: resource" switch -v "$hog" 1ms/5ms
usleep 50000
[ "$(field switches "$hog")" = 1 ] && [ "$(field runtime "$hog")" = 1000000 ]
ok $? "switch: it is counted"
run 0 top --json -n 2 -d 500ms
used_is 20
ok $? "top: 1ms/5ms uses 20 %"
check 1 "4ms/10ms is 40 % of a CPU, above the server's cap of 30 %" "switch: above the cap" \
	switch "$hog" 4ms/10ms
check 0 "" "switch: raise the cap" switch "$hog" 4ms/10ms --cap 40%
run 0 list && says "40.00 4ms/10ms"
ok $? "switch: the cap is raised"
check 4 "instead of 40 % needs 59 % more of a CPU" "switch: no room for the cap" \
	switch "$hog" --cap 99%
check 1 "needs slack of 1/512 of the period: a cap of at least 40.08 %, and it is 40 %" \
	"switch: aligned without slack" switch "$hog" --align
check 0 "" "switch: aligned with slack" switch "$hog" 3ms/10ms --align
run 0 list && says "3ms/10ms a"
ok $? "switch: aligned"
run 0 switch "$hog" 2ms/10ms && run 0 list && says "2ms/10ms a"
ok $? "switch: what is not named stays"
run 0 switch "$hog" --no-align && run 0 list && says "2ms/10ms  "
ok $? "switch: --no-align"
check 0 '"runtime_ns": 2000000' "switch --json" switch --json "$hog" 2ms/10ms

# admit
start sleep 100
sleeper=$pid
renice -n 5 -p "$sleeper" >/dev/null
check 0 "$sleeper: server" "admit" admit -v --res 1ms/10ms "$sleeper"
[ "$(policy "$sleeper")" = 8 ]
ok $? "admit: the policy is 8"
check 1 "it is in a server already" "admit: twice" admit --res 1ms/10ms "$sleeper"
start sleep 100
other=$pid
spare=$(sed -n 's/^cpu .* spare=\([0-9]*\) .*/\1/p' /proc/vbs | sort -n | tail -n 1)
if [ "$spare" -lt 943000 ]; then
	check 4 "cannot admit $other: needs 90 % of a CPU; the most that CPU" "admit: no room" \
		admit --cap 90% "$other"
else
	taskset -p 1 "$other" >/dev/null
	check 4 "cannot admit $other: needs 90 % of a CPU; the most that CPU 0 has spare is" \
		"admit: no room" admit --cap 90% "$other"
fi
check 1 "a period of 2s is above kernel.sched_vbs_period_max_us, 1s" "admit: period" \
	admit --res 1ms/2s "$other"
free_releases check 1 "a period of 50us is below kernel.sched_vbs_period_min_us, 100us" "admit: short period" \
	admit --res 20us/50us "$other"
check 1 "a budget of 200ms is above kernel.sched_vbs_runtime_max_us, 100ms" "admit: budget" \
	admit --res 200ms/1s "$other"
check 1 "2 (kthreadd) is a thread of the kernel" "admit: kernel thread" admit --cap 1% 2
check 6 "there is no process or thread 4000000" "admit: nobody" admit --cap 1% 4000000
run 6 admit --cap 1% 4000000 "$other" && [ "$(policy "$other")" = 8 ]
ok $? "admit: one of two"

# join and leave
start sleep 100
third=$pid
check 1 "is in no server that could be joined" "join: no server" join "$third" $$
check 6 "there is no process or thread 4000000, whose server $third was to join" "join: nobody" \
	join "$third" 4000000
check 0 "$third: server" "join" join -v "$third" "$sleeper"
[ "$(field members "$sleeper")" = 2 ]
ok $? "join: two members"
check 0 '"members": 2' "join: from one server to another" join --json "$sleeper" "$other"
[ "$(field members "$other")" = 2 ] && [ "$(field members "$third")" = 1 ]
ok $? "join: the old server keeps the rest"
check 0 "" "leave" leave "$sleeper"
[ "$(policy "$sleeper")" = 0 ] && [ "$(sed 's/.*) //' "/proc/$sleeper/stat" | cut -d ' ' -f 17)" = 5 ]
ok $? "leave: SCHED_OTHER with the old nice value"
check 1 "$sleeper is in no server" "leave: not in a server" leave "$sleeper"
check 6 "cannot take out 4000000: there is no process or thread 4000000" "leave: nobody" leave 4000000
check 0 "" "join: once more" join "$sleeper" "$hog"
check 0 "$sleeper: in no server" "leave: says so" leave -v "$sleeper"
check 1 "$sleeper is in no server" "switch: not in a server" switch "$sleeper" 1ms/10ms
check 6 "there is no process or thread 4000000" "switch: nobody" switch 4000000 1ms/10ms

# A task that has ended, whose parent does not care
mkfifo "$root/fifo"
sh -c 'cat "$0/fifo" & echo $! >"$0/zombie"; vbsctl admit --cap 1% $!; exec tail -f /dev/null' "$root" 2>"$out" &
pids="$pids $!"
until_true 'grep -q tail "/proc/$!/comm"'
zombie=$(cat "$root/zombie")
echo >"$root/fifo"
until_true 'grep -q "State:.Z" "/proc/$zombie/status"'
for cmd in "admit --cap 1% $zombie" "leave $zombie" "switch $zombie 1ms/10ms" "join $zombie $hog"; do
	# shellcheck disable=SC2086
	check 6 "$zombie (cat) has ended, and only waits for its parent to collect it" "zombie: ${cmd%% *}" $cmd
done
check 1 "$zombie (cat) has ended" "zombie: no server to join" join "$third" "$zombie"

# Without privilege
user_check 5 "a new server needs CAP_SYS_NICE" "user: admit" "sleep 9 & vbsctl admit --cap 1% \$!"
user_check 125 "a new server needs CAP_SYS_NICE" "user: run" "vbsctl run --cap 1% -- true"
user_check 5 "its server belongs to another user" "user: switch another's" \
	"vbsctl switch $hog 1ms/10ms"
user_check 5 "it is a process of uid 0 and you are uid 1000" "user: take out another's" \
	"vbsctl leave $hog"
user_check 0 "of other users not shown" "user: list" "vbsctl list"
user_check 0 "SCHED_VBS is ready." "user: check" "vbsctl check"
stop

# As under sudo
export SUDO_UID=1000 SUDO_GID=1000 SUDO_USER=user SUDO_COMMAND="/usr/bin/vbsctl run --cap 10%"
check 0 "uid 1000 1000" "sudo: the command runs as the user" \
	run --cap 10% -- sh -c 'echo uid $(id -u) $(id -g)'
check 0 "env /tmp user user /bin/sh" "sudo: the variables are the user's" run --cap 10% -- \
	sh -c 'echo env $HOME $USER $LOGNAME $SHELL'
check 0 "uid 0 0 /root" "sudo: --keep-user" run --keep-user --cap 10% -- \
	sh -c 'echo uid $(id -u) $(id -g) $HOME'
! says "sudo started"
ok $? "sudo: --keep-user says nothing"
SUDO_COMMAND="/root/script.sh run" check 0 "uid 0 0 /root" "sudo: what a script runs stays root's" \
	run --cap 10% -- sh -c 'echo uid $(id -u) $(id -g) $HOME'
says "the command runs as root, as sudo started 'script.sh'; --keep-user or --user user says"
ok $? "sudo: and that is said"
check 0 "uid 65534 owner 65534 / nobody" "run --user" run --user nobody --cap 10% -- \
	sh -c 'echo uid $(id -u) owner $(sed -n "s/^server .* owner=\([0-9]*\) .*/\1/p" /proc/vbs) $HOME $USER'
check 0 "uid 1000" "run --user by number" run --user 1000 --cap 10% -- sh -c 'echo uid $(id -u)'
check 125 "--user 'nosuch': there is no such user" "run --user of nobody" run --user nosuch --cap 10% -- true
user_check 125 "only root can run commands as other users" "run --user without privilege" \
	"vbsctl run --user nobody --cap 1% -- true"
check 0 "" "sudo: a command that stays in its server" run --cap 10% -- true
[ ! -s "$out" ]
ok $? "sudo: and nothing is said of it"
check 3 "the command had left its server and ended in SCHED_FIFO" "run: the command ended in another class" \
	run --keep-user --report --cap 10% -- sh -c 'chrt -f -p 1 $$; exit 3'
[ "$(grep -c "had left its server" "$out")" -eq 1 ]
ok $? "run: said once"
check 0 "ended in SCHED_OTHER" "sudo: the command ended in another class" \
	run --cap 10% -- sh -c 'vbsctl leave $$'
check 0 "owner 1000" "sudo: the user owns the server" \
	run --cap 10% -- sh -c 'echo owner $(sed -n "s/^server .* owner=\([0-9]*\) .*/\1/p" /proc/vbs)'
check 0 "1ms/10ms" "sudo: and may switch it" \
	run --cap 10% -- sh -c 'vbsctl switch $$ 500us/5ms && vbsctl switch -v $$ 1ms/10ms'
check 5 "raising the cap from 10 % to 20 % needs CAP_SYS_NICE" "sudo: within the cap" \
	run --cap 10% -- sh -c 'vbsctl switch $$ --cap 20%'
check 0 "members 3" "sudo: and let others join" run --cap 10% -- \
	sh -c 'sleep 60 & vbsctl leave $! && vbsctl join $! $$ && sed -n "s/^server .* \(members\)=\([0-9]*\) .*/\1 \2/p" /proc/vbs; kill $!'
check 7 "" "sudo: exit status" run --cap 10% -- sh -c 'exit 7'
check 127 "there is no command" "sudo: no such command" run --cap 10% -- /no/such
check 125 "needs 99 % of a CPU" "sudo: no room" run --cap 99% -- true
sh -c 'vbsctl run --cap 10% -- sh -c "kill -KILL \$\$"' 2>/dev/null
[ $? -eq 137 ]
ok $? "sudo: a signal ends both"

start vbsctl run --cap 10% -- sh -c 'trap "exit 9" USR1; echo go; while :; do usleep 20000; done' >"$out"
until_true 'grep -q go "$out"'
kill -USR1 "$pid"
wait "$pid"
[ $? -eq 9 ]
ok $? "sudo: signals are passed on"

child=
start vbsctl run --cap 10% -- tail -f /dev/null
until_true 'child=$(pidof tail)'
kill -STOP "$child"
until_true 'grep -q "State:.T" /proc/$child/status && grep -q "State:.T" /proc/$pid/status'
ok $? "sudo: a stop of the child stops both"
kill -CONT "$pid"
until_true 'grep -q "State:.S" /proc/$child/status && grep -q "State:.S" /proc/$pid/status'
ok $? "sudo: and both go on"
kill -TERM "$pid"
wait "$pid" 2>/dev/null
[ $? -eq 143 ] && ! [ -d "/proc/$child" ]
ok $? "sudo: the end of the child is its end"
unset SUDO_UID SUDO_GID SUDO_USER SUDO_COMMAND
pids=
stop

# Servers that come and go while they are listed
start sh -c 'while :; do vbsctl run --cap 1% -- true; done'
i=0
while [ $i -lt 20 ] && vbsctl list >"$out" 2>&1 && vbsctl list --json >>"$out" 2>&1; do
	i=$((i + 1))
done
[ $i -eq 20 ]
ok $? "list: servers that vanish"
stop

if [ "$(nproc)" -gt 1 ]; then
	start sleep 100
	taskset -p 1 "$pid" >/dev/null
	leader=$pid
	run 0 admit -v --cap 10% "$leader" && says "on CPU 0"
	ok $? "admit: on the CPU of the mask"
	start sleep 100
	taskset -p 2 "$pid" >/dev/null
	check 1 "runs on CPU 0, and the affinity mask of $pid has only CPU 1" "join: another CPU" \
		join "$pid" "$leader"
	start vbsctl run --cap 50% -- sleep 100
	until_true '[ -n "$(field cpu $pid)" ]'
	[ "$(field cpu "$pid")" = 1 ]
	ok $? "run: where most is spare"
	check 125 "the most that CPUs 0-1 have spare is 80 %, on CPU 0" "run: no room on any CPU" \
		run --cap 85% -- true
	check 125 "the most that CPU 1 has spare is 40 %, on CPU 1" "run: no room on one CPU" \
		run --cap 85% --cpu 1 -- true
	stop
else
	skip "servers on several CPUs" "one CPU"
fi

check 0 "booked 0 %, spare 90 %, 0 servers" "list: nothing is left" list
rm -f "$out"
plan
