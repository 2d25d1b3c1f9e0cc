// SPDX-License-Identifier: GPL-2.0
/*
 * What sync tells: to systemd by datagrams, to people by lines.  A trouble is told
 * when it begins, and its end when WELL_UPDATES have gone well; of more than LINES
 * lines in LINES_NS the rest is left out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "timelines/notify.h"

#define WELL_UPDATES	8
#define LINES		10
#define LINES_NS	600000000000ULL

/* Its length; 0 if there is none.  An abstract one begins with @ */
static socklen_t notify_address(struct sockaddr_un *to)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof(to->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, n);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + n;
}

void notify_send(const char *fmt, ...)
{
	struct sockaddr_un to;
	socklen_t len = notify_address(&to);
	char text[512];
	va_list ap;
	int fd;

	if (!len)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to, len);
	close(fd);
}

uint64_t notify_watchdog_ns(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!us || (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	/* Half of it, in ns */
	return strtoull(us, NULL, 10) * 500;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static bool may_print(struct sync_log *log)
{
	uint64_t now = now_ns();

	if (!log->lines || now - log->since > LINES_NS) {
		log->lines = 0;
		log->since = now;
		log->cut = false;
	}
	if (log->lines < LINES) {
		log->lines++;
		return true;
	}
	if (!log->cut)
		failure(VC_OK, "more changes than lines: some are left out for 10 minutes");
	log->cut = true;
	return false;
}

void log_trouble(struct sync_log *log, const char *fmt, ...)
{
	char text[SYNC_LOG_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log->well = 0;
	if (!strcmp(text, log->trouble))
		return;
	memcpy(log->trouble, text, sizeof(text));
	if (may_print(log))
		failure(VC_OK, "warning: %s", text);
	notify_send("STATUS=%s", text);
}

void log_well(struct sync_log *log, const char *name)
{
	if (!log->trouble[0] || ++log->well < WELL_UPDATES)
		return;
	log->trouble[0] = '\0';
	if (may_print(log))
		failure(VC_OK, "'%s' is synchronized again", name);
	notify_send("STATUS=synchronized");
}

void log_info(struct sync_log *log, const char *fmt, ...)
{
	char text[SYNC_LOG_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (may_print(log))
		failure(VC_OK, "%s", text);
}
