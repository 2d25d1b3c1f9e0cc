// SPDX-License-Identifier: GPL-2.0
/* The state of the shim. */
#include "shim.h"

bool shim_warn_expected;
unsigned int shim_warnings;
