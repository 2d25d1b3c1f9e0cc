// SPDX-License-Identifier: GPL-2.0
/* Asks KVM, and says what has come of it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/sysfile.h"
#include "json_out.h"
#include "show/utf8.h"
#include "vbs/attr.h"
#include "vbs/room.h"
#include "vm/act.h"
#include "vm/json_vm.h"
#include "vm/lock.h"
#include "vm/vm.h"

uint32_t vm_count_vcpus(pid_t pid)
{
	char path[64], link[64];
	uint32_t count = 0;
	struct dirent *d;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(sys_path(path));
	if (!dir)
		return 0;
	while ((d = readdir(dir))) {
		n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		count += !strncmp(link, "anon_inode:kvm-vcpu:", 20);
	}
	closedir(dir);
	return count;
}

static void print_share(const char *what, const struct kvm_vbs_resource *r)
{
	struct resource res = { r->runtime, r->period };
	uint32_t cap = r->cap;

	if (!cap)
		cap = r->flags & KVM_VBS_ALIGN ? resource_cap_aligned(&res) : resource_cap(&res);
	printf("%s %s, cap %s", what, fmt_resource(res.runtime, res.period).s, fmt_bw(cap).s);
}

static void print_done(const struct vm_deed *deed, const struct vm_request *req,
		       const struct kvm_vbs_config *config)
{
	struct vm_lock lock;
	char words[512];

	vm_lock_of(&lock, &req->vcpu, &req->dm, req->pi);
	snprintf(words, sizeof(words), "%s", deed->object);
	make_printable(words);
	printf("%s: ", words);
	print_share(req->one ? "all in" : "each vCPU", &config->vcpu);
	if (!req->one) {
		fputs("; ", stdout);
		print_share("device model", &config->dm);
	}
	puts(deed->test ? ": it fits" : "");
	vm_lock_words(&lock, words, sizeof(words));
	printf("%s\n", words);
}

static void warn(const struct vm_request *req)
{
	struct vm_lock lock;

	vm_lock_of(&lock, &req->vcpu, &req->dm, req->pi);
	if (lock.one || !vm_lock_is_worse(&lock))
		return;
	if (!lock.once)
		failure(VC_OK, "warning: a vCPU's period of %s is not below that of the device model, %s: for the VMM's locks it may wait longer than outside of SCHED_VBS",
			fmt_time(req->vcpu.period).s, fmt_time(req->dm.period).s);
	else
		failure(VC_OK, "warning: the device model stands still for up to %s: for the VMM's locks a vCPU may wait longer than outside of SCHED_VBS",
			fmt_time(lock.wait).s);
}

static void print_json(const struct vm_deed *deed, const struct vm_request *req,
		       const struct kvm_vbs_config *config, int code)
{
	struct json_object *o = json_list(NULL, NULL);
	struct vm_lock lock;

	vm_lock_of(&lock, &req->vcpu, &req->dm, req->pi);
	json_num(o, "pid", deed->pid);
	json_num(o, "vcpus", config->vcpus);
	json_object_object_add(o, "vcpu", json_vm_resource(&config->vcpu));
	json_object_object_add(o, "dm", req->one ? NULL : json_vm_resource(&config->dm));
	json_object_object_add(o, "lock", json_vm_lock(&lock));
	json_num(o, "status", code);
	json_print(o);
}

int vm_act(const struct vm_deed *deed, const struct vm_request *req)
{
	struct kvm_vbs_config config;
	int err, code = VC_OK;

	vm_request_config(req, deed->pid, &config);
	if (deed->test)
		config.flags |= KVM_VBS_TEST;
	err = vbs_vm_config(&config);
	if (err)
		code = vm_refused(deed, err, &config);
	if (deed->json)
		print_json(deed, req, &config, code);
	else if (!code && !deed->quiet)
		print_done(deed, req, &config);
	if (!code && !deed->passing)
		warn(req);
	return code;
}

int vm_undo(const struct vm_deed *deed)
{
	struct kvm_vbs_config config = { .version = KVM_VBS_VERSION, .pid = deed->pid };
	int err = vbs_vm_config(&config);

	return err ? vm_refused(deed, err, &config) : VC_OK;
}
