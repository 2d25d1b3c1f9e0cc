// SPDX-License-Identifier: GPL-2.0
/* The one request that KVM has for servers. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/sysfile.h"
#include "vbs/kvm.h"

#define KVM_CHECK_EXTENSION	_IO(0xAE, 0x03)

int vbs_vm_config(struct kvm_vbs_config *config)
{
	int err = 0, fd = open(sys_path("/dev/kvm"), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? ENODEV : errno;
	config->version = KVM_VBS_VERSION;
	config->err_tid = 0;
	config->err_cpu = -1;
	if (ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_VBS) <= 0)
		err = ENOTTY;
	else if (ioctl(fd, KVM_VBS_CONFIG, config))
		err = errno;
	close(fd);
	return err;
}
