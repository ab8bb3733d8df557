/*
 * completion.c - completions out of the table (completion.h).
 *
 * bash and zsh share one function, which looks up what can follow in two tables that are written out here: words behind
 * words, and flags of commands.  Names of streams and connections are asked of the server, for two seconds at most.
 */
#include "completion.h"

#include <string.h>

#include "command.h"

const char *const completion_shells[] = {
	[SHELL_BASH] = "bash", [SHELL_ZSH] = "zsh", [SHELL_FISH] = "fish", NULL};

/* What an argument of a name is completed with: a command that lists such. */
static const struct
{
	const char *argument, *command;
} names[] = {
	{"STREAM", "stream ls"}, {"CONNECTION", "connection ls"}, {"WORKER", "workers ls"},
	{"KEY", "keys ls"},		 {"ALERT", "alerts ls"},		  {"CONTEXT", "context ls"},
};

static const char *
names_of(const Command *command)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *at = command->arguments + (*command->arguments == '[');
		size_t length = strlen(names[i].argument);

		if (strncmp(at, names[i].argument, length) == 0 && strchr(" ].|", at[length]) != NULL)
			return names[i].command;
	}
	return "";
}

static void
put_flag_words(FILE *out, const Flag *flags)
{
	for (; flags != NULL && flags->name != NULL; flags++)
	{
		(void) fprintf(out, " --%s", flags->name);
		if (flags->type == OPTION_BOOL && flags->default_value != NULL)
			(void) fprintf(out, " --no-%s", flags->name);
		if (flags->letter != '\0')
			(void) fprintf(out, " -%c", flags->letter);
	}
}

/* ---- bash and zsh ---- */

/* The first words of all commands, once each. */
static void
put_first_words(FILE *out)
{
	for (const CommandGroup *group = command_groups; group->word != NULL; group++)
		(void) fprintf(out, " %s", group->word);
	for (const Command *command = commands; command->words != NULL; command++)
		if (strchr(command->words, ' ') == NULL)
			(void) fprintf(out, " %s", command->words);
}

static void
put_second_words(FILE *out)
{
	for (const CommandGroup *group = command_groups; group->word != NULL; group++)
	{
		size_t length = strlen(group->word);

		(void) fprintf(out, "\t\t%s) printf '%%s' '", group->word);
		for (const Command *command = commands; command->words != NULL; command++)
			if (strncmp(command->words, group->word, length) == 0 && command->words[length] == ' ')
				(void) fprintf(out, " %s", command->words + length + 1);
		(void) fputs("' ;;\n", out);
	}
}

/* The words that a flag with such takes. */
static void
put_choices(FILE *out, const Flag *flags, const char *indent)
{
	for (; flags != NULL && flags->name != NULL; flags++)
	{
		if (flags->allowed == NULL)
			continue;
		(void) fprintf(out, "%s--%s", indent, flags->name);
		if (flags->letter != '\0')
			(void) fprintf(out, "|-%c", flags->letter);
		(void) fputs(") printf '%s' '", out);
		for (const char *const *word = flags->allowed; *word != NULL; word++)
			(void) fprintf(out, " %s", *word);
		(void) fputs("' ;;\n", out);
	}
}

static void
put_shared(FILE *out)
{
	(void) fputs("_sluice_second() {\n\tcase $1 in\n", out);
	put_second_words(out);
	(void) fputs("\tesac\n}\n_sluice_flags() {\n\tcase $1 in\n", out);
	for (const Command *command = commands; command->words != NULL; command++)
		if (command->flags != NULL && command->flags->name != NULL)
		{
			(void) fprintf(out, "\t\t'%s') printf '%%s' '", command->words);
			put_flag_words(out, command->flags);
			(void) fputs("' ;;\n", out);
		}
	(void) fputs("\tesac\n\tprintf '%s' '", out);
	put_flag_words(out, common_flags);
	(void) fputs("'\n}\n_sluice_choices() {\n\tcase $1 in\n", out);
	put_choices(out, common_flags, "\t\t");
	(void) fputs("\t*) case $2 in\n", out);
	for (const Command *command = commands; command->words != NULL; command++)
	{
		(void) fprintf(out, "\t\t'%s') case $1 in\n", command->words);
		put_choices(out, command->flags, "\t\t\t");
		(void) fputs("\t\t\tesac ;;\n", out);
	}
	(void) fputs("\t\tesac ;;\n\tesac\n}\n_sluice_names() {\n\tcase $1 in\n", out);
	for (const Command *command = commands; command->words != NULL; command++)
		if (*names_of(command) != '\0')
			(void) fprintf(
				out,
				"\t\t'%s') command sluice %s -o plain --columns name --timeout 2s 2>/dev/null ;;\n",
				command->words, names_of(command));
	(void) fputs("\tesac\n}\n", out);
}

static const char bash_function[] =
	"_sluice() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} first= second= "
	"word place=0 found\n"
	"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	"\t\tcase $word in -*) continue ;; esac\n"
	"\t\tplace=$((place + 1))\n"
	"\t\t[ $place = 1 ] && first=$word\n"
	"\t\t[ $place = 2 ] && second=$word\n"
	"\tdone\n"
	"\tlocal seconds=$(_sluice_second \"$first\") name=$first\n"
	"\t[ -n \"$seconds\" ] && name=\"$first $second\"\n"
	"\tfound=$(_sluice_choices \"$previous\" \"$name\")\n"
	"\tif [ -n \"$found\" ]; then :\n"
	"\telif [[ $current == -* ]]; then found=$(_sluice_flags \"$name\")\n"
	"\telif [ $place = 0 ]; then found=$(_sluice_first)\n"
	"\telif [ $place = 1 ] && [ -n \"$seconds\" ]; then found=$seconds\n"
	"\telse found=$(_sluice_names \"$name\"); fi\n"
	"\tCOMPREPLY=($(compgen -W \"$found\" -- \"$current\"))\n"
	"}\n"
	"complete -o default -F _sluice sluice\n";

static void
print_bash(FILE *out)
{
	(void) fputs("# Completion of sluice for bash: source <(sluice completion "
				 "bash)\n_sluice_first() {\n\tprintf '%s' '",
				 out);
	put_first_words(out);
	(void) fputs("'\n}\n", out);
	put_shared(out);
	(void) fputs(bash_function, out);
}

static const char zsh_function[] =
	"_sluice() {\n"
	"\tlocal current=${words[CURRENT]} previous=${words[CURRENT-1]} first= second= word place=0 "
	"found\n"
	"\tfor word in ${words[2,CURRENT-1]}; do\n"
	"\t\tcase $word in -*) continue ;; esac\n"
	"\t\tplace=$((place + 1))\n"
	"\t\t[ $place = 1 ] && first=$word\n"
	"\t\t[ $place = 2 ] && second=$word\n"
	"\tdone\n"
	"\tlocal seconds=$(_sluice_second \"$first\") name=$first\n"
	"\t[ -n \"$seconds\" ] && name=\"$first $second\"\n"
	"\tfound=$(_sluice_choices \"$previous\" \"$name\")\n"
	"\tif [ -n \"$found\" ]; then :\n"
	"\telif [[ $current == -* ]]; then found=$(_sluice_flags \"$name\")\n"
	"\telif [ $place = 0 ]; then found=$(_sluice_first)\n"
	"\telif [ $place = 1 ] && [ -n \"$seconds\" ]; then found=$seconds\n"
	"\telse found=$(_sluice_names \"$name\"); fi\n"
	"\tif [ -n \"$found\" ]; then compadd -- ${=found}; else _files; fi\n"
	"}\n"
	"compdef _sluice sluice\n";

static void
print_zsh(FILE *out)
{
	(void) fputs("#compdef sluice\n# Completion of sluice for zsh: source <(sluice completion "
				 "zsh)\n_sluice_first() {\n"
				 "\tprintf '%s' '",
				 out);
	put_first_words(out);
	(void) fputs("'\n}\n", out);
	put_shared(out);
	(void) fputs(zsh_function, out);
}

/* ---- fish ---- */

static void
put_quoted(FILE *out, const char *text)
{
	(void) fputc('\'', out);
	for (; *text != '\0'; text++)
		(void) fprintf(out, *text == '\'' ? "\\'" : *text == '\\' ? "\\\\" : "%c", *text);
	(void) fputc('\'', out);
}

static void
fish_flags(FILE *out, const Flag *flags, const char *condition)
{
	for (; flags != NULL && flags->name != NULL; flags++)
	{
		(void) fprintf(out, "complete -c sluice%s -l %s", condition, flags->name);
		if (flags->letter != '\0')
			(void) fprintf(out, " -s %c", flags->letter);
		if (flags->allowed != NULL)
		{
			(void) fputs(" -x -a '", out);
			for (const char *const *word = flags->allowed; *word != NULL; word++)
				(void) fprintf(out, "%s%s", word > flags->allowed ? " " : "", *word);
			(void) fputc('\'', out);
		}
		else if (flags->type != OPTION_BOOL)
			(void) fputs(" -r", out);
		(void) fputs(" -d ", out);
		put_quoted(out, flags->help);
		(void) fputc('\n', out);
	}
}

static void
fish_command(FILE *out, const Command *command)
{
	char condition[200];
	const char *second = strchr(command->words, ' ');
	int first = (int) strcspn(command->words, " ");

	if (second == NULL)
		(void) fprintf(out, "complete -c sluice -f -n __fish_use_subcommand -a %s -d ",
					   command->words);
	else
		(void) fprintf(out, "complete -c sluice -f -n '__fish_seen_subcommand_from %.*s' -a %s -d ",
					   first, command->words, second + 1);
	put_quoted(out, command->summary);
	(void) fputc('\n', out);
	if (second == NULL)
		(void) snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'",
						command->words);
	else
		(void) snprintf(
			condition, sizeof(condition),
			" -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'", first,
			command->words, second + 1);
	fish_flags(out, command->flags, condition);
	if (*names_of(command) != '\0')
		(void) fprintf(
			out,
			"complete -c sluice -f%s -a '(command sluice %s -o plain --columns name --timeout 2s "
			"2>/dev/null)'\n",
			condition, names_of(command));
}

static void
print_fish(FILE *out)
{
	(void) fputs("# Completion of sluice for fish: sluice completion fish | source\n", out);
	for (const CommandGroup *group = command_groups; group->word != NULL; group++)
	{
		(void) fprintf(out, "complete -c sluice -f -n __fish_use_subcommand -a %s -d ",
					   group->word);
		put_quoted(out, group->summary);
		(void) fputc('\n', out);
	}
	fish_flags(out, common_flags, "");
	for (const Command *command = commands; command->words != NULL; command++)
		fish_command(out, command);
}

void
completion_print(FILE *out, CompletionShell shell)
{
	static void (*const print[])(FILE *) = {
		[SHELL_BASH] = print_bash, [SHELL_ZSH] = print_zsh, [SHELL_FISH] = print_fish};

	print[shell](out);
}
