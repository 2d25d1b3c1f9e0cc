#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Python module over a library of the tests' own.  TAP.
#	tests/python.t OBJDIR
set -u
dir=$(dirname "$0")
if ! command -v python3 >/dev/null; then
	echo "1..0 # SKIP no python3"
	exit 0
fi
LIBTIMELINE=$(realpath "$1")/tests/libtimeline-fake.so PYTHONPATH=$dir/../python PYTHONDONTWRITEBYTECODE=1 \
	exec python3 -W error "$dir/test_timeline.py"
