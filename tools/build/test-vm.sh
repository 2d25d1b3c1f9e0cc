# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The selftests in virtual machines. Many tests share a boot; the output and the kernel log are
# split at the marks of tests/vm/group, so that a report, a crash or a standstill counts against the
# test in which it happened, and the tests after it run in a fresh machine.
# Source it after lib.sh; the caller sets out and variant.
# shellcheck disable=SC2154

manifests=("$top"/tests/selftests/*/MANIFEST)

# A virtual machine that ends when this script does, however that ends.
# On PREEMPT_RT KVM wants a constant TSC, which only the emulator of nested runs has.
machine() {
	[ "$variant" != rt ] || [ ! -x "$build/qemu/qemu-system-x86_64" ] || set -- --nested "$@"
	setpriv --pdeathsig TERM "$top/tests/vm/run" --no-build --variant "$variant" "$@"
}

# The manifests as "MODE SMP ID LIMIT NAME [ARG]...": an ID is the name, with the mode where a name
# comes more than once. boot=OPTION[,OPTION]... asks for a machine of its own with these on the
# kernel's command line, tool=NAME for one with a program of this host: SMP is then
# CPUS[+OPTION,...][@NAME]. A debug kernel is there for its reports: less of each, no bounds in time.
# manifest_runs [nested]: only those that have machines inside the machine, with the word nested; or
# only the others.
manifest_runs() {
	local first='' only=$1
	[ "$variant" != debug ] || first=" debug instances=60 seconds=3 offlines=20"
	sed ${long:+-e 's/^#long //'} -e 's/#.*//' ${long:+-e 's/^race_update.*/race_update real smp=4 timeout=3600 reads=100000000/' \
		-e 's/^soak_everything.*/soak_everything real smp=4 timeout=3600 seconds=1800/' \
		-e 's/^fuzz_attr.*/& seconds=1800/' -e '/^vmm_threads/s/timeout=210.*/timeout=3600 rounds=10000/' -e '/^qemu_kill/s/timeout=300.*/timeout=900 rounds=100/'} \
		"${manifests[@]}" | awk -v first="$first" -v only="$only" '
		NF < 2 || (first != "" && /[ \t]n=64/) { next }
		{
			smp = 1; limit = 60; args = first; boot = tool = nested = ""
			for (i = 3; i <= NF; i++) {
				if ($i ~ /^smp=/) smp = substr($i, 5)
				else if ($i ~ /^boot=/) boot = "+" substr($i, 6)
				else if ($i ~ /^tool=/) tool = "@" substr($i, 6)
				else if ($i == "nested") nested = $i
				else if ($i ~ /^timeout=/) limit = substr($i, 9)
				else args = args " " $i
			}
			if (nested != only) next
			if ($2 != "icount" && $2 != "real") { print "bad " $0; next }
			smp = smp boot tool
			n[$1]++
			line[++total] = $2 " " smp " " $1 " " limit " " $1 args
			name[total] = $1
			tag[total] = $2 smp
		}
		END {
			for (i = 1; i <= total; i++) {
				split(line[i], f, " ")
				id = name[i]
				if (n[id] > 1) id = id "." tag[i]
				if (used[id]++) id = id "." used[id]
				$0 = line[i]; $3 = id; print
			}
		}
	'
}

# Host seconds for a list of tests: limits are guest seconds.
host_limit() {
	local factor=3
	[ "$variant" != debug ] || factor=10
	awk -v f=$factor '{ s += $2 } END { print 120 + f * s }' "$1"
}

# split_output DIR STATUS: stdout and the kernel log of one machine to one .tap file per test.
# Prints the ids that started.
split_output() {
	local dir=$1 status=$2 id
	awk -v out="$out" -v dir="$dir" '
		/^vbs-test: start / { id = $3; file = out "/" id ".tap"; printf "" >file; print id; next }
		/^vbs-test: end / && $3 == id {
			print "# vbs-exit: " $4 >file
			if ($4 >= 128) print "# vbs-fail: " ($4 == 137 ? "killed after " $5 " s" : "died of signal " $4 - 128) >file
			close(file)
			print id >(dir "/ended")
			file = ""
			next
		}
		file { print >file }
	' "$dir/stdout" >"$dir/started"
	tr -d '\r' <"$dir/log" | awk -v dir="$dir" '
		BEGIN { file = dir "/boot.klog" }
		/vbs-test: start / { close(file); file = dir "/" $NF ".klog" }
		{ print >file }
	'
	touch "$dir/ended"
	while IFS= read -r id; do
		if grep -qxF "$id" "$dir/ended"; then
			blame "$dir/$id.klog" "$out/$id.tap" || true
		else
			unfinished "$dir/$id.klog" "$out/$id.tap" "$status"
		fi
	done <"$dir/started"
	blame "$dir/boot.klog" "$out/boot.tap" || true
}

# blame KLOG TAP: a kernel report in this part of the log fails the test. False if there is none.
blame() {
	local reports
	[ -f "$1" ] || return
	reports=$(awk -f "$top/tests/vm/reports.awk" "$1")
	[ -n "$reports" ] || return
	{
		sed 's/^[0-9]* /# vbs-fail: kernel: /' <<<"$reports"
		tail -n "+${reports%% *}" "$1" | head -n 60 | sed 's/^/# /'
	} >>"$2"
}

# A test after which the machine was no more. The log's end says where it stood.
unfinished() {
	local klog=$1 tap=$2 why="the machine ended in this test"
	[ "$3" != 98 ] || why="the machine stood still in this test"
	echo "# vbs-fail: $why" >>"$tap"
	blame "$klog" "$tap" || tail -n 60 "$klog" | sed 's/^/# /' >>"$tap"
}

# run_list MODE SMP[+OPTION,...][@TOOL] LIST: the tests of a list, in as many machines as it takes.
run_list() {
	local mode=$1 smp=${2%%[+@]*} boot='' list=$3 dir status id clock=--icount machine=${2%@*} tool=()
	[[ $machine != *+* ]] || boot=${machine#*+}
	[[ $2 != *@* ]] || tool=(--tool "${2#*@}")
	[ "$mode" = icount ] || clock=--no-icount
	while [ -s "$list" ]; do
		dir=$(mktemp -d "$build/vm-group.XXXXXX")
		status=0
		machine --smp "$smp" "$clock" ${nested:+--nested} "${tool[@]}" --timeout "$(host_limit "$list")" \
			--append "sysctl.kernel.panic_on_rcu_stall=1 ${boot//,/ }" --log "$dir/log" \
			--file "$list:/root/list" --file "$top/tests/vm/group:/root/group" -- \
			sh /root/group >"$dir/stdout" 2>"$dir/stderr" || status=$?
		[ -f "$dir/log" ] || : >"$dir/log"
		split_output "$dir" "$status"
		if [ ! -s "$dir/started" ]; then
			while read -r id _; do
				{
					echo "# vbs-fail: the machine did not start (status $status)"
					tail -n 30 "$dir/stderr" | sed 's/^/# /'
				} >"$out/$id.tap"
			done <"$list"
			: >"$list"
		fi
		awk 'NR == FNR { done[$1]; next } !($1 in done)' "$dir/started" "$list" >"$list.rest"
		mv "$list.rest" "$list"
		rm -rf "$dir"
	done
}

# A check failed, and the kernel reported nothing
failed_by_check() {
	grep -q '^not ok' "$1" && ! grep -q '^# vbs-fail:' "$1"
}

# second_run SMP LIST: in real time an emulated CPU stands still for as long as its host likes. A test that
# a check alone failed is run once more, by itself; what failed first is told all the same.
second_run() {
	local smp=$1 list=$2 id rest
	while read -r id rest <&3; do
		failed_by_check "$out/$id.tap" || continue
		mv "$out/$id.tap" "$out/$id.first"
		echo "$id $rest" >"$list.again"
		run_list real "$smp" "$list.again"
		sed -n 's/^not ok *[0-9]* *-* */# vbs-again: /p' "$out/$id.first" >>"$out/$id.tap"
	done 3<"$list"
}

# Counted machines have a time of their own, so two of them run at once; real ones run alone.
run_manifests() {
	local nested=$1 work=$out/work${1:+-$1} runs key mode smp jobs=0
	runs=$work/runs
	mkdir -p "$work"
	manifest_runs "$nested" >"$runs"
	! grep '^bad ' "$runs" >"$work/bad" || sed 's/^bad /# vbs-fail: MANIFEST: /' "$work/bad" >"$out/manifest.tap"
	while read -r mode smp; do
		awk -v out="$work" -v mode="$mode" -v smp="$smp" -v parts="$([ "$mode" = icount ] && echo 2 || echo 1)" '
			$1 == mode && $2 == smp {
				file = out "/list-" mode "-" smp "-" (n++ % parts)
				sub(/^[^ ]+ [^ ]+ /, "")
				print >file
			}
		' "$runs"
	done < <(awk '$1 != "bad" { print $1, $2 }' "$runs" | sort -u)
	for key in "$work"/list-icount-*; do
		[ -f "$key" ] || continue
		if [ "$jobs" -ge 2 ]; then
			wait -n || true
			jobs=$((jobs - 1))
		fi
		smp=${key##*list-icount-}
		run_list icount "${smp%-*}" "$key" &
		jobs=$((jobs + 1))
	done
	wait
	for key in "$work"/list-real-*-[0-9]; do
		[ -f "$key" ] || continue
		smp=${key##*list-real-}
		cp "$key" "$key.all"
		run_list real "${smp%-*}" "$key"
		[ -n "$long" ] || second_run "${smp%-*}" "$key.all"
	done
	awk '$1 != "bad" { print $3 }' "$runs" | while IFS= read -r key; do
		[ -s "$out/$key.tap" ] || echo "# vbs-fail: was not run" >"$out/$key.tap"
	done
}

suite_vm() {
	if [ -s "${manifests[0]}" ]; then
		run_manifests ""
	else
		echo "1..0 # SKIP no tests/selftests/*/MANIFEST" >"$out/vm.tap"
	fi
}
