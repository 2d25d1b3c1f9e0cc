# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Composes base, new files and patches to commits in build/tree's repository, with an index of its
# own: no file of the work tree is touched. Source it after lib.sh.
# shellcheck disable=SC2154

# Commits of our own (the base, the new files) carry a fixed identity and date.
export GIT_AUTHOR_NAME=sched_vbs GIT_AUTHOR_EMAIL=vbs@localhost GIT_AUTHOR_DATE=2026-01-01T00:00:00Z
export GIT_COMMITTER_NAME=sched_vbs GIT_COMMITTER_EMAIL=vbs@localhost GIT_COMMITTER_DATE=2026-01-01T00:00:00Z

# index: git with the scratch index of the composition.
index() {
	GIT_INDEX_FILE=$build/.tree-index tgit "$@"
}

# commit PARENT: commits the scratch index, message on stdin, and prints the id.
commit() {
	index commit-tree -p "$1" "$(index write-tree)"
}

# stage LIST: the new files that it names, as new_files does, into the scratch index.
stage() {
	[ -s "$1" ] || return 0
	paste <(cut -f 1 "$1" | sed "s,^,$top/," | tgit hash-object -w --stdin-paths --no-filters) "$1" |
		while IFS=$'\t' read -r blob src dst; do
			if [ -x "$top/$src" ]; then
				printf '100755 %s\t%s\n' "$blob" "$dst"
			else
				printf '100644 %s\t%s\n' "$blob" "$dst"
			fi
		done | index update-index --index-info
}

# check_new BASE LIST: none of the new files exists in Linux.
check_new() {
	local clash
	clash=$(comm -12 <(cut -f 2 "$2" | sort) <(tgit ls-tree -r --name-only "$1" | sort) | head -n 1)
	[ -z "$clash" ] || die "$clash exists in Linux already: change it with a patch"
}

# stage_patch PATCH: what it changes into the scratch index, its message to $build/.tree-msg, and what else it
# says to $patch_info, for patch_field.
stage_patch() {
	local name=$1 file=$top/patches/$1 msg=$build/.tree-msg log=$build/.tree-log
	[ -f "$file" ] || die "patches/series names $name, which does not exist"
	if ! index apply --cached --whitespace=nowarn "$file" 2>"$log"; then
		die "patches/$name does not apply to Linux $(kernel_version "$tree"): $(grep -m 1 -o '[^ ]*:[0-9]*$' "$log" || head -n 1 "$log")"
	fi
	patch_info=$(git mailinfo "$msg" /dev/null <"$file" 2>/dev/null || true)
	printf '%s\n\n' "$(patch_field Subject "${name%.patch}")" | cat - "$msg" | git stripspace >"$msg.new"
	mv "$msg.new" "$msg"
}

# patch_field NAME DEFAULT: Subject, Author, Email or Date of the patch that was staged last.
patch_field() {
	sed -n "s/^$1: //p" <<<"$patch_info" | grep . || echo "$2"
}

# apply PATCH PARENT: prints the new commit.
apply() {
	local date
	stage_patch "$1"
	date=$(patch_field Date "$GIT_AUTHOR_DATE")
	GIT_AUTHOR_NAME=$(patch_field Author "$GIT_AUTHOR_NAME") \
		GIT_AUTHOR_EMAIL=$(patch_field Email "$GIT_AUTHOR_EMAIL") \
		GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date commit "$2" <"$build/.tree-msg"
}

# compose: prints the commit of the whole series.
compose() {
	local head patch
	index read-tree refs/vbs/base
	new_files >"$build/.tree-files"
	check_new refs/vbs/base "$build/.tree-files"
	stage "$build/.tree-files"
	head=$(echo "Add the new files" | commit refs/vbs/base)
	tgit update-ref refs/vbs/files "$head"
	for patch in $(series); do
		head=$(apply "$patch" "$head")
	done
	echo "$head"
}

# What patches/ holds now.
patches_id() {
	series | sed "s,^,$top/patches/," | xargs -r -d '\n' sha1sum 2>/dev/null || true
}
