/*
 * log_walk.h - reads a whole binary log, whatever its bytes are, with a value of every column of every
 * row.
 */
#ifndef SLUICE_TESTS_LOG_WALK_H
#define SLUICE_TESTS_LOG_WALK_H

#include "common/core/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct LogCounts
{
	uint64_t groups, rows, statements;
	uint64_t ends[4]; /* by GroupOutcome */
	uint64_t bytes;	  /* of canonical values */
} LogCounts;

/*
 * Events lie one behind the other, a file's magic left out; `maximum` is that of an event and of a
 * value.  Values that cannot be represented are counted as empty; what is corrupt ends the walk.
 */
extern bool log_walk(const uint8_t *data, size_t length, size_t maximum, LogCounts *counts,
					 SluiceError *err) SLUICE_MUST_CHECK;

#endif
