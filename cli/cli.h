/*
 * cli.h - one run of the program: its arguments, its terminal, the server it talks to.
 *
 * Handlers of commands take a Cli and give an ExitStatus.  What goes wrong is told once, on standard error, where the
 * status is decided: cli_fail() for errors of ours, problem_tell() for answers of the server.
 */
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

#include "arguments.h"
#include "client.h"
#include "context.h"
#include "output.h"
#include "status.h"

typedef struct Cli
{
	Arguments arguments;
	Terminal terminal;
	Output output;
	Target target;	/* once the server was asked for */
	Client *client; /* NULL before */
} Cli;

/* Tells an error, with its hint, and gives its exit status. */
extern int cli_fail(const Cli *cli, const SluiceError *err);

/* A line of talk on standard error, but with -q; clean. */
extern void cli_say(const Cli *cli, const char *format, ...) SLUICE_PRINTF(2, 3);

/* The client, made when it is first asked for; NULL on error. */
extern Client *cli_client(Cli *cli, SluiceError *err) SLUICE_MUST_CHECK;

/*
 * Whether a thing may be removed: --yes, or its name typed on a terminal.  STATUS_OK, else what was told.
 * `what` is "stream", "connection".
 */
extern int cli_confirm(const Cli *cli, const char *what, const char *name);

/* Writes a list or a document and gives the status. */
extern int cli_list(const Cli *cli, const Listing *listing, json_t *items);
extern int cli_document(const Cli *cli, const char *id, json_t *document);

/* Runs a command line; the whole program. */
extern int cli_main(int argc, char **argv);

#endif
