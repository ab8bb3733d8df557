/*
 * clean_text.h - texts of databases and children as JSON, which takes UTF-8 alone.
 */
#ifndef SLUICE_WORKER_CLEAN_TEXT_H
#define SLUICE_WORKER_CLEAN_TEXT_H

#include <jansson.h>

/* A JSON string with U+FFFD for every byte that is not UTF-8; NULL without memory. */
extern json_t *clean_text(const char *text);

#endif
