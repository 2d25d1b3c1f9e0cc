#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Python and Rust over a /proc/vbs of the tests' own, on any kernel.  TAP.
#	tests/bindings.t OBJDIR
set -u
obj=$(realpath "$1")
top=$(CDPATH='' cd "$(dirname "$0")/../../../../.." && pwd)
. "$top/tools/vbsctl/tests/tap.sh"
cd "$top/tools/lib/vbs/client" || exit 1
mkdir -p "$root/proc" "$root/run/vbs"
cat >"$root/proc/vbs" <<'END'
vbs version=1
limits runtime_min=10000 runtime_max=100000000 period_min=100000 period_max=1000000000 slice=1000000
cpu id=0 online=1 capacity=943718 booked=314573 spare=629145 servers=1
cpu id=1 online=0 capacity=943718 booked=0 spare=943718 servers=0
server id=3 cpu=0 cap=314573 runtime=3000000 period=10000000 flags=0x2000000 members=2 state=ready consumed=11 instances=12 misses=13 overruns=14 overrun_worst=15 switches=16 switch_worst=17 release_worst=18 skipped=19 lost=20 owner=0 leader=212 comm=make all
END
echo 3 >"$root/run/vbs/build"
sed -i "s/owner=0/owner=$(id -u)/" "$root/proc/vbs"
export VBSCTL_ROOT="$root"

if command -v python3 >/dev/null; then
	LIBVBS=$obj/libvbs.so PYTHONPATH=python PYTHONDONTWRITEBYTECODE=1 python3 -W error - >"$out" 2>&1 <<'END'
import errno, fractions, os
import vbs

cpus, servers = vbs.read()
assert [c["id"] for c in cpus] == [0, 1] and cpus[0]["spare"] == fractions.Fraction(629145, 1 << 20)
s = servers[0]
assert (s["id"], s["cap"], s["runtime"], s["period"]) == (3, fractions.Fraction(314573, 1 << 20), 3000000, 10000000)
assert [s[k] for k in ("consumed", "instances", "misses", "overruns", "overrun_worst", "switches",
	"switch_worst", "release_worst", "skipped", "lost")] == list(range(11, 21))
assert (s["flags"], s["members"], s["state"], s["leader"], s["comm"]) == (vbs.ALIGN, 2, "ready", 212, "make all")
assert s["name"] == "build" and s["owner"] == os.getuid()
assert vbs.least_cap(3, 10) == fractions.Fraction(314573, 1 << 20)
assert vbs.least_cap(3, 10, vbs.ALIGN) > vbs.least_cap(3, 10) and vbs.least_cap(3, 0) == 0
for cap in (0, 1.5, -1):
	try:
		vbs.enter(1000000, 2000000, cap=cap)
		raise AssertionError
	except ValueError:
		pass
# What C would cut: to a budget of a millisecond, to the calling thread, to "a"
big = 1 << 64
for call in (lambda: vbs.enter(big + 1000000, 2000000), lambda: vbs.switch(1000000, big + 2000000),
		lambda: vbs.enter(-1, 2000000), lambda: vbs.enter(1000000, 2000000, flags=1 << 32),
		lambda: vbs.get(1 << 32), lambda: vbs.join(1 << 32), lambda: vbs.leave(1 << 32),
		lambda: vbs.least_cap(big + 3, 10), lambda: vbs.name("a\0b"), lambda: vbs.name("a", 1 << 32)):
	try:
		call()
		raise AssertionError
	except ValueError:
		pass
for call in (lambda: vbs.enter(1000000, 2000000, flags=8), lambda: vbs.name("12")):
	try:
		call()
		raise AssertionError
	except OSError as e:
		assert e.errno == errno.EINVAL, e
if not vbs.available():
	for call in (lambda: vbs.enter(1000000, 2000000, cap=0.5), vbs.get, vbs.leave, lambda: vbs.join(os.getpid()),
			lambda: vbs.switch(1, 2), lambda: vbs.name("x")):
		try:
			call()
			raise AssertionError
		except OSError as e:
			assert e.errno == errno.ENOSYS, e
os.environ["VBSCTL_ROOT"] = "/nowhere"
END
	ok $? "Python"
else
	skip "Python" "no python3"
fi

cat >"$root/try.rs" <<'END'
use std::time::Duration;
use vbs::{Params, ALIGN};

fn main() {
    let (cpus, servers) = vbs::read().unwrap();
    assert_eq!((cpus.len(), cpus[0].spare, cpus[1].online), (2, 629145, 0));
    let s = &servers[0];
    let want = Params { runtime: 3_000_000, period: 10_000_000, cap: 314573, flags: ALIGN };
    assert_eq!((s.id, s.params, s.members), (3, want, 2));
    assert_eq!((s.consumed, s.instances, s.misses, s.lost), (11, 12, 13, 20));
    assert_eq!((s.name.as_str(), s.state.as_str(), s.comm.as_str()), ("build", "ready", "make all"));
    let ms = Duration::from_millis;
    let params = Params::new(ms(3), ms(10));
    assert_eq!((vbs::least_cap(&params), params.cap(0.3).cap), (314573, 314573));
    assert_eq!((params.cap(0.5).cap, params.cap(7.0).cap), (vbs::CPU / 2, vbs::CPU));
    let errno = |r: std::io::Result<()>| r.unwrap_err().raw_os_error();
    assert_eq!(errno(vbs::enter(0, &params.flags(8))), Some(22));
    assert!(vbs::name(0, "a\0b").is_err());
    if !vbs::available() {
        assert_eq!(errno(vbs::enter(0, &params)), Some(38));
        assert_eq!(errno(vbs::leave(0)), Some(38));
    }
}
END
if command -v rustc >/dev/null && rustc --version >/dev/null 2>&1; then
	rustc --edition 2021 -D warnings --crate-type rlib --crate-name vbs -L "$obj" -o "$root/libvbs.rlib" rust/src/lib.rs >"$out" 2>&1 &&
		rustc --edition 2021 --extern vbs="$root/libvbs.rlib" -L "$obj" -o "$root/try" "$root/try.rs" >>"$out" 2>&1 &&
		LD_LIBRARY_PATH=$obj "$root/try" >>"$out" 2>&1
	ok $? "Rust"
else
	skip "Rust" "no rustc"
fi
plan
