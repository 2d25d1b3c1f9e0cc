// SPDX-License-Identifier: GPL-2.0
#include "qemu_vm.h"

#define DISKS	4

/* A way of I/O for each disk */
static const char * const ways[DISKS][2] = {
	{ "threads", "" },
	{ "threads", ",iothread=io0" },
	{ "io_uring", "" },
	{ "io_uring", ",iothread=io0" },
};

#define NET	"-netdev tap,id=net,ifname=tap0,script=no,downscript=no,vhost=on " \
		"-device virtio-net-pci,netdev=net"
#define DISK	"-blockdev driver=file,node-name=d%d,filename=/tmp/disk%d,aio=%s " \
		"-device virtio-blk-pci,drive=d%d%s"

static struct qemu *start(void)
{
	char options[2048];
	int n;

	n = snprintf(options, sizeof(options), "-smp 2 -object iothread,id=io0 %s", NET);
	for (int i = 0; i < DISKS; i++) {
		shell("truncate -s 2M /tmp/disk%d", i);
		n += snprintf(options + n, sizeof(options) - n, " " DISK, i, i, ways[i][0], i,
			      ways[i][1]);
	}
	return qemu_start("devices", VM_RUN "--", options);
}

/* Threads of a kind, which are there after some I/O */
static void are_inside(struct qemu *q, const char *comm, const char *what)
{
	unsigned int n, in = 0;
	pid_t tid[64];

	n = qemu_threads(q, comm, tid, ARRAY_SIZE(tid));
	for (unsigned int i = 0; i < n && i < ARRAY_SIZE(tid); i++)
		in += in_role(tid[i], "dm");
	t_at_least(n, 1, "%s: threads %s", what, comm);
	t_equal(in, n, "%s: of them in the device model's server", what);
}

#define WRITE	"dd if=/dev/zero of=/dev/vd%c bs=32k count=48 conv=fsync 2>/dev/null"
#define READ	"dd if=/dev/vd%c of=/dev/null bs=32k 2>/dev/null"
#define PACKETS	"ping -q -A -c 50 -s 1400 10.9.9.1"

/* Writes, waits for the disk and reads, on all disks at once; and packets both ways */
static void churn(struct qemu *q)
{
	char command[1024];
	int n = 0;

	for (int i = 0; i < DISKS; i++)
		n += snprintf(command + n, sizeof(command) - n, "{ " WRITE "; " READ "; } & ",
			      'a' + i, 'a' + i);
	guest_must(q, "%s " PACKETS "; r=$?; wait; exit $r", command);
}

VBS_TEST("threads, and workers of vhost and io_uring, are in the device model's server", 300)
{
	char worker[32];
	struct qemu *q;

	need_qemu();
	q = start();
	shell("ifconfig tap0 10.9.9.1 netmask 255.255.255.0 up");
	qemu_boots(q, "devices");
	guest_must(q, "ifconfig eth0 10.9.9.2 netmask 255.255.255.0 up");
	for (unsigned int i = 0; i < 3; i++) {
		churn(q);
		qemu_all_inside(q, "after I/O");
	}
	snprintf(worker, sizeof(worker), "vhost-%d", q->pid);
	are_inside(q, worker, "vhost");
	are_inside(q, "iou-wrk", "io_uring");
	are_inside(q, "worker", "aio=threads");
	are_inside(q, "IO io0", "iothread");
	t_equal(group_val(q->pid, "outside"), 0, "times that a thread was outside");
	qemu_end(q);
	t_equal(books_empty(SEC), 0, "booked in the end");
	shell("rm -f /tmp/disk?");
}
