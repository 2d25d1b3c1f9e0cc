#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts of tools/build and tests/vm say when something is not as it should be: one line, and
# their status. Needs no kernel. TAP.
set -u
top=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/vbsctl/tests/tap.sh"
export BUILD=$root/build
unset LINUX_SRC ACCEL MAKELEVEL MAKEFLAGS MFLAGS

# says STATUS TEXT NAME COMMAND...: it ends so, with one line that has the text, besides make's and progress
says() {
	local want=$1 text=$2 name=$3 got lines
	shift 3
	"$@" >"$out" 2>&1 </dev/null
	got=$?
	lines=$(grep -vcE '^(make: \*\*\*|tree: unpacking )' "$out")
	[ "$got" -eq "$want" ] && [ "$lines" -eq 1 ] && grep -qF -e "$text" "$out"
	ok $? "$name"
}

# small MIB COMMAND...: with a file system of that size as /mnt, which BUILD and TMPDIR are on
small() {
	local size=$1
	shift
	unshare -rm bash -c "mount -t tmpfs -o size=${size}m none /mnt && BUILD=/mnt/b TMPDIR=/mnt exec \"\$@\"" - "$@"
}

# small_says STATUS TEXT NAME COMMAND...: says() where there is no space
small_says() {
	local want=$1 text=$2 name=$3
	shift 3
	if small 4 true 2>/dev/null; then
		says "$want" "$text" "$name" small 4 "$@"
	else
		skip "$name" "no file system can be mounted here"
	fi
}

# Users who export it have their reasons; a relative "cd" then prints where it went, or goes elsewhere
mkdir -p "$root/elsewhere/tools/build" "$root/elsewhere/tests/build"
goes_its_way() {
	local CDPATH=.:$root/elsewhere
	export CDPATH
	(cd "$top" && [ "$(tools/build/version)" = "$(env -u CDPATH tools/build/version)" ] && make -s deps &&
		tests/vm/run --kernel /etc/passwd --no-build 2>&1 | grep -x 'run: no program.*')
}

# source_of VERSION: as much of a kernel source as tells its version
source_of() {
	local dir=$root/linux-$1
	mkdir -p "$dir/kernel/sched"
	touch "$dir/kernel/sched/core.c"
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = %s\n' "${1##*.}" >"$dir/Makefile"
	echo "$dir"
}

make_there() {
	make -s -C "$top" BUILD="$BUILD" "$@"
}

# Where the machine has no busybox, make deps has unpacked one that needs no libraries
if ! command -v busybox >/dev/null && [ -x "$top/build/busybox" ]; then
	mkdir "$root/static"
	ln -s "$top/build/busybox" "$root/static/busybox"
	PATH=$root/static:$PATH
fi

goes_its_way >"$out" 2>&1
ok $? "CDPATH in the environment changes nothing"

# A member is never stopped inside the kernel
! git -C "$top" grep -qi kthrottled -- kernel include patches Documentation README.md tools/lib tools/vbsctl \
	':!tools/*/tests/*'
ok $? "nothing speaks of members that are stopped inside the kernel"

mkdir "$root/a b"
ln -s "$top"/* "$root/a b"
says 2 "may have a space in its name" "make: a space in the path" make -s -C "$root/a b" BUILD="$BUILD" help
says 2 "may have a space in its name" "make: a space in BUILD" make -s -C "$top" BUILD="$root/a b" help

says 2 "cannot unpack /etc/passwd: " "tree: no tarball" make_there tree LINUX_SRC=/etc/passwd FORCE=1
says 2 "LINUX_SRC=$root/no does not exist" "tree: no source" make_there tree LINUX_SRC="$root/no"
says 1 "is Linux 6.12.113, the patches need 6.12.114 or later" "install-tree: too old" \
	"$top/tools/build/install-tree" "$(source_of 6.12.113)"
says 1 "has no " "install-tree: new enough" "$top/tools/build/install-tree" "$(source_of 6.12.114)"
says 2 "no such variant: bogus (std, rt, debug, guest, guest-rt, off)" "kernel: variant" make_there kernel VARIANT=bogus
[ ! -e "$BUILD/tree" ]
ok $? "kernel: nothing is laid for an unknown variant"
BUILD=/proc/x says 1 "cannot create /proc/x: No such file" "build directory: cannot be" "$top/tools/build/tree"
small_says 1 "/mnt/b has 4 MiB free, this step needs 6144" "tree: no space" "$top/tools/build/tree"
small_says 1 "/mnt/b has 4 MiB free, this step needs 500" "test: no space" "$top/tools/build/test" unit
small_says 1 "/mnt/b has 4 MiB free, this step needs 100" "install: no space" "$top/tools/build/install" "$root/d" /usr
small_says 1 "/mnt/b has 4 MiB free, this step needs 200" "bench: no space" "$top/tools/build/bench"

mkdir -p "$BUILD/user/bin" "$BUILD/user/selftests"
printf '#!/bin/sh\n' >"$BUILD/user/bin/vbsctl"
chmod +x "$BUILD/user/bin/vbsctl"
run=("$top/tests/vm/run" --no-build --kernel /etc/passwd)
says 97 "no program" "run: no program" "${run[@]}"
says 97 "--tool nonesuch: not on this machine" "run: no such tool" "${run[@]}" --tool nonesuch -- true
says 97 "QEMU did not start: " "run: no kernel image" "${run[@]}" --no-icount -- true
TMPDIR=$root/no says 97 "cannot write to $root/no" "run: no TMPDIR" "${run[@]}" -- true
small_space() {
	mkdir -p /mnt/b/user/bin /mnt/b/user/selftests
	cp "$1/user/bin/vbsctl" /mnt/b/user/bin
	shift
	exec "$@"
}
export -f small_space
small_says 97 "/mnt has 3 MiB free, this step needs 100" "run: no space" \
	bash -c 'small_space "$@"' - "$BUILD" "${run[@]}" -- true
rm -rf "$BUILD/user/selftests"
says 97 "no $BUILD/user/selftests: run without --no-build" "run: no selftests" "${run[@]}" -- true

strict() {
	echo '#include <linux/sched/vbs.h>' |
		gcc -std=c90 -pedantic-errors -Wall -Wextra -Werror -I "$top/include/uapi" -fsyntax-only -x c - >"$out" 2>&1
	ok $? "the system-call header is strict C"
}
strict

# packs NAME WARNING FILE...: what initramfs says of it
packs() {
	local name=$1 warning=$2
	shift 2
	"$top/tests/vm/initramfs" "$root/initrd" "$@" >"$out" 2>&1 &&
		if [ -n "$warning" ]; then
			grep -qF -e "$warning" "$out"
		else
			[ ! -s "$out" ]
		fi
	ok $? "initramfs: $name"
}

# The ordinary busybox of a machine does not serve; where no package can be had, that is said
mkdir "$root/dynamic"
cp /bin/true "$root/dynamic/busybox"
says 97 "there is no static busybox: make deps" "run: only a dynamic busybox" \
	env PATH="$root/dynamic:$PATH" "${run[@]}" -- true
PATH=$root/dynamic:$PATH says 1 "there is no static busybox: make deps" "initramfs: only a dynamic busybox" \
	"$top/tests/vm/initramfs" "$root/initrd"
PATH=$root/dynamic:$PATH says 1 "there is no static busybox: make deps" "demo: said before anything is compiled" \
	"$top/tests/demo/run" --ready
cp "$(command -v busybox)" "$BUILD/busybox"
PATH=$root/dynamic:$PATH "$top/tests/vm/initramfs" "$root/initrd" >"$out" 2>&1
ok $? "initramfs: the one in build/ serves"

script() {
	printf '#!%s\n' "$1" >"$root/script"
	chmod +x "$root/script"
}

script "/usr/bin/env nonesuch"
packs "a script by env" "/usr/bin/x ($root/script) is a script for nonesuch, which the machine does not have" \
	"$root/script:/usr/bin/x"
packs "a script beside what reads it" "" "$root/script:/usr/bin/x" "/bin/true:/usr/bin/nonesuch"
script /no/where
packs "a script by path" "is a script for /no/where" "$root/script:/usr/bin/x"
script /bin/awk
packs "a script for busybox" "" "$root/script:/usr/bin/x"
script "/usr/bin/env sh"
packs "a script for busybox by env" "" "$root/script:/usr/bin/x"
cpio -t --quiet <"$root/initrd" | grep -qx usr/bin/env
ok $? "initramfs: env is there"

# reports TEXT COUNT LINE: how many reports a kernel log with this line has
reports() {
	printf '[    1.0] %s\n' "$3" >"$out"
	[ "$(awk -f "$top/tests/vm/reports.awk" "$out" | wc -l)" -eq "$2" ]
	ok $? "reports: $1"
}

reports "BUG" 1 "BUG: sleeping function called from invalid context"
reports "BUG in a line" 1 "watchdog: BUG: soft lockup - CPU#0 stuck"
reports "Oops" 1 "Oops: 0000 [#1] PREEMPT SMP"
reports "Oops in a line" 1 "die: Oops: general"
reports "DEBUG" 0 "DEBUG: fine"
reports "another word" 0 "print3: fine, TROops: fine"

# second TEXT: what a check failed in real time is run once more; what the kernel reported is not
second() {
	local dir=$root/second
	mkdir -p "$dir"
	echo "not ok 1 - in time" >"$dir/late.tap"
	printf '%s\n' "not ok 1 - in time" "# vbs-fail: kernel: WARNING" >"$dir/report.tap"
	echo "ok 1 - in time" >"$dir/good.tap"
	printf '%s 60 it\n' late report good >"$dir/list"
	bash -c '
		out=$1 top=$2
		. "$top/tools/build/test-vm.sh"
		run_list() {
			sed "s/ .*//" "$3" >>"$out/ran"
			echo "ok 1 - in time" >"$out/late.tap"
		}
		second_run 2 "$out/list"
	' - "$dir" "$top"
	"$top/tools/build/tap-summary" "$dir"/*.tap >"$out"
	[ "$(cat "$dir/ran")" = late ] && grep -qx 'AGAIN late: failed in the first run: in time' "$out" &&
		[ "$(tail -n 1 "$out")" = "2 passed, 2 failed" ]
	ok $? "$1"
}

second "a second run, of what a check alone failed"
plan
