/*
 * plugin_options.c - one row per option; the row says how its text becomes a setting.
 */
#include "output_plugin/plugin_options.h"

#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

static __attribute__((noreturn)) void
refuse(const char *name, const char *value, const char *allowed)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid value for output plugin option \"%s\": \"%s\"", name, value),
					errhint("It takes %s.", allowed)));
	pg_unreachable();
}

static int
read_integer(const char *name, const char *value, int minimum, int maximum)
{
	int number;

	if (!parse_int(value, &number, 0, NULL) || number < minimum || number > maximum)
		refuse(name, value, psprintf("a number from %d to %d", minimum, maximum));
	return number;
}

static void
read_publications(PluginOptions *options, const char *name, const char *value)
{
	if (!SplitIdentifierString(pstrdup(value), ',', &options->publications) ||
		options->publications == NIL)
		refuse(name, value, "publication names with commas between, quoted where needed");
}

static void
read_messages(PluginOptions *options, const char *name, const char *value)
{
	if (!parse_bool(value, &options->messages))
		refuse(name, value, "true or false");
}

static void
read_own_messages(PluginOptions *options, const char *name, const char *value)
{
	if (*value == '\0')
		refuse(name, value, "what the extension's own messages begin with");
	options->own_messages = pstrdup(value);
}

static void
read_origin(PluginOptions *options, const char *name, const char *value)
{
	if (strcmp(value, "any") != 0 && strcmp(value, "none") != 0)
		refuse(name, value, "any or none");
	options->local_only = strcmp(value, "none") == 0;
}

static void
read_bundle_rows(PluginOptions *options, const char *name, const char *value)
{
	options->bundle_rows = read_integer(name, value, 1, 1000000);
}

static void
read_bundle_bytes(PluginOptions *options, const char *name, const char *value)
{
	options->bundle_bytes = read_integer(name, value, 4096, 64 * 1024 * 1024);
}

static void
read_compression(PluginOptions *options, const char *name, const char *value)
{
	if (!compression_parse(value, &options->compression, NULL))
		refuse(name, value, "none, lz4 or zstd");
}

static const struct
{
	const char *name;
	void (*read)(PluginOptions *options, const char *name, const char *value);
} known_options[] = {
	{"publication_names", read_publications}, {"messages", read_messages},
	{"own_messages", read_own_messages},	  {"origin", read_origin},
	{"bundle_rows", read_bundle_rows},		  {"bundle_bytes", read_bundle_bytes},
	{"compression", read_compression},
};

static void
read_option(PluginOptions *options, DefElem *element)
{
	for (size_t i = 0; i < lengthof(known_options); i++)
	{
		if (strcmp(known_options[i].name, element->defname) != 0)
			continue;
		if (element->arg == NULL)
			refuse(element->defname, "", "a value");
		known_options[i].read(options, element->defname, strVal(element->arg));
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown output plugin option \"%s\"", element->defname),
			 errhint("Options are publication_names, messages, own_messages, origin, bundle_rows, "
					 "bundle_bytes and compression.")));
}

void
plugin_options_read(List *elements, PluginOptions *options)
{
	ListCell *cell;

	*options = (PluginOptions){
		.bundle_rows = 500,
		.bundle_bytes = 512 * 1024,
		.compression = COMPRESSION_NONE,
	};
	foreach (cell, elements)
		read_option(options, lfirst(cell));
	if (options->publications == NIL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("output plugin option \"publication_names\" is missing"),
						errhint("Start the stream with publication_names, for example "
								"pg_recvlogical -o publication_names=my_publication.")));
}
