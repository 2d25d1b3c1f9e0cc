#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The command line of 'vbsctl timeline' on any kernel: usage, errors, replays.  TAP.
#	VBSCTL=path tests/timeline.t
set -u
. "$(dirname "$0")/tap.sh"
vbsctl="${VBSCTL:-vbsctl} timeline"

export VBSCTL_ROOT="$root"

check 2 "a subcommand is missing" "no subcommand"
check 2 "there is no subcommand 'lst'" "unknown subcommand" lst
check 0 "Usage: vbsctl timeline SUBCOMMAND" "--help" --help
check 0 "Usage: vbsctl timeline sync" "help of a subcommand" help sync
for cmd in create list show read bind sync sources serve feed wait watch compare metrics destroy; do
	check 0 "Usage: vbsctl timeline $cmd" "$cmd --help" $cmd --help
	check 2 "vbsctl timeline $cmd: '--colour': there is no such option" "$cmd: unknown option" $cmd --colour
done

check 2 "it takes one name" "create without a name" create
check 2 "a name has 1 to 31 characters" "create: long name" create abcdefghijklmnopqrstuvwxyz123456
check 2 "other than space and '/'" "create: bad name" create a/b
check 2 "--type 'gps': it is none of utc, tai and monotonic" "create: bad type" create -t gps x
check 2 "--slew '501ppm': it is more than 500ppm" "create: fast slew" create --slew 501ppm x
check 2 "--slew '0ppm': it must be more than 0" "create: no slew" create --slew 0ppm x
check 2 "a timeline that steps does not slew" "create: a slew of one that steps" create --slew 1ppm --step x
check 2 "'x': list takes no operands" "list with an operand" list x
check 2 "it takes one name" "show without a name" show
check 2 "it must be a whole number" "read: bad count" read -n 1.5 x
check 2 "the unit is missing" "read: bad interval" read -i 1 x
check 2 "a name and a command are needed" "bind without a command" bind x
check 2 "--accuracy is missing" "watch without an accuracy" watch x
check 2 "which timeline?" "destroy without a name" destroy
check 2 "it takes a timeline and another clock" "compare: one clock" compare x
check 2 "it takes a timeline and another clock" "compare: three" compare x y z
check 2 "the unit is missing" "compare: bad time" compare x realtime --over 1
check 2 "it is none of utc and tai" "compare: bad scale" compare x /dev/ptp0 --scale gps
check 2 "'x': metrics takes no operands" "metrics with an operand" metrics x
check 2 "--from is missing" "sync without a reference" sync x
check 2 "it takes one name" "sync without a name" sync --from realtime
check 2 "'gps': it is none of realtime" "sync: bad reference" sync x --from gps
check 2 "less than 1ms" "sync: short interval" sync x --from realtime -i 10us
check 2 "write 1ppm, 0.2ppm or 100ppb" "sync: wander without a unit" sync x --from tai -w 1
check 2 "it is more than 500ppm" "sync: large wander" sync x --from tai -w 501ppm
check 2 "finer than a ppb" "sync: fine wander" sync x --from tai -w 0.5ppb
check 2 "at most 3600s" "sync: long memory" sync x --from tai -m 3601s
check 2 "it must be 1 to 1000" "sync: no readings" sync x --from tai -r 0
check 2 "it must be 10ms to 36h" "sync: quick poll" sync x --from ntp:a --poll 1ms
check 2 "the second is less than the first" "sync: a poll that shrinks" sync x --from ntp:a --poll 64s..16s
check 2 "the unit is missing" "sync: bad poll" sync x --from ntp:a --poll 64
check 2 "less than the number of servers" "sync: all may be wrong" sync x --from ntp:a,b --faulty 2
check 2 "the port is none of" "sync: bad port" sync x --from ntp:a:0
check 2 "more than 16 servers" "sync: many servers" sync x --from ntp:a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q
check 2 "are for --from ntp:" "sync: poll of a clock" sync x --from realtime --poll 1s
check 2 "a server states its own error" "sync: stated error of servers" sync x --from ntp:a -e 1us
check 1 "ptp4l does not answer at $root/none: No such file" "sync: no ptp4l" sync x --from "ptp4l:$root/none"
check 2 "the unit is missing" "sync: bad hop error" sync x --from ptp4l --hop-error 5
check 2 "has another scale than was asked for" "sync: scale of chrony" sync x --from chrony --scale tai
check 2 "it is none of realtime" "sync: chronyd is no reference" sync x --from chronyd
check 2 "of this machine" "sync: chronyd of another machine" sync x --from chrony:192.0.2.1
check 2 "it takes one name" "sources without a name" sources
check 1 "is kept from no servers now" "sources of nobody" sources x
check 2 "it takes one name" "serve without a name" serve
check 2 "the port is none of" "serve: bad port" serve x --listen a:b
check 2 "--shm is missing" "feed without a unit" feed x
check 2 "it must be 0 to 255" "feed: bad unit" feed x --shm 256
check 2 "--accuracy is missing" "wait without an accuracy" wait x
check 2 "the unit is missing" "wait: bad timeout" wait x -a 1us -t 5
check 2 "needs neither a name" "replay with a name" sync x --replay f
check 2 "it is none of utc and tai" "sync: bad scale" sync x --from /dev/ptp0 --scale gps
check 2 "has another scale than was asked for" "sync: wrong scale" sync x --from realtime --scale tai
check 1 "cannot open /no/such: No such file" "sync: no such PTP clock" sync x --from /no/such
check 1 "/dev/null is no clock that can be read" "sync: no PTP clock" sync x --from /dev/null

for args in "create x" "list" "show x" "read x" "sync x --from realtime" "sync x --from ntp:a" "sync x --from chrony" "serve x" "feed x --shm 2" "wait x -a 1us" "watch x -a 1us" "compare x realtime" metrics "destroy x"; do
	# shellcheck disable=SC2086
	check 3 "this kernel has no timelines" "$args: no device" $args
done
check 125 "this kernel has no timelines" "bind: no device" bind x true

# A counter of 1 GHz that is 10 ppm slow, read within 100 ticks each second
awk 'BEGIN {
	print "timeline-trace 1 1000000000"
	for (i = 1; i <= 50; i++) {
		true = i * 1000000000
		c = true - true / 100000
		printf "%.0f %.0f %.0f %d %d %.0f\n", c - 50, c + 50, true, 20, 20, true + 50
	}
}' >"$root/trace"
check 0 "truth outside of the bound: 0 of 99 readings" "replay" sync --replay "$root/trace" -w 0.1ppm
check 0 "50 samples, 0 contradictions, 0 steps" "replay counts" sync --replay "$root/trace"
run 0 sync --replay "$root/trace" --json -w 0.1ppm && python3 - "$out" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 51 and all(o["format"] == 1 for o in lines)
assert "before" not in lines[0] and lines[1]["before"]["inside"] is True
last = lines[49]["after"]
assert abs(last["error_ns"]) < 50 and last["err_low_ns"] + last["err_high_ns"] < 300
assert lines[49]["growth_ppm"] < 0.3 and lines[49]["holding"] is False
assert lines[50]["outside"] == 0 and lines[50]["judged"] == 99
END
ok $? "replay --json"
sed '$s/ [0-9]*$/ 1/' "$root/trace" >"$root/lie"
check 1 "truth outside of the bound: 2 of 99" "a truth outside is a failure" sync --replay "$root/lie"
(cat "$root/trace"; echo "1 2 3 4 5") >"$root/back"
check 1 "back:52: the counter does not go forward" "replay: counter backwards" sync --replay "$root/back"
(cat "$root/trace"; echo "1 2 3 4") >"$root/short"
check 1 "short:52: a number is missing" "replay: short line" sync --replay "$root/short"
echo "trace" >"$root/none"
check 1 "none:1: it does not begin with 'timeline-trace 1'" "replay: no trace" sync --replay "$root/none"
check 1 "cannot read $root/nothing: No such file" "replay: no file" sync --replay "$root/nothing"
$vbsctl sync --replay - <"$root/trace" >"$out" 2>&1 && says "50 samples"
ok $? "replay of the standard input"

plan
