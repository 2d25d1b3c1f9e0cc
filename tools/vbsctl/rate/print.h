/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VBSCTL_RATE_PRINT_H
#define VBSCTL_RATE_PRINT_H

#include "rate/model.h"

/* The table of all sizes and states, the line, and what is said of it */
void model_print(const struct rate_model *m);

#endif
