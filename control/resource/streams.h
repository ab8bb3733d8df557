/*
 * streams.h - streams as a resource: configuration with revisions.
 */
#ifndef SLUICE_CONTROL_STREAMS_H
#define SLUICE_CONTROL_STREAMS_H

#include "control/http/route.h"

extern const Routes stream_routes;

#endif
