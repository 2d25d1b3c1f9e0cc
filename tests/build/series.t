#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# series.t: what "make series" writes is complete: "git am" on a pristine kernel gives the tree of "make tree";
# nothing is used before a mail has brought it; the fixes apply alone; each is signed off by whom git's
# configuration names, and nobody is invented. Then the ways to the same tree without it: install-tree with
# and without git, and quilt. Needs build/tree. TAP.
set -u
top=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/vbsctl/tests/tap.sh"
build=$(realpath -m "${BUILD:-$top/build}")
tree=$build/tree
mails=$root/series
unset MAKELEVEL MAKEFLAGS MFLAGS LINUX_SRC FORCE
export LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null

# known NAME ADDRESS COMMAND...: with that in git's configuration
known() {
	GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=$1 GIT_CONFIG_KEY_1=user.email \
		GIT_CONFIG_VALUE_1=$2 "${@:3}"
}

# passes NAME COMMAND...
passes() {
	local name=$1
	shift
	"$@" >"$out" 2>&1 </dev/null
	ok $? "$name"
}

# pristine DIR: the base, and of its files those that the series touches and what scripts look at
pristine() {
	rm -rf "$1"
	git clone -q --shared --no-checkout "$tree" "$1" &&
		git -C "$1" config gc.auto 0 &&
		git -C "$1" fetch -q "$tree" refs/vbs/base:refs/vbs/base refs/vbs/laid:refs/vbs/laid &&
		git -C "$1" sparse-checkout set --no-cone /Makefile /MAINTAINERS /kernel/sched &&
		git -C "$1" checkout -q --detach refs/vbs/base
}

# Files of the mails that change a kernel file
touched() {
	sed -n 's,^--- a/,,p' "$mails"/*.patch | sort -u
}

# A kernel without git, as a tarball gives it
unpacked() {
	rm -rf "$1"
	mkdir -p "$1"
	{ touched && printf '%s\n' Makefile kernel/sched/core.c; } | xargs -d '\n' git -C "$tree" archive refs/vbs/base |
		tar -x -C "$1"
}

# same DIR: its files are those of make tree
same() {
	git -C "$tree" diff --name-only --no-renames refs/vbs/base refs/vbs/laid | while IFS= read -r path; do
		git -C "$tree" show "refs/vbs/laid:$path" | cmp -s - "$1/$path" || echo "$path differs"
	done | { ! grep .; }
}

am() {
	local dir=$1
	shift
	pristine "$dir" && known "A Reviewer" reviewer@kernel.test git -C "$dir" am -q "$@"
}

series_gives_the_tree() {
	am "$root/am" --empty=drop "$mails"/*.patch &&
		[ "$(git -C "$root/am" diff --name-only refs/vbs/laid HEAD)" = MAINTAINERS ] &&
		git -C "$root/am" diff refs/vbs/laid HEAD | { ! grep '^-[^-]'; }
}

# Those for stable: each says what it fixes, and they apply alone
fixes_alone() {
	local fixes
	mapfile -t fixes < <(grep -l '^Cc: stable@vger.kernel.org' "$mails"/*.patch)
	[ ${#fixes[@]} -ge 7 ] && am "$root/fixes" "${fixes[@]}" &&
		[ "$(git -C "$root/fixes" log --format=%B refs/vbs/base..HEAD | grep -c '^Fixes: [0-9a-f]\{12\} (".*")$')" -eq ${#fixes[@]} ] &&
		! git -C "$root/fixes" log -p --format=%B refs/vbs/base..HEAD | grep -i -e vbs -e timeline
}

# Those of SCHED_DEADLINE come first, and change nothing else
deadline_first() {
	local first
	mapfile -t first < <(grep -l '^Subject: \[PATCH [0-9/]*\] sched/deadline: ' "$mails"/*.patch)
	[ ${#first[@]} -ge 6 ] && [ "$(basename "${first[-1]}" | cut -c 1-4)" = "$(printf %04d ${#first[@]})" ] &&
		[ "$(grep -l '^Cc: stable@vger.kernel.org' "${first[@]}" | wc -l)" -eq ${#first[@]} ] &&
		! sed -n 's,^--- a/,,p' "${first[@]}" | grep -vE '^kernel/sched/(deadline\.c|syscalls\.c|core\.c|sched\.h)$'
}

all_signed() {
	local n
	n=$(git -C "$root/am" rev-list --count refs/vbs/base..HEAD)
	[ "$(git -C "$root/am" log --format=%B refs/vbs/base..HEAD | grep -cx 'Signed-off-by: A Sender <sender@kernel.test>')" -eq "$n" ] &&
		[ "$(git -C "$root/am" log --format='%an <%ae>' refs/vbs/base..HEAD | sort -u)" = "A Sender <sender@kernel.test>" ] &&
		! grep -l 'localhost\|\.invalid' "$mails"/*.patch
}

in_the_alphabet() {
	sed -n '/^Maintainers List/,$p' "$root/am/MAINTAINERS" | awk '
		/^[A-Z]:\t/ && prev != "" && before == "" { if (last != "" && prev < last) { print prev " after " last }; last = prev }
		{ before = prev; prev = $0 }' >"$root/order"
	! grep -e ' after ' "$root/order" | grep -e SCHED_VBS -e TIMELINES
}

commits() {
	pristine "$root/own" &&
		known "A Sender" sender@kernel.test "$top/tools/build/install-tree" --commit "$root/own" &&
		[ "$(git -C "$root/own" rev-parse 'HEAD^{tree}')" = "$(git -C "$root/am" rev-parse 'HEAD^{tree}')" ] &&
		git -C "$root/own" diff --quiet HEAD
}

commits_over_edits() {
	pristine "$root/edited" && echo >>"$root/edited/kernel/sched/core.c" || return
	! known "A Sender" sender@kernel.test "$top/tools/build/install-tree" --commit "$root/edited" >"$out" 2>&1 &&
		grep -q 'has edits' "$out" && [ "$(wc -l <"$out")" -eq 1 ] &&
		[ "$(git -C "$root/edited" rev-parse HEAD)" = "$(git -C "$root/edited" rev-parse refs/vbs/base)" ]
}

applies() {
	unpacked "$root/plain" && "$top/tools/build/install-tree" --apply "$root/plain" && same "$root/plain" &&
		"$top/tools/build/install-tree" --apply "$root/plain"
}

with_patch() {
	local patch
	unpacked "$root/patch" && "$top/tools/build/install-tree" "$root/patch" || return
	while read -r patch; do
		patch -s -p1 -F0 -d "$root/patch" <"$top/patches/$patch" || return
	done <"$top/patches/series"
	same "$root/patch"
}

with_quilt() {
	unpacked "$root/quilt" && "$top/tools/build/install-tree" "$root/quilt" &&
		(cd "$root/quilt" && QUILT_PATCHES=$top/patches quilt --quiltrc - push -a) && same "$root/quilt" &&
		(cd "$root/quilt" && QUILT_PATCHES=$top/patches quilt --quiltrc - pop -a)
}

# without_identity COMMAND...: one line says what is missing
without_identity() {
	! known "" "" "$@" >"$out" 2>&1 && grep -q 'git config --global user.name' "$out" && [ "$(wc -l <"$out")" -eq 1 ]
}

# A new file that patches/mails does not name; the copy of the plan's inputs is broken on purpose
unnamed_is_told() {
	local dir=$root/plan
	mkdir -p "$dir"
	{ git -C "$top" ls-files; echo kernel/no/where.c; } | sed 's/.*/&\t&/' | grep -E '^(arch|Documentation|include|kernel|samples|virt|tests/selftests)/' >"$dir/files"
	cp "$top/patches/series" "$dir/series"
	! "$top/tools/build/mails" "$top/patches" "$dir" >"$out" 2>&1 &&
		[ "$(cat "$out")" = "series: kernel/no/where.c comes with no mail: name it in patches/mails" ]
}

[ -d "$tree/.git" ] || { echo "1..0 # SKIP no build/tree: make tree"; exit 0; }
without_identity "$top/tools/build/series"
ok $? "who signs off is not invented"
pristine "$root/nobody" && without_identity "$top/tools/build/install-tree" --commit "$root/nobody"
ok $? "nor by install-tree --commit"
passes "a new file that no mail brings is told" unnamed_is_told
passes "make series" known "A Sender" sender@kernel.test "$top/tools/build/series" -o "$mails"
passes "git am gives the tree of make tree, and MAINTAINERS" series_gives_the_tree
passes "every mail is from the sender and signed off" all_signed
passes "MAINTAINERS is in order" in_the_alphabet
passes "the fixes for stable apply alone" fixes_alone
passes "those of SCHED_DEADLINE come first, each is for stable" deadline_first
passes "every new file is there when it is used" perl "$top/tests/build/series-uses" "$root/am" refs/vbs/base HEAD
passes "install-tree --commit gives the same" commits
passes "install-tree --commit does not touch edits" commits_over_edits
passes "install-tree --apply on a tree without git" applies
passes "patch(1), in the order of patches/series" with_patch
if command -v quilt >/dev/null; then
	passes "quilt" with_quilt
else
	skip "quilt" "it is not installed"
fi
plan
