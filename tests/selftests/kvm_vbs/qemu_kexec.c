// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/syscall.h>
#include "qemu_time.h"

#define LINE	"console=ttyS0 quiet again"	/* of the kernel that is started */

/* What the guest takes from disks, in this order */
static const char * const disks[] = { "/guest/bzImage", "/guest/initrd", "/proc/self/exe" };

/* In the guest: this program, with the argument "load", and then with "start" */
static bool is_in_guest(void)
{
	if (t_arg("start", 0))
		t_equal(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
				LINUX_REBOOT_CMD_KEXEC, NULL), 0, "reboot");
	if (!t_arg("load", 0))
		return t_arg("start", 0);
	if (!t_equal(syscall(SYS_kexec_file_load, open("/tmp/vda", O_RDONLY),
			     open("/tmp/vdb", O_RDONLY), sizeof(LINE), LINE, 0), 0,
		     "kexec_file_load"))
		t_diag("%m");
	return true;
}

static struct qemu *with_disks(void)
{
	char more[1024], file[256];
	size_t n = snprintf(more, sizeof(more), "-smp 2");
	ssize_t len;

	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		len = readlink(disks[i], file, sizeof(file) - 1);
		file[len < 0 ? 0 : len] = '\0';
		n += snprintf(more + n, sizeof(more) - n,
			      " -drive if=virtio,format=raw,readonly=on,file=%s",
			      len < 0 ? disks[i] : file);
	}
	return qemu_start("kexec", VM_RUN "--guest-timelines --", more);
}

static void takes_kernel(struct qemu *q)
{
	guest_must(q, "for i in a b c; do cat /dev/vd$i >/tmp/vd$i || exit; done");
	guest_must(q, "mv /tmp/vdc /tmp/qemu_kexec && chmod +x /tmp/qemu_kexec");
	guest_must(q, "/tmp/qemu_kexec load");
	qemu_all_inside(q, "loaded");
}

VBS_TEST("a guest starts another kernel, and every thread is where it belongs", 300)
{
	struct qemu *q;
	int fd;
	u32 id;

	if (is_in_guest())
		return;
	need_qemu();
	fd = tl_open();
	id = tl_make(fd, "site", TIMELINE_GUEST);
	q = with_disks();
	qemu_boots(q, "the first kernel");
	takes_kernel(q);
	qemu_agrees(q, fd, TIMELINE_IDS, id, "the first kernel");
	guest_must(q, "(sleep 1; /tmp/qemu_kexec start) >/dev/null 2>&1 &");
	qemu_is_ready(q);
	t_equal(guest_does(q, "grep -qx '%s' /proc/cmdline", LINE), 0, "it is the other kernel");
	t_equal(guest_does(q, "[ $(nproc) = 2 ]"), 0, "which has both processors");
	qemu_all_inside(q, "the other kernel");
	qemu_agrees(q, fd, TIMELINE_IDS, id, "the other kernel");
	t_equal(group_val(q->pid, "vcpus"), 2, "vCPUs");
	t_equal(group_val(q->pid, "places"), 2, "places");
	qemu_end(q);
	tl_destroy(fd, id);
	t_equal(books_empty(SEC), 0, "booked in the end");
}
