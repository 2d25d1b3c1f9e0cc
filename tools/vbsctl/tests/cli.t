#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The command line of vbsctl, on any kernel: files of a fake root are read in
# place of /proc and /sys.  TAP.
#	VBSCTL=path tests/cli.t
set -u
. "$(dirname "$0")/tap.sh"
vbsctl=${VBSCTL:-vbsctl}

mkdir -p "$root/proc/sys/kernel"
cat >"$root/proc/vbs" <<'END'
vbs version=1 demoted=0
limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000
cpu id=0 online=1 capacity=943718 booked=314573 spare=629145 servers=1
cpu id=1 online=1 capacity=943718 booked=838861 spare=104857 servers=3
cpu id=2 online=0 capacity=943718 booked=0 spare=943718 servers=0
server id=3 cpu=0 cap=314573 runtime=3000000 period=10000000 flags=0x0 members=1 state=ready consumed=123456789 instances=41 misses=0 overruns=40 overrun_worst=4100 switches=2 switch_worst=812000 release_worst=9000 skipped=0 kthrottled=0 lost=0 owner=54321 leader=212 comm=make -j4
server id=9 cpu=1 cap=838861 runtime=1000000 period=2000000 flags=0x2000000 members=12 state=throttled consumed=99 instances=1 misses=3 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=1 kthrottled=0 lost=0 owner=54321 leader=77 comm=a"b\c
END
export VBSCTL_ROOT="$root"

check 2 "Usage: vbsctl COMMAND" "no command is a usage error"
check 0 "vbsctl 1.0" "--version" --version
check 0 "analyze     response times" "help lists the commands" help
check 0 "Usage: vbsctl run" "help of a command" help run
for cmd in run admit join switch leave list reset top check analyze timeline; do
	check 0 "Usage: vbsctl $cmd" "$cmd --help" $cmd --help
done
for cmd in calibrate check-rate; do
	check 0 "Usage: vbsctl $cmd" "$cmd --help" $cmd --help
done
check 2 "there is no command 'lst'" "unknown command" lst
check 2 "there is no command 'lst'" "help of an unknown command" help lst
check 2 "vbsctl list: '--colour': there is no such option" "unknown option" list --colour
[ "$(wc -l <"$out")" -eq 2 ]
ok $? "unknown option: said once"
check 2 "'--delay': its value is missing" "option without its value" top --delay
check 2 "'--json=3': the option takes no value" "option with a value" list --json=3
check 2 "'-x': there is no such option" "unknown letter" list -x
check 2 "'--colour': there is no such option" "unknown option of a timeline command" timeline list --colour
check 2 "--interval '0ms': less than 1ms" "timeline sync names the option" timeline sync x --interval 0ms
check 2 "--wander '0': write 1ppm" "timeline sync names the option, by its letter too" timeline sync x -w 0
check 0 "Usage: vbsctl COMMAND" "help --help" help --help
check 0 "Usage: vbsctl COMMAND" "help help" help help
check 2 "check takes no operands" "operand where none belongs" check x
check 6 "there is no server named 'x' that is shown to you" "list: nobody's name" list x
check 0 "    9   1  80.00 1ms/2ms a" "list: one server by its id" list id:9
! says "CPU 0:" && ! says "make -j4"
ok $? "list: and nothing else"
check 0 "server 9 on CPU 1, of 54321: throttled" "show by id" show id:9
says "resource  1ms/2ms, 50 % of a CPU, aligned" && says "misses    3"
ok $? "show: what there is"
check 6 "there is no server 8" "show: no such id" show id:8
check 6 "there is no server x" "show: no id" show id:x
check 2 "which server" "show: nothing" show
check 2 "which server" "reset: nothing" reset
check 2 "--all, or which servers?" "reset: two things" reset --all 9

check 0 "CPU 1: capacity 90 %, booked 80 %, spare 10 %, 3 servers" "list shows CPUs" list
says "    3   0  30.00 3ms/10ms          ready        1       0       40        2 54321        212 make -j4"
ok $? "list shows a server"
says "1ms/2ms a" && says "CPU 2: offline" && says "2 servers of other users not shown"
ok $? "list shows alignment, offline CPUs and what is hidden"
printf '%s\n' 'cpu id=3 online=1 capacity=943718 booked=314573 spare=524288 servers=0 held=314573 fair=52428 domain=3 deadline=104858 left=524288' \
	'held cpu=3 amount=314573 until_ns=12345678 owner=54321 leader=99' >>"$root/proc/vbs"
check 0 "0 servers; of the booked, 30 % held without members; SCHED_DEADLINE 10 % in the root domain of CPU 3" \
	"list shows what is held, and SCHED_DEADLINE" list
says "CPU 3: 30 % held for 12.3ms more, of a server of 54321 that has lost its last member"
ok $? "list shows who holds it, and for how long"
check 0 "worst: overrun 4.1us, switch 812us, release 9us" "list --wide" list --wide
printf 'server id=10 cpu=0 leader=5 comm=\303\244 \303 \355\240\200 \340\200\257 \360\237\246\200 \302\233\n' >>"$root/proc/vbs"
run 0 list --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1], encoding="utf-8"))
assert o["format"] == 1 and o["hidden"] == 1
assert o["servers"][2]["comm"] == "\u00e4 ? ??? ??? \U0001f980 ??"
assert o["held"] == [{"cpu": 3, "amount": 314573, "amount_percent": 30, "until_ns": 12345678,
	"owner": 54321, "leader": 99}] and o["cpus"][3]["deadline"] == 104858 and "held" not in o["cpus"][0]
assert o["servers"][1]["comm"] == 'a"b\\c' and o["servers"][1]["aligned"] is True
assert o["servers"][0]["cap"] == 314573 and o["cpus"][2]["online"] is False
assert set(o["servers"][0]) == set("""id name cpu cap cap_percent runtime_ns period_ns aligned members
	state consumed_ns instances misses overruns overrun_worst_ns switches switch_worst_ns
	release_worst_ns skipped lost_ns owner leader comm""".split())
END
ok $? "list --json is JSON with the documented keys"

VBSCTL_ROOT="$root" "$vbsctl" list >/dev/full 2>"$out"
[ $? -eq 1 ] && says "cannot write the output: No space left on device"
ok $? "output that cannot be written is a failure"

check 0 "USED%" "top -b" top -b -n 2 -d 20ms
[ "$(grep -c '^ *3  ' "$out")" -eq 2 ] && says "    9    1 a\"b\\c             0.00  80.00        _ 1ms/2ms a"
ok $? "top shows each server in each view"
run 0 top --json -n 2 -d 20ms && python3 - "$out" <<'END'
import json, sys
views = [json.loads(line) for line in open(sys.argv[1])]
assert len(views) == 2 and views[0]["interval_ns"] == 0
assert views[1]["interval_ns"] >= 20000000 and views[1]["servers"][0]["ran_ns"] == 0
END
ok $? "top --json is one object per line"
run 0 top -b -n 1 -s misses && [ "$(awk '/^ +[0-9]+ /{print $1; exit}' "$out")" = 9 ]
ok $? "top --sort misses"
check 2 "none of used" "top with a wrong sort key" top -s colour
check 2 "less than 10ms" "top with too short a delay" top -d 1ms
check 2 "--iterations '0': it must be 1 or more" "top with no views" top -n 0
check 2 "--user 'nosuch': there is no such user" "top of a user who is not" top -u nosuch
check 2 "--cpu 'x'" "top with a wrong CPU list" top -c x
check 2 "--pid '0'" "top with a wrong pid" top -p 0
check 0 "1 of 3 servers" "top --user" top -n 1 -c 1 -u 54321
says "a\"b" && ! says "make" && ! says "CPU 0"
ok $? "top --cpu"
check 0 "1 of 3 servers" "top --pid" top -n 1 -p 212
says "make -j4"
ok $? "top --pid shows its server"
check 0 "1 overran by more than 4us, worst 4.1us: 3" "top --overrun" top -n 1 -o 4us
run 0 top -n 1 && ! grep -q "$(printf '\033')" "$out"
ok $? "top: no escapes where the output is no terminal"
python3 -c "import pty, os, sys; os.environ['TERM'] = 'none'
sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.argv[1], 'top', '-n', '1'])))" "$vbsctl" >"$out" 2>&1 </dev/null
[ $? -eq 1 ] && says "'vbsctl top -b' needs none"
ok $? "top on an unknown terminal"

run 0 metrics && python3 - "$out" <<'END'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
assert text.endswith("\n# EOF\n")
types, units, values, last = {}, {}, {}, None
label = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
for line in text.splitlines()[:-1]:
	meta = re.fullmatch(r"# (TYPE|UNIT|HELP) (vbs_[a-z_]+) (.*)", line)
	if meta:
		if meta[1] == "TYPE":
			assert meta[2] not in types		# a family stands in one place
			last = meta[2]
			types[last] = meta[3]
		assert meta[2] == last
		if meta[1] == "UNIT":
			assert last.endswith("_" + meta[3]) and meta[3] in ("seconds", "ratio")
		continue
	sample = re.fullmatch(r"(vbs_[a-z_]+)(\{(?:%s)(?:,%s)*\})? (\d+(?:\.\d+)?)" % (label, label), line)
	assert sample, line
	suffix = {"counter": "_total", "gauge": "", "info": "_info"}[types[last]]
	assert sample[1] == last + suffix and (sample[1], sample[2]) not in values
	values[sample[1], sample[2]] = float(sample[3])
assert values["vbs_server_misses_total", '{server="9",name=""}'] == 3
assert values["vbs_server_consumed_seconds_total", '{server="3",name=""}'] == 0.123456789
assert values["vbs_server_cap_ratio", '{server="3",name=""}'] == 0.300000191
assert values["vbs_cpu_held_ratio", '{cpu="3"}'] > 0 and ("vbs_cpu_held_ratio", '{cpu="0"}') not in values
assert values["vbs_servers_hidden", None] == 1
assert any(l and r'comm="a\"b\\c"' in l for n, l in values)
END
ok $? "metrics are OpenMetrics"
check 0 "" "metrics -o" metrics -o "$root/vbs.prom"
run 0 metrics && cmp -s "$out" "$root/vbs.prom" && [ "$(echo "$root/vbs.prom"*)" = "$root/vbs.prom" ]
ok $? "metrics -o: the same in a file, and nothing beside it"
check 1 "cannot write /nowhere/x: No such file" "metrics -o: no directory" metrics -o /nowhere/x

# Who may write to the directory knows the name of the file, and should not know another that is written to.
# not_followed NAME COMMAND: which writes to $root/open/file; what lies beside it stays as it is
not_followed() {
	name=$1
	shift
	rm -rf "$root/open" && mkdir "$root/open"
	echo mine >"$root/mine"
	ln -s "$root/mine" "$root/open/file.new"
	(umask 027 && run 0 "$@" "$root/open/file") && [ "$(cat "$root/mine")" = mine ] && [ -s "$root/open/file" ] &&
		[ "$(stat -c %a "$root/open/file")" = 640 ] && [ "$(find "$root/open" -mindepth 1 | wc -l)" -eq 2 ]
	ok $? "$name: a link beside the file is not followed"
	# A link in the file's own place gives way to it
	rm "$root/open/file" && ln -s "$root/mine" "$root/open/file"
	run 0 "$@" "$root/open/file" && [ "$(cat "$root/mine")" = mine ] && [ -s "$root/open/file" ] && ! [ -L "$root/open/file" ]
	ok $? "$name: nor one in its place"
	mkfifo "$root/open/pipe"
	timeout 10 cat "$root/open/pipe" >"$root/piped" &
	run 0 "$@" "$root/open/pipe" && wait $! && [ -s "$root/piped" ] && [ -p "$root/open/pipe" ]
	ok $? "$name: what is no file stays what it is"
}
not_followed "metrics -o" metrics -o
cp "$root/proc/vbs" "$root/old"
printf 's/comm=make/comm=\033]0;\001\177/\n' | sed -i -f - "$root/proc/vbs"
run 0 metrics && says 'comm="?]0;?? -j4"' && ! LC_ALL=C grep -q '[[:cntrl:]]' "$out"
ok $? "metrics: names command no terminal"
mv "$root/old" "$root/proc/vbs"
(sleep 0.3; sed 's/misses=3/misses=5/; s/overruns=40/overruns=47/' "$root/proc/vbs" >"$root/new" &&
	cp "$root/proc/vbs" "$root/old" && mv "$root/new" "$root/proc/vbs") &
check 0 "server 9 (a\"b" "watch" watch -n 2 -d 500ms
grep -q "^20..-..-..T..:..:..\....Z miss     server 9 .*: 2 missed deadlines, 5 in all$" "$out" &&
	grep -q " throttle server 3 (make -j4): 7 ends of its budget, 47 in all$" "$out" &&
	says "refusals are not seen: the tracer"
ok $? "watch: what has happened, and what is not seen"
wait
mv "$root/old" "$root/proc/vbs"
check 0 "" "watch: nothing happens" watch -n 1 -d 20ms -e miss,throttle
[ ! -s "$out" ]
ok $? "watch: and nothing is said"
check 2 "--events 'misses': an event is one of" "watch: no event" watch -e misses
check 2 "less than 10ms" "watch: too short a delay" watch -d 1ms
check 2 "--iterations '0'" "watch: no looks" watch -n 0

echo "vbs version=2" >"$root/proc/vbs"
check 1 "a format that this vbsctl does not know" "another version of /proc/vbs" list
rm "$root/proc/vbs"
check 3 "this kernel has no SCHED_VBS" "list without SCHED_VBS" list
check 3 "this kernel has no SCHED_VBS" "top without SCHED_VBS" top -b -n 1
check 3 "This kernel has no SCHED_VBS." "check without SCHED_VBS" check
says "missing  /proc/vbs: there is none"
ok $? "check without SCHED_VBS: in words"
run 3 check --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["format"] == 1 and o["status"] == 3 and o["cpus"] == []
assert {"topic": "/proc/vbs", "severity": "missing"}.items() <= o["findings"][1].items()
END
ok $? "check --json"

# What is wrong with the words of a command line is said before any system call
check 125 "--res '3/10': the unit is missing" "run: no unit" run --res 3/10 true
check 125 "--res '3ms/2ms': the budget is longer than the period" "run: budget > period" \
	run --res 3ms/2ms true
check 125 "--cap '30': it is more than one CPU" "run: percent sign forgotten" run --cap 30 true
check 125 "3ms/10ms is 30 % of a CPU, above the cap of 25 %" "run: resource above the cap" \
	run --res 3ms/10ms --cap 25% true
check 125 "--cpu '1-': a CPU list looks like 0-2,5" "run: CPU list" run --cap 1% --cpu 1- true
check 125 "1ms/10ms is 10 % of a CPU, above the cap of 0.1 %" "run: a bandwidth as it is printed" \
	run --cap "0.1 %" --res 1ms/10ms true
check 125 "say how much" "run: nothing said" run true
check 125 "which command?" "run: no command" run --cap 10%
check 125 "no such option" "run: unknown option" run --colour true
check 2 "which process or thread?" "admit: no operand" admit --cap 10%
check 125 "--name '12': a name has something else than digits" "run: a number as a name" run --cap 1% --name 12 true
check 125 "--name '.x': a name begins with" "run: a hidden name" run --cap 1% --name .x true
check 125 "--name '': a name has 1 to 31" "run: no name" run --cap 1% --name "" true
check 2 "--name names one server" "admit: one name for two" admit --cap 1% --name a 1 2
check 2 "'x': it must start with a digit" "admit: no number" admit --cap 10% x
check 2 "no such option" "admit takes no --cpu" admit --cap 10% --cpu 0 1
check 2 "give the process or thread" "join: one operand" join 1
check 2 "no such option" "join takes no --res" join --res 1ms/2ms 1 2
check 2 "nothing to change" "switch: nothing" switch 1
check 2 "give one process" "switch: too many operands" switch 1 1ms/2ms 3
check 2 "above the cap of 10 %" "switch: above the cap" switch 1 1ms/2ms --cap 10%
check 2 "which process" "leave: no operand" leave
check 125 "which command?" "trace: no command" trace
check 125 "--length '0ms'" "trace: no length" trace --length 0ms true
check 125 "--buffer 'x'" "trace: buffer" trace --buffer x true
check 125 "'--colour': there is no such option" "trace: unknown option" trace --colour true
check 2 "which process?" "advise: no operand" advise
check 2 "--time '1ms': less than 100ms" "advise: too short" advise -t 1ms 1
check 2 "--margin '200%': it is more than one CPU" "advise: margin" advise -m 200% 1
check 2 "--deadline '0ms'" "advise: no deadline" advise --deadline 0ms 1
check 6 "there is no process or thread 4999999" "advise: nobody" advise 4999999

# A model: CPU time of 500 us and 5 ns for each byte, and 20 % more where $2 is the state
model() {
	python3 - "$1" "$2" <<'END'
import json, sys
samples = [{"state": state, "share": share, "size": size, "cpu_ns": cost, "took_ns": 5 * cost, "waited_ns": 0,
	"uncharged_ns": 0} for state in ("idle", "cold", "neighbour", "memory") for share in (209716, 629146)
	for size in (1 << 16, 1 << 18, 1 << 20, 1 << 22)
	for cost in [(500000 + 5 * size) * (12 if state == sys.argv[2] else 10) // 10]]
json.dump({"format": 1, "command": "work {}", "unit": "byte", "tolerance": 157287, "samples": samples},
	open(sys.argv[1], "w"))
END
}
model "$root/model.json" none
model "$root/cold.json" cold
check 0 "Pieces of 1M, 10M/s, each within 100ms: up to 5.74ms of CPU time for each" "advise --model: a rate" \
	advise --model "$root/model.json" --rate 10M
says "work {}: up to 500us and 5ns for each byte" && says "in the states idle cold neighbour memory." &&
	says "Proposed: vbsctl run --res "
ok $? "advise --model: and what it rests on"
run 0 advise --model "$root/model.json" --rate 10M/s --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["format"] == 1 and o["rate"] == 10 << 20 and o["piece"] == 1 << 20 and o["piece_ns"] == 5742880
assert o["window_units"] >= o["piece"] and o["long_run_rate"] >= o["rate"]
assert 0.057 < o["runtime_ns"] / o["period_ns"] < 0.057 * 1.25
END
ok $? "advise --model --json"
check 0 "Given: vbsctl run --res 2ms/10ms, 20 % of a CPU" "advise --model: what a server is worth" \
	advise --model "$root/model.json" --res 2ms/10ms
check 1 "1ms/10ms is too small for pieces of 2M, 20M/s, each within 100ms" "advise --model: a server that is too small" \
	advise --model "$root/model.json" --rate 20M --res 1ms/10ms
check 1 "300M/s is more than a CPU does" "advise --model: too much" advise --model "$root/model.json" --rate 300M
check 1 "no server does a piece of" "advise --model: too soon" advise --model "$root/model.json" --rate 1M --op 1M --latency 5ms
check 1 "the kernel refuses 5s/10s: a budget of 5s is above kernel.sched_vbs_runtime_max_us, 100ms" \
	"advise --model: nothing is promised by a server that there cannot be" advise --model "$root/model.json" --res 5s/10s
check 1 "it takes 95ms/100ms, which is 95 % of a CPU: more than the 90 % that may be booked" \
	"advise --model: nor by one for which there is no room" advise --model "$root/model.json" --res 95ms/100ms
check 1 "nothing is promised by $root/cold.json: with size 64K it takes 20 % more CPU time in the state cold" \
	"advise --model: not linear" advise --model "$root/cold.json" --rate 1M
check 1 "cannot read $root/none: No such file" "advise --model: no file" advise --model "$root/none" --rate 1M
check 1 "is no model of vbsctl calibrate: it is not JSON" "advise --model: another file" advise --model "$0" --rate 1M
check 2 "--model goes with --rate" "advise --model: nothing asked" advise --model "$root/model.json"
check 2 "--time has no meaning here" "advise --model: an option of watching" advise --model "$root/model.json" --rate 1M -t 1s
check 2 "--rate has no meaning here: it goes with --model" "advise: an option of models" advise --rate 1M 1
check 2 "--rate '5MB': it must be a whole number" "advise: no rate" advise --model "$root/model.json" --rate 5MB
check 2 "with --model there are no operands" "advise --model: an operand" advise --model "$root/model.json" --rate 1M 1
check 2 "which command?" "calibrate: no command" calibrate
check 2 "none of the command's words has a {}" "calibrate: no size" calibrate sha256sum /dev/zero
check 2 "--sizes '16M..1M': a range runs upwards" "calibrate: a range that runs downwards" calibrate --sizes 16M..1M true {}
check 2 "--states 'idle,warm': a state is one of idle, cold, neighbour, memory" "calibrate: no such state" \
	calibrate --states idle,warm true {}
check 2 "--sizes '0..5': it must be 1 to 1T" "calibrate: no size" calibrate --sizes 0..5 true {}
check 2 "--sizes '1..1T': that is more than 16 sizes" "calibrate: too many sizes" calibrate --sizes 1..1T true {}
check 2 "--unit 'Byte 7': it is a word of small letters" "calibrate: no unit" calibrate --unit "Byte 7" true {}
check 2 "--shares: 90 % of every 10us" "calibrate: a period below the limit" calibrate --shares 90% --period 10us true {}
check 2 "--model and --rate are missing" "check-rate: nothing asked" check-rate true {}
check 2 "which command, or which process?" "check-rate: no command" check-rate --model x --rate 1M
check 2 "--pid needs --fd" "check-rate: a process without a file" check-rate --model x --rate 1M --pid 1
check 2 "--fd has no meaning here" "check-rate: a file without a process" check-rate --model x --rate 1M --fd 1 true {}
check 2 "--pid watches a process in its server" "check-rate: a process and a command" check-rate --model x --rate 1M --pid 1 --fd 1 true
check 1 "nothing is promised by" "check-rate: not linear" check-rate --model "$root/cold.json" --rate 1M true {}

# plan TEXT: the servers of a file, and its errors
plan_says() {
	printf '{ "format": 1, "servers": [ %s ] }\n' "$1" >"$root/plan"
	check 1 "$2" "apply: $2" apply "$root/plan"
}
plan_says '5' "servers[0]: it must be an object"
plan_says '{ "name": "a", "res": "1ms/2ms" }' "servers[0]: one of unit, cgroup and command is missing"
plan_says '{ "res": "1ms/2ms", "unit": "x" }' "servers[0]: the name is missing"
plan_says '{ "name": "a", "unit": "x" }' "servers[0]: res is missing"
plan_says '{ "name": "12", "unit": "x" }' "servers[0].name: a name has something else than digits"
plan_says '{ "name": "a", "unit": "x", "cgroup": "/y" }' "servers[0].cgroup: a server has one of"
plan_says '{ "name": "a", "cgroup": "y" }' "servers[0].cgroup: a path begins with /"
plan_says '{ "name": "a", "res": 5 }' "servers[0].res: it must be a text in quotes"
plan_says '{ "name": "a", "res": "3/10" }' "servers[0].res: the unit is missing"
plan_says '{ "name": "a", "capp": "5%" }' "servers[0].capp: there is no such key"
plan_says '{ "name": "a", "align": "yes" }' "servers[0].align: it must be true or false"
plan_says '{ "name": "a", "user": "nosuch" }' "servers[0].user: there is no such user"
plan_says '{ "name": "a", "res": "3ms/10ms", "cap": "29%", "unit": "x" }' "servers[0]: the cap is below"
plan_says '{ "name": "a", "res": "3ms/10ms", "cap": "30%", "unit": "x", "align": true }' "servers[0]: aligned release needs"
plan_says '{ "name": "a", "res": "1ms/2ms", "unit": "x" }, { "name": "a", "res": "1ms/2ms", "unit": "y" }' \
	"servers[1]: another server has this name"
plan_says '{ "name": "a", "res": "1ms/2ms", "unit": "x" }, { "name": "b", "res": "1ms/2ms", "unit": "x" }' \
	"servers[1]: another server has the same tasks"
plan_says '{ "name": "a", "res": "1ms/2ms" ' "cannot read $root/plan: "
echo '{ "servers": [] }' >"$root/plan"
check 1 '"format": 1 is missing' "apply: no format" apply "$root/plan"
echo '{ "format": 1, "servers": {} }' >"$root/plan"
check 1 '"servers", an array, is missing' "apply: no servers" apply "$root/plan"
echo '{ "format": 1, "servers": [], "x": 1 }' >"$root/plan"
check 1 'there is more than "format" and "servers"' "apply: other keys" apply "$root/plan"
echo '{ "format": 1, "servers": [] }' >"$root/plan"
check 0 "" "apply: nothing" apply "$root/plan"
check 1 "cannot read /nowhere: " "apply: no file" apply /nowhere
# Caps that a percentage gives back only with many digits, and servers whose tasks are the same
mkdir -p "$root/proc/212" "$root/proc/77" "$root/proc/78" "$root/proc/79"
mkdir -p "$root/proc/81" "$root/proc/82"
for p in 212:mixer:/system.slice/mixer.service 77:arm:/ 78:arm:/ 79:a?b:/ \
	81:synth:/user.slice/user-1.slice/user@1.service/app.slice/synth.service \
	82:synth2:/user.slice/user-1.slice/user@1.service/app.slice/other.service; do
	dir=$root/proc/${p%%:*} name=${p#*:}
	printf 'Name:\t%s\nTgid:\t%s\nUid:\t1\t1\t1\t1\n' "${name%%:*}" "${p%%:*}" >"$dir/status"
	echo "0::${name#*:}" >"$dir/cgroup"
	echo "${p%%:*} (x) S 1 1 1 0 -1 0 0" >"$dir/stat"
done
cp "$root/proc/vbs" "$root/vbs" 2>/dev/null
cat >"$root/proc/vbs" <<'END'
vbs version=1
cpu id=0 online=1 capacity=943718 booked=0 spare=1 servers=4
server id=1 cap=314573 runtime=3000000 period=10000000 leader=212 comm=mixer
server id=2 cap=320002 runtime=3000000 period=10000000 leader=77 comm=arm
server id=3 cap=500000 runtime=3000000 period=10000000 leader=78 comm=arm
server id=4 cap=999999 runtime=1 period=3 flags=0x2000000 leader=79 comm=a?b
server id=5 cap=999999 runtime=1 period=3 leader=80 comm=gone
server id=6 cap=314573 runtime=3000000 period=10000000 owner=1 leader=81 comm=synth
server id=7 cap=314573 runtime=3000000 period=10000000 owner=1 leader=82 comm=synth
END
not_followed save save
check 0 "" "save: to a file" save "$root/saved"
says "server 3 is left out: another one has the tasks of command 'arm'" &&
	says "server 5 is left out: its oldest member is not to be seen"
ok $? "save: what is left out"
python3 - "$root/saved" >"$out" 2>&1 <<'END'
import fractions, json, math, pwd, sys
servers = json.load(open(sys.argv[1]))["servers"]
units = lambda s: math.ceil(fractions.Fraction(s["cap"].rstrip("%")) * (1 << 20) / 100)
assert servers[0] == {"name": "mixer", "res": "3ms/10ms", "unit": "mixer.service"}
assert servers[1]["command"] == "arm" and servers[1]["user"] == pwd.getpwuid(1).pw_name and units(servers[1]) == 320002
assert servers[2]["name"] == "ab" and servers[2]["align"] is True and units(servers[2]) == 999999
# Of a user's manager, neither all units nor anybody's
assert [(s["name"], s["unit"], s["user"]) for s in servers[3:]] == [
	("synth", "synth.service", servers[1]["user"]), ("synth-7", "other.service", servers[1]["user"])]
END
ok $? "save: the caps are read back as they were"
if [ -e "$root/vbs" ]; then mv "$root/vbs" "$root/proc/vbs"; else rm "$root/proc/vbs"; fi

# A terminal obeys names that are printed to it, in a message, too; escapes of UTF-8 are not only below 32
mkdir -p "$root/proc/4999998"
printf 'Name:\tx\033[2J\302\2331m\nTgid:\t4999998\nUid:\t1\t1\t1\t1\n' >"$root/proc/4999998/status"
echo "4999998 (x) Z 1 1 1 0 -1 0 0" >"$root/proc/4999998/stat"
check 6 "4999998 (x?[2J??1m) has ended" "a hostile name in a message" admit --cap 1% 4999998
rm -r "$root/proc/4999998"
check 2 "there is no command 'a?b'" "an operand with a line feed" "$(printf 'a\nb')"

# Names in /run/vbs: whose counts.  Only root can make files of others
if [ "$(id -u)" -eq 0 ]; then
	other=$root/named
	mkdir -p "$other/proc" "$other/run/vbs"
	chmod 755 "$root" "$other"
	chmod 1777 "$other/run/vbs"
	printf 'vbs version=1\ncpu id=0 online=1 capacity=943718 booked=0 spare=1 servers=2\n%s\n%s\n' \
		'server id=1 cap=1 runtime=1000000 period=10000000 owner=1001 leader=10 comm=one' \
		'server id=2 cap=1 runtime=2000000 period=10000000 owner=1002 leader=20 comm=two' >"$other/proc/vbs"
	echo 1 >"$other/run/vbs/arm"
	echo 2 >"$other/run/vbs/arm:other"
	chown 1001 "$other/run/vbs/arm"
	chown 1002 "$other/run/vbs/arm:other"
	VBSCTL_ROOT=$other check 1 "server 1 of uid 1001 and server 2 of uid 1002 both have the name 'arm': say which, as in id:1" \
		"a name of two users' servers" list arm
	VBSCTL_ROOT=$other check 1 "both have the name 'arm'" "join: a name of two users' servers" join 4999999 arm
	rm "$other/run/vbs/arm:other"
	VBSCTL_ROOT=$other check 0 "one" "a name of one user's server" list arm
	VBSCTL_ROOT=$other run 6 join 4999999 arm
	says "note: 'arm' is what uid 1001 calls server 1, which is his"
	ok $? "join: root is told whose word the name is"
	SUDO_UID=1001 VBSCTL_ROOT=$other run 6 join 4999999 arm
	! says "note: " 2>/dev/null
	ok $? "join: not who has called it so"
	echo 2 >"$other/run/vbs/arm:root"
	VBSCTL_ROOT=$other check 0 "two" "root's word counts before theirs" list arm
else
	for what in "a name of two users' servers" "join: a name of two users' servers" "a name of one user's server" \
		"join: root is told whose word the name is" "join: not who has called it so" "root's word counts before theirs"; do
		skip "$what" "only root can make files of others"
	done
fi
check 2 "one file is enough" "apply: two files" apply a b
check 2 "one file is enough" "save: two files" save a b
check 6 "cannot take out 4999999: there is no process or thread 4999999" "leave: nobody" leave 4999999
check 6 "cannot switch 4999999: there is no process or thread 4999999" "switch: nobody" \
	switch 4999999 1ms/2ms

check 0 "Longest time without supply: 14ms." "analyze: gap" analyze --defaults --res 3ms/10ms
check 0 "at least 4ms while it has work, at most 11.7ms (20.7ms with what" "analyze: windows" \
	analyze --defaults --res 3ms/10ms --window 25ms
check 0 "first execution within 51ms (201ms with what members borrow in the kernel)." "analyze: switch" \
	analyze --defaults --res 50ms/100ms --cap 50% --switch-to 1ms/2ms
check 2 "refuses a resource above the cap" "analyze: switch above the cap" \
	analyze --res 1ms/10ms --cap 20% --switch-to 1ms/2ms
check 0 "Verdict: schedulable." "analyze: a load that fits" \
	analyze --defaults --res 3ms/10ms --load 1ms/20ms,500us/40ms
says "15.5ms  fifo        yes"
ok $? "analyze: the bound and its theory"
check 0 "8ms  full        yes" "analyze: who is alone and blocks finds a full budget" \
	analyze --defaults --res 3ms/10ms --load 1ms/20ms --alone
check 2 "--alone has no meaning here: it goes with a --load of one task" "analyze: --alone with two tasks" \
	analyze --defaults --res 3ms/10ms --load 1ms/20ms,500us/40ms --alone
channel="analyze --defaults --channel 4096 --sender 20ms/100ms --receiver 2ms/10ms"
# shellcheck disable=SC2086
set -- $channel
check 0 "Round trip within 256.216384ms, 2 hops included." "analyze --channel: a round trip" "$@" --reply 4096 \
	--per-byte 1ns --process 200us --pass 0ms --hop 0ms
says "sender   send                          4.096us B      160.004096ms  nothing is known of the distance" &&
	says "Messages at least 168.216384ms apart (--every) cannot pile up."
ok $? "analyze --channel: the stages, and what would help"
check 0 "Round trip within 168.216384ms, 3 hops" "analyze --channel: messages far enough apart" "$@" --reply 4096 \
	--per-byte 1ns,1ns --process 200us --pass 0ms --hop 0ms --every 168216384ns
check 1 "One every 168.216383ms is too fast: they may pile up, so there is no bound; at least 168.216384ms has one." \
	"analyze --channel: messages too close" "$@" --reply 4096 --per-byte 1ns,1ns --process 200us --pass 0ms \
	--hop 0ms --every 168216383ns
check 0 "If one comes every 500ms, what the receiver has is at most 588.044ms old." "analyze --channel: the age of a stream" "$@" --every 500ms
# One slot is free again when the message in it has arrived, of two the one before
check 1 "is too fast: they may pile up, so there is no bound; at least 88.044ms has one." \
	"analyze --channel: a ring that has not room for what comes meanwhile" "$@" --every 85ms
check 0 "One way within 88.044ms" "analyze --channel: a ring that has" "$@" --every 85ms --slots 2
check 0 "160.390144ms x 16" "analyze --channel: a message longer than the ring" "$@" --message 4M --slots 64 --per-byte 1ns
long="analyze --defaults --channel 1 --message 1T --sender 10us/1s --receiver 10us/1s"
# shellcheck disable=SC2086
check 0 "One way within over 584 years," "analyze --channel: a bound beyond 64 bits" $long
# shellcheck disable=SC2086
check 0 '"bound_ns": null,' "analyze --channel: the same as JSON" $long --json
check 0 "it polls, which burns the budget" "analyze --channel: polling" "$@" --poll --every 300ms
check 0 "2us B          46.002ms  other members use the budget, and have turns first" \
	"analyze --channel: other members" "$@" --shared=3
check 2 "--shared: members without a slice run as long as they like" "analyze --channel: other members without a slice" \
	"$@" --shared --slice 0ms
check 0 "2us late      180.002ms  aligned release waits for a multiple" "analyze --channel: late release" "$@" --align
check 0 "the switch costs most here" "analyze --channel: a switch" "$@" --switch-to receiver:500us/2500us
check 1 "the kernel refuses the sender: a cap of 95 % is above the capacity of a CPU, 90 %" \
	"analyze --channel: a sender that does not fit" analyze --defaults --channel 1 --sender 95ms/100ms --receiver 1ms/2ms
check 1 "leaves nothing of a budget of the receiver" "analyze --channel: all overhead" \
	analyze --defaults --channel 1 --sender 1ms/2ms --receiver 10us/2ms --overhead 10us
guest="analyze --defaults --channel 64 --poll --reply 64 --sender 100us/1ms --vcpu receiver:500us/1ms --least-period 4ms"
# shellcheck disable=SC2086
{
	check 0 "Round trip within 10.848ms, 2 hops included." "analyze --channel: a receiver in a guest, behind a sender that is not" \
		$guest --receiver 400us/4ms
	check 1 "the kernel refuses the receiver: a cap of 40 % is above the capacity of a vCPU, 37.48 %" \
		"analyze --channel: more than its vCPU supplies" $guest --receiver 1600us/4ms
	check 1 "the kernel refuses the receiver: a period of 1ms is below kernel.sched_vbs_period_min_us, 4ms" \
		"analyze --channel: too short for its vCPU" $guest --receiver 100us/1ms
}
check 2 "--vcpu SIDE: has no meaning here: it goes with --channel" "analyze: a side without --channel" \
	analyze --res 1ms/20ms --vcpu sender:5ms/10ms
check 2 "--channel needs --sender and --receiver" "analyze --channel: one side" analyze --channel 64 --sender 1ms/2ms
check 2 "--slots has no meaning here: it goes with --channel" "analyze: --slots without --channel" analyze --res 1ms/2ms --slots 4
check 2 "--slots '0': a ring has 1 to 1048576 slots" "analyze --channel: no slots" "$@" --slots 0
check 2 "--per-byte '1us': write it in ns, as in 0.25ns" "analyze --channel: per byte" "$@" --per-byte 1us
check 2 "write which side, as in sender:1ms/5ms" "analyze --channel: who switches" "$@" --switch-to both:1ms/2ms
check 2 "--message '2.5K': it must be a whole number" "analyze --channel: half a byte" "$@" --message 2.5K
check 2 "--switch-to SIDE: has no meaning here: it goes with --channel" "analyze: who switches without --channel" \
	analyze --res 1ms/2ms --switch-to sender:1ms/4ms
run 0 "$@" --reply 4K --poll --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["bound_ns"] == sum(s["within_ns"] for s in o["stages"]) + o["hops"] * o["hop_ns"]
assert [s["rule"] for s in o["stages"]] == ["B", "B", "B"] and o["published_ns"] < o["bound_ns"]
END
ok $? "analyze --channel --json"
set --
check 0 "at most 2ms of the present instance; a whole budget comes within 17.999962ms after it" "analyze: a move" \
	analyze --defaults --res 2ms/10ms --move
check 2 "--move has no meaning here: it goes with --res" "analyze: a move of nobody" analyze --set 1ms/2ms --move
check 2 "--cpu is missing" "move: where to" move 4242
check 2 "--within '3s': more than 2s is not waited for" "move: too long" move --cpu 1 --within 3s 4242
check 2 "--relax moves at once" "move: both" move --cpu 1 --relax --within 1s 4242
check 2 "give one process" "move: nobody" move --cpu 1
check 6 "cannot move 4999999: there is no process or thread 4999999" "move: no such process" move --cpu 1 4999999
check 2 "a subcommand is missing" "channel: nothing" channel
check 2 "there is no subcommand 'x'" "channel: no such subcommand" channel x
check 2 "vbsctl channel measure: --res is missing" "channel measure: no servers" channel measure
check 2 "--res '1ms/2ms': write both, as in 1ms/10ms,2ms/20ms" "channel measure: one server" channel measure --res 1ms/2ms
check 2 "--load 'heavy': it is one of directed, random, none" "channel measure: load" channel measure --load=heavy
check 2 "--count '0': it is 1 to 10000000" "channel measure: nothing to send" channel measure -n 0
check 2 "a reply that is longer than the ring is not measured" "channel measure: a long reply" \
	channel measure --res 1ms/2ms,1ms/4ms --slot 64 --slots 2 --reply 1K
check 1 "leaves nothing of the receiver's budget of 10us" "channel measure: all overhead" \
	channel measure --res 1ms/2ms,10us/4ms --overhead 10us
check 1 "Verdict: NOT schedulable." "analyze: a load that does not" \
	analyze --defaults --res 3ms/10ms --load 1ms/20ms/15ms,500us/40ms
check 1 "unbounded  none        NO" "analyze: an overload" \
	analyze --defaults --res 3ms/10ms --load 4ms/10ms
check 1 "kernel refuses 95ms/100ms: a cap of 95 % is above the capacity of a CPU, 90 %" \
	"analyze: a server that does not fit" analyze --defaults --res 95ms/100ms --load 1ms/200ms
says "Verdict: NOT schedulable."
ok $? "analyze: and so is its load"
check 1 "a cap of 90 % is above the capacity of a CPU, 10 %" "analyze: capacity of a server" \
	analyze --defaults --res 9ms/10ms --capacity 10% --load 1ms/200ms
check 1 "a cap of 30 % is above the capacity of a vCPU, 0 %" "analyze: a server on a vCPU" \
	analyze --defaults --res 3ms/10ms --vcpu 5ms/10ms --load 1ms/20ms
check 1 "a cap of 91 % is above the capacity of a CPU, 90 %" "analyze: a cap that does not fit" \
	analyze --defaults --res 3ms/10ms --cap 91% --load 1ms/20ms
check 2 "refuses a resource above the cap" "analyze: an aligned server needs more" \
	analyze --defaults --res 3ms/10ms --cap 30% --align
run 1 analyze --defaults --res 9ms/10ms --capacity 10% --load 1ms/200ms --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["schedulable"] is False and o["tasks"][0]["met"] is True
assert o["cap"] == 943719 and o["capacity"] == 104858 and o["refused"].startswith("9ms/10ms: ")
END
ok $? "analyze --json: a server that does not fit"
check 1 "leaves nothing of a budget" "analyze: all overhead" \
	analyze --res 10us/1ms --overhead 10us
check 0 "Least bandwidth: --res " "analyze: proposal" \
	analyze --defaults --load 1ms/10ms,2ms/40ms --propose
says "overhead 5us per instance (assumed"
ok $? "analyze: the proposal says what it assumes"
check 1 "NOT schedulable" "analyze: no proposal" analyze --defaults --load 10ms/10ms --propose
check 0 "Caps as given: 80 % of 90 %: fits, 10 % to spare." "analyze: a set that fits" \
	analyze --defaults --set 3ms/10ms:30%,1ms/2ms:50% --overhead 5us
says "Caps for the whole budget as user work: 80.3 % of 90 %: fits, 9.7 % to spare."
ok $? "analyze: the set with overhead"
says "Left to SCHED_DEADLINE: 10 % of a CPU." &&
	says "these resources, in user mode                       13ms                 26ms" &&
	says "borrowing 3 budgets in the kernel                   59ms                 86ms"
ok $? "analyze: what the set leaves"
check 0 "and switching within the caps                      500ms                800ms" \
	"analyze: what a set leaves that switches" analyze --defaults --set 1ms/2ms
check 1 "and switching within the caps                  unbounded            unbounded" \
	"analyze: a set that leaves nothing" analyze --defaults --set 1ms/2ms:60%,1ms/2ms
check 1 "90.000153 % of 90.000057 %: does NOT fit, 0.000095 % too much" "analyze: one unit too much" \
	analyze --defaults --set 3ms/10ms,6ms/10ms:60.0001%
check 0 "fits, 0 % to spare" "analyze: all of it" analyze --defaults --set 3ms/10ms,3ms/10ms,3ms/10ms
check 1 "does NOT fit" "analyze: a set on a vCPU" \
	analyze --defaults --set 3ms/10ms --vcpu 5ms/10ms
check 2 "the cap is below budget/period" "analyze: a set with a wrong cap" \
	analyze --set 3ms/10ms:20%
check 2 "give --res" "analyze: nothing asked" analyze
check 2 "--window has no meaning here: it goes with --res" "analyze: --window with --set" \
	analyze --set 1ms/2ms --window 3ms
check 2 "--period has no meaning here: it goes with --propose" "analyze: --period without --propose" \
	analyze --set 1ms/2ms --period 3ms
check 2 "--window '0ms': it must be more than zero" "analyze: a window of nothing" \
	analyze --res 1ms/2ms --window 0ms
check 2 "--period '0ms': it must be more than zero" "analyze: a period of nothing" \
	analyze --load 1ms/10ms --propose --period 0ms
check 2 "--least-period has no meaning here: it goes with --vcpu" "analyze: --least-period without --vcpu" \
	analyze --set 1ms/2ms --least-period 1ms
check 0 "vCPU 9ms/10ms: capacity 71.98 % with kernel.sched_vbs_period_min_us=10000 in the guest." \
	"analyze: a vCPU, with the least period of its servers" analyze --defaults --set 3ms/10ms,2ms/20ms --vcpu 9ms/10ms
says "Verdict: schedulable."
ok $? "analyze: a set that fits on it"
check 0 "capacity 86.4 % with kernel.sched_vbs_period_min_us=50000" "analyze: --least-period" \
	analyze --defaults --res 3ms/100ms --vcpu 9ms/10ms --least-period 50ms
check 1 "It may be without a CPU for 2ms, so only longer periods can be promised: see --least-period." \
	"analyze: a vCPU with too short a least period" analyze --defaults --set 1ms/10ms --vcpu 9ms/10ms --least-period 1ms
check 0 "capacity 71.98 %" "analyze: a proposal on a vCPU" \
	analyze --defaults --load 1ms/100ms --propose --period 10ms --vcpu 9ms/10ms
check 2 "give --res" "analyze: two questions" analyze --set 1ms/2ms --res 1ms/2ms
run 0 analyze --defaults --res 3ms/10ms --load 1ms/20ms --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["format"] == 1 and o["gap_ns"] == 14000000 and o["schedulable"] is True
assert o["tasks"][0] == {"cost_ns": 1000000, "period_ns": 20000000, "deadline_ns": 20000000,
	"response_ns": 15000000, "theory": "alone", "met": True}
END
ok $? "analyze --json: response"
run 0 analyze --defaults --set 3ms/10ms,1ms/2ms --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["booked"] == 314573 + 524288 and o["capacity"] == 943719 and o["schedulable"] is True
assert o["blackout_user_ns"] == 13000000 and o["deadline_tardiness_user_ns"] == 26000000
assert o["blackout_kernel_ns"] == 59000000 and o["deadline_tardiness_kernel_ns"] == 86000000
assert o["blackout_ns"] > 2800000000 and o["deadline_tardiness_ns"] > 4200000000
END
ok $? "analyze --json: set"
run 0 analyze --defaults --load 1ms/10ms --propose --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["fits"] is True and o["proposal"]["runtime_ns"] < o["proposal"]["period_ns"]
END
ok $? "analyze --json: proposal"
echo 20000 >"$root/proc/sys/kernel/sched_vbs_period_min_us"
check 0 "50 % of 90 %" "analyze reads this machine's limits" \
	analyze --set 10ms/20ms --capacity 90%
check 0 "5 % of 25 %" "analyze: a vCPU with a longer least period" \
	analyze --set 1ms/20ms --vcpu 5ms/10ms
check 0 "Verdict: schedulable." "analyze: a server that fits on it" \
	analyze --res 1ms/20ms --vcpu 5ms/10ms --load 100us/100ms
check 1 "Server 1 is refused: a period of 10ms is below kernel.sched_vbs_period_min_us, 20ms" \
	"analyze: a set that this machine's limits forbid" analyze --set 1ms/10ms
check 0 "the kernel refuses 1ms/10ms: a period of 10ms" "analyze: a resource outside the limits" \
	analyze --res 1ms/10ms

plan
