#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libtimeline on a kernel with timelines, as a shared library and in a static program, as root.  TAP.
#	make -C tools/lib/timeline/client O=$PWD/build/libtimeline
#	tests/vm/run --no-icount --smp 2 --file tools/lib/tests/run:run-tap \
#		--file tools/lib/timeline/client/tests/real-vm.t --file build/libtimeline/tests/lib_real \
#		--file build/libtimeline/tests/lib_real_static -- real-vm.t
cd "$(dirname "$0")" || exit 1
exec ./run-tap ./lib_real ./lib_real_static
