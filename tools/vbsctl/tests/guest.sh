# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # for who sources it, after tap.sh and vm.sh
# Machines of the distribution's QEMU with a Linux guest, inside the machine: tests/vm/run --nested,
# with in-guest in PATH.

# has_open PID FILE
has_open() {
	for fd in /proc/"$1"/fd/*; do
		[ "$(readlink "$fd")" != "$2" ] || return 0
	done
	return 1
}

# guest_start NAME VM-OPTION... -- OPTION...: in the servers of "vbsctl vm run", until the guest is ready.
# Its console is a pair of pipes, which in-guest uses.
guest_start() {
	name=$1
	shift
	mkfifo "/tmp/$name.in" "/tmp/$name.out"
	words=
	while [ "$1" != -- ]; do
		words="$words $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	start vbsctl vm run $words -- qemu-system-x86_64 -name "guest=$name,debug-threads=on" -M q35 -accel kvm -cpu host \
		-nodefaults -display none -m 96 -kernel /guest/bzImage -initrd /guest/initrd \
		-append "console=ttyS0 quiet" -chardev "pipe,id=console,path=/tmp/$name" -serial chardev:console "$@" \
		</dev/null >"$root/$name.qemu" 2>&1
	until has_open "$pid" "/tmp/$name.out"; do
		kill -0 "$pid" 2>/dev/null || { cat "$root/$name.qemu" >"$out" && return 1; }
		usleep 20000
	done
	while IFS= read -r line; do
		case $line in
		*"vbs-guest: ready"*) return 0 ;;
		esac
	done <"/tmp/$name.out"
	cat "$root/$name.qemu" >"$out"
	return 1
}

# need_guests: or there is nothing to do
need_guests() {
	vbsctl vm check --cap 5% >"$out" 2>&1
	if [ $? -eq 3 ] || ! command -v qemu-system-x86_64 >/dev/null || [ ! -e /guest/bzImage ]; then
		echo "1..0 # SKIP no machines inside this one (tests/vm/run --nested), or $(head -n 1 "$out")"
		exit 0
	fi
}
