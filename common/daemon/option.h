/*
 * option.h - one entry of a program's options table: what it is called and what values it takes.
 *
 * A program has one const array of Option; flags, environment variables, configuration file, help
 * and documentation all come out of it (options.h).
 */
#ifndef SLUICE_DAEMON_OPTION_H
#define SLUICE_DAEMON_OPTION_H

#include <stddef.h>
#include <stdint.h>

#include "common/core/error.h"

typedef enum OptionType
{
	OPTION_STRING,
	OPTION_SECRET, /* also NAME-file; never taken from the command line itself */
	OPTION_URL, /* a URL or conninfo: also NAME-file; refused as a flag when a password is in it */
	OPTION_INTEGER,	 /* a whole number */
	OPTION_SIZE,	 /* bytes: "8192", "64kB", "4MB", "1GB", multiples of 1024 */
	OPTION_DURATION, /* milliseconds: "250ms", "5s", "2min", "1h", "1d", "0" */
	OPTION_BOOL,	 /* on/off, true/false, yes/no, 1/0; as a flag --name and --no-name */
	OPTION_ENUM,	 /* one of `allowed` */
	OPTION_LIST		 /* texts: commas separate, repeated flags and lines add */
} OptionType;

typedef struct Option
{
	const char *name; /* as a flag without the dashes: "bundle-rows" */
	OptionType type;
	const char *default_value;	/* as it would be typed; NULL is unset */
	int64_t minimum, maximum;	/* of a number, bytes or milliseconds; both 0 is no limit */
	const char *const *allowed; /* of an enum, ends with NULL */
	const char *environment;	/* a well-known second variable such as NATS_URL, or NULL */
	const char *placeholder;	/* "URL" in "--nats URL"; NULL takes the type's */
	const char *group;			/* heading in the help */
	const char *help;			/* one or more sentences, capital, with full stops */
	bool reloadable;			/* SIGHUP takes it over; otherwise a restart is needed */
	bool required;				/* must be set */
	bool may_be_empty;			/* "" is a value of this text; otherwise it is refused */
} Option;

/* A value as read.  For a list `items` holds `count` texts, otherwise both are 0. */
typedef struct OptionValue
{
	char *text; /* NULL when unset, and of a list; a number or bool in its shortest form */
	int64_t number;
	char **items;
	size_t count;
} OptionValue;

/* Most items one list may hold. */
#define OPTION_LIST_MAXIMUM 1024

/* Longest option name, "-file" and NUL included. */
#define OPTION_NAME_SIZE 64

/* "SLUICE_BUNDLE_ROWS" for "bundle-rows" and suffix ""; "..._FILE" for suffix "-file". */
extern void option_environment_name(const Option *option, const char *suffix, char *out,
									size_t size);

/* True for types that also take NAME-file. */
extern bool option_has_file(const Option *option);

/* What stands behind the flag in help, for example "SIZE"; NULL for a bool. */
extern const char *option_placeholder(const Option *option);

/*
 * Reads a text into *value, which the caller frees with option_value_free().  The error names the
 * text but never that of a secret or URL, and not the option.
 */
extern bool option_value_read(const Option *option, const char *text, OptionValue *value,
							  SluiceError *err) SLUICE_MUST_CHECK;

/* Appends the items of `more` to a list's value; *more is empty afterwards. */
extern bool option_value_append(OptionValue *value, OptionValue *more,
								SluiceError *err) SLUICE_MUST_CHECK;

extern bool option_value_equal(const OptionValue *a, const OptionValue *b);

/* Wipes and frees; the value is unset afterwards. */
extern void option_value_free(OptionValue *value);

/* "64kB" for 65536 of an OPTION_SIZE, "5s" for 5000 of an OPTION_DURATION, digits otherwise. */
extern void option_format_number(OptionType type, int64_t number, char *out, size_t size);

/* Edit distance (insert, delete, replace) of two names, for "did you mean". */
extern size_t option_name_distance(const char *a, const char *b);

#endif
