/*
 * main.c - `sluice`, the command line of Sluice: a client of the REST interface, and migrations without one.
 *
 * Open commands.c first: the table of all commands with their handlers.
 */
#include <signal.h>

#include "cli.h"

int
main(int argc, char **argv)
{
	/* A reader of ours that ends early is told by the write that fails. */
	(void) signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
