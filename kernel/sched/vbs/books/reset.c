// SPDX-License-Identifier: GPL-2.0
/*
 * SCHED_VBS: the worst that /proc/vbs shows of a server, from now on.
 *
 * "reset ID" or "reset all", written to /proc/vbs, begins the maxima anew; counts go on.
 * It takes the server's owner or CAP_SYS_NICE, of who opened the file: a program that
 * can do more may be given it as its output.
 */

/* "reset all" and a newline are shorter */
#define VBS_COMMAND_MAX		32

static void vbs_reset_maxima(struct vbs_srv *srv)
{
	struct vbs_stats *st = &srv->core.stats;
	struct rq_flags rf;
	struct rq *rq;

	rq = vbs_lock_home(srv, &rf);
	st->overrun_worst = 0;
	st->switch_worst = 0;
	st->release_worst = 0;
	rq_unlock_irqrestore(rq, &rf);
}

static bool vbs_may_reset(struct file *file, const struct vbs_srv *srv)
{
	return uid_eq(srv->owner, file->f_cred->euid) ||
		file_ns_capable(file, &init_user_ns, CAP_SYS_NICE);
}

static void vbs_reset_all(struct file *file)
{
	bool priv = file_ns_capable(file, &init_user_ns, CAP_SYS_NICE);
	struct vbs_srv *srv;

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv)) {
		if (priv || uid_eq(srv->owner, file->f_cred->euid))
			vbs_reset_maxima(srv);
		cond_resched();
	}
}

/* Who may not is told the same of a server that there is as of one that there is not. */
static int vbs_reset_one(struct file *file, u64 id)
{
	struct vbs_srv *srv;
	int ret = -EPERM;

	for (srv = vbs_next_server(NULL); srv; srv = vbs_next_server(srv)) {
		cond_resched();
		if (srv->id != id)
			continue;
		if (vbs_may_reset(file, srv)) {
			vbs_reset_maxima(srv);
			ret = 0;
		}
		vbs_srv_put(srv);
		return ret;
	}
	return file_ns_capable(file, &init_user_ns, CAP_SYS_NICE) ? -ESRCH : -EPERM;
}

/* Return: 0; -EINVAL, no command; -EPERM, -ESRCH, see above */
static int vbs_reset(struct file *file, char *text)
{
	char *what = strim(text);
	u64 id;

	if (!strstarts(what, "reset "))
		return -EINVAL;
	what = skip_spaces(what + strlen("reset "));
	if (!strcmp(what, "all")) {
		vbs_reset_all(file);
		return 0;
	}
	if (kstrtou64(what, 10, &id))
		return -EINVAL;
	return vbs_reset_one(file, id);
}

static ssize_t vbs_proc_write(struct file *file, const char __user *buf, size_t count,
			      loff_t *pos)
{
	char text[VBS_COMMAND_MAX];
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	ret = vbs_reset(file, text);
	return ret ?: count;
}
