# SPDX-License-Identifier: GPL-2.0
#
# Finds what must not be in a kernel log. Prints the headers of reports, one "LINE TEXT" each, and
# nothing when the log is clean.
#
# A line "vbs-expect: TEXT" (written to /dev/kmsg before a fault is injected) lets the next report
# pass whose header contains TEXT.

function report(text) {
	last = NR
	for (i = 1; i <= announced; i++) {
		if (expect[i] != "" && index(text, expect[i])) {
			expect[i] = ""
			return
		}
	}
	print NR, text
}

{ sub(/\r$/, "") }

# The runner stops a machine whose time is up with an NMI, for the stacks: no report.
/NMI received for unknown reason|NMI: Not continuing/ { exit }

match($0, /vbs-expect: */) {
	expect[++announced] = substr($0, RSTART + RLENGTH)
	next
}

{ text = $0; sub(/^\[ *[0-9.]+\](\[ *[TC][0-9]+\])? /, "", text) }

text ~ /^(WARNING|BUG|Oops|UBSAN|KASAN|KCSAN|ODEBUG|Kernel panic)[:, ]/ ||
text ~ /(kernel BUG at|BUG: |general protection fault|unable to handle (page fault|kernel)|double fault:|stack segment:|divide error:|invalid opcode:|int3:|unchecked MSR access)/ ||
text ~ /Oops: / ||
text ~ /rcu.*(detected stalls|self-detected stall|detected expedited stalls|kthread (starved|timer wakeup))/ ||
text ~ /INFO: (task .* blocked for more than|possible|inconsistent|suspicious|trying to register|rcu)/ ||
text ~ /(watchdog: BUG|soft lockup|hard LOCKUP|workqueue lockup|scheduling while atomic|sleeping function called)/ ||
text ~ /(list_(add|del) corruption|DEBUG_LOCKS_WARN_ON|refcount_t: |bad: scheduling from|NOHZ tick-stop error|stack-protector|Bad page|Bad rss|unreferenced object|Internal error)/ {
	# One report prints several such lines ("WARNING: ..." and the warning's text): the first counts.
	if (last && NR - last < 3)
		last = NR
	else
		report(text)
	next
}

# A stack without a header is a report of a kind not listed above.
text ~ /^Call Trace:/ {
	if (!last || NR - last > 60)
		report(text)
	last = NR
}
