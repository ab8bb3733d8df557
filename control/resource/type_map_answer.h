/*
 * type_map_answer.h - the answer of POST /streams/type-map.
 */
#ifndef SLUICE_CONTROL_TYPE_MAP_ANSWER_H
#define SLUICE_CONTROL_TYPE_MAP_ANSWER_H

#include "stream_sides.h"

/* {targets: [{name, connection_id, type, tables, not_carried, plan}], unmatched: [patterns]}; false with the problem. */
extern bool type_map_answer(const StreamQuestion *question, Response *response);

#endif
