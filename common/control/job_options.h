/*
 * job_options.h - the options that a stream's configuration may have for its source and its targets: one table.
 *
 * They are those of sluice.create_stream() at PostgreSQL, of sluice-mysql-reader and of sluice-writer, with underscores.
 * What names files, addresses, secrets or the stream itself is not among them: a worker sets those.  In JSON a boolean is
 * true or false, a size bytes or "64MB", a duration seconds or "5min", a list an array of texts or one text with commas.
 */
#ifndef SLUICE_CONTROL_JOB_OPTIONS_H
#define SLUICE_CONTROL_JOB_OPTIONS_H

#include <jansson.h>

#include "common/daemon/option.h"

/* Whose options. */
typedef enum JobPart
{
	JOB_SOURCE_POSTGRESQL,
	JOB_SOURCE_MYSQL, /* and MariaDB */
	JOB_TARGET,		  /* of any kind */
	JOB_VERIFY,
	JOB_PARTS
} JobPart;

typedef struct JobOption
{
	const char *name; /* with underscores */
	OptionType type;
	bool object;				/* instead: a JSON object of texts */
	int64_t minimum, maximum;	/* bytes, milliseconds or a plain number; both 0: no limit */
	const char *const *allowed; /* words of an enum, or of a list's items; ends with NULL */
} JobOption;

/* The source's part for a connection's type: "postgresql", else MySQL's. */
extern JobPart job_source_part(const char *connection_type);

extern const JobOption *job_options(JobPart part, size_t *count);

/* NULL when there is none. */
extern const JobOption *job_option_find(JobPart part, const char *name);

/* Whether an option may have that value; ARGUMENT says why not, with a hint where there is one. */
extern bool job_option_check(JobPart part, const char *name, const json_t *value,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* Told of each option of an object that may not be so; err as of job_option_check(). */
typedef void (*JobOptionFault)(void *context, const char *name, const SluiceError *err);

/* Checks all of an object (NULL is an empty one); false when there was a fault. */
extern bool job_options_check(JobPart part, const json_t *options, JobOptionFault fault,
							  void *context);

/*
 * The value as its part takes it: as it would stand behind "name = " of a configuration file, or in the options of
 * create_stream() (sizes in bytes, durations in seconds, true and false).  To be freed; NULL on error.
 */
extern char *job_option_text(JobPart part, const char *name, const json_t *value,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
