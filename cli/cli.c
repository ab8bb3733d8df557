/*
 * cli.c - one run of the program (cli.h).
 */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "text.h"

#define TIMEOUT_MS 60000 /* of a request, where --timeout says nothing */

int
cli_fail(const Cli *cli, const SluiceError *err)
{
	const Screen *screen = &cli->terminal.err;

	(void) fprintf(screen->file, "%ssluice:%s ", screen_color(screen, COLOR_BAD),
				   screen_color(screen, COLOR_PLAIN));
	text_put(screen->file, err->message);
	(void) fputc('\n', screen->file);
	if (err->hint[0] != '\0')
	{
		(void) fputs("  ", screen->file);
		text_put(screen->file, err->hint);
		(void) fputc('\n', screen->file);
	}
	return status_of_error(err->code);
}

void
cli_say(const Cli *cli, const char *format, ...)
{
	char *text = NULL;
	va_list values;
	int length;

	if (cli->output.quiet)
		return;
	va_start(values, format);
	length = vasprintf(&text, format, values);
	va_end(values);
	if (length < 0)
		return;
	text_put(cli->terminal.err.file, text);
	(void) fputc('\n', cli->terminal.err.file);
	free(text);
}

Client *
cli_client(Cli *cli, SluiceError *err)
{
	ClientSettings settings;

	if (cli->client != NULL)
		return cli->client;
	if (!target_find(&cli->target, &cli->arguments, err))
		return NULL;
	settings = (ClientSettings){
		.server = cli->target.server,
		.key = cli->target.key,
		.ca_file = cli->target.ca_file,
		.timeout_ms = arguments_number(&cli->arguments, "timeout", TIMEOUT_MS),
		.trace = arguments_bool(&cli->arguments, "trace") ? cli->terminal.err.file : NULL};
	cli->client = client_new(&settings, err);
	return cli->client;
}

int
cli_confirm(const Cli *cli, const char *what, const char *name)
{
	SluiceError err = {0};
	char typed[300] = "";

	if (arguments_bool(&cli->arguments, "yes"))
		return STATUS_OK;
	if (isatty(STDIN_FILENO) == 1 && cli->terminal.err.terminal)
	{
		(void) fprintf(cli->terminal.err.file, "Type the name of the %s to remove it (", what);
		text_put(cli->terminal.err.file, name);
		(void) fputs("): ", cli->terminal.err.file);
		if (fgets(typed, sizeof(typed), stdin) != NULL)
			typed[strcspn(typed, "\n")] = '\0';
		if (strcmp(typed, name) == 0)
			return STATUS_OK;
		(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT,
						   "that is not its name: nothing was removed");
		return cli_fail(cli, &err);
	}
	(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "removing %s \"%.100s\" needs --yes", what,
					   name);
	(void) sluice_hint(&err, "or a terminal, where its name is typed");
	return cli_fail(cli, &err);
}

int
cli_list(const Cli *cli, const Listing *listing, json_t *items)
{
	SluiceError err = {0};

	return output_list(&cli->output, listing, items, &err) ? STATUS_OK : cli_fail(cli, &err);
}

int
cli_document(const Cli *cli, const char *id, json_t *document)
{
	SluiceError err = {0};

	return output_document(&cli->output, id, document, &err) ? STATUS_OK : cli_fail(cli, &err);
}

/* ---- the program ---- */

static void
set_output(Cli *cli)
{
	const Arguments *arguments = &cli->arguments;

	cli->output = (Output){.terminal = &cli->terminal,
						   .format = (OutputFormat) arguments_choice(arguments, "output"),
						   .quiet = arguments_bool(arguments, "quiet"),
						   .header = arguments_bool(arguments, "header"),
						   .columns = arguments_text(arguments, "columns")};
}

static int
run(Cli *cli)
{
	const Arguments *arguments = &cli->arguments;

	if (arguments->version)
		return help_version(stdout);
	if (arguments->help)
		return help_print(stdout, arguments->command, arguments->group);
	return arguments->command->run(cli);
}

int
cli_main(int argc, char **argv)
{
	Cli *cli = calloc(1, sizeof(*cli));
	SluiceError err = {0};
	int status;

	if (cli == NULL)
		return STATUS_ERROR;
	terminal_init(&cli->terminal, COLOR_AUTO);
	if (argc < 2)
	{
		(void) help_print(stderr, NULL, NULL);
		status = STATUS_USAGE;
	}
	else if (!arguments_read(&cli->arguments, argc, argv, &err))
		status = cli_fail(cli, &err);
	else
	{
		terminal_init(&cli->terminal, (ColorWhen) arguments_choice(&cli->arguments, "color"));
		set_output(cli);
		status = run(cli);
	}
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = STATUS_ERROR;
	client_free(cli->client);
	target_free(&cli->target);
	free(cli);
	return status;
}
