// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: admission.  Caps are booked per CPU, nothing else: what a server
 * does inside its cap needs no test.
 *
 * The rule is booked <= capacity on each CPU, kept by never booking more than
 * the spare = max(capacity - booked, 0).  A capacity lowered by force (a new
 * limit, a guest told that its vCPU got less) may break it from outside; then
 * nothing is spare until enough is freed.
 *
 * CPUs that take servers stand in buckets by their spare bandwidth, bucket b
 * for [b, b + 1) / 64 of a CPU, a whole CPU in the last.  The most spare in a
 * set of CPUs is in the highest bucket that intersects the set.
 *
 * The cost does not depend on the number of servers, and on that of CPUs only by
 * the length of their masks, but for who asks for nearly as much as there is.
 */
#include "core.h"

/*
 * A share of a slow CPU is less of what SCHED_DEADLINE counts, which is capacity:
 * SCHED_CAPACITY_SCALE is that of the fastest CPU.  Rounded so that
 *
 *	vbs_bw_to_capacity(bw) <= left  if and only if  bw <= vbs_bw_of_capacity(left)
 *
 * No overflow: bw and left are below 2^32, capacities at most 2^10.
 */
#define VBS_CAPACITY_SHIFT	10

/**
 * vbs_bw_to_capacity - what a share of a CPU is of the fastest CPU
 * @bw: the share
 * @capacity: of the CPU
 */
u64 vbs_bw_to_capacity(u32 bw, unsigned long capacity)
{
	return ((u64)bw * capacity + BIT(VBS_CAPACITY_SHIFT) - 1) >>
		VBS_CAPACITY_SHIFT;
}

/**
 * vbs_bw_of_capacity - the largest share of a CPU that is no more than that
 * @left: a share of the fastest CPU
 * @capacity: of the CPU, not 0
 */
u32 vbs_bw_of_capacity(u32 left, unsigned long capacity)
{
	return min_t(u64, div64_u64((u64)left << VBS_CAPACITY_SHIFT, capacity),
		     U32_MAX);
}

static_assert(VBS_BUCKETS << VBS_BUCKET_SHIFT == VBS_BW_UNIT);
static_assert(VBS_BUCKETS <= 64);

/* So many CPUs of a bucket are looked at before one is taken that has enough */
#define VBS_LOOKS	16

static u8 vbs_adm_bucket(u32 spare)
{
	return min(spare >> VBS_BUCKET_SHIFT, VBS_BUCKETS - 1U);
}

static void vbs_bucket_add(struct vbs_admission *adm, int cpu, u8 bucket)
{
	adm->cpu[cpu].bucket = bucket;
	cpumask_set_cpu(cpu, &adm->mask[bucket]);
	adm->buckets |= BIT_ULL(bucket);
}

static void vbs_bucket_del(struct vbs_admission *adm, int cpu)
{
	u8 bucket = adm->cpu[cpu].bucket;

	cpumask_clear_cpu(cpu, &adm->mask[bucket]);
	if (cpumask_empty(&adm->mask[bucket]))
		adm->buckets &= ~BIT_ULL(bucket);
}

/* The spare bandwidth of @cpu has changed */
static void vbs_adm_update(struct vbs_admission *adm, int cpu)
{
	u8 bucket = vbs_adm_bucket(vbs_adm_spare(adm, cpu));

	if (!adm->cpu[cpu].online || adm->cpu[cpu].bucket == bucket)
		return;
	vbs_bucket_del(adm, cpu);
	vbs_bucket_add(adm, cpu, bucket);
}

/**
 * vbs_adm_set_capacity - set what may be booked on a CPU in all
 * @adm: the books
 * @cpu: the CPU
 * @capacity: in units of 1/VBS_BW_UNIT; may be less than what is booked
 *
 * Context: the admission lock is held.
 */
void vbs_adm_set_capacity(struct vbs_admission *adm, int cpu, u32 capacity)
{
	WRITE_ONCE(adm->cpu[cpu].capacity, capacity);
	vbs_adm_update(adm, cpu);
}

/**
 * vbs_adm_set_online - say whether a CPU takes new servers
 * @adm: the books
 * @cpu: the CPU
 * @online: it does; what is booked is kept either way
 *
 * Context: the admission lock is held.
 */
void vbs_adm_set_online(struct vbs_admission *adm, int cpu, bool online)
{
	if (adm->cpu[cpu].online == online)
		return;
	adm->cpu[cpu].online = online;
	if (online)
		vbs_bucket_add(adm, cpu,
			       vbs_adm_bucket(vbs_adm_spare(adm, cpu)));
	else
		vbs_bucket_del(adm, cpu);
}

/**
 * vbs_adm_spare - what may still be booked on a CPU
 * @adm: the books
 * @cpu: the CPU, online or not
 *
 * Context: the admission lock is held, or the answer is for information only.
 * Return: capacity - booked, 0 if more is booked.
 */
u32 vbs_adm_spare(const struct vbs_admission *adm, int cpu)
{
	u32 capacity = READ_ONCE(adm->cpu[cpu].capacity);
	u32 booked = READ_ONCE(adm->cpu[cpu].booked);

	return capacity > booked ? capacity - booked : 0;
}

/* The most spare among the CPUs of one bucket, which intersects @mask, or nearly */
static int vbs_bucket_best(const struct vbs_admission *adm, int bucket,
			   const struct cpumask *mask, u32 want, u32 *spare)
{
	int cpu, best = -1, looks = 0;

	for_each_cpu_and(cpu, &adm->mask[bucket], mask) {
		u32 s = vbs_adm_spare(adm, cpu);

		if (best < 0 || s > *spare) {
			best = cpu;
			*spare = s;
		}
		if (++looks >= VBS_LOOKS && *spare >= want)
			break;
	}
	return best;
}

/**
 * vbs_adm_best - the CPU with the most spare bandwidth
 * @adm: the books
 * @mask: where to look
 * @want: where many CPUs are alike it need not be the very best one that has so much:
 *	less than VBS_BW_UNIT / VBS_BUCKETS may be missing; U32_MAX: the very best
 * @spare: set to the spare bandwidth of that CPU, 0 if there is none
 *
 * Context: the admission lock is held.
 * Return: the CPU, of equal ones the lowest; -1 if none in @mask is online.
 */
int vbs_adm_best(const struct vbs_admission *adm, const struct cpumask *mask,
		 u32 want, u32 *spare)
{
	u64 left = adm->buckets;

	*spare = 0;
	while (left) {
		int bucket = fls64(left) - 1;

		if (cpumask_intersects(&adm->mask[bucket], mask))
			return vbs_bucket_best(adm, bucket, mask, want, spare);
		left &= ~BIT_ULL(bucket);
	}
	return -1;
}

/**
 * vbs_adm_fits - whether a booking would be granted
 * @adm: the books
 * @cpu: the CPU
 * @bw: how much
 *
 * Context: the admission lock is held.
 * Return: true if @cpu takes servers and has that much to spare.
 */
bool vbs_adm_fits(const struct vbs_admission *adm, int cpu, u32 bw)
{
	return adm->cpu[cpu].online && bw <= vbs_adm_spare(adm, cpu);
}

/**
 * vbs_adm_book - book bandwidth on a CPU
 * @adm: the books
 * @cpu: the CPU
 * @bw: how much; whoever wants the rule kept has asked vbs_adm_fits()
 *
 * No overflow: a cap is at most 2^20, so it would take 2^12 whole CPUs booked
 * on one without asking.
 *
 * Context: the admission lock is held.
 */
void vbs_adm_book(struct vbs_admission *adm, int cpu, u32 bw)
{
	u32 booked = adm->cpu[cpu].booked;

	if (WARN_ON_ONCE(bw > U32_MAX - booked))
		bw = U32_MAX - booked;
	WRITE_ONCE(adm->cpu[cpu].booked, booked + bw);
	vbs_adm_update(adm, cpu);
}

/**
 * vbs_adm_free - free what was booked on a CPU
 * @adm: the books
 * @cpu: the CPU, online or not
 * @bw: how much, not more than is booked
 *
 * Context: the admission lock is held.
 */
void vbs_adm_free(struct vbs_admission *adm, int cpu, u32 bw)
{
	u32 booked = adm->cpu[cpu].booked;

	if (WARN_ON_ONCE(bw > booked))
		bw = booked;
	WRITE_ONCE(adm->cpu[cpu].booked, booked - bw);
	vbs_adm_update(adm, cpu);
}
