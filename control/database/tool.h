/*
 * tool.h - sluice-mysql-reader and sluice-writer run for their answers: checks, schema documents, plans.
 *
 *     Tool tool;
 *
 *     if (tool_init(&tool, "sluice-writer", err) && tool_line(&tool, ...) && tool_side(&tool, "target", database, err) &&
 *         tool_run(&tool, TOOL_MS, err))
 *         ... tool.output, tool.status ...
 *     tool_free(&tool);
 *
 * What a tool is told, secrets too, is in anonymous files; it connects to the very address that was checked.
 */
#ifndef SLUICE_CONTROL_TOOL_H
#define SLUICE_CONTROL_TOOL_H

#include "common/control/child.h"
#include "common/control/child_config.h"
#include "common/control/program_path.h"
#include "database.h"

#define TOOL_MS				60000
#define TOOL_OUTPUT_MAXIMUM ((size_t) 64 << 20)

typedef struct Tool
{
	char path[PROGRAM_PATH_MAXIMUM];
	ByteBuf config;
	int files[CHILD_FILES]; /* the first is the configuration's, made when it runs */
	bool borrowed[CHILD_FILES];
	size_t file_count;
	ByteBuf output; /* what it printed, NUL-terminated */
	ByteBuf errors; /* the end of what it said on stderr */
	int status;		/* its exit status */
} Tool;

/* NOT_FOUND when there is no such program.  To be freed in any case. */
extern bool tool_init(Tool *tool, const char *program, SluiceError *err) SLUICE_MUST_CHECK;
extern void tool_free(Tool *tool);

/* A line of its configuration. */
extern bool tool_line(Tool *tool, const char *name, const char *value,
					  SluiceError *err) SLUICE_MUST_CHECK;

/* "source" or "target": the database as it was reached, with its password. */
extern bool tool_side(Tool *tool, const char *option, const Database *database,
					  SluiceError *err) SLUICE_MUST_CHECK;

/* An option that names a file, with its content. */
extern bool tool_file(Tool *tool, const char *option, const char *data, size_t length,
					  SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Runs it to its end.  False when it was not done in time (TIMEOUT), killed, printed too much, or ended with a status
 * other than 0 and printed nothing: then the error is its own last one.
 */
extern bool tool_run(Tool *tool, int timeout_ms, SluiceError *err) SLUICE_MUST_CHECK;

#endif
