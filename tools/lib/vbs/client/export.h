/* SPDX-License-Identifier: GPL-2.0 */
/* What the library shows; everything else is hidden by the compiler's options. */
#ifndef LIB_VBS_CLIENT_EXPORT_H
#define LIB_VBS_CLIENT_EXPORT_H

#pragma GCC visibility push(default)
#include "libvbs.h"
#pragma GCC visibility pop

#define EXPORT	__attribute__((visibility("default")))

#endif
