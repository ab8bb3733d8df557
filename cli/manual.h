/*
 * manual.h - the table of commands as a manual page, sluice(1), in roff.
 */
#ifndef SLUICE_CLI_MANUAL_H
#define SLUICE_CLI_MANUAL_H

#include <stdio.h>

extern void manual_print(FILE *out);

#endif
