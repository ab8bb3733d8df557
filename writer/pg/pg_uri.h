/*
 * pg_uri.h - what can be told of a PostgreSQL connection URI or conninfo string without a server.
 */
#ifndef SLUICE_WRITER_PG_URI_H
#define SLUICE_WRITER_PG_URI_H

#include "common/core/error.h"

/* ARGUMENT when libpq cannot read it; where it may hold a secret, libpq's words, which quote it, are left out. */
extern bool pg_uri_check(const char *uri, SluiceError *err) SLUICE_MUST_CHECK;

#endif
