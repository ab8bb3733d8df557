/*
 * dev.c - sluice dev: placeholder
 */
#include "handlers.h"

int
dev_run(Cli *cli)
{
	(void) cli;
	return STATUS_ERROR;
}
