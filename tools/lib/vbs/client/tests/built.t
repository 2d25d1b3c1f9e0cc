#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is built and installed: its names, and programs against it by pkg-config.  TAP.
#	tests/built.t OBJDIR
set -u
obj=$(realpath "$1")
top=$(CDPATH='' cd "$(dirname "$0")/../../../../.." && pwd)
. "$top/tools/vbsctl/tests/tap.sh"
cd "$top/tools/lib/vbs/client" || exit 1

# same NAME FILE FILE
same() {
	diff "$2" "$3" >"$out"
	ok $? "$1"
}

grep -o '\<vbs_[a-z_]*(' libvbs.h | tr -d '(' | grep -v '^vbs_switch_' | sort -u | grep -vx vbs_params >"$root/header"
nm -D --defined-only "$obj/libvbs.so" | awk '$2 == "T" { print $3 }' | sort >"$root/shared"
sed 's/@@LIBVBS_1.0$//' "$root/shared" | sort >"$root/names"
same "the shared library has what the header declares, and nothing else" "$root/header" "$root/names"
! grep -v '@@LIBVBS_1.0$' "$root/shared" >"$out"
ok $? "each with its version"
nm -g --defined-only "$obj/libvbs.a" | awk 'NF == 3 { print $3 }' | sort >"$root/archive"
same "so has the static one" "$root/header" "$root/archive"
objdump -p "$obj/libvbs.so" >"$out" && grep -q 'SONAME *libvbs.so.1$' "$out"
ok $? "the name that programs load"
! objdump -R "$obj/libvbs.so" | grep 'TEXTREL' >"$out"
ok $? "its code is not written to when it is loaded"
grep -o 'vbs_[a-z_]*' man/libvbs.3 | sort -u >"$root/page"
comm -23 "$root/header" "$root/page" >"$out"
[ ! -s "$out" ]
ok $? "libvbs(3) has each function"

make -s install O="$obj" DESTDIR="$root/to" PREFIX=/opt/vbs >"$out" 2>&1
ok $? "install"
installed=$root/to/opt/vbs/include/vbs
export PKG_CONFIG_PATH="$root/to/opt/vbs/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root/to"
cat >"$root/hello.c" <<'C'
#include <libvbs.h>

int main(void)
{
	struct vbs_params params = { 3000000, 10000000, 0, 0 };

	return vbs_available() ? 40 : vbs_least_cap(params.runtime, params.period, 0) != 314573;
}
C
cp "$root/hello.c" "$root/hello.cc"
# compiles NAME COMMAND...: and it runs, on a kernel without SCHED_VBS, too
compiles() {
	name=$1
	shift
	"$@" -o "$root/hello" >"$out" 2>&1
	ok $? "$name"
	LD_LIBRARY_PATH=$root/to/opt/vbs/lib "$root/hello" 2>>"$out"
	case $? in 0 | 40) true ;; *) false ;; esac
	ok $? "$name: runs"
}
# shellcheck disable=SC2046
{
	compiles "a program in C11" "${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Werror "$root/hello.c" \
		$(pkg-config --cflags --libs libvbs)
	compiles "a static one" "${CC:-cc}" -static "$root/hello.c" $(pkg-config --cflags --libs --static libvbs)
	compiles "one in C++" "${CXX:-c++}" -std=c++11 -Wall -Wextra -Werror "$root/hello.cc" \
		$(pkg-config --cflags --libs libvbs)
	printf '#include <linux/sched/vbs.h>\nint main(void) { return sizeof(struct vbs_sched_attr) != SCHED_ATTR_SIZE_VER2; }\n' \
		>"$root/plain.c"
	compiles "one with the kernel's header alone" "${CC:-cc}" -Wall -Werror "$root/plain.c" \
		$(pkg-config --cflags libvbs)
}
[ "$(pkg-config --modversion libvbs)" = 1.0.0 ]
ok $? "its version"
# shellcheck disable=SC2016
sed -n '/^```c$/,/^```$/p' "$top/README.md" | awk '/^```/ { n += /c$/; next } { print >(dir "/readme" n ".c") }' dir="$root"
for program in "$root"/readme*.c; do
	grep -q '<linux/sched/vbs.h>' "$program" 2>/dev/null || continue
	# shellcheck disable=SC2046
	"${CC:-cc}" -Wall -Werror -c -o "$root/readme.o" "$program" $(pkg-config --cflags libvbs) >"$out" 2>&1
	ok $? "the program of README compiles with what is installed"
done
test -f "$root/to/opt/vbs/share/man/man3/vbs_enter.3" && test -f "$root/to/opt/vbs/share/man/man3/libvbs.3"
ok $? "a man page for each function"
if command -v groff >/dev/null; then
	for page in libvbs vbs_channel vbs_budget; do
		groff -t -man -Tutf8 -ww -z "man/$page.3" >"$out" 2>&1
		[ ! -s "$out" ]
		ok $? "$page(3) has no warnings"
		sed -n "/^#include <$page.h>\$/,/^\.EE/p" "man/$page.3" | sed '/^\./d; s/\\-/-/g; s/\\(rs/\\/g' >"$root/example.c"
		"${CC:-cc}" -Wall -Wextra -Werror -c -I. -I"$installed" -o "$root/example.o" "$root/example.c" >"$out" 2>&1
		ok $? "the example of $page(3) compiles"
	done
fi
# A header alone, by the standards that its users may keep to
for with in "${CC:-cc} -std=c99 -D_DEFAULT_SOURCE -pedantic -x c" "${CC:-cc} -std=gnu17 -x c" "${CXX:-c++} -std=c++17 -x c++"; do
	for header in vbs_channel vbs_budget; do
		echo "#include <$header.h>" | $with -Wall -Wextra -Werror -fsyntax-only -I. -I"$installed" - >"$out" 2>&1
		ok $? "$header.h: $with"
	done
done
grep -o '\<vbs_channel_[a-z_]*(' vbs_channel.h | tr -d '(' | sort -u |
	grep -vxE 'vbs_channel_(stride|begin|at|next|look|give|past|poll|sleep|wait|futex_wait)' >"$root/header"
grep -o 'vbs_channel_[a-z_]*' man/vbs_channel.3 | sort -u >"$root/page"
comm -23 "$root/header" "$root/page" >"$out"
[ ! -s "$out" ]
ok $? "vbs_channel(3) has each function that is for users"
# A program on each side of a file
"${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -I"$installed" -o "$root/channel" samples/channel.c >"$out" 2>&1
ok $? "the sample compiles with what is installed"
"$root/channel" send "$root/ring" >"$root/sent" 2>&1 &
sender=$!
i=0
until [ "$(head -c 4 "$root/ring" 2>/dev/null)" = CVBS ] || [ $i -ge 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
timeout 20 "$root/channel" receive "$root/ring" | head -n 20 >"$out"
kill "$sender"
[ "$(cut -d , -f 1 "$out" | awk '$1 == NR' | wc -l)" -eq 20 ]
ok $? "the sample: twenty numbers in order"
"${CC:-cc}" -Wall -Wextra -Werror -I. -o "$root/waits" tests/waits.c >"$out" 2>&1 && "$root/waits" >>"$out" 2>&1
ok $? "waits end when they are to"

# The same with words of 32 bits, where there is what compiles for them: CC32 says how
CC32=${CC32:-${CC:-cc} -m32}
# in_32 NAME FLAG...
in_32() {
	name=$1
	shift
	$CC32 "$@" -Wall -Wextra -Werror -I. -o "$root/waits" tests/waits.c >"$out" 2>&1 && "$root/waits" >>"$out" 2>&1
	ok $? "$name"
}
if echo '#include <time.h>' | $CC32 -fsyntax-only -x c - 2>"$out"; then
	in_32 "waits with 32 bits"
	in_32 "and with times of 64" -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64
	in_32 "vbs_channel.h needs no library on an old machine" -march=i486
	$CC32 -std=gnu11 -I. -o "$root/channel32" samples/channel.c >"$out" 2>&1
	ok $? "the sample with 32 bits"
	"$root/channel" send "$root/ring" >"$root/sent" 2>&1 &
	sender=$!
	sleep 1
	timeout 20 "$root/channel32" receive "$root/ring" | head -n 20 >"$out"
	kill "$sender"
	[ "$(cut -d , -f 1 "$out" | awk '$1 >= NR' | wc -l)" -eq 20 ]
	ok $? "it receives what one with 64 sends"
else
	skip "words of 32 bits" "nothing compiles for them here"
fi
plan
