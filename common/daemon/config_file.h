/*
 * config_file.h - the lexer of configuration files; what the names mean is the caller's business.
 *
 * One setting per line:
 *
 *     # a comment, also after a value
 *     name = value
 *     name = "value with # and \"quotes\", \\ \n and \t"
 *     name = 'taken as it stands, '' is one quote'
 *
 * Blanks around name and value do not count.  A bare value ends at the line's end or at a '#' that
 * follows a blank.
 */
#ifndef SLUICE_DAEMON_CONFIG_FILE_H
#define SLUICE_DAEMON_CONFIG_FILE_H

#include "common/core/error.h"

/* Called once per setting, in order; false stops the reading with the error it filled. */
typedef bool (*ConfigFileSetting)(void *context, int line, const char *name, const char *value,
								  SluiceError *err);

/*
 * Reads the file (at most 1 MiB).  A malformed line is SLUICE_ERROR_ARGUMENT, and every error about
 * a line, the callback's included, begins with "FILE:LINE: ".
 */
extern bool config_file_read(const char *path, ConfigFileSetting setting, void *context,
							 SluiceError *err) SLUICE_MUST_CHECK;

/* The same for a text, which errors call `name`; the text is changed. */
extern bool config_text_read(const char *name, char *text, ConfigFileSetting setting, void *context,
							 SluiceError *err) SLUICE_MUST_CHECK;

#endif
