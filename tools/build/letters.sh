# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Composes the series as it is mailed: each new file with the patch that first needs it, signed off by whoever
# sends it. Source it after lib.sh and in the place of compose.sh, in whose repository $tree the commits are.
# shellcheck disable=SC2154

# The sender is who the configuration says; git would guess one otherwise.
if ! sender=$(git -C "$top" -c user.useConfigOnly=true var GIT_COMMITTER_IDENT 2>/dev/null); then
	die "who signs this off? git config --global user.name NAME, and user.email ADDRESS"
fi
sender=${sender% * *}
. "$top/tools/build/compose.sh"
GIT_COMMITTER_NAME=${sender% <*}
GIT_COMMITTER_EMAIL=${sender##*<}
GIT_COMMITTER_EMAIL=${GIT_COMMITTER_EMAIL%>}
GIT_COMMITTER_DATE=$(git -C "$top" log -1 --format=%aI 2>/dev/null || date -Is)

# letter PARENT: commits the scratch index with the message on stdin and a sign-off, and prints the id. An
# author at an address that is nobody's (RFC 2606) is the sender.
letter() {
	local name=$GIT_COMMITTER_NAME email=$GIT_COMMITTER_EMAIL
	case ${author_email:-.invalid} in
	*.invalid | *.example | *.test | *@localhost) ;;
	*) name=$author_name email=$author_email ;;
	esac
	git interpret-trailers --trailer "Signed-off-by: $sender" |
		GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE commit "$1"
}

stage_maintainers() {
	local blob
	blob=$(tgit show "$1:MAINTAINERS" | "$top/tools/build/maintainers" "$top/patches/MAINTAINERS" "$sender" |
		tgit hash-object -w --stdin)
	index update-index --cacheinfo "100644,$blob,MAINTAINERS"
}

# plan_letters DIR: the plan in DIR/plan
plan_letters() {
	rm -rf "$1"
	mkdir -p "$1"
	new_files >"$1/files"
	series >"$1/series"
	"$top/tools/build/mails" "$top/patches" "$1" >"$1/plan" || exit 1
}

# compose_letters BASE DIR: prints the commit of the whole series on BASE.
compose_letters() {
	local head=$1 dir=$2 kind what list author_name author_email
	plan_letters "$dir"
	check_new "$1" "$dir/files"
	index read-tree "$1"
	while IFS=$'\t' read -r kind what list; do
		stage "$list"
		author_email=''
		if [ "$kind" = patch ]; then
			stage_patch "$what"
			author_name=$(patch_field Author '')
			author_email=$(patch_field Email '')
			what=$build/.tree-msg
		fi
		head=$(letter "$head" <"$what")
	done <"$dir/plan"
	author_email=''
	stage_maintainers "$1"
	letter "$head" <<-END
		MAINTAINERS: Add SCHED_VBS and timelines

		Who sends them looks after them.
	END
}
