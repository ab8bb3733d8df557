/*
 * schema_internal.h - what schema_known.c asks of schema_check.c.
 */
#ifndef SLUICE_CONTROL_SCHEMA_INTERNAL_H
#define SLUICE_CONTROL_SCHEMA_INTERNAL_H

#include <stdbool.h>

/* Whether the keyword says something of values. */
extern bool schema_keyword_checked(const char *name);

#endif
