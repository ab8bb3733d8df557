/*
 * options_internal.h - the Options object as options_read.c fills it and options_help.c prints it.
 */
#ifndef SLUICE_DAEMON_OPTIONS_INTERNAL_H
#define SLUICE_DAEMON_OPTIONS_INTERNAL_H

#include "options.h"

/* One option's value and where it came from. */
typedef struct Setting
{
	OptionSource source;
	bool from_file; /* given as NAME-file */
	OptionValue value;
} Setting;

struct Options
{
	const Program *program;
	Option *table; /* the program's own, then the shared ones */
	Setting *settings;
	size_t count;
	OptionsAction action;
	int argc;
	char *const *argv;
};

/* A flag that is no option: it asks for text instead of work. */
typedef struct OptionsFlag
{
	const char *name;
	char letter; /* 0 when it has no short form */
	OptionsAction action;
	const char *help; /* NULL keeps it out of the help */
} OptionsFlag;

/* Ends with a NULL name. */
extern const OptionsFlag options_flags[];

/* Fills the settings of a fresh object, or sets its action (options_read.c). */
extern bool options_read(Options *options, SluiceError *err) SLUICE_MUST_CHECK;

/* Before that: lines of a text that count more than all else. */
extern bool options_read_text(Options *options, const char *name, char *text,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* options_help.c */
extern void options_print_help(const Options *options, FILE *out);
extern void options_print_markdown(const Options *options, FILE *out);

#endif
