/* SPDX-License-Identifier: GPL-2.0 */
/* JSON objects of machines. */
#ifndef VBSCTL_VM_JSON_VM_H
#define VBSCTL_VM_JSON_VM_H

#include "json_out.h"
#include "vbs/kvm.h"
#include "vm/lock.h"
#include "vm/machines.h"

struct json_object *json_vm_resource(const struct kvm_vbs_resource *r);
struct json_object *json_vm_lock(const struct vm_lock *lock);

/* @use: what it has used, NULL for none */
struct json_object *json_vm(const struct vm_machine *m, const struct vm_use *use);

#endif
