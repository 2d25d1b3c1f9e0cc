// SPDX-License-Identifier: GPL-2.0
/*
 * By expat: it reads a stream, knows namespaces, opens no file and no connection, and is
 * where Python and D-Bus are.  Elements of other namespaces are not the domain's, whatever
 * their local names are: expat puts the namespace before these.  libvirt writes no document
 * type, so one is an error, and no entity is ever expanded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <expat.h>

#include "vm/domain.h"

#define DEPTH	8
#define WORD	VM_NAME

struct reader {
	XML_Parser parser;
	struct vm_domain *domain;
	const char *why;
	char path[DEPTH * 32];		/* "/domain/cputune" */
	int depth;
	size_t length[DEPTH];		/* of the path at each depth */
	char text[WORD];		/* of the element that is open */
	uint32_t current;		/* of <vcpu current=''> */
};

static void stop_reading(struct reader *r, const char *why)
{
	r->why = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2) {
		if (!strcmp(attributes[0], name))
			return attributes[1];
	}
	return NULL;
}

/* libvirt also has "^3": then it is all of the CPUs that a check assumes */
static void add_cpus(struct vm_domain *domain, const char *list)
{
	struct cpumask mask;
	size_t i;

	if (!list || parse_cpus(list, &mask))
		return;
	domain->pinned = true;
	for (i = 0; i < sizeof(mask.word) / sizeof(mask.word[0]); i++)
		domain->cpus.word[i] |= mask.word[i];
}

static void take_element(struct reader *r, const char **attributes)
{
	const char *value;

	if (!strcmp(r->path, "/domain")) {
		value = attribute(attributes, "type");
		r->domain->kvm = value && !strcmp(value, "kvm");
	} else if (!strcmp(r->path, "/domain/vcpu")) {
		value = attribute(attributes, "current");
		r->current = value ? strtoul(value, NULL, 10) : 0;
		add_cpus(r->domain, attribute(attributes, "cpuset"));
	} else if (!strcmp(r->path, "/domain/cputune/vcpupin") ||
		   !strcmp(r->path, "/domain/cputune/emulatorpin")) {
		add_cpus(r->domain, attribute(attributes, "cpuset"));
	}
}

static void XMLCALL begin(void *data, const char *name, const char **attributes)
{
	struct reader *r = data;
	size_t used = r->depth > 0 && r->depth <= DEPTH ? r->length[r->depth - 1] : 0;

	r->text[0] = '\0';
	r->depth++;
	if (r->depth > DEPTH || used + strlen(name) + 2 > sizeof(r->path) || strlen(name) > 30) {
		/* Nothing that is looked for: a name that no element has */
		if (r->depth <= DEPTH) {
			memcpy(r->path + used, "/?", 3);
			r->length[r->depth - 1] = used + 2;
		}
		return;
	}
	r->path[used] = '/';
	strcpy(r->path + used + 1, name);
	r->length[r->depth - 1] = used + 1 + strlen(name);
	take_element(r, attributes);
}

static void take_text(struct reader *r)
{
	if (!strcmp(r->path, "/domain/name"))
		strcpy(r->domain->name, r->text);
	else if (!strcmp(r->path, "/domain/vcpu"))
		r->domain->vcpus = r->current ? r->current : strtoul(r->text, NULL, 10);
}

static void XMLCALL end(void *data, const char *name)
{
	struct reader *r = data;

	(void)name;
	if (r->depth <= DEPTH)
		take_text(r);
	r->depth--;
	r->text[0] = '\0';
	if (r->depth < DEPTH)
		r->path[r->depth > 0 ? r->length[r->depth - 1] : 0] = '\0';
}

/* It comes in pieces.  What is too long for a name or a number is none */
static void XMLCALL text(void *data, const char *s, int n)
{
	struct reader *r = data;
	size_t used = strlen(r->text);

	if (r->depth > DEPTH || used + n >= sizeof(r->text))
		return;
	memcpy(r->text + used, s, n);
	r->text[used + n] = '\0';
}

static void XMLCALL doctype(void *data, const char *name, const char *system, const char *public,
			    int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop_reading(data, "a document type, which libvirt does not write");
}

static void parse(struct reader *r, const char *bytes, ssize_t n)
{
	if (r->why)
		return;
	if (XML_Parse(r->parser, bytes, n, !n) != XML_STATUS_ERROR || r->why)
		return;
	r->why = XML_ErrorString(XML_GetErrorCode(r->parser));
}

static void read_all(struct reader *r, int fd)
{
	char bytes[16384];
	ssize_t n;

	do {
		n = read(fd, bytes, sizeof(bytes));
		if (n >= 0)
			parse(r, bytes, n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 && !r->why)
		r->why = strerror(errno);
}

const char *vm_domain_read(int fd, struct vm_domain *domain)
{
	struct reader r = { .parser = XML_ParserCreateNS(NULL, '|'), .domain = domain };

	memset(domain, 0, sizeof(*domain));
	if (!r.parser)
		return "out of memory";
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, begin, end);
	XML_SetCharacterDataHandler(r.parser, text);
	XML_SetStartDoctypeDeclHandler(r.parser, doctype);
	read_all(&r, fd);
	XML_ParserFree(r.parser);
	if (!r.why && (!domain->name[0] || !domain->vcpus))
		r.why = "no domain with a name and vCPUs";
	return r.why;
}
