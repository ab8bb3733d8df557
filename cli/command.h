/*
 * command.h - the one table of commands: words, arguments, flags, help, examples, handler.
 *
 * Parser, help, manual, docs/cli.md and the shells' completions all come out of it (arguments.h, help.h,
 * manual.h, completion.h).  The rows stand in commands.c, grouped by their first word.
 */
#ifndef SLUICE_CLI_COMMAND_H
#define SLUICE_CLI_COMMAND_H

#include <stddef.h>

#include "common/daemon/option.h"

struct Cli;

/* A flag; its value is read as common/daemon/option.h reads one of that type. */
typedef struct Flag
{
	const char *name; /* without the dashes */
	OptionType type;  /* not SECRET, URL or LIST: secrets are in no flag */
	const char *placeholder;
	const char *help;
	const char *const *allowed; /* of an enum, ends with NULL */
	const char *default_value;	/* for help; the handler asks for it like for a given one */
	int64_t minimum, maximum;
	char letter;   /* "-o"; 0: none */
	bool repeated; /* may be given several times */
} Flag;

typedef struct Example
{
	const char *purpose, *command;
} Example;

typedef struct Command
{
	const char *words;			 /* "stream create" */
	const char *arguments;		 /* "NAME [URI]", "STREAM...", "[STREAM]"; "" takes none */
	const char *summary;		 /* one line, lower case, no full stop */
	const char *help;			 /* more, in sentences; NULL: nothing more to say */
	const Flag *flags;			 /* ends with a NULL name; NULL: none of its own */
	const Example *examples;	 /* ends with a NULL purpose; NULL: none */
	int (*run)(struct Cli *cli); /* gives an ExitStatus */
} Command;

/* The table, in the order of help; ends with NULL words. */
extern const Command commands[];

/* What the first words of two stand for: "stream", "manage streams". Ends with a NULL word. */
typedef struct CommandGroup
{
	const char *word, *summary;
} CommandGroup;
extern const CommandGroup command_groups[];

/* Flags that every command takes; ends with a NULL name. */
extern const Flag common_flags[];

/*
 * The command that the first of `count` words name, and how many of them are its name; NULL when there is
 * none.  "connections" and "worker" are as good as "connection" and "workers".
 */
extern const Command *command_find(const char *const *words, size_t count, size_t *used);

/* Whether a word begins commands of two words. */
extern const CommandGroup *command_group(const char *word);

/* The command or group nearest to what was typed, for "did you mean"; NULL when none is near. */
extern const char *command_nearest(const char *const *words, size_t count);

/* Least and most arguments; the most is SIZE_MAX where there is an ellipsis. */
extern void command_arity(const Command *command, size_t *least, size_t *most);

/* The flag of a command, or of all, by name (given with its length) or letter; NULL when it has none. */
extern const Flag *command_flag(const Command *command, const char *name, size_t length);
extern const Flag *command_flag_of_letter(const Command *command, char letter);

#endif
