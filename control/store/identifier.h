/*
 * identifier.h - ids of documents: a prefix of layout.h and ID_RANDOM random characters of [a-z0-9].
 */
#ifndef SLUICE_CONTROL_IDENTIFIER_H
#define SLUICE_CONTROL_IDENTIFIER_H

#include "common/control/layout.h"

/* Makes one: identifier_make(id, ID_CONNECTION); `id` has ID_MAXIMUM + 1 bytes and is returned. */
extern const char *identifier_make(char *id, const char *prefix);

#endif
