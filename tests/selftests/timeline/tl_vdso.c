// SPDX-License-Identifier: GPL-2.0
/*
 * Finds functions in the vDSO; the tests are static programs.
 */
#include <elf.h>
#include <sys/auxv.h>
#include "tl_test.h"

/* Of the dynamic section: symbols, their names, how many */
struct symbols {
	const Elf64_Sym *sym;
	const char *names;
	u32 count;
};

static void read_dynamic(const char *base, const Elf64_Dyn *dyn, struct symbols *s)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *at = base + dyn->d_un.d_ptr;

		if (dyn->d_tag == DT_SYMTAB)
			s->sym = at;
		else if (dyn->d_tag == DT_STRTAB)
			s->names = at;
		else if (dyn->d_tag == DT_HASH)
			s->count = ((const u32 *)at)[1];
	}
}

const void *tl_vdso_find(const char *name)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)base;
	struct symbols s = { 0 };
	const Elf64_Phdr *ph;
	u32 i;

	if (!base)
		return NULL;
	ph = (const Elf64_Phdr *)(base + elf->e_phoff);
	for (i = 0; i < elf->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			read_dynamic(base, (const Elf64_Dyn *)(base + ph[i].p_offset), &s);
	for (i = 0; i < s.count; i++)
		if (!strcmp(s.names + s.sym[i].st_name, name))
			return base + s.sym[i].st_value;
	return NULL;
}

int tl_vdso(u32 id, struct timeline_time *tt)
{
	static tl_gettime_fn *fn;

	if (!fn)
		fn = tl_vdso_find("__vdso_timeline_gettime");
	return fn ? fn(id, tt) : -ENOSYS;
}
