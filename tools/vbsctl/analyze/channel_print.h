/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_ANALYZE_CHANNEL_PRINT_H
#define VBSCTL_ANALYZE_CHANNEL_PRINT_H

#include "analyze/channel.h"

struct json_object;

const char *channel_side_name(enum channel_side side);
void channel_print_stages(const struct channel_bound *bound);

/* Stages, bound and what goes with it, as members of @o */
void channel_json_bound(const struct channel *c, const struct channel_bound *bound,
			struct json_object *o);

#endif
