# SPDX-License-Identifier: GPL-2.0
# What the Makefiles of the libraries and of vbsctl share.  Includes are written from
# here and from the tool's directory: "vbs/proc.h", "servers/request.h".

LIB		:= $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
PKG_CONFIG	?= pkg-config
UAPI		?= $(LIB)/../../include/uapi
Q		= $(if $(V),,@)

CFLAGS		?= -O2 -g
# WERROR=1 for who works on it: another compiler warns of other things
WARNINGS	= -Wall -Wextra $(if $(WERROR),-Werror)
ALL_CFLAGS	= -std=c11 -D_GNU_SOURCE $(WARNINGS) -I$(LIB) -I$(UAPI) -MMD -MP \
		  $(CPPFLAGS) $(CFLAGS) $(SANITIZE)

# An object, in the same place under O
$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
