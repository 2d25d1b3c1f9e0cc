# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the build helpers and the VM runner: paths, one-line errors, locks.

shopt -s inherit_errexit
unset CDPATH
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath -m "${BUILD:-$top/build}")
tree=$build/tree
export LC_ALL=C

# What root makes here belongs to whose repository it is, or a later "make" of theirs would stop at it.
if [ "$(id -u)" -eq 0 ] && [ "$(stat -c %u "$top")" -ne 0 ]; then
	give_back() {
		[ ! -d "$build" ] || find "$build" -xdev -user 0 -exec chown -h "$(stat -c %u:%g "$top")" {} +
	}
else
	give_back() { :; }
fi
trap give_back EXIT

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

say() {
	printf '%s\n' "$*" >&2
}

# need COMMAND...: every command is there, or the error names the package that brings it.
need() {
	local cmd pkg
	for cmd; do
		command -v "$cmd" >/dev/null && continue
		pkg=$(awk -v c="$cmd" '$1 == c { print $2; exit }' "$top/tools/build/packages")
		die "$cmd is missing: make deps, or install ${pkg:-$cmd}"
	done
}

# static_busybox: the path of a busybox that needs no libraries, the machine's or the one in build/.
static_busybox() {
	local path
	for path in "$(command -v busybox || true)" "$build/busybox"; do
		if [ -x "$path" ] && ! ldd "$path" 2>/dev/null | grep '=>' >/dev/null; then
			echo "$path"
			return
		fi
	done
	return 1
}

# make_build_dir: build/ is there and can be written to.
make_build_dir() {
	local why
	why=$(mkdir -p "$build" 2>&1) || die "cannot create $build: ${why##*: }"
	[ -w "$build" ] || die "cannot write to $build"
}

# need_space MIB [DIR]: free space below build/, or where DIR is.
need_space() {
	local free dir=${2:-$build}
	[ $# -gt 1 ] || make_build_dir
	free=$(df --output=avail -k "$dir" | tail -n 1)
	[ "$free" -ge $(($1 * 1024)) ] || die "$dir has $((free / 1024)) MiB free, this step needs $1"
}

# lock NAME [-s]: one builder at a time, or with -s one of several readers; held until the script ends.
lock() {
	local fd
	make_build_dir
	exec {fd}>"$build/.lock-$1"
	flock -n ${2:+"$2"} "$fd" && return
	say "${0##*/}: waiting for another run that works on $1"
	flock ${2:+"$2"} "$fd"
}

# The git repository of build/tree, whatever repository the caller stands in.
tgit() {
	git -C "$tree" -c core.hooksPath=/dev/null -c gc.auto=0 -c advice.detachedHead=false "$@"
}

# own_files DIR...: the files of the repository there, or of a release that was unpacked
own_files() {
	if [ -e "$top/.git" ]; then
		git -C "$top" ls-files -co --exclude-standard -- "$@"
	else
		(cd "$top" && find "$@" -type f 2>/dev/null) || true
	fi
}

# Every new kernel file, one "repository-path<TAB>kernel-path" line each. Drafts that .gitignore
# hides are left out; files not yet added to the repository are taken.
new_files() {
	own_files arch block drivers fs include init ipc kernel lib mm scripts security sound virt \
		Documentation samples tests/selftests |
		sort -u | while IFS= read -r path; do
		[ -f "$top/$path" ] || continue
		printf '%s\t%s\n' "$path" "${path/#tests\/selftests\//tools\/testing\/selftests\/}"
	done
}

# Patch names of patches/series, in order.
series() {
	[ -f "$top/patches/series" ] || return 0
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$top/patches/series"
}

# The version string of a kernel source directory, e.g. 6.12.117.
kernel_version() {
	awk '/^VERSION =/ { v = $3 } /^PATCHLEVEL =/ { p = $3 } /^SUBLEVEL =/ { s = $3; exit }
	     END { print v "." p "." s }' "$1/Makefile"
}

# need_version DIR NAME: the source is one that the patches are for.
need_version() {
	local version least=114
	version=$(kernel_version "$1")
	case $version in
	6.12.*) ;;
	*) die "$2 is Linux $version, the patches are for 6.12.y" ;;
	esac
	[ "${version##*.}" -ge "$least" ] ||
		die "$2 is Linux $version, the patches need 6.12.$least or later (its syscore callbacks take a pointer)"
}
