# SPDX-License-Identifier: GPL-2.0
#
# Finds what must not be in a kernel log. Prints the headers of reports, one "LINE TEXT" each, and
# nothing when the log is clean.
#
# A line "vbs-expect: TEXT" (written to /dev/kmsg before a fault is injected) lets the next report
# pass whose header contains TEXT.

function report(line, text) {
	last = NR
	for (i = 1; i <= announced; i++) {
		if (expect[i] != "" && index(text, expect[i])) {
			expect[i] = ""
			return
		}
	}
	print line, text
}

# A text that WARN() prints comes before its "WARNING: CPU" line: the two are one report.
function flush_text(warning) {
	if (held)
		report(held, held_text (warning == "" ? "" : ": " warning))
	else if (warning != "")
		report(NR, warning)
	held = 0
}

{ sub(/\r$/, "") }

# The runner stops a machine whose time is up with an NMI, for the stacks: no report.
/NMI received for unknown reason|NMI: Not continuing/ { exit }

match($0, /vbs-expect: */) {
	expect[++announced] = substr($0, RSTART + RLENGTH)
	next
}

{ text = $0; sub(/^\[ *[0-9.]+\](\[ *[TC][0-9]+\])? /, "", text) }

held && NR - held > 3 { flush_text("") }

text ~ /^WARNING: CPU/ { flush_text(text); next }

# The second line of a report that began with "BUG: unable to handle".
text ~ /^Oops: / && last && NR - last < 5 { last = NR; next }

text ~ /(list_(add|del) corruption|DEBUG_LOCKS_WARN_ON|refcount_t: |ODEBUG: )/ {
	flush_text("")
	held = NR
	held_text = text
	next
}

text ~ /^(WARNING|BUG|Oops|UBSAN|KASAN|KCSAN|Kernel panic)[:, ]/ ||
text ~ /(^|[^A-Za-z_])(kernel BUG at|BUG: |Oops: |general protection fault|unable to handle (page fault|kernel)|double fault:|stack segment:|divide error:|invalid opcode:|int3:|unchecked MSR access)/ ||
text ~ /rcu.*(detected stalls|self-detected stall|detected expedited stalls|kthread (starved|timer wakeup))/ ||
text ~ /INFO: (task .* blocked for more than|possible|inconsistent|suspicious|trying to register|rcu)/ ||
text ~ /(watchdog: BUG|soft lockup|hard LOCKUP|workqueue lockup|scheduling while atomic|sleeping function called)/ ||
text ~ /(bad: scheduling from|NOHZ tick-stop error|stack-protector|Bad page|Bad rss|unreferenced object|Internal error)/ {
	flush_text("")
	report(NR, text)
	next
}

# A stack without a header is a report of a kind not listed above.
text ~ /^Call Trace:/ {
	if (!last || NR - last > 60)
		report(NR, text)
	last = NR
}

END { flush_text("") }
