// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a function in the vDSO, an ELF image that the kernel has mapped: its segments
 * lie in memory as in the file, and addresses in it are offsets from its beginning.
 * The number of symbols is that of the hash table, of either style.
 */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "vdso.h"

/* Of the dynamic section */
struct symbols {
	const ElfW(Sym) * sym;
	const char *names;
	const ElfW(Word) * hash;
	const uint32_t *gnu;
};

static const void *at(const void *image, ElfW(Addr) offset)
{
	return (const char *)image + offset;
}

static void read_dynamic(const void *image, const ElfW(Dyn) * dyn, struct symbols *s)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *value = at(image, dyn->d_un.d_ptr);

		if (dyn->d_tag == DT_SYMTAB)
			s->sym = value;
		else if (dyn->d_tag == DT_STRTAB)
			s->names = value;
		else if (dyn->d_tag == DT_HASH)
			s->hash = value;
		else if (dyn->d_tag == DT_GNU_HASH)
			s->gnu = value;
	}
}

/* One more than the last symbol of the last chain, whose word is odd */
static uint32_t count_gnu(const uint32_t *gnu)
{
	uint32_t buckets = gnu[0], first = gnu[1], last = 0, i;
	const uint32_t *bucket = gnu + 4 + gnu[2] * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;

	for (i = 0; i < buckets; i++)
		last = bucket[i] > last ? bucket[i] : last;
	if (last < first)
		return 0;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

const void *vdso_find(const void *image, const char *name)
{
	const ElfW(Ehdr) *elf = image;
	const ElfW(Phdr) *ph = at(image, elf->e_phoff);
	struct symbols s = { 0 };
	uint32_t i, count;

	for (i = 0; i < elf->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			read_dynamic(image, at(image, ph[i].p_offset), &s);
	if (!s.sym || !s.names || (!s.hash && !s.gnu))
		return NULL;
	count = s.hash ? s.hash[1] : count_gnu(s.gnu);
	for (i = 0; i < count; i++)
		if (s.sym[i].st_shndx != SHN_UNDEF && !strcmp(s.names + s.sym[i].st_name, name))
			return at(image, s.sym[i].st_value);
	return NULL;
}

typedef int gettime_fn(unsigned int id, struct timeline_time *tt);

static int by_prctl(unsigned int id, struct timeline_time *tt)
{
	return prctl(PR_TIMELINE_GETTIME, (unsigned long)id, tt, 0L, 0L) ? -errno : 0;
}

static gettime_fn *find_gettime(void)
{
	const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);
	gettime_fn *fn = NULL;

	if (image)
		*(const void **)&fn = vdso_find(image, "__vdso_timeline_gettime");
	return fn ? fn : by_prctl;
}

/* Threads that race here find the same */
int vdso_gettime(unsigned int id, struct timeline_time *tt)
{
	static gettime_fn *found;
	gettime_fn *fn = __atomic_load_n(&found, __ATOMIC_RELAXED);

	if (!fn) {
		fn = find_gettime();
		__atomic_store_n(&found, fn, __ATOMIC_RELAXED);
	}
	return fn(id, tt);
}
