#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vbsctl vm migrate and receive on any kernel: a fake root for /proc, a preloaded ioctl() that answers as KVM
# would, and a program that answers as QEMU would.  TAP.
#	VBSCTL=path OBJ=directory tests/migrate.t
# shellcheck disable=SC2016
set -u
[ "$(id -u)" -eq 0 ] || exec unshare --map-root-user bash "$0"
. "$(dirname "$0")/tap.sh"
tool=$(realpath "${VBSCTL:-vbsctl}")
obj=$(realpath "${OBJ:-obj}")
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
export VBSCTL_ROOT="$root" FAKE_KVM_LOG="$root/asked" FAKE_KVM_TABLE="$root/proc/vbs"
asan=$(ldd "$tool" | sed -n 's/.*=> \(.*libasan[^ ]*\).*/\1/p')
export ASAN_OPTIONS=verify_asan_link_order=0
vbsctl="env LD_PRELOAD=$asan:$obj/tests/fake-kvm.so $tool"

# machine NAME LINE: a process that is there, with that command line; its pid is $pid, and it becomes QEMU on order
machine() {
	mkfifo "$root/$1.orders"
	"$here/fake-qmp.py" "$root/$1.orders" &
	pid=$!
	mkdir -p "$root/proc/$pid/task/$pid" "$root/dev" "$root/proc/$pid/cwd"
	: >"$root/dev/kvm"
	echo "$pid (qemu) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 8 0" >"$root/proc/$pid/stat"
	printf 'Name:\tqemu\nTgid:\t%s\nUid:\t0\t0\t0\t0\nCpus_allowed_list:\t0-1\n' "$pid" >"$root/proc/$pid/status"
	cp "$root/proc/$pid/stat" "$root/proc/$pid/status" "$root/proc/$pid/task/$pid/"
	# shellcheck disable=SC2059 # its words are separated by \0
	printf "qemu\0-name\0guest=$1\0$2" >"$root/proc/$pid/cmdline"
}

# group PID ID PLACES UNPLACED [RUNNING]
group() {
	cat <<END
server id=$2 cpu=0 cap=209716 runtime=200000 period=1000000 flags=0x0 members=${5:-0} state=ready consumed=0 instances=1 misses=0 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 group=$1 role=vcpu owner=0 leader=0 comm=
server id=$(($2 + 1)) cpu=0 cap=139811 runtime=200000 period=1500000 flags=0x0 members=1 state=ready consumed=0 instances=1 misses=0 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 group=$1 role=dm owner=0 leader=$1 comm=qemu
group pid=$1 owner=0 vms=1 vcpus=$3 places=$3 unplaced=$4 pooled=0 outside=0 strict=0 poll=0 split=0 guest_may=0 guest_period=125000 comm=qemu
END
}

trap 'kill $web1 $web2 $web3 $web4 $web5 $web6 $web7 2>/dev/null; rm -rf "$root"' EXIT
machine web1 "-qmp\\0unix:$root/web1.qmp,server=on,wait=off\\0"
web1=$pid
machine web2 ""
web2=$pid
machine web3 "-chardev\\0socket,id=mon,path=$root/web3.qmp,server=on\\0-mon\\0chardev=mon,mode=control\\0"
web3=$pid
machine web4 ""
web4=$pid
machine web5 ""
web5=$pid
# Its owner says that another's socket is its own
machine web6 "-qmp\\0unix:$root/web1.qmp,server=on,wait=off\\0"
web6=$pid
machine web7 ""
web7=$pid
table() {
{
	cat <<END
vbs version=1 demoted=0 when=1
limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000
cpu id=0 online=1 capacity=943718 booked=838861 spare=104857 servers=6
END
	group "$web1" 3 2 0 1
	group "$web3" 5 2 0
	group "$web4" 7 2 1
	group "$web5" 9 2 0 | sed 's/ vms=1 / vms=0 /'
	group "$web6" 11 2 0 1
	group "$web7" 13 2 0 1
} >"$root/proc/vbs"
}
table

# migrates STATUS TEXT NAME "ANSWERS" ARG...: of a QEMU that answers so; $qemu is its name
migrates() {
	local status=$1 text=$2 name=$3 answers=$4
	shift 4
	: >"$root/qmp"
	rm -f "$root/words"
	echo "$socket $root/qmp ${FAKE:-} $answers" >"$root/$qemu.orders"
	for ((i = 0; i < 100; i++)); do
		[ -S "$socket" ] && break
		sleep 0.05
	done
	check "$status" "$text" "$name" vm migrate "$@"
	for ((i = 0; i < 100; i++)); do
		[ -S "$socket" ] || return
		sleep 0.05
	done
	kill -USR1 "${!qemu}" # nobody has come
}

# said COMMAND NAME: to QEMU; or with ! that it was not
said() {
	cp "$root/qmp" "$out"
	if [ "$1" = ! ]; then ! grep -qxF "$2" "$out"; else grep -qxF "$1" "$out"; fi
	ok $? "${!#}"
}

# The word that ends it goes to a file
books='sh -c "trap : PIPE; read offer; echo \$offer >$root/offer; echo booked traced=1 sees=1; sleep 0.1; echo entered known=0 ns=0 low=0 high=0; while read word; do echo \$word; done >$root/words"'
books=${books//\$root/$root}
# blind WORDS: one that has booked so, and sees nothing
blind() {
	echo "sh -c \"read offer; echo booked $1; while read word; do echo \\\$word; done >$root/words\""
}
qemu=web1
socket=$root/web1.qmp
migrates 0 "by QEMU its guest stood still for 30ms" "relaxed: moved" "setup active:0 active:1 completed:2" \
	--relax --destination "$books" web1 unix:/there
said "migrate uri=unix:/there" "relaxed: QEMU is told where to"
said "migrate-set-parameters downtime-limit=2000000" "relaxed: it may stand still for any time after the first pass"
said 'migrate-set-capabilities capabilities=[{"capability": "return-path", "state": true}]' "relaxed: QEMU waits for the other"
said "quit" "relaxed: the source ends"
[ "$(tr "\n" " " <"$root/words")" = "sent done " ]
ok $? "relaxed: the destination is told so"
[ "$(cat "$root/offer")" = "offer version=2 vcpus=2 vcpu=200000/1000000/209716 dm=200000/1500000/139811 guest=0 flags=0 timeline=" ]
ok $? "the destination is told what the machine has"
migrates 0 "moved" "strict: moved" "active:1 active:2 completed:3" --strict 40ms --destination "$books" --keep web1 unix:/there
said "migrate-set-parameters downtime-limit=30" "strict: QEMU's limit is that less a reserve"
said ! "quit" "--keep: the source stays"
migrates 1 "web1 stays: after 3 passes 8 KiB" "strict: given up" "active:1 active:2 active:3" \
	--strict 40ms --passes 3 --destination "$books" web1 unix:/there
said "migrate_cancel" "given up: QEMU is told"
said "migrate-set-parameters downtime-limit=300" "given up: the limit is what it was"
said 'migrate-set-capabilities capabilities=[{"capability": "return-path", "state": false}]' "given up: nor does QEMU wait"
said ! "quit" "given up: the source stays"
[ "$(cat "$root/words")" = stays ]
ok $? "given up: the destination is told so"
FAKE="stops=1" migrates 1 "it had stopped when it was given up, and runs on" "given up too late" "active:1 active:2 active:3" \
	--strict 40ms --passes 3 --destination "$books" web1 unix:/there
migrates 1 "would stand still for longer" "strict: given up after a time" "active:0" \
	--strict 40ms --within 100ms --destination "$books" web1 unix:/there
migrates 1 "its guest runs on: it-broke" "it fails" "active:0 failed:it-broke" --relax --destination "$books" web1 unix:/there
FAKE="after=paused" migrates 1 "its guest does not run here, but is 'paused': it-broke" "it fails, and the guest does not go on" "failed:it-broke" \
	--relax --destination "$books" web1 unix:/there
FAKE="refuses=migrate" migrates 1 "its guest runs on: migrate: it does not want to" "QEMU refuses" "active:0" \
	--relax --destination "$books" web1 unix:/there
FAKE="refuses=migrate-set-capabilities" migrates 1 "its guest runs on: migrate-set-capabilities: it does not want to" \
	"QEMU cannot wait for the other" "completed:1" --relax --destination "$(blind "traced=0 sees=1")" web1 unix:/there
said ! "migrate uri=unix:/there" "QEMU cannot wait for the other: nothing is begun"
FAKE="status=paused" migrates 1 "its guest does not run: paused" "a guest that does not run" "active:0" \
	--relax --destination "$books" web1 unix:/there
migrates 4 "web1 stays: its destination has not booked" "no room there" "active:0" \
	--relax --destination 'sh -c "read offer; exit 4"' web1 unix:/there
said ! "migrate uri=unix:/there" "no room there: nothing is begun"
for traced in 0 1; do
	migrates 7 "it is not known whether web1 runs there" "the guest is not seen, traced=$traced" "completed:1" \
		--relax --destination "sh -c 'read offer; echo booked traced=$traced sees=1; exit 0'" web1 unix:/there
	said ! "quit" "the guest is not seen, traced=$traced: the source stays"
done
migrates 0 "moved" "a destination that sees nothing: QEMU has waited" "active:1 completed:1" \
	--relax --destination "$(blind "traced=0 sees=0")" web1 unix:/there
said 'migrate-set-capabilities capabilities=[{"capability": "return-path", "state": true}]' "a destination that sees nothing: it has"
for answers in lost "active:1 lost" "active:1 device lost"; do
	migrates 7 "it is not known whether web1 runs there or here" "the connection is lost: $answers" "$answers" \
		--relax --destination "$books" web1 unix:/there
	says "query-status" && ! says "runs on"
	ok $? "the connection is lost: how to find out"
	[ -e "$root/words" ] && [ ! -s "$root/words" ]
	ok $? "the connection is lost: the destination is told nothing"
done
FAKE="lost=migrate_cancel" migrates 7 "not known whether" "the connection is lost as it is given up" "active:1 active:2" --strict 40ms --passes 2 \
	--destination "$books" web1 unix:/there
migrates 7 '"moved": null' "json: not known" "lost" --json --relax --destination "$books" web1 unix:/there
migrates 0 '"moved": true' "json" "completed:1" --json --relax \
	--destination "$(blind "traced=0 sees=0")" web1 unix:/there
python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); assert o["qemu_downtime_ms"] == 30 and o["period_ns"] == 1000000' "$out"
ok $? "json: what it says"
migrates 1 "cannot migrate web6: $root/web1.qmp is process $web1's (qemu), and not that of $web6" "another's socket" "completed:1" \
	--relax --destination "$books" web6 unix:/there
[ ! -s "$root/qmp" ]
ok $? "another's socket: nothing is said to it"
qemu=web3
socket=$root/web3.qmp
migrates 0 "moved" "the socket of -mon" "completed:1" --relax --destination "$books" web3 unix:/there
socket=$root/other.qmp
migrates 0 "moved" "--qmp" "completed:1" --relax --qmp "$root/other.qmp" --destination "$books" web3 unix:/there
qemu=web1
migrates 1 "is process $web1's" "--qmp: another's socket" "completed:1" --relax --qmp "$root/other.qmp" --destination "$books" web3 unix:/there
check 1 "No such file" "a socket that is not there" vm migrate --relax --destination true web3 unix:/there
check 1 "web2 has no virtual machine in servers" "one that is in none" vm migrate --relax --destination true web2 unix:/there
check 2 "--strict TIME, which may fail, or --relax" "neither" vm migrate --destination true web1 unix:/there
check 2 "--strict TIME, which may fail, or --relax" "both" vm migrate --relax --strict 5ms --destination true web1 unix:/there
check 2 "--destination is missing" "no destination" vm migrate --relax web1 unix:/there
check 2 "one machine and where it goes" "no URI" vm migrate --relax --destination true web1
check 2 "less than 2ms" "too strict" vm migrate --strict 1ms --destination true web1 unix:/there
check 2 "--reserve leaves nothing of the 5ms" "all in reserve" vm migrate --strict 5ms --reserve 5ms --destination true web1 unix:/there

# receives STATUS TEXT NAME LINES ARG...: LINES are what the other end says
receives() {
	local status=$1 text=$2 name=$3 lines=$4
	shift 4
	# shellcheck disable=SC2059
	printf "$lines" | $vbsctl vm receive "$@" >"$out" 2>&1
	ended $? "$status" "vm receive $*" && says "$text"
	ok $? "$name"
}
offer="offer version=2 vcpus=2 vcpu=200000/1000000/209716 dm=200000/1500000/139811 guest=0 flags=0 timeline="
receives 0 "booked traced=0 sees=1" "receive: one that is in servers keeps them" "$offer\ndone\n" web3
[ ! -e "$FAKE_KVM_LOG" ]
ok $? "receive: and KVM is not asked"
receives 0 "booked" "receive: options go before" "$offer\ndone\n" --vcpu 100us/1ms web3
tail -n 1 "$FAKE_KVM_LOG" >"$out"
says "vcpus=2 vcpu=100000/1000000:0:0 dm=200000/1500000:139811:0"
ok $? "receive: and the offer has the rest"
receives 4 "web4 has places for 1 of the 2 vCPUs" "receive: a vCPU without a place" "$offer\ndone\n" web4
receives 1 "web5 runs no virtual machine" "receive: a process that has none" "$offer\ndone\n" web5
receives 1 "web2 is in no servers" "receive: what KVM did not do" "$offer\ndone\n" web2
grep "pid=$web2" "$FAKE_KVM_LOG" >"$out"
says "vcpus=2 vcpu=200000/1000000:209716:0 dm=200000/1500000:139811:0" && says "vcpu=0/0:0:0 dm=0/0:0:0"
ok $? "receive: is asked, and undone"
receives 1 "web2 is in no servers" "receive: what the guest may ask for" "${offer/guest=0 flags=0/guest=50000 flags=80}\ndone\n" web2
grep "pid=$web2" "$FAKE_KVM_LOG" | grep "guest=50000" >"$out"
says "flags=0x22 pid"
ok $? "receive: comes along, and that it is strict"
FAKE_KVM_ERR="16 0 0" receives 4 "cannot receive web2: needs 2 vCPUs of 20 %" "receive: no room" "$offer\ndone\n" web2
FAKE_KVM_ERR="16 0 0" receives 4 "cannot run true: needs" "receive --start: no room" "$offer\ndone\n" --start true
receives 1 "web7 runs a guest already" "receive: one whose guest runs" "$offer\\ndone\\n" web7

# Servers that are asked for are there, and nobody is in them
new() {
	table
	rm -f "$FAKE_KVM_LOG"
	export FAKE_KVM_GROUPS=1
}
# undone TEXT NAME: KVM was asked last for that, once for more before
undone() {
	cp "$FAKE_KVM_LOG" "$out"
	[ "$(wc -l <"$out")" -eq 2 ] && tail -n 1 "$out" >"$out.last" && grep -qF "$1" "$out.last"
	ok $? "$2"
}
new
receives 1 "booked traced=0 sees=1" "receive: the guest stays there" "$offer\\nstays\\n" web2
undone "pid=$web2 vcpus=0 vcpu=0/0:0:0 dm=0/0:0:0" "receive: the guest stays there: it is undone"
new
receives 1 "the other end has gone, and the guest has not come: what was booked for web2 is undone" \
	"receive: the other end goes" "$offer\\n" web2
undone "pid=$web2 vcpus=0 vcpu=0/0:0:0 dm=0/0:0:0" "receive: the other end goes: it is undone"
new
receives 1 "is undone" "receive: the other end goes from servers that were there" "$offer\\n" --vcpu 100us/1ms web3
undone "pid=$web3 vcpus=2 vcpu=200000/1000000:209716:0 dm=200000/1500000:139811:0" "receive: those are there again"
new
receives 7 "its guest is not seen to run here" "receive: it goes when all is sent" "$offer\\nsent\\n" web2
[ "$(wc -l <"$FAKE_KVM_LOG")" -eq 1 ]
ok $? "receive: it goes when all is sent: nothing is undone"
new
# come: the guest does, into a machine's first server
come() {
	for ((i = 0; i < 200; i++)); do
		grep -q "role=vcpu .*leader=$1 " "$root/proc/vbs" && break
		sleep 0.05
	done
	sed "s/members=0\\(.*\\) role=vcpu \\(.*\\) leader=$1 /members=1\\1 role=vcpu \\2 leader=$1 /" "$root/proc/vbs" >"$root/vbs.new"
	mv "$root/vbs.new" "$root/proc/vbs"
}
(come "$web2") &
receives 0 "entered known=0" "receive: the guest comes, and the other end goes" "$offer\\n" web2
[ "$(wc -l <"$FAKE_KVM_LOG")" -eq 1 ]
ok $? "receive: the guest comes: nothing is undone"
new
(sleep 0.5; echo "$offer"; sleep 2; echo stays) | $vbsctl vm receive --start sh -c "echo \$\$ >$root/started; exec sleep 1000" >"$out" 2>&1
says "booked traced=0 sees=1" && sleep 0.2 && ! kill -0 "$(cat "$root/started")" 2>/dev/null
ok $? "receive --start: the guest stays there: the VMM is ended"
new
mkfifo "$root/to"
# shellcheck disable=SC2094
$vbsctl vm receive web2 <"$root/to" >"$out" 2>&1 &
receiver=$!
exec 9>"$root/to"
echo "$offer" >&9
for ((i = 0; i < 100; i++)); do
	grep -q booked "$out" && break
	sleep 0.05
done
kill -TERM "$receiver"
wait "$receiver"
exec 9>&-
undone "pid=$web2 vcpus=0 vcpu=0/0:0:0 dm=0/0:0:0" "receive: it is ended: it is undone"
unset FAKE_KVM_GROUPS
table
receives 1 "that is no offer" "receive: nonsense" "hello\n" web3
receives 1 "of another version" "receive: another version" "offer version=1\n" web3
receives 1 "nothing has come on the standard input" "receive: by hand" "" web3
receives 2 "one machine that waits" "receive: none" "$offer\n"
receives 2 "--pi: a running VMM" "receive --pi: with one that runs" "$offer\n" --pi web3
plan
