/*
 * my_hold.h - holds of a stream (writer/hold.h) at a MySQL or MariaDB target: there are none, because
 * only PostgreSQL targets are compared with their source by `sluice-writer verify`.
 */
#ifndef SLUICE_WRITER_MY_HOLD_H
#define SLUICE_WRITER_MY_HOLD_H

#include "writer/hold.h"

extern const HoldOps my_hold_ops;

#endif
