/* SPDX-License-Identifier: GPL-2.0 */
/* Virtual machines in servers: KVM_VBS_CONFIG on /dev/kvm. */
#ifndef LIB_VBS_KVM_H
#define LIB_VBS_KVM_H

#include <linux/kvm_vbs.h>

/*
 * 0 or an errno: ENODEV without /dev/kvm, EACCES where it may not be opened, ENOTTY if
 * this KVM puts no VMs into servers; the others are the kernel's, with config->err_tid
 * and err_cpu.
 */
int vbs_vm_config(struct kvm_vbs_config *config);

#endif
