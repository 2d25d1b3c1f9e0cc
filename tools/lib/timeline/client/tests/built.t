#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is built and installed: its names, and programs against it by pkg-config.  TAP.
#	tests/built.t OBJDIR
set -u
CDPATH='' cd "$(dirname "$0")/.." || exit 1
obj=$1
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
out=$root/out
n=0
failed=0

ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$out"
		failed=1
	fi
}

# same NAME FILE FILE
same() {
	diff "$2" "$3" >"$out"
	ok $? "$1"
}

grep -o '\<tl_[a-z_]*(' libtimeline.h | tr -d '(' | sort -u >"$root/header"
nm -D --defined-only "$obj/libtimeline.so" | awk '$2 == "T" { print $3 }' | sort >"$root/shared"
sed 's/@@LIBTIMELINE_1.0$//' "$root/shared" | sort >"$root/names"
sed -n '/__inline__/s/.*\<\(tl_[a-z_]*\)(.*/\1/p' libtimeline.h | sort >"$root/inline"
comm -23 "$root/header" "$root/inline" >"$root/wanted"
same "the shared library has what the header declares, and nothing else" "$root/wanted" "$root/names"
! grep -v '@@LIBTIMELINE_1.0$' "$root/shared" >"$out"
ok $? "each with its version"
nm -g --defined-only "$obj/libtimeline.a" | awk 'NF == 3 { print $3 }' | sort >"$root/archive"
same "so has the static one" "$root/wanted" "$root/archive"
objdump -p "$obj/libtimeline.so" >"$out" && grep -q 'SONAME *libtimeline.so.1$' "$out"
ok $? "the name that programs load"
! objdump -R "$obj/libtimeline.so" | grep 'TEXTREL' >"$out"
ok $? "its code is not written to when it is loaded"
grep -oE '\\fB? ?tl_[a-z_]*|\btl_[a-z_]*' man/libtimeline.3 | grep -o 'tl_[a-z_]*' | sort -u >"$root/page"
comm -23 "$root/header" "$root/page" >"$out"
[ ! -s "$out" ]
ok $? "libtimeline(3) has each function"

make -s install O="$obj" DESTDIR="$root/to" PREFIX=/opt/tl >"$out" 2>&1
ok $? "install"
export PKG_CONFIG_PATH="$root/to/opt/tl/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root/to"
cat >"$root/hello.c" <<'C'
#include <libtimeline.h>

int main(void)
{
	struct timeline_time tt;
	struct tl_clock *clock;
	int err = tl_open(&clock, "lab");

	if (!err)
		err = tl_read(clock, &tt);
	if (!err)
		return tl_earliest(&tt) > tl_latest(&tt);
	return err ? 40 : 0;
}
C
cp "$root/hello.c" "$root/hello.cc"
# compiles NAME COMMAND...: and it runs, on a kernel without timelines, too
compiles() {
	name=$1
	shift
	"$@" -o "$root/hello" >"$out" 2>&1
	ok $? "$name"
	LD_LIBRARY_PATH=$root/to/opt/tl/lib "$root/hello" 2>>"$out"
	case $? in 0 | 40) true ;; *) false ;; esac
	ok $? "$name: runs"
}
# shellcheck disable=SC2046,SC2086
{
	compiles "a program in C11" ${CC:-cc} -std=c11 -pedantic -Wall -Wextra -Werror "$root/hello.c" \
		$(pkg-config --cflags --libs libtimeline)
	compiles "a static one" ${CC:-cc} -static "$root/hello.c" \
		$(pkg-config --cflags --libs --static libtimeline)
	compiles "one in C++" ${CXX:-c++} -std=c++11 -Wall -Wextra -Werror "$root/hello.cc" \
		$(pkg-config --cflags --libs libtimeline)
}
[ "$(pkg-config --modversion libtimeline)" = 1.0.0 ]
ok $? "its version"
test -f "$root/to/opt/tl/share/man/man3/tl_read.3" && test -f "$root/to/opt/tl/share/man/man3/libtimeline.3"
ok $? "a man page for each function"
if command -v groff >/dev/null; then
	groff -t -man -Tutf8 -ww -z man/libtimeline.3 >"$out" 2>&1
	[ ! -s "$out" ]
	ok $? "libtimeline(3) has no warnings"
	sed -n '/^#include <libtimeline.h>$/,/^\.EE/p' man/libtimeline.3 | sed '/^\./d; s/\\-/-/g; s/\\(rs/\\/g' \
		>"$root/example.c"
	${CC:-cc} -Wall -Wextra -Werror -c -I. -I../../../../include/uapi -o "$root/example.o" "$root/example.c" >"$out" 2>&1
	ok $? "the example of libtimeline(3) compiles"
fi
echo "1..$n"
exit $failed
