/*
 * stream_name.h - streams' names in NATS, each of one stream: `name.<name>` = {tenant, stream_id} (name_claim.h).
 */
#ifndef SLUICE_CONTROL_STREAM_NAME_H
#define SLUICE_CONTROL_STREAM_NAME_H

#include "control/control.h"

/* CONFLICT when another stream has it. */
extern bool stream_name_claim(Control *control, const char *tenant, const char *name,
							  const char *stream_id, SluiceError *err) SLUICE_MUST_CHECK;

/* Only where it is this stream's; nothing is no error. */
extern bool stream_name_release(Control *control, const char *tenant, const char *name,
								const char *stream_id, SluiceError *err) SLUICE_MUST_CHECK;

#endif
