/*
 * pg_loss.h - which column types at the target would silently change what the source sends.
 *
 * PostgreSQL's assignment casts round numbers and cut times without a word.  A target column that
 * would do so is refused by name instead, whatever the values at hand.
 */
#ifndef SLUICE_WRITER_PG_LOSS_H
#define SLUICE_WRITER_PG_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

/* Built-in types by oid, with type modifiers as PostgreSQL has them (-1: none). */
extern bool pg_type_loses(Oid from, int32_t from_modifier, Oid to, int32_t to_modifier);

/* The oid of one of those types by its name in pg_type ("int8", "_numeric"); 0 for any other. */
extern Oid pg_type_named(const char *name);

#endif
