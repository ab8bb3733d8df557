/*
 * schema_pattern.h - the regular expressions that schemas of ours use.  Pure.
 *
 * Characters, ".", classes ("[a-z0-9_]", "[^/]"), \d \w \s and escapes, each with an optional *, +, ?, {n}, {n,} or
 * {n,m}; ^ at the beginning and $ at the end.  No groups, no alternatives.  A character is one of Unicode; classes
 * name ASCII.  The work for one text is bounded: what takes too long does not match.
 */
#ifndef SLUICE_CONTROL_SCHEMA_PATTERN_H
#define SLUICE_CONTROL_SCHEMA_PATTERN_H

#include <stdbool.h>

/* Whether it is of this form. */
extern bool pattern_valid(const char *pattern);

/* Whether a text of UTF-8 matches, somewhere where there is no ^ and $.  False for a pattern that is not valid. */
extern bool pattern_matches(const char *pattern, const char *text);

#endif
