// SPDX-License-Identifier: GPL-2.0
/* An ELF image without a hash table of the old style, as newer kernels' vDSO is. */
int one(void);
int two(void);
int sought(void);

int one(void)
{
	return 1;
}

int two(void)
{
	return 2;
}

int sought(void)
{
	return 3;
}
