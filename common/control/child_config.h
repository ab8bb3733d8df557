/*
 * child_config.h - the configuration lines a child reads: "name = value" as its --config file has them.
 *
 * Pure.  Every value is quoted, whatever bytes it has, so that none can be taken for a line of its own.  The buffer is made
 * once, in its full size, and wiped when it is freed: it holds passwords.
 */
#ifndef SLUICE_CONTROL_CHILD_CONFIG_H
#define SLUICE_CONTROL_CHILD_CONFIG_H

#include <jansson.h>

#include "job_options.h"
#include "common/core/bytebuf.h"
#include "common/nats/connection.h"

/* What the programs' reading of such a file bounds it to. */
#define CHILD_CONFIG_MAXIMUM (1 << 20)

extern bool child_config_init(ByteBuf *config, SluiceError *err) SLUICE_MUST_CHECK;
extern void child_config_free(ByteBuf *config);

/* Adds a line; NULL leaves it out. */
extern bool child_config_line(ByteBuf *config, const char *name, const char *value,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Adds the lines by which a program finds NATS. */
extern bool child_config_nats(ByteBuf *config, const NatsSettings *nats,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Adds a line for each option of an object (NULL is an empty one), which must be of that part's table. */
extern bool child_config_options(ByteBuf *config, JobPart part, const json_t *options,
								 SluiceError *err) SLUICE_MUST_CHECK;

#endif
