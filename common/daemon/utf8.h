/*
 * utf8.h - telling UTF-8 from other bytes, for everything that is shown to others.
 */
#ifndef SLUICE_DAEMON_UTF8_H
#define SLUICE_DAEMON_UTF8_H

#include <stddef.h>

/* U+FFFD, what stands for a byte that is not UTF-8. */
#define UTF8_REPLACEMENT "\xEF\xBF\xBD"

/*
 * The length of the sequence that begins at `at`, of which `left` > 0 bytes may be read; 0 for a
 * byte that begins none: overlong forms, surrogates and what lies above U+10FFFF are none.
 */
extern size_t utf8_sequence(const char *at, size_t left);

#endif
