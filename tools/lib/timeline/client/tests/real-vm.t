#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libtimeline on a kernel with timelines, as a shared library, in a static program and, where python3
# has come along, in Python, as root.  TAP.
#	tools/build/user libtimeline
#	tests/vm/run --no-icount --smp 2 --file tools/lib/tests/run:run-tap \
#		--file tools/lib/timeline/client/tests/real-vm.t --file build/libtimeline/tests/lib_real \
#		--file build/libtimeline/tests/lib_real_static \
#		$(tools/lib/timeline/client/tests/python-files build/libtimeline) -- real-vm.t
CDPATH='' cd "$(dirname "$0")" || exit 1

python() {
	vbsctl timeline create lab >/dev/null
	vbsctl timeline sync lab --from realtime --reference-error 0s --interval 100ms >/dev/null 2>&1 &
	keeper=$!
	until vbsctl timeline read lab >/dev/null 2>&1; do
		usleep 50000
	done
	python3 -S -B python_real.py
	status=$?
	kill -TERM $keeper 2>/dev/null
	exit $status
}

[ $# -eq 0 ] || python
set -- ./lib_real ./lib_real_static
if [ -e /dev/timeline ] && command -v python3 >/dev/null; then
	set -- "$@" "$0 python"
fi
exec ./run-tap "$@"
