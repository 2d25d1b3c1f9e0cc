// SPDX-License-Identifier: GPL-2.0
#define BUILD_VDSO
#define BUILD_VDSO32
#include "fake_32bit_build.h"
#include "../vtimeline.c"
