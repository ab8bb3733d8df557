/*
 * preview.h - `sluice-writer --plan`: shows what a copy would make at the target.
 */
#ifndef SLUICE_WRITER_PREVIEW_H
#define SLUICE_WRITER_PREVIEW_H

#include "settings.h"

/*
 * Reads the schema document, from `file` or when that is NULL the newest of the stream, and writes the
 * plan to stdout.  The exit status: refused when something must be mended before.
 */
extern int preview_run(const WriterSettings *settings, const char *file, Log *log);

#endif
