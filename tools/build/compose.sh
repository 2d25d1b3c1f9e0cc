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

add_new_files() {
	local list=$build/.tree-files clash
	new_files >"$list"
	clash=$(comm -12 <(cut -f 2 "$list" | sort) <(tgit ls-tree -r --name-only refs/vbs/base | sort) | head -n 1)
	[ -z "$clash" ] || die "$clash exists in Linux already: change it with a patch"
	[ -s "$list" ] || return 0
	paste <(cut -f 1 "$list" | sed "s,^,$top/," | tgit hash-object -w --stdin-paths --no-filters) "$list" |
		while IFS=$'\t' read -r blob src dst; do
			if [ -x "$top/$src" ]; then
				printf '100755 %s\t%s\n' "$blob" "$dst"
			else
				printf '100644 %s\t%s\n' "$blob" "$dst"
			fi
		done | index update-index --index-info
}

# apply PATCH PARENT: prints the new commit.
apply() {
	local name=$1 parent=$2 file=$top/patches/$1 info msg=$build/.tree-msg log=$build/.tree-log date
	[ -f "$file" ] || die "patches/series names $name, which does not exist"
	if ! index apply --cached --whitespace=nowarn "$file" 2>"$log"; then
		die "patches/$name does not apply to Linux $(kernel_version "$tree"): $(grep -m 1 -o '[^ ]*:[0-9]*$' "$log" || head -n 1 "$log")"
	fi
	info=$(git mailinfo "$msg" /dev/null <"$file" 2>/dev/null || true)
	field() { sed -n "s/^$1: //p" <<<"$info" | grep . || echo "$2"; }
	date=$(field Date "$GIT_AUTHOR_DATE")
	printf '%s\n\n' "$(field Subject "${name%.patch}")" | cat - "$msg" | git stripspace |
		GIT_AUTHOR_NAME=$(field Author "$GIT_AUTHOR_NAME") \
		GIT_AUTHOR_EMAIL=$(field Email "$GIT_AUTHOR_EMAIL") \
		GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date commit "$parent"
}

# compose: prints the commit of the whole series.
compose() {
	local head patch
	index read-tree refs/vbs/base
	add_new_files
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
