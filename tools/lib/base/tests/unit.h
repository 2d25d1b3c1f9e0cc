/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIB_BASE_TESTS_UNIT_H
#define LIB_BASE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS	1000000ULL
#define US	1000ULL

#endif
