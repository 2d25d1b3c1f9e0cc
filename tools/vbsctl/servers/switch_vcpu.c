// SPDX-License-Identifier: GPL-2.0
/* A guest asks its host for another resource of the server that runs one of its CPUs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/parse.h"
#include "base/sysfile.h"
#include "servers/switch_vcpu.h"

#define DIR	"/sys/kernel/vbs"

static int64_t told(uint64_t cpu, const char *what)
{
	char path[64];
	int64_t value;

	snprintf(path, sizeof(path), DIR "/cpu%llu/%s", (unsigned long long)cpu, what);
	return sys_number(path, &value) ? -1 : value;
}

static int write_resource(uint64_t cpu, const struct resource *res)
{
	char path[64], text[64];
	int fd, err = 0, n;

	snprintf(path, sizeof(path), DIR "/cpu%llu/resource", (unsigned long long)cpu);
	fd = open(sys_path(path), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	n = snprintf(text, sizeof(text), "%llu %llu\n", (unsigned long long)res->runtime,
		     (unsigned long long)res->period);
	if (write(fd, text, n) != n)
		err = errno;
	close(fd);
	return err;
}

/* Without /sys/kernel/vbs, or without the CPU in it */
static int no_such(uint64_t cpu)
{
	if (access(sys_path(DIR), F_OK))
		return failure(VC_FAIL, "this machine has no host that could run its CPUs in servers (there is no " DIR ")");
	return failure(VC_FAIL, "this machine has no CPU %llu", (unsigned long long)cpu);
}

static int above(uint64_t cpu, const struct resource *res)
{
	int64_t cap = told(cpu, "cap");

	if (cap < 0)
		return failure(VC_FAIL, "CPU %llu has no server of its own at the host",
			       (unsigned long long)cpu);
	return failure(VC_FAIL, "%s is %s %% of a CPU; the host's cap of CPU %llu is %s",
		       fmt_resource(res->runtime, res->period).s,
		       fmt_percent(res->runtime, res->period, 2, ROUND_UP).s,
		       (unsigned long long)cpu, fmt_bw(cap).s);
}

static int invalid(uint64_t cpu, const struct resource *res)
{
	int64_t least = told(cpu, "period_min_ns");

	if (least > 0 && res->period < (uint64_t)least)
		return failure(VC_FAIL, "the host gives CPU %llu no period below %s, and this is %s",
			       (unsigned long long)cpu, fmt_time(least).s, fmt_time(res->period).s);
	return failure(VC_FAIL, "the host takes no such resource: %s",
		       fmt_resource(res->runtime, res->period).s);
}

static int refused(int err, uint64_t cpu, const struct resource *res)
{
	switch (err) {
	case ENOENT:
		return no_such(cpu);
	case EACCES:
		return failure(VC_PERM, "to ask the host takes root");
	case EPERM:
		return above(cpu, res);
	case EINVAL:
		return invalid(cpu, res);
	case EBUSY:
		return failure(VC_BUSY, "with %s from the host CPU %llu could not keep what is booked on it (see vbsctl list)",
			       fmt_resource(res->runtime, res->period).s, (unsigned long long)cpu);
	case ENXIO:
		return failure(VC_FAIL, "CPU %llu is offline", (unsigned long long)cpu);
	case EOPNOTSUPP:
		return failure(VC_FAIL, "the host does not let this machine switch its servers (vbsctl vm attach --guest-switch)");
	default:
		return failure(VC_FAIL, "CPU %llu: %s", (unsigned long long)cpu, strerror(err));
	}
}

int switch_vcpu(const struct command *cmd, int argc, char **argv, struct request *req)
{
	const char *why = parse_count(req->vcpu, &(uint64_t){ 0 });
	uint64_t cpu;
	int err;

	if (argc != 1)
		return usage_error(cmd, "give the new resource of the CPU, as in --vcpu 0 2ms/10ms");
	if (why)
		return usage_error(cmd, "--vcpu '%s': %s", req->vcpu, why);
	why = parse_resource(argv[0], &req->res);
	if (why)
		return usage_error(cmd, "'%s': %s", argv[0], why);
	parse_count(req->vcpu, &cpu);
	err = write_resource(cpu, &req->res);
	return err ? refused(err, cpu, &req->res) : VC_OK;
}
