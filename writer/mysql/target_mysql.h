/*
 * target_mysql.h - MySQL and MariaDB as targets.
 */
#ifndef SLUICE_WRITER_TARGET_MYSQL_H
#define SLUICE_WRITER_TARGET_MYSQL_H

#include "writer/target.h"

/* See target_open(). */
extern Target *target_mysql_open(const TargetSettings *settings, SluiceError *err);

#endif
