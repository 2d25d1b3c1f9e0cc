#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packages.t: what is handed to others: the version, the release tarball, Debian's package of vbsctl, what
# "make deb" says before it begins, and that a "sudo make" leaves nothing that its user cannot write. TAP.
set -u
top=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/vbsctl/tests/tap.sh"
unset MAKELEVEL MAKEFLAGS MFLAGS LINUX_SRC FORCE CPPFLAGS CFLAGS
export LC_ALL=C BUILD=$root/build GIT_CONFIG_GLOBAL=/dev/null
export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0="A Packager" GIT_CONFIG_KEY_1=user.email \
	GIT_CONFIG_VALUE_1=packager@kernel.test GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*'

passes() {
	local name=$1
	shift
	"$@" >"$out" 2>&1 </dev/null
	ok $? "$name"
}

# advises TEXT|- : what "deb --advice" says has it, or of Secure Boot and DKMS nothing
advises() {
	mkdir -p "$root/efi" "$root/bin"
	EFIVARS=$root/efi PATH=$root/bin:$PATH "$top/tools/build/deb" --advice >"$root/advice" 2>&1 || return
	if [ "$1" = - ]; then
		! grep -e 'Secure Boot' -e DKMS "$root/advice" && grep -q '20 GiB' "$root/advice" && grep -q 'to go back' "$root/advice"
	else
		grep -F -e "$1" "$root/advice"
	fi
}

secure_boot() {
	printf '\6\0\0\0%b' "$1" >"$root/efi/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
}

# A repository of its own, with a tag and something behind it
repository() {
	git clone -q "$top" "$root/repo" 2>/dev/null && git -C "$root/repo" tag v1.2 &&
		[ "$("$root/repo/tools/build/version")" = 1.2 ] &&
		git -C "$root/repo" commit -q --allow-empty -m after &&
		"$root/repo/tools/build/version" | grep -qE '^1\.2\+1\.g[0-9a-f]{7,}$'
}

dist() {
	BUILD=$1 "$root/repo/tools/build/dist" >>"$out" 2>&1 && sha1sum "$1"/dist/*.tar.xz | cut -d ' ' -f 1
}

reproducible() {
	[ "$(dist "$root/one")" = "$(dist "$root/two")" ]
}

# files DIR: the new kernel files as the build of DIR finds them
files() {
	bash -c '. "$1/tools/build/lib.sh"; new_files' - "$1"
}

unpacked() {
	local dir
	mkdir -p "$root/unpacked"
	tar -xf "$root"/one/dist/*.tar.xz -C "$root/unpacked" || return
	dir=$(echo "$root"/unpacked/*)
	[ "$("$dir/tools/build/version")" = "$("$root/repo/tools/build/version")" ] && [ -s "$dir/NEWS" ] &&
		diff <(files "$root/repo") <(files "$dir") && [ "$(files "$dir" | wc -l)" -gt 100 ]
}

# What the compiler is given; nothing is compiled
compiles_with() {
	make -n -C "$top/tools/vbsctl" O="$root/obj" V=1 "$@" 2>/dev/null
	make -n -C "$top/tools/lib/timeline/client" O="$root/obj" V=1 "$@" 2>/dev/null
	make -n -C "$top/tools/lib/vbs/client" O="$root/obj" V=1 "$@" 2>/dev/null
}

flags() {
	compiles_with CPPFLAGS=-DPACKAGERS >"$root/flags"
	grep -e ' -c ' "$root/flags" | { ! grep -v -e '-DPACKAGERS'; } && [ "$(grep -c -e ' -c ' "$root/flags")" -gt 30 ] &&
		! grep -e '-Werror' "$root/flags" && compiles_with WERROR=1 | grep -q -e '-Werror'
}

debian() {
	BUILD=$root/deb "$root/repo/tools/build/deb-tools" && [ "$(find "$root/deb/deb/packages" -name '*.deb' | wc -l)" -eq 7 ] &&
		lintian --allow-root --fail-on error,warning "$root"/deb/dist/*.changes
}

root_leaves_nothing() {
	chown -R 1000 "$root/repo" &&
		BUILD=$root/repo/build "$root/repo/tools/build/install" "$root/dest" /usr && [ -x "$root/dest/usr/bin/vbsctl" ] &&
		! find "$root/repo" -user 0 | grep .
}

[ -e "$top/.git" ] || { echo "1..0 # SKIP no git repository"; exit 0; }
passes "make deb: nothing of Secure Boot or DKMS where neither is" advises -
secure_boot '\1'
passes "make deb: Secure Boot is on" advises "Secure Boot is on"
secure_boot '\0'
passes "make deb: Secure Boot is off" advises -
printf '#!/bin/sh\necho "nvidia/535.1, 6.1.0, x86_64: installed"\n' >"$root/bin/dkms"
chmod +x "$root/bin/dkms"
passes "make deb: a module of DKMS" advises "linux-headers is installed: nvidia;"
passes "the version is that of git" repository
passes "one commit gives one release" reproducible
passes "a release has the files and the version, without git" unpacked
passes "vbsctl: CPPFLAGS are heard, warnings are no errors unless asked for" flags
if [ "$(id -u)" -eq 0 ]; then
	passes "what root makes belongs to the repository's owner" root_leaves_nothing
else
	skip "what root makes belongs to the repository's owner" "not root"
fi
if command -v lintian >/dev/null && command -v dh >/dev/null; then
	passes "Debian's packages of vbsctl and the libraries are lintian clean" debian
else
	skip "Debian's package of vbsctl" "no lintian or debhelper"
fi
plan
