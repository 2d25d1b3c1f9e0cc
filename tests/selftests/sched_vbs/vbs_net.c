// SPDX-License-Identifier: GPL-2.0
/* A pair of veth, by rtnetlink and ioctls alone: the test's machine has no tools for it. */
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "vbs_net.h"

#define FAR_DEV		"vbs0"
#define FAR_ADDRESS	"10.77.0.1"
#define ADDRESS		"10.77.0.2"
#define PORT		4077
#define SIZE		64		/* of a packet's data */

#ifndef SO_SNDBUFFORCE
#define SO_SNDBUFFORCE	32
#endif

struct start {
	volatile u32 gate;
	volatile u32 made;
	volatile s32 err;
	volatile u64 burst, period, until;
	pid_t here;
};

static struct start *start;

/* ---- the pair -------------------------------------------------------------- */

struct message {
	struct nlmsghdr h;
	struct ifinfomsg i;
	char room[512];
};

static struct rtattr *put(struct message *m, int type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end_nest(struct message *m, struct rtattr *a)
{
	a->rta_len = (char *)m + m->h.nlmsg_len - (char *)a;
}

static void describe(struct message *m, pid_t other)
{
	struct rtattr *info, *data, *peer;
	u32 pid = other;

	put(m, IFLA_IFNAME, FAR_DEV, sizeof(FAR_DEV));
	info = put(m, IFLA_LINKINFO, NULL, 0);
	put(m, IFLA_INFO_KIND, "veth", 4);
	data = put(m, IFLA_INFO_DATA, NULL, 0);
	peer = put(m, VETH_INFO_PEER, NULL, 0);
	memset((char *)m + m->h.nlmsg_len, 0, sizeof(struct ifinfomsg));
	m->h.nlmsg_len += sizeof(struct ifinfomsg);
	put(m, IFLA_IFNAME, NET_DEV, sizeof(NET_DEV));
	put(m, IFLA_NET_NS_PID, &pid, sizeof(pid));
	end_nest(m, peer);
	end_nest(m, data);
	end_nest(m, info);
}

/* One end here, the other in the namespace of @other; 0 or an errno */
static int pair_new(pid_t other)
{
	struct message m = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
		},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err;
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char room[1024];
	} answer;

	describe(&m, other);
	if (fd < 0 || send(fd, &m, m.h.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.e)))
		err = errno;
	else
		err = -answer.e.error;
	if (fd >= 0)
		close(fd);
	return err;
}

/* ---- one end ---------------------------------------------------------------- */

static void request(int fd, unsigned long what, struct ifreq *r, const char *name)
{
	if (ioctl(fd, what, r))
		t_fatal("%s: %s: %s", r->ifr_name, name, strerror(errno));
}

static void set_address(int fd, struct ifreq *r, unsigned long what, const char *address)
{
	struct sockaddr_in *in = (void *)&r->ifr_addr;

	memset(in, 0, sizeof(*in));
	in->sin_family = AF_INET;
	inet_pton(AF_INET, address, &in->sin_addr);
	request(fd, what, r, address);
}

/* @feature: ETHTOOL_SGRO, without which veth has no NAPI; ETHTOOL_STSO, with which it uses none */
static void bring_up(const char *dev, const char *address, u32 feature, u32 value)
{
	struct ethtool_value set = { .cmd = feature, .data = value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {};

	if (fd < 0)
		t_fatal("socket: %s", strerror(errno));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", dev);
	r.ifr_data = (void *)&set;
	request(fd, SIOCETHTOOL, &r, "a feature");
	set_address(fd, &r, SIOCSIFADDR, address);
	set_address(fd, &r, SIOCSIFNETMASK, "255.255.255.0");
	request(fd, SIOCGIFFLAGS, &r, "flags");
	r.ifr_flags |= IFF_UP | IFF_RUNNING;
	request(fd, SIOCSIFFLAGS, &r, "up");
	close(fd);
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		t_fatal("socket: %s", strerror(errno));
	return fd;
}

static struct sockaddr_in receiver(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, ADDRESS, &in.sin_addr);
	return in;
}

/* ---- the sender ---------------------------------------------------------------- */

/* For as long as it may, once in each period; or 64 packets */
static void flood_once(int fd)
{
	static const char data[SIZE];
	u64 began = cpu_ns();

	do {
		for (int i = 0; i < 64; i++)
			send(fd, data, sizeof(data), MSG_DONTWAIT);
	} while (cpu_ns() - began < start->burst);
	if (start->until && now_ns() >= start->until)
		raise(SIGSTOP);
	else if (start->period)
		sleep_until((now_ns() / start->period + 1) * start->period);
}

/* The ring is the limit, not the sender's memory: what is too much is dropped there */
static void flood(void *arg)
{
	int fd, most = 16 << 20;
	struct sockaddr_in to;

	(void)arg;
	start->err = unshare(CLONE_NEWNET) ? errno : pair_new(start->here);
	gate_open(&start->made);
	gate_wait(&start->gate);
	bring_up(FAR_DEV, FAR_ADDRESS, ETHTOOL_STSO, 0);
	to = receiver();
	fd = udp_socket();
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &most, sizeof(most)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		t_fatal("the sender's socket: %s", strerror(errno));
	for (;;)
		flood_once(fd);
}

pid_t flood_new(void)
{
	struct sockaddr_in in = receiver();
	pid_t pid;

	start = t_shared(sizeof(*start));
	start->here = getpid();
	pid = t_fork(flood, NULL);
	gate_wait(&start->made);
	if (start->err)
		t_skip_all("no pair of veth: %s", strerror(start->err));
	bring_up(NET_DEV, ADDRESS, ETHTOOL_SGRO, 1);
	/* Nobody reads it: what is received is dropped when it is full. */
	if (bind(udp_socket(), (struct sockaddr *)&in, sizeof(in)))
		t_fatal("bind: %s", strerror(errno));
	return pid;
}

void flood_go(void)
{
	gate_open(&start->gate);
}

void flood_bursts(u64 cpu_time, u64 period)
{
	start->burst = cpu_time;
	start->period = period;
}

void flood_until(u64 when)
{
	start->until = when;
}

u64 flood_received(void)
{
	return file_num("/sys/class/net/" NET_DEV "/statistics/rx_packets");
}

/* ---- the receiving thread --------------------------------------------------------- */

pid_t kernel_thread(const char *name)
{
	char path[280], comm[64];
	DIR *dir = opendir("/proc");
	struct dirent *d;
	pid_t found = 0;

	while (dir && !found && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		if (atoi(d->d_name) > 0 && file_read(path, comm, sizeof(comm)) >= 0 &&
		    !strncmp(comm, name, strlen(name)))
			found = atoi(d->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

void napi_threaded(bool threaded)
{
	if (file_write("/sys/class/net/" NET_DEV "/threaded", threaded ? "1" : "0"))
		t_fatal(NET_DEV ": no thread of NAPI");
}

pid_t napi_thread(void)
{
	pid_t pid = kernel_thread("napi/" NET_DEV "-");

	if (!pid)
		t_fatal(NET_DEV " has no thread of NAPI");
	return pid;
}

/* ---- what is nobody's --------------------------------------------------------------- */

struct nobodys nobodys_now(void)
{
	unsigned long long irq, softirq, tick = SEC / sysconf(_SC_CLK_TCK);
	char text[4096], *line;

	if (file_read("/proc/stat", text, sizeof(text)) < 0)
		t_fatal("/proc/stat");
	line = strstr(text, "cpu0 ");
	if (!line || sscanf(line, "cpu0 %*u %*u %*u %*u %*u %llu %llu", &irq, &softirq) != 2)
		t_fatal("/proc/stat: no CPU 0");
	return (struct nobodys){ irq * tick, softirq * tick };
}
