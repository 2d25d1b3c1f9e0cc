// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: /sys/kernel/vbs/cpuN/, in a guest: the server in which the host runs CPU N.
 *
 *	runtime_ns period_ns cap	of the server; ENODATA if the host tells nothing
 *	period_min_ns			the shortest that may be asked for
 *	budget_left_ns deadline		of this instance; the latter by the CPU's counter
 *	count				rises when the host configures the machine anew
 *	resource			"RUNTIME PERIOD": for root, another one, at once
 */

struct vbs_host_cpu {
	struct kobject		kobj;
	int			cpu;
};

static struct kobject *vbs_host_dir;

static int vbs_host_look(struct kobject *kobj, struct kvm_vbs_guest *g)
{
	int cpu = container_of(kobj, struct vbs_host_cpu, kobj)->cpu;
	const struct vbs_supply *s = per_cpu_ptr(&vbs_supply, cpu);

	guard(mutex)(&vbs_host_mutex);
	if (!cpu_online(cpu))
		return -ENXIO;
	/* Whoever reads all the time interrupts the CPU once a tick */
	if (time_before64(READ_ONCE(s->when), get_jiffies_64()) &&
	    smp_call_function_single(cpu, vbs_supply_ask, NULL, true))
		return -ENXIO;
	if (!s->period)
		return -ENODATA;
	*g = s->asked;
	return 0;
}

#define VBS_HOST_SHOW(name, format, field)					\
static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr,	\
			   char *buf)						\
{										\
	struct kvm_vbs_guest g;							\
	int ret = vbs_host_look(kobj, &g);					\
										\
	return ret ?: sysfs_emit(buf, format "\n", field);			\
}										\
static struct kobj_attribute vbs_host_##name = __ATTR_RO(name)

VBS_HOST_SHOW(runtime_ns, "%llu", g.runtime);
VBS_HOST_SHOW(period_ns, "%llu", g.period);
VBS_HOST_SHOW(period_min_ns, "%llu", g.period_min);
VBS_HOST_SHOW(budget_left_ns, "%llu", g.left);
VBS_HOST_SHOW(deadline, "%llu", g.deadline);
VBS_HOST_SHOW(cap, "%u", g.cap);
VBS_HOST_SHOW(count, "%u", g.count);

struct vbs_host_wish {
	u64	runtime;
	u64	period;
	long	ret;
};

static void vbs_host_switch(void *arg)
{
	struct vbs_host_wish *wish = arg;

	wish->ret = arch_vbs_switch(wish->runtime, wish->period);
}

/*
 * What is booked here must go on to fit: nothing more is booked meanwhile than would,
 * as what may be is lowered first.
 */
static bool vbs_host_fits(int cpu, const struct vbs_host_wish *wish)
{
	u32 capacity = vbs_supply_bw(wish->runtime, wish->period, sysctl_vbs_period_min);
	unsigned long flags;
	bool fits;

	if (!vbs_books.adm.cpu)
		return true;
	raw_spin_lock_irqsave(&vbs_books.lock, flags);
	fits = vbs_books.adm.cpu[cpu].booked <= capacity;
	if (fits && capacity < vbs_books.adm.cpu[cpu].capacity)
		vbs_adm_set_capacity(&vbs_books.adm, cpu, capacity);
	raw_spin_unlock_irqrestore(&vbs_books.lock, flags);
	return fits;
}

static int vbs_host_errno(long ret)
{
	switch (ret) {
	case 0:
		return 0;
	case -KVM_EINVAL:
		return -EINVAL;
	case -KVM_EPERM:
		return -EPERM;
	default:
		return -EOPNOTSUPP;
	}
}

static int vbs_host_ask_for(int cpu, struct vbs_host_wish *wish)
{
	int offline;

	if (!wish->period || wish->runtime > wish->period ||
	    wish->period > NSEC_PER_SEC * 1000ULL)
		return -EINVAL;
	scoped_guard(mutex, &vbs_host_mutex) {
		if (!vbs_host_fits(cpu, wish))
			return -EBUSY;
		offline = smp_call_function_single(cpu, vbs_host_switch, wish, true);
	}
	/* Also if it was refused: what may be booked was lowered for it */
	vbs_host_refresh();
	return offline ? -ENXIO : vbs_host_errno(wish->ret);
}

static ssize_t resource_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct kvm_vbs_guest g;
	int ret = vbs_host_look(kobj, &g);

	return ret ?: sysfs_emit(buf, "%llu %llu\n", g.runtime, g.period);
}

static ssize_t resource_store(struct kobject *kobj, struct kobj_attribute *attr,
			      const char *buf, size_t size)
{
	int cpu = container_of(kobj, struct vbs_host_cpu, kobj)->cpu, ret;
	struct vbs_host_wish wish;

	if (sscanf(buf, "%llu %llu", &wish.runtime, &wish.period) != 2)
		return -EINVAL;
	ret = vbs_host_ask_for(cpu, &wish);
	return ret ?: size;
}

static struct kobj_attribute vbs_host_resource = __ATTR_RW(resource);

static struct attribute *vbs_host_attrs[] = {
	&vbs_host_runtime_ns.attr, &vbs_host_period_ns.attr, &vbs_host_period_min_ns.attr,
	&vbs_host_budget_left_ns.attr, &vbs_host_deadline.attr, &vbs_host_cap.attr,
	&vbs_host_count.attr, &vbs_host_resource.attr, NULL
};
ATTRIBUTE_GROUPS(vbs_host);

static void vbs_host_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct vbs_host_cpu, kobj));
}

static const struct kobj_type vbs_host_type = {
	.sysfs_ops	= &kobj_sysfs_ops,
	.release	= vbs_host_release,
	.default_groups	= vbs_host_groups,
};

static int __init vbs_host_add(int cpu)
{
	struct vbs_host_cpu *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int ret;

	if (!c)
		return -ENOMEM;
	c->cpu = cpu;
	ret = kobject_init_and_add(&c->kobj, &vbs_host_type, vbs_host_dir, "cpu%d", cpu);
	if (ret)
		kobject_put(&c->kobj);
	return ret;
}

/* They stay: a host that tells nothing now may be another one later */
static int __init vbs_host_init(void)
{
	int cpu, ret;

	vbs_has_host = arch_vbs_has_host();
	if (!vbs_has_host)
		return 0;
	vbs_host_dir = kobject_create_and_add("vbs", kernel_kobj);
	if (!vbs_host_dir)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		ret = vbs_host_add(cpu);
		if (ret)
			return ret;
	}
	return 0;
}
late_initcall(vbs_host_init);
