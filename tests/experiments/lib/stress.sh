# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2154 # for who sources it, after guest.sh and load.sh
#
# What disturbs machines: the loads of load.sh, which their host has, or
#
#	guest	a busy loop in each of them
#	net	frames for each, as fast as the host can send them: a machine needs an interface for it
port=4000

# interface NUMBER: options of the machine with that number, from 1 on: to a network of its own
interface() {
	echo "-netdev socket,id=net,udp=127.0.0.1:$((port + 1000)),localaddr=127.0.0.1:$((port + $1 - 1))"
	echo "-device virtio-net-device,netdev=net"
}

# interface_up NAME: false if its kernel has no network
interface_up() {
	guest_do "$1" 30 "ifconfig eth0 192.168.1.1 up"
}

# stress_start KIND NAME...: the machines in the order of their numbers
stress_start() {
	stress=$1
	shift
	case $stress in
	net) load_run "exec guestload packets $port $#" ;;
	guest) guests_do 60 "while :; do :; done & echo \$! >/tmp/hog" "$@" ;;
	*) load_start "$stress" ;;
	esac
}

# stress_stop NAME...
stress_stop() {
	# shellcheck disable=SC2016 # expands in there
	[ "$stress" != guest ] || guests_do 60 'kill $(cat /tmp/hog)' "$@"
	load_stop
}
