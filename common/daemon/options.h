/*
 * options.h - the settings of a program, from one const table: flags, environment, file, reload.
 *
 * Where the same option is set in several places, the first of these counts:
 *
 *     1. the command line      --bundle-rows 100, --bundle-rows=100
 *     2. the environment       SLUICE_BUNDLE_ROWS=100, then the option's well-known second name
 *     3. the --config file     bundle-rows = 100        (bundle_rows is the same)
 *     4. the table's default
 *
 * A secret NAME, and a URL, can also be given as NAME-file (flag, SLUICE_NAME_FILE, file line): its
 * value is that file's text less one line end.  The two are one setting: giving both in one place
 * is an error.  An environment variable that is set but empty counts as not set.
 *
 * The object is not thread-safe: one thread reads and reloads it.
 */
#ifndef SLUICE_DAEMON_OPTIONS_H
#define SLUICE_DAEMON_OPTIONS_H

#include <stdio.h>

#include "option.h"

/* A command for the EXAMPLES section: what it does, and the lines to type. */
typedef struct OptionExample
{
	const char *purpose;
	const char *command;
} OptionExample;

/* What a program says about itself.  All of it is const and outlives every Options. */
typedef struct Program
{
	const char *name;	 /* "sluice-writer" */
	const char *version; /* "1.0.0" */
	const char *summary; /* one or more sentences */
	const Option *options;
	size_t option_count;
	const OptionExample *examples; /* ends with a NULL purpose; may be NULL */
	const char *const *log_fields; /* options whose value goes on every log line, ends with NULL;
									  may be NULL */
} Program;

/* What the command line asks the program to do. */
typedef enum OptionsAction
{
	OPTIONS_RUN,
	OPTIONS_HELP,	  /* -h, --help */
	OPTIONS_MARKDOWN, /* --help-markdown, from which the docs are made */
	OPTIONS_VERSION	  /* -V, --version */
} OptionsAction;

/* Ascending by precedence. */
typedef enum OptionSource
{
	OPTION_FROM_DEFAULT,
	OPTION_FROM_FILE,
	OPTION_FROM_ENVIRONMENT,
	OPTION_FROM_COMMAND_LINE,
	OPTION_FROM_TEXT /* of options_derive() */
} OptionSource;

typedef struct Options Options;

/*
 * Reads everything; argv must outlive the object.  `more` are further options that come after the
 * program's own (the ones all daemons share).  An option named "config" names the file.  When the
 * action is not OPTIONS_RUN, values were not read and only options_print() makes sense.  NULL with
 * SLUICE_ERROR_ARGUMENT and, mostly, a hint when something given makes no sense.
 */
extern Options *options_new(const Program *program, const Option *more, size_t more_count, int argc,
							char *const *argv, SluiceError *err) SLUICE_MUST_CHECK;
extern void options_free(Options *options);

/*
 * The same options with the lines of a text, in the form of a --config file, before everything else;
 * errors call the text `name`, and it is changed.  A secret in it is refused: its NAME-file is what a
 * text that others may read can name.  May be called in any thread.  NULL on error.
 */
extern Options *options_derive(const Options *options, const char *name, char *text,
							   SluiceError *err) SLUICE_MUST_CHECK;

extern OptionsAction options_action(const Options *options);

/* Writes help, markdown or the version, as the action says. */
extern void options_print(const Options *options, FILE *out);

/*
 * Values by name.  Asking for a name or type that is not in the table is a bug and aborts.  Texts
 * and lists stay valid until the next options_reload() or options_free().
 */
extern const char *options_string(const Options *options, const char *name); /* NULL when unset;
											of string, secret, URL and enum */
extern int64_t options_integer(const Options *options, const char *name);
extern int64_t options_size(const Options *options, const char *name);	   /* bytes */
extern int64_t options_duration(const Options *options, const char *name); /* milliseconds */
extern bool options_bool(const Options *options, const char *name);
extern int options_choice(const Options *options, const char *name); /* index into `allowed` */
extern size_t options_list(const Options *options, const char *name, char *const **items);

extern OptionSource options_source(const Options *options, const char *name);

/* Told of each changed option: taken over, or (applied false) waiting for a restart. */
typedef void (*OptionChanged)(void *context, const Option *option, bool applied);

/*
 * Reads environment, file and secret files again, takes over what is reloadable and reports every
 * difference.  On an error nothing has changed.
 */
extern bool options_reload(Options *options, OptionChanged changed, void *context,
						   SluiceError *err) SLUICE_MUST_CHECK;

#endif
