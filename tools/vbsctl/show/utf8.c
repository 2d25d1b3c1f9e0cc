// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

#include "show/utf8.h"

/* Length of the UTF-8 character at @s, 0 if there is none, or a control character above ASCII */
static int utf8_length(const char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = *s;
	int i, n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t code = n == 1 ? c : c & (0x7f >> n);

	if (c >= 0xf8 || (c & 0xc0) == 0x80)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code >= 0x80 && code < 0xa0)
		return 0;
	return code < least[n] || code > 0x10ffff || code >> 11 == 0x1b ? 0 : n;
}

void make_utf8(char *text)
{
	int n;

	for (; *text; text += n) {
		n = utf8_length(text);
		if (!n) {
			*text = '?';
			n = 1;
		}
	}
}

void make_printable(char *text)
{
	make_utf8(text);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}
