/*
 * verify_settings.h - what `sluice-writer verify` was told to do.
 *
 * Texts are those of the options: nothing of them changes on a reload.
 */
#ifndef SLUICE_WRITER_VERIFY_SETTINGS_H
#define SLUICE_WRITER_VERIFY_SETTINGS_H

#include "common/daemon/options.h"

typedef struct VerifySettings
{
	const char *stream, *consumer;
	const char *source, *source_password; /* may be NULL: from the environment */
	const char *target, *target_password;
	char *const *tables;
	size_t table_count; /* 0: all of the stream's */
	int64_t range_rows;
	int jobs;
	bool repair, json;
	int64_t timeout_ms;
} VerifySettings;

extern const Program verify_program;

extern bool verify_settings_read(VerifySettings *settings, const Options *options,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
