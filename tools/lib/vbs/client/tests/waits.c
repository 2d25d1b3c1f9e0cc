// SPDX-License-Identifier: GPL-2.0
/* Waits of vbs_channel.h end when they are to, whatever a long and a time are: for tests/built.t. */
#include <stdio.h>
#include <vbs_channel.h>

static long long ns_of(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

int main(void)
{
	static uint64_t mem[64] __attribute__((aligned(8)));
	struct vbs_channel a, b;
	struct timespec now;
	uint64_t n;
	int i, err = vbs_channel_create(&a, mem, sizeof(mem), 2, sizeof(n));

	if (!err)
		err = vbs_channel_attach(&b, mem, sizeof(mem));
	for (i = 0; i < 4 && !err; i++) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 300000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		err = vbs_channel_receive(&b, &n, sizeof(n), NULL, NULL, &until);
		clock_gettime(CLOCK_MONOTONIC, &now);
		err = err == ETIMEDOUT && ns_of(&now) < ns_of(&until) ? ETIME : err == ETIMEDOUT ? 0 : err;
	}
	if (err)
		printf("times of %d bits: %s\n", (int)sizeof(time_t) * 8, strerror(err));
	return err;
}
