#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vbsctl vm on any kernel: files of a fake root are read in place of /proc, and a preloaded
# ioctl() answers as KVM would.  TAP.
#	VBSCTL=path OBJ=directory tests/machines.t
# shellcheck disable=SC2016
set -u
# A name is that of anybody's machine only to root
[ "$(id -u)" -eq 0 ] || exec unshare --map-root-user bash "$0"
. "$(dirname "$0")/tap.sh"
tool=$(realpath "${VBSCTL:-vbsctl}")
obj=$(realpath "${OBJ:-obj}")
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
export VBSCTL_ROOT="$root" FAKE_KVM_LOG="$root/asked" VBSCTL_PI="$obj/vbs-pi.so"
# The sanitizer's library has to come first
asan=$(ldd "$tool" | sed -n 's/.*=> \(.*libasan[^ ]*\).*/\1/p')
export ASAN_OPTIONS=verify_asan_link_order=0
vbsctl="env LD_PRELOAD=$asan:$obj/tests/fake-kvm.so $tool"

# A VMM with two vCPUs of which one has a place, a helper outside, and another machine
mkdir -p "$root/proc/sys/kernel" "$root/dev" "$root/etc/vbs/vm.d"
: >"$root/dev/kvm"

# task PROCESS TID COMM POLICY PARENT [RUN_DELAY]
task() {
	local dir=$root/proc/$1/task/$2
	mkdir -p "$dir"
	{
		echo "$2 ($3) S $5 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 $4 0"
	} >"$dir/stat"
	printf 'Name:\t%s\nTgid:\t%s\nUid:\t0\t64055\t0\t0\nCpus_allowed_list:\t0-1\n' "$3" "$1" >"$dir/status"
	[ "$1" = "$2" ] || mkdir -p "$root/proc/$2"
	cp "$dir/stat" "$dir/status" "$root/proc/$2/"
	echo "5 ${6:-0} 1" >"$root/proc/$2/schedstat"
}

task 100 100 qemu-system-x86 8 1
task 100 101 "CPU 0/KVM) 8" 8 1 250000000
task 100 102 "CPU 1/KVM" 8 1
task 100 103 worker 0 1
task 200 200 swtpm 0 100
task 300 300 virtiofsd 0 1
task 400 400 qemu-system-x86 0 1
task 500 500 qemu-system-x86 0 1
printf '/usr/bin/qemu-system-x86_64\0-name\0guest=web1,debug-threads=on\0-S\0' >"$root/proc/100/cmdline"
printf 'qemu-system-x86_64\0-name\0a,,b,process=x\0' >"$root/proc/400/cmdline"
printf 'qemu-system-x86_64\0-smp\0002\0' >"$root/proc/500/cmdline"
scope='0::/machine.slice/machine-qemu\x2d1\x2dweb1.scope'
printf '%s/libvirt/emulator\n' "$scope" >"$root/proc/100/cgroup"
printf '%s/libvirt/virtiofs\n' "$scope" >"$root/proc/300/cgroup"
printf '0::/machine.slice/machine-qemu\\x2d2\\x2dother.scope/libvirt\n' >"$root/proc/400/cgroup"
mkdir -p "$root/proc/100/fd"
ln -s "anon_inode:kvm-vm" "$root/proc/100/fd/9"
ln -s "anon_inode:kvm-vcpu:0" "$root/proc/100/fd/10"
ln -s "anon_inode:kvm-vcpu:1" "$root/proc/100/fd/11"
table() {
	cat >"$root/proc/vbs" <<END
vbs version=1 demoted=0 when=$1
limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000
cpu id=0 online=1 capacity=943718 booked=838861 spare=104857 servers=2
cpu id=1 online=1 capacity=943718 booked=817889 spare=125829 servers=1
server id=3 cpu=0 cap=524288 runtime=400000 period=1000000 flags=0x0 members=1 state=ready consumed=$2 instances=41 misses=$3 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 group=100 role=vcpu owner=0 leader=101 comm=CPU 0/KVM
server id=4 cpu=1 cap=524288 runtime=400000 period=1000000 flags=0x0 members=0 state=idle consumed=0 instances=0 misses=0 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 group=100 role=vcpu owner=0 leader=0 comm=
server id=5 cpu=0 cap=104858 runtime=200000 period=2000000 flags=0x0 members=2 state=ready consumed=$4 instances=9 misses=0 overruns=0 overrun_worst=0 switches=0 switch_worst=0 release_worst=0 skipped=0 kthrottled=0 lost=0 group=100 role=dm owner=0 leader=100 comm=qemu-system-x86
group pid=100 owner=0 vms=1 vcpus=2 places=2 unplaced=$5 pooled=0 outside=0 strict=0 poll=1 split=1 guest_may=0 guest_period=125000 comm=qemu-system-x86
END
}
table 1000000000 0 0 0 1

check 0 "attach   put the machines of a running VMM" "help" vm --help
check 2 "a subcommand is missing" "no subcommand" vm
check 2 "there is no subcommand 'x'" "a wrong subcommand" vm x
for sub in run attach switch detach check list top watch migrate receive hook; do
	check 0 "Usage: vbsctl vm $sub" "vm $sub --help" vm $sub --help
	check 0 "Usage: vbsctl vm $sub" "help vm $sub" help vm $sub
done

check 0 "    100 web1                     2        1 400us/1ms          50.00 200us/2ms          10.00       3 1.8ms" \
	"list: a machine" vm list
says "outside: thread 103 (worker)" && says "outside: process 200 (swtpm); 'vbsctl join -a 200 100'" &&
	says "outside: process 300 (virtiofsd)" && ! says "(CPU"
ok $? "list: what of it is outside, and nothing else"
check 0 "a vCPU waits for one at most 1.8ms and the hold (3.6ms on a CPU with other servers)" "list -w" vm list -w web1
says "server 3 (vcpu) on CPU 0: 1 member, ran 0ms, ready 250ms" && says "server 4 (vcpu) on CPU 1: 0 members"
ok $? "list -w: its servers"
check 1 "400 has no virtual machine in servers" "list: a machine that is in none" vm list 400
run 0 vm list --json && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["format"] == 1
m, = o["machines"]
assert m["pid"] == 100 and m["name"] == "web1" and m["unplaced"] == 1 and m["poll"] is True and m["strict"] is False
assert m["lock"] == {"wait_ns": 1800000, "busy_wait_ns": 3600000, "once": True, "inherits": False,
	"one_server": False, "worse_than_outside": True}
assert [s["role"] for s in m["servers"]] == ["vcpu", "vcpu", "dm"] and m["servers"][0]["ready_ns"] == 250000000
assert sorted((p["process"], p["pid"], p["comm"]) for p in m["outside"]) == [(100, 103, "worker"),
	(200, 200, "swtpm"), (300, 300, "virtiofsd")]
END
ok $? "list --json"
check 0 "    4   1  50.00 400us/1ms         idle         0" "vbsctl list: a place" list
run 0 show id:4 --json && python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["servers"][0]["tasks"] == []' "$out"
ok $? "show: a place has no members"
check 0 "server 4 is left out: it is of a virtual machine" "save: no servers of machines" save

# What they use, between two readings
later() {
	(sleep 0.3 && table "$@" && task 100 101 "CPU 0/KVM" 8 1 "$delay") &
}
delay=350000000
later 2000000000 200000000 2 50000000 2
check 0 "    100 web1                     2        2   20.00  100.00   10.00    5.00   10.00      2       3" \
	"top: what a machine uses" vm top -n 2 -d 800ms
wait
table 1000000000 0 0 0 1
delay=350000000
later 2000000000 200000000 2 50000000 2
check 0 "CPU 0/KVM              CPU   0         20.00   50.00" "top: each server of one" vm top -n 2 -d 800ms web1
wait
run 0 vm top -n 1 --json && python3 -c "
import json, sys
o = json.loads(open(sys.argv[1]).readline())
assert o['machines'][0]['use']['interval_ns'] == 0" "$out"
ok $? "top --json"
table 1000000000 0 0 0 1
later 2000000000 0 3 0 2
check 0 "unplaced 100 (web1): 2 vCPUs run in the device model's server for want of room, and there were 1" \
	"watch: a vCPU loses its place" vm watch -n 2 -d 800ms
wait
says "begin    100 (web1): 2 vCPUs, 2 places, 1 unplaced" && says "miss     100 (web1): 3 missed" &&
	says "outside  100 (web1): thread 103 (worker)"
ok $? "watch: what else"
(sleep 0.3 && sed -i '/group/d' "$root/proc/vbs") &
check 0 "end      100 (web1): it has no servers any more" "watch: it ends" vm watch -n 2 -d 800ms
wait
table 1000000000 0 0 0 1
check 2 "less than 10ms" "top: too short" vm top -d 1ms
check 2 "--iterations '0'" "watch: no look" vm watch -n 0

# asked TEXT NAME: what KVM was asked last
asked() {
	tail -n 1 "$FAKE_KVM_LOG" >"$out"
	[ "$(cat "$out")" = "version=1 $1" ]
	ok $? "$2"
}
check 0 "web1: each vCPU 400us/1ms, cap 50 %; device model 200us/2ms, cap 10 %" "attach by name" \
	vm attach web1 --vcpu 400us/1ms --cap 50% --dm 200us/2ms
asked "flags=0x0 pid=100 vcpus=0 vcpu=400000/1000000:524288:0 dm=200000/2000000:0:0 guest=0" "attach: KVM is asked for it"
check 0 "at most 1.3ms and the hold (2.6ms" "attach: the device model's server by default" vm attach 100 --cap 25%
! says "warning"
ok $? "attach: nothing to warn of"
asked "flags=0x0 pid=100 vcpus=0 vcpu=250000/1000000:262144:0 dm=200000/1500000:0:0 guest=0" "attach: a cap alone"
check 0 "" "attach: all options" vm attach -q 103 --vcpu 100us/1ms --dm 100us/1.1ms --dm-cap 20% --vcpus 8 --align --strict --split --poll --guest-period-min 300us
[ ! -s "$out" ]
ok $? "attach -q: nothing is said"
asked "flags=0x16 pid=100 vcpus=8 vcpu=100000/1000000:0:1 dm=100000/1100000:209716:0 guest=300000" "attach: a thread's process, and all options"
check 0 "all in 3ms/10ms" "attach: one server" vm attach a,b --vcpu 3ms/10ms --one
says "the server itself stands still for 7ms at most, and their holder waits for a slice"
ok $? "attach: the bound in one server"
asked "flags=0x0 pid=400 vcpus=0 vcpu=3000000/10000000:0:0 dm=0/0:0:0 guest=0" "attach: one server"
check 2 "(the same share is --vcpu 200us/1ms)" "attach: no default that makes it worse" vm attach web1 --vcpu 2ms/10ms
check 0 "warning: a vCPU's period of 10ms is not below that of the device model, 10ms" "attach: a period as long" \
	vm attach web1 --vcpu 2ms/10ms --dm 1ms/10ms
says "a vCPU waits for one 9ms and the hold, again and again without a bound"
ok $? "attach: no bound"
check 0 "warning: the device model stands still for up to 1.8ms" "attach: longer than outside" \
	vm attach web1 --vcpu 200us/1ms --dm 200us/2ms
check 0 "a vCPU waits for one at most 1.3ms and the hold (2.6ms on a CPU with other servers)" "check --pi: any period" \
	vm check --vcpu 2ms/10ms --pi
! says "again" && ! says "warning"
ok $? "check --pi: handed over"
run 0 vm attach --json 100 --vcpu 200us/1ms && python3 - "$out" <<'END'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["format"] == 1 and o["status"] == 0 and o["pid"] == 100 and o["dm"]["period_ns"] == 1500000
assert o["lock"]["wait_ns"] == 1300000 and o["lock"]["worse_than_outside"] is False
END
ok $? "attach --json"
printf '7f00 r-xp 0 00:00 0 /usr/lib/vbsctl/vbs-pi.so\n' >"$root/proc/100/maps"
check 0 "at most 1.3ms and the hold" "attach: the VMM has the library" vm attach web1 --vcpu 2ms/10ms
rm "$root/proc/100/maps"

check 0 "web1: each vCPU 200us/1ms, cap 50 %; device model 200us/2ms, cap 10 %" "switch" vm switch web1 200us/1ms
asked "flags=0x14 pid=100 vcpus=2 vcpu=200000/1000000:524288:0 dm=200000/2000000:104858:0 guest=0" "switch: what is not named stays"
check 0 "" "switch: the device model" vm switch -q web1 --dm 100us/1.5ms
asked "flags=0x14 pid=100 vcpus=2 vcpu=400000/1000000:524288:0 dm=100000/1500000:0:0 guest=0" "switch: a cap that its resource took goes with it"
check 2 "a vCPU's resource, 600us/1ms, is 60 % of a CPU, above the cap of 50 %" "switch: above the cap" vm switch web1 600us/1ms
check 1 "a,b has no virtual machine in servers" "switch: one that has none" vm switch a,b 200us/1ms
check 0 "" "detach" vm detach web1
asked "flags=0x0 pid=100 vcpus=0 vcpu=0/0:0:0 dm=0/0:0:0 guest=0" "detach: all zero"

check 0 "such a machine: each vCPU 400us/1ms" "check: would it fit" vm check --vcpu 400us/1ms --vcpus 4
says ": it fits"
ok $? "check: it fits"
grep -q "flags=0x1 pid=[0-9]* vcpus=4 " "$FAKE_KVM_LOG"
ok $? "check: KVM is asked with TEST"

# refused ERRNO TID CPU STATUS TEXT NAME ARG...
refused() {
	local answer="$1 $2 $3" status=$4 text=$5 name=$6
	shift 6
	FAKE_KVM_ERR=$answer check "$status" "$text" "$name" "$@"
}
refused 16 0 1 4 "cannot attach web1: needs 2 vCPUs of 50 % and a device model of 13.33 %, 113.33 % of a CPU in all; CPUs 0-1 have 22 % spare, and the most is on CPU 1, 12 % (each server is on one CPU)" \
	"no room: the numbers" vm attach web1 --cap 50%
refused 16 0 1 4 "needs 4 vCPUs of 40 % and a device model of 13.33 %, 173.33 %" "no room: of a check" vm check --vcpu 400us/1ms --vcpus 4
task 100 103 $'w\033[2J' 0 1
refused 22 103 0 1 "thread 103 (w?[2J) may use CPU" "masks: a hostile name of a thread" vm attach web1 --cap 50%
task 100 103 worker 0 1
refused 16 0 -1 4 "none of the CPUs that it may use is online" "no room: no CPU" vm attach web1 --cap 50%
refused 22 103 -1 1 "thread 103 (worker) may use CPU 0-1 only, and other threads of the device model none of that; --split" \
	"masks" vm attach web1 --cap 50%
refused 22 0 -1 1 "the device model: a period of 50us is below kernel.sched_vbs_period_min_us, 100us" "limits" \
	vm attach web1 --cap 50% --dm 20us/50us
refused 22 0 -1 1 "one server for all is for a machine with one vCPU, and it has 2" "one server, two vCPUs" \
	vm attach web1 --vcpu 3ms/10ms --one
refused 34 0 -1 1 "aligned release of 500us/1ms needs a cap of at least 50.1 %, and it is 50 %" "no slack" \
	vm attach web1 --vcpu 500us/1ms --cap 50% --align
refused 3 0 -1 6 "cannot attach web1: the process has ended" "it ends" vm attach web1 --cap 50%
refused 95 0 -1 1 "kernel.sched_vbs_enable is 0" "switched off" vm attach web1 --cap 50%
FAKE_KVM_CAP=0 check 3 "KVM of this kernel puts no machines into servers" "a plain KVM" vm attach web1 --cap 50%
mv "$root/dev/kvm" "$root/dev/kvm-"
check 3 "there is no /dev/kvm" "no KVM" vm attach web1 --cap 50%
mv "$root/dev/kvm-" "$root/dev/kvm"
FAKE_KVM_ERR="16 0 1" run 4 vm attach --json web1 --cap 50%
ok $? "attach --json: refused"

check 6 "there is no virtual machine or process named 'nobody'" "nobody's name" vm attach nobody --cap 10%
check 1 "'qemu-system-x86' is the name of 3 processes: " "a name of several" vm attach qemu-system-x86 --cap 10%
check 6 "there is no process or thread 999" "nobody's pid" vm attach 999 --cap 10%

# Anybody may start anything with a name of his choice: one of several users' decides nothing
check 0 "note: 'web1' is the name of process 100, which is uid 64055's" "a user's machine: root is told whose it is" vm detach web1
SUDO_UID=64055 check 0 "" "his own, by sudo" vm detach web1
! says note
ok $? "there is nothing to tell"
check 0 "" "a pid" vm detach 100
! says note
ok $? "a pid is nobody's choice"
# processes UID EUID "COMM" "NAME" COMMAND...: of one more, 700, with COMMAND
with_another() {
	task 700 700 "$3" 0 1
	sed -i "s/^Uid:.*/Uid:\t$1\t$2\t$2\t$2/" "$root/proc/700/status"
	printf 'sleep\0-name\0%s\0' "$4" >"$root/proc/700/cmdline"
	rm -f "$FAKE_KVM_LOG"
	shift 4
	check "$@"
	rm -r "$root/proc/700"
}
with_another 1000 1000 sleep web1 1 "'web1' is the name of processes of several users: 100 (uid 64055), 700 (uid 1000); give the pid of one" \
	"several users' machines" vm attach web1 --cap 10%
[ ! -e "$FAKE_KVM_LOG" ]
ok $? "several users' machines: KVM is not asked"
with_another 1000 1000 sleep swtpm 1 "'swtpm' is the name of processes of several users: 200 (uid 64055), 700 (uid 1000)" \
	"a machine, and another user's process" vm detach swtpm
with_another 1000 0 passwd web1 1 "700 (uid 1000)" "who has started a set-user-ID program has named it" vm detach web1
with_another 64055 64055 sleep web1 1 "'web1' is the name of 2 processes: 100, 700; give the pid of one" \
	"several of one user" vm attach web1 --cap 10%
if setpriv --reuid 64055 --clear-groups true 2>/dev/null; then
	cp "$tool" "$root/vbsctl"
	chmod 755 "$root"
	root_vbsctl=$vbsctl
	vbsctl="setpriv --reuid 64055 --clear-groups $root/vbsctl"
	with_another 1000 1000 sleep web1 0 "    100 web1 " "a user: others' machines are not looked at" vm list web1
	sed -i 's/64055/64056/' "$root/proc/100/status"
	check 6 "you have no virtual machine or process named 'web1'" "a user: nor are others' alone" vm list web1
	sed -i 's/64056/64055/' "$root/proc/100/status"
	vbsctl=$root_vbsctl
	rm "$root/vbsctl"
else
	skip "a user" "this is no root that may become one"
fi
check 2 "say how much a vCPU gets" "attach: nothing said" vm attach web1
check 2 "which machine" "attach: no machine" vm attach --cap 10%
check 2 "--vcpu '3/10': the unit is missing" "attach: no unit" vm attach web1 --vcpu 3/10
check 2 "--vcpus '0': a machine has 1 to 4096" "attach: no vCPUs" vm attach web1 --vcpus 0
check 2 "above the cap of 30 %" "attach: above the cap" vm attach web1 --vcpu 400us/1ms --cap 30%
check 2 "one server for all the device model has none" "attach: one and dm" vm attach web1 --cap 10% --one --dm 1ms/2ms
check 2 "a running VMM has its mutexes already" "attach --pi" vm attach web1 --cap 10% --pi
check 2 "'--colour': there is no such option" "attach: unknown option" vm attach --colour web1
check 2 "give one machine" "switch: nothing" vm switch
check 2 "give one machine" "detach: nothing" vm detach

# run: this process is configured, and becomes the command
check 0 "pi=$VBSCTL_PI" "run --pi" vm run --vcpu 2ms/10ms --pi -- sh -c 'echo "pi=$LD_PRELOAD"'
tail -n 1 "$FAKE_KVM_LOG" | grep -q " vcpu=2000000/10000000:0:0 dm=200000/1500000:0:0"
ok $? "run --pi: the device model's default"
check 7 "pid=" "run: the command's status" vm run --cap 20% sh -c 'echo "pid=$$"; exit 7'
[ "$(sed 's/pid=//' "$out")" = "$(sed -n '$s/.* pid=\([0-9]*\) .*/\1/p' "$FAKE_KVM_LOG")" ]
ok $? "run: it is the same process"
check 127 "there is no command 'no-such'" "run: no command" vm run --cap 20% no-such
check 125 "which command?" "run: nothing" vm run --cap 20%
FAKE_KVM_ERR="16 0 1" check 125 "cannot run true: needs" "run: no room" vm run --cap 20% true
VBSCTL_PI=/nowhere.so check 125 "--pi: cannot read /nowhere.so" "run --pi: no library" vm run --cap 20% --pi true
mkdir -p "$root/usr/bin" "$root/usr/lib/vbsctl"
cp "$tool" "$root/usr/bin/vbsctl"
cp "$VBSCTL_PI" "$root/usr/lib/vbsctl/"
# shellcheck disable=SC2086
env -u VBSCTL_PI ${vbsctl% *} "$root/usr/bin/vbsctl" vm run --cap 20% --pi sh -c 'echo "pi=$LD_PRELOAD"' >"$out" 2>&1
says "pi=$root/usr/lib/vbsctl/vbs-pi.so:"
ok $? "run --pi: the library beside an installed vbsctl"

# Rules
rule() {
	printf '%b' "$2" >"$root/etc/vbs/vm.d/$1"
}
check 0 "No rule in /etc/vbs/vm.d is for web1." "rules: none" vm attach --rules web1
# no_controls: the last output has no control characters but line feeds, neither as they are nor as UTF-8
no_controls() {
	! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]\|\302[\200-\237]')" "$out" &&
		! iconv -f UTF-8 -t UTF-8 "$out" 2>&1 >/dev/null | grep -q .
}
# A terminal obeys names that are printed to it
task 600 600 $'x\033[2J\302\2331m' 0 1
check 0 "No rule in /etc/vbs/vm.d is for x?[2J??1m." "rules: a hostile name of a process" vm attach --rules 600
no_controls
ok $? "rules: without control characters"
printf 'qemu\0-name\0web\n\033[2J\302\2331m\233\177\0' >"$root/proc/600/cmdline"
check 0 "No rule in /etc/vbs/vm.d is for web??[2J??1m??." "rules: a hostile name of a machine" vm attach --rules 600
no_controls
ok $? "rules: without control characters, either"
mkdir -p "$root/etc/vbs/vm.d"
rm -r "$root/proc/600"
rule 10-db.conf 'name db*\nvcpu 300us/1ms\n'
# KVM announces whoever opens /dev/kvm, with whatever name: a rule that says not whose is root's
rule 20-web.conf 'name web*\nvcpu 900us/1ms\n'
rm -f "$FAKE_KVM_LOG"
check 0 "note: /etc/vbs/vm.d/20-web.conf has no 'user', so it is for root's machines only; uid 64055 has one of that name" \
	"rules: without a user" vm attach --rules -q web1
[ ! -e "$FAKE_KVM_LOG" ]
ok $? "rules: which is not for this one"
sed -i 's/64055/0/' "$root/proc/100/status"
check 0 "" "rules: but for root's" vm attach --rules -q web1
! says "note: " && asked "flags=0x0 pid=100 vcpus=0 vcpu=900000/1000000:0:0 dm=200000/1500000:0:0 guest=0" "rules: of whom there is nothing to say"
sed -i 's/^Uid:.*/Uid:\t0\t64055\t0\t0/' "$root/proc/100/status"
# Nor is who has started a set-user-ID program root
sed -i 's/^Uid:.*/Uid:\t64055\t0\t0\t0/' "$root/proc/100/status"
check 0 "uid 64055 has one of that name" "rules: the real user" vm attach --rules -q 100
sed -i 's/^Uid:.*/Uid:\t0\t64055\t0\t0/' "$root/proc/100/status"
rule 20-web.conf 'name web*\nuser 64055\nvcpu 800us/1ms\n'
check 0 "" "rules: a user's number" vm attach --rules -q web1
asked "flags=0x0 pid=100 vcpus=0 vcpu=800000/1000000:0:0 dm=200000/1500000:0:0 guest=0" "rules: his machine"
rule 20-web.conf '# all\n\nuser *\nname\tweb*   # of the shop\n  vcpu 200us/1ms\ncap 40%\nvcpus 3\nsplit yes\nalign no\n'
rule 30-rest.conf 'name *\nuser *\nvcpu 100us/1ms\n'
rule 25-web.conf~ 'name web1\nvcpu 900us/1ms\n'
check 0 "" "rules: the first that names it" vm attach --rules -q web1
asked "flags=0x4 pid=100 vcpus=3 vcpu=200000/1000000:419431:0 dm=200000/1500000:0:0 guest=0" "rules: what it says"
check 0 "" "rules: the pid of a thread, as KVM announces it" vm attach --rules -q 102
check 0 "" "rules: a process without a name of a machine" vm attach --rules -q 500
asked "flags=0x0 pid=500 vcpus=0 vcpu=100000/1000000:0:0 dm=200000/1500000:0:0 guest=0" "rules: by its command"
check 0 ": it fits" "check --rules" vm check --rules web1
rule 15-user.conf "name web*\nuser root\nvcpu 100us/1ms\n"
check 0 "" "rules: another user's" vm attach --rules -q web1
asked "flags=0x4 pid=100 vcpus=3 vcpu=200000/1000000:419431:0 dm=200000/1500000:0:0 guest=0" "rules: are those of the next"
rm "$root/etc/vbs/vm.d/15-user.conf"

# wrong_rule LINES TEXT
wrong_rule() {
	rule 05-wrong.conf "$1"
	check 1 "$2" "rules: $2" vm attach --rules web1
	rm "$root/etc/vbs/vm.d/05-wrong.conf"
}
wrong_rule 'name x\ncapp 5%\n' "/etc/vbs/vm.d/05-wrong.conf:2: capp: there is no such key"
wrong_rule 'name x\nvcpu 3/10\n' "05-wrong.conf:2: vcpu: the unit is missing"
wrong_rule 'name\n' "05-wrong.conf:1: name: its value is missing"
wrong_rule 'vcpu 1ms/10ms\n' "the name is missing"
wrong_rule 'name x\n' "say how much a vCPU gets"
wrong_rule 'name x\nvcpu 2ms/10ms\n' "the same share is --vcpu 200us/1ms"
wrong_rule 'name x\ncap 5%\nsplit maybe\n' "05-wrong.conf:3: split: it is yes or no"
wrong_rule 'name x\ncap 5%\nuser nosuch\n' "there is no such user"
sed 's/libvirt-qemu/64055/' "$here/vm/files/web.conf" >"$root/etc/vbs/vm.d/00-example.conf"
check 0 "web1: each vCPU 400us/1ms, cap 50 %; device model 200us/1.5ms" "rules: the example" vm attach --rules web1
rm "$root/etc/vbs/vm.d/00-example.conf"

# libvirt's hook: GUEST OPERATION SUBOPERATION EXTRA, the description on standard input
xml() {
	cat <<END
<domain type='${type:-kvm}' id='1' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <metadata><o:vcpu xmlns:o='urn:other'>64</o:vcpu><o:name xmlns:o='urn:other'>evil</o:name>
    <deep><a><b><c><d><e><f><g><vcpu>77</vcpu></g></f></e></d></c></b></a></deep></metadata>
  <name>web1</name>
  <vcpu placement='static' current='2' cpuset='0'>8</vcpu>
  <devices><disk><name>evil</name></disk></devices>
$1
  <qemu:commandline><qemu:arg value='-x'/></qemu:commandline>
</domain>
END
}
# hook STATUS TEXT NAME OPERATION [XML]: nothing may get to standard output
hook() {
	local want=$1 text=$2 name=$3 operation=$4 status
	(xml "${5:-}" && echo all >"$root/drained") | $vbsctl vm hook web1 "$operation" begin - >"$root/stdout" 2>"$out"
	status=${PIPESTATUS[1]}
	ended "$status" "$want" "hook $operation" && says "$text" && [ ! -s "$root/stdout" ]
	ok $? "$name"
}
for operation in prepare migrate restore; do
	hook 0 "" "hook: $operation fits" $operation
	tail -n 1 "$FAKE_KVM_LOG" | grep -q "flags=0x5 pid=[0-9]* vcpus=3 vcpu=200000/"
	ok $? "hook: $operation asks with TEST"
	FAKE_KVM_ERR="16 0 1" hook 4 "cannot start web1: needs 3 vCPUs of 40 %" "hook: $operation does not fit" $operation
done
for operation in reconnect start started stopped release attach unknown; do
	FAKE_KVM_ERR="16 0 1" hook 0 "" "hook: $operation does not fail" $operation
done
FAKE_KVM_CAP=0 hook 0 "KVM of this kernel" "hook: a plain kernel is no reason" prepare
type=qemu FAKE_KVM_ERR="16 0 1" hook 0 "" "hook: an emulated machine has none" prepare
sed -i 's/vcpus 3/vcpus 1/' "$root/etc/vbs/vm.d/20-web.conf"
hook 0 "" "hook: the vCPUs of the description" prepare
tail -n 1 "$FAKE_KVM_LOG" | grep -q " vcpus=2 "
ok $? "hook: as many as it starts with"
rm -f "$root/drained"
# Larger than a pipe, which is 64 KiB
hook 0 "" "hook: a description of 4 MB" prepare "$(head -c 4000000 /dev/zero | tr '\0' ' ')"
[ -e "$root/drained" ]
ok $? "hook: all of it is read"
rm -f "$root/drained"
hook 0 "" "hook: reconnect, 4 MB" reconnect "$(head -c 4000000 /dev/zero | tr '\0' ' ')"
[ -e "$root/drained" ]
ok $? "hook: all of it is read, too"
# wrong_xml XML TEXT
wrong_xml() {
	printf '%s' "$1" | $vbsctl vm hook web1 prepare begin - >"$out" 2>&1
	ended $? 1 "wrong xml" && says "$2"
	ok $? "hook: $2"
	printf '%s' "$1" | $vbsctl vm hook web1 reconnect begin - >"$out" 2>&1
	ok $? "hook: reconnect does not mind"
}
wrong_xml "<domain" "cannot read the description of 'web1': unclosed token"
wrong_xml "" "no element found"
wrong_xml "<!DOCTYPE d [<!ENTITY a 'x'>]><domain><name>web1</name><vcpu>2</vcpu></domain>" "a document type"
wrong_xml "<domain type='kvm'><name>other</name><vcpu>2</vcpu></domain>" "the description is of 'other'"
wrong_xml "<domain type='kvm'><name>web1</name></domain>" "no domain with a name and vCPUs"
rule 05-wrong.conf 'name x\n'
hook 1 "05-wrong.conf: say how much" "hook: a wrong rule refuses" prepare
hook 0 "" "hook: and reconnect goes on" reconnect
rm "$root/etc/vbs/vm.d/05-wrong.conf"
mkdir -p "$root/run/libvirt/qemu"
echo 400 >"$root/run/libvirt/qemu/web1.pid"
hook 0 "" "hook: started" started
asked "flags=0x4 pid=400 vcpus=1 vcpu=200000/1000000:419431:0 dm=200000/1500000:0:0 guest=0" "hook: started attaches"
echo 100 >"$root/run/libvirt/qemu/web1.pid"
lines=$(wc -l <"$FAKE_KVM_LOG")
hook 0 "" "hook: started, in servers already" started
[ "$(wc -l <"$FAKE_KVM_LOG")" -eq "$lines" ]
ok $? "hook: what udev has attached stays"
check 2 "libvirt calls it" "hook: without arguments" vm hook
sed "s|@BINDIR@/vbsctl|echo|" "$here/vm/files/libvirt-qemu" >"$root/hook"
sh "$root/hook" web1 prepare begin - >"$out" && says "vm hook web1 prepare begin -"
ok $? "the hook that is shipped"
# rule_errors FILE: where udevadm is too old to verify it says what is wrong with the rules that it reads
rule_errors() {
	mkdir -p "$root/rules"
	cp "$1" "$root/rules/60-vbs-vm.rules"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rm sh -c 'mount --bind "$1" /usr/lib/udev/rules.d && udevadm test /sys/devices/virtual/mem/null' - \
		"$root/rules" >"$root/udev" 2>&1
	grep -q 'Reading rules file: .*/60-vbs-vm.rules' "$root/udev" || return 2
	grep '/60-vbs-vm.rules:[0-9]' "$root/udev"
}

sed 's|@BINDIR@|/usr/bin|' "$here/vm/files/60-vbs-vm.rules" >"$root/60-vbs-vm.rules"
sed 's/^ACTION==/ACTIN==/' "$root/60-vbs-vm.rules" >"$root/wrong.rules"
if ! command -v udevadm >/dev/null; then
	skip "the udev rule" "no udevadm"
elif udevadm verify --help >/dev/null 2>&1; then
	udevadm verify --resolve-names=never "$root/60-vbs-vm.rules" >"$out" 2>&1
	ok $? "the udev rule"
elif rule_errors "$root/wrong.rules" >"$out" 2>&1; then
	rule_errors "$root/60-vbs-vm.rules" >"$out" 2>&1
	[ $? -eq 1 ]
	ok $? "the udev rule"
else
	skip "the udev rule" "an old udevadm, and no file system can be mounted here"
fi
plan
