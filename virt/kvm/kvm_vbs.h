/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __KVM_VBS_H__
#define __KVM_VBS_H__

#include <linux/kvm_vbs.h>

int kvm_vbs_ioctl(void __user *argp, bool vm);

#endif /* __KVM_VBS_H__ */
