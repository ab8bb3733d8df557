/*
 * self_commands.c - commands about the program itself.
 */
#include <string.h>

#include "completion.h"
#include "handlers.h"
#include "help.h"
#include "manual.h"

int
self_completion(Cli *cli)
{
	const char *shell = arguments_word(&cli->arguments, 0);
	SluiceError err;

	for (size_t i = 0; completion_shells[i] != NULL; i++)
		if (strcmp(shell, completion_shells[i]) == 0)
		{
			completion_print(cli->terminal.out.file, (CompletionShell) i);
			return STATUS_OK;
		}
	(void) sluice_fail(&err, SLUICE_ERROR_ARGUMENT, "there is no completion for \"%.40s\"", shell);
	(void) sluice_hint(&err, "bash, zsh or fish");
	return cli_fail(cli, &err);
}

int
self_man(Cli *cli)
{
	if (arguments_bool(&cli->arguments, "markdown"))
		help_markdown(cli->terminal.out.file);
	else
		manual_print(cli->terminal.out.file);
	return STATUS_OK;
}

int
self_version(Cli *cli)
{
	json_t *document;
	int status;

	if (cli->output.format != OUTPUT_JSON && cli->output.format != OUTPUT_JSONL)
		return help_version(cli->terminal.out.file);
	document = json_pack("{s:s}", "version", SLUICE_VERSION);
	status = cli_document(cli, "version", document);
	json_decref(document);
	return status;
}

int
self_help(Cli *cli)
{
	const char *words[2] = {arguments_word(&cli->arguments, 0), arguments_word(&cli->arguments, 1)};
	size_t count = (words[0] != NULL) + (words[1] != NULL), used;
	const Command *command = count > 0 ? command_find(words, count, &used) : NULL;
	const CommandGroup *group = count > 0 ? command_group(words[0]) : NULL;
	SluiceError err;

	if (count == 0 || command != NULL || group != NULL)
		return help_print(cli->terminal.out.file, command, group);
	(void) sluice_fail(&err, SLUICE_ERROR_NOT_FOUND, "there is no command \"%.60s\"", words[0]);
	(void) sluice_hint(&err, "sluice help lists the commands");
	return cli_fail(cli, &err);
}
