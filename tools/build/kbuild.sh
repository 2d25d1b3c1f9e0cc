# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# How the kernel's build is called, with progress. Source it after lib.sh; the caller sets obj and log.
# shellcheck disable=SC2154

# Version strings and paths inside the image that do not change from run to run or directory to
# directory: the same source gives the same image, and ccache hits across checkouts.
export KBUILD_BUILD_TIMESTAMP=@1767225600 KBUILD_BUILD_USER=vbs KBUILD_BUILD_HOST=localhost KBUILD_BUILD_VERSION=1
export CCACHE_BASEDIR=$build CCACHE_NOHASHDIR=1

kmake() {
	local cc=${CC:-gcc}
	command -v ccache >/dev/null && cc="ccache $cc"
	make -C "$tree" O="$obj" ARCH=x86_64 LOCALVERSION= CC="$cc" "$@" </dev/null
}

fail() {
	grep -m 12 -E 'error|Error|undefined|warning: .*Werror|\*\*\*' "$log" >&2 || tail -n 12 "$log" >&2
	die "$*; the whole log is $log"
}

# progress TITLE ABOUT: reads make's output and prints the number of objects; on the way a line
# every 10 s, or one line that counts on a terminal.
progress() {
	local n=0 last=$SECONDS start=$SECONDS line
	while IFS= read -r line; do
		case $line in
		'  CC '* | '  AS '* | '  AR '* | '  LD '* | '  HOSTCC '* | '  HOSTLD '*) n=$((n + 1)) ;;
		esac
		if [ -t 2 ]; then
			[ "$SECONDS" -eq "$last" ] || printf '\r%s: %d%s objects, %d s' "$1" "$n" "$2" $((SECONDS - start)) >&2
		elif [ "$SECONDS" -ge $((last + 10)) ]; then
			printf '%s: %d%s objects, %d s\n' "$1" "$n" "$2" $((SECONDS - start)) >&2
		else
			continue
		fi
		last=$SECONDS
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	echo "$n"
}

# build_kernel TITLE TARGET...
build_kernel() {
	local title=$1 about='' count start=$SECONDS
	shift
	[ -f "$obj/vmlinux" ] || about=" of about $(cat "$obj/.objects" 2>/dev/null || echo 1950)"
	: >"$log"
	count=$(kmake -j"${JOBS:-$(nproc)}" "$@" 2>&1 | tee "$log" | progress "$title" "$about") ||
		fail "$title: the build failed"
	[ -z "$about" ] || [ ! -f "$obj/vmlinux" ] || echo "$count" >"$obj/.objects"
	grep -E 'warning:' "$log" >&2 || true
	say "$title: $count objects in $((SECONDS - start)) s"
}
