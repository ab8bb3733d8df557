/*
 * schema_read.c - JSON to a schema document, along the rows of schema_shape.c.
 *
 * jansson parses; nothing of it outlives the call.  Recursion is as deep as the shapes are, not as
 * the JSON is.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema_shape.h"

#define PATH_SIZE	 160
#define HEX_DIGITS	 "0123456789abcdefABCDEF"
#define HEX_MAXIMUM	 16 /* digits of 64 bits; a position has half of them on each side */
#define NOT_IN_ARRAY SIZE_MAX

/* Where the reader is: a chain of fields up to the document. */
typedef struct Place
{
	const struct Place *parent;
	const char *name;
	size_t index; /* in the array, or NOT_IN_ARRAY */
} Place;

typedef struct Reader
{
	SchemaDocument *document;
	const char *what;
	SluiceError *err;
} Reader;

/* ---- errors ---- */

/* Appends "tables[3].columns[0].canon" at `at`; what has no room is cut off. */
static size_t
put_path(const Place *place, char *path, size_t at)
{
	int length;

	if (place == NULL)
		return at;
	at = put_path(place->parent, path, at);
	if (place->index != NOT_IN_ARRAY)
		length = snprintf(path + at, PATH_SIZE - at, "[%zu]", place->index);
	else
		length = snprintf(path + at, PATH_SIZE - at, "%s%s", at > 0 ? "." : "", place->name);
	return at + (size_t) length < PATH_SIZE ? at + (size_t) length : PATH_SIZE - 1;
}

static const char *
found(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",	[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",		 [JSON_NULL] = "null",
	};

	return value == NULL ? "missing" : names[json_typeof(value)];
}

static bool
fail_at(Reader *reader, const Place *place, const json_t *value, const char *wanted)
{
	char path[PATH_SIZE] = "";

	(void) put_path(place, path, 0);
	return sluice_fail(reader->err, SLUICE_ERROR_CORRUPT, "%s: %s is %s, not %s", reader->what,
					   path, found(value), wanted);
}

static bool
fail_word(Reader *reader, const Place *place, const json_t *value, const char *wanted)
{
	char path[PATH_SIZE] = "";

	(void) put_path(place, path, 0);
	return sluice_fail(reader->err, SLUICE_ERROR_CORRUPT, "%s: %s is \"%.40s\", not %s",
					   reader->what, path, json_string_value(value), wanted);
}

/* ---- one kind each: `to` is the member ---- */

typedef bool (*ReadKind)(Reader *reader, const Field *field, const json_t *value, void *to,
						 size_t *count, const Place *place);

static bool read_fields(Reader *reader, const Shape *shape, const json_t *object, void *to,
						const Place *place);

static const char *
keep_text(Reader *reader, const json_t *value)
{
	const size_t size = json_string_length(value) + 1;
	char *text = schema_document_room(reader->document, size, reader->err);

	return text != NULL ? memcpy(text, json_string_value(value), size) : NULL;
}

static bool
read_text(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		  const Place *place)
{
	const char **text = to;

	(void) field, (void) count;
	if (!json_is_string(value))
		return fail_at(reader, place, value, "a text");
	*text = keep_text(reader, value);
	return *text != NULL;
}

static bool
read_bool(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		  const Place *place)
{
	(void) field, (void) count;
	if (!json_is_boolean(value))
		return fail_at(reader, place, value, "true or false");
	*(bool *) to = json_is_true(value);
	return true;
}

static bool
read_integer(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
			 const Place *place)
{
	(void) field, (void) count;
	if (!json_is_integer(value))
		return fail_at(reader, place, value, "an integer");
	*(int64_t *) to = json_integer_value(value);
	return true;
}

static bool
read_count(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		   const Place *place)
{
	(void) field, (void) count;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return fail_at(reader, place, value, "an integer from 0");
	*(int64_t *) to = json_integer_value(value);
	return true;
}

static bool
read_id(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		const Place *place)
{
	(void) field, (void) count;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		json_integer_value(value) > UINT32_MAX)
		return fail_at(reader, place, value, "an integer of 32 bits");
	*(uint32_t *) to = (uint32_t) json_integer_value(value);
	return true;
}

static bool
read_position(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
			  const Place *place)
{
	const char *text = json_string_value(value);
	size_t high;
	size_t low;

	(void) field, (void) count;
	if (text == NULL)
		return fail_at(reader, place, value, "a position like \"0/16B3748\"");
	high = strspn(text, HEX_DIGITS);
	low = text[high] == '/' ? strspn(text + high + 1, HEX_DIGITS) : 0;
	if (high == 0 || high > HEX_MAXIMUM / 2 || low == 0 || low > HEX_MAXIMUM / 2 ||
		text[high + 1 + low] != '\0')
		return fail_word(reader, place, value, "a position like \"0/16B3748\"");
	*(uint64_t *) to =
		(uint64_t) strtoul(text, NULL, 16) << 32 | strtoul(text + high + 1, NULL, 16);
	return true;
}

static bool
read_hex(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		 const Place *place)
{
	const char *text = json_string_value(value);
	size_t digits;

	(void) field, (void) count;
	if (text == NULL)
		return fail_at(reader, place, value, "a text of hexadecimal digits");
	digits = strspn(text, HEX_DIGITS);
	if (digits == 0 || digits > HEX_MAXIMUM || text[digits] != '\0')
		return fail_word(reader, place, value, "1 to 16 hexadecimal digits");
	*(uint64_t *) to = strtoull(text, NULL, 16);
	return true;
}

static bool
read_choice(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
			const Place *place)
{
	const char *word;

	(void) count;
	if (!json_is_string(value))
		return fail_at(reader, place, value, "a text");
	for (unsigned i = 1; (word = field->word(i)) != NULL; i++)
	{
		if (strcmp(word, json_string_value(value)) == 0)
		{
			memcpy(to, &i, sizeof(i));
			return true;
		}
	}
	return fail_word(reader, place, value, "a word known here");
}

/* Room for an array's items of `size` in *to; no room, and NULL, for none. */
static bool
start_list(Reader *reader, const json_t *value, void *to, size_t *count, size_t size,
		   const Place *place)
{
	void *items = NULL;

	if (!json_is_array(value))
		return fail_at(reader, place, value, "an array");
	*count = json_array_size(value);
	if (*count > 0 &&
		(items = schema_document_room(reader->document, *count * size, reader->err)) == NULL)
		return false;
	memcpy(to, &items, sizeof(items));
	return true;
}

static bool
read_texts(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		   const Place *place)
{
	const char ***texts = to;

	if (!start_list(reader, value, to, count, sizeof(**texts), place))
		return false;
	for (size_t i = 0; i < *count; i++)
	{
		const Place item = {place, NULL, i};

		if (!read_text(reader, field, json_array_get(value, i), &(*texts)[i], NULL, &item))
			return false;
	}
	return true;
}

static bool
read_object(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
			const Place *place)
{
	(void) count;
	if (!json_is_object(value))
		return fail_at(reader, place, value, "an object");
	return read_fields(reader, field->shape, value, to, place);
}

static bool
read_list(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
		  const Place *place)
{
	char *items;

	if (!start_list(reader, value, to, count, field->shape->size, place))
		return false;
	memcpy(&items, to, sizeof(items));
	for (size_t i = 0; i < *count; i++)
	{
		const Place item = {place, NULL, i};

		if (!read_object(reader, field, json_array_get(value, i), items + i * field->shape->size,
						 NULL, &item))
			return false;
	}
	return true;
}

static bool
read_pointed(Reader *reader, const Field *field, const json_t *value, void *to, size_t *count,
			 const Place *place)
{
	void *object = schema_document_room(reader->document, field->shape->size, reader->err);

	if (object == NULL || !read_object(reader, field, value, object, count, place))
		return false;
	memcpy(to, &object, sizeof(object));
	return true;
}

/* How each kind is read, and whether it may be null instead. */
static const struct
{
	ReadKind read;
	bool nullable;
} kinds[FIELD_KINDS] = {
	[FIELD_TEXT] = {read_text, false},
	[FIELD_TEXT_OR_NULL] = {read_text, true},
	[FIELD_BOOL] = {read_bool, false},
	[FIELD_INTEGER] = {read_integer, false},
	[FIELD_COUNT] = {read_count, false},
	[FIELD_COUNT_OR_NULL] = {read_count, true},
	[FIELD_ID] = {read_id, false},
	[FIELD_POSITION] = {read_position, false},
	[FIELD_HEX] = {read_hex, false},
	[FIELD_CHOICE] = {read_choice, false},
	[FIELD_CHOICE_OR_NULL] = {read_choice, true},
	[FIELD_TEXTS] = {read_texts, false},
	[FIELD_LIST] = {read_list, false},
	[FIELD_OBJECT] = {read_object, false},
	[FIELD_OBJECT_OR_NULL] = {read_pointed, true},
};

static bool
read_field(Reader *reader, const Field *field, const json_t *object, char *base,
		   const Place *parent)
{
	const json_t *value = json_object_get(object, field->name);
	const Place place = {parent, field->name, NOT_IN_ARRAY};
	void *to = base + field->offset;
	const int64_t no_count = SCHEMA_NO_COUNT;

	if ((kinds[field->kind].nullable && json_is_null(value)) || (field->optional && value == NULL))
	{
		if (field->kind == FIELD_COUNT_OR_NULL)
			memcpy(to, &no_count, sizeof(no_count));
		return true; /* the struct was zeroed */
	}
	return kinds[field->kind].read(reader, field, value, to,
								   (size_t *) (void *) (base + field->count_offset), &place);
}

static bool
read_fields(Reader *reader, const Shape *shape, const json_t *object, void *to, const Place *place)
{
	char *base = to;

	for (const Field *field = shape->fields; field < shape->fields + shape->field_count; field++)
	{
		unsigned variant;

		if (field->kind != FIELD_VARIANT)
		{
			if (!read_field(reader, field, object, base, place))
				return false;
			continue;
		}
		memcpy(&variant, base + field->offset, sizeof(variant));
		if (!read_fields(reader, field->variants[variant], object, to, place))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

static bool
check_version(const json_t *root, const SchemaFormat *wanted, SluiceError *err)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	const json_t *version = json_object_get(root, "version");

	if (format == NULL || strcmp(format, wanted->name) != 0)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "no %s: format is not \"%s\"", wanted->what,
						   wanted->name);
	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "%s: version is %s, not an integer from 1",
						   wanted->what, found(version));
	if (json_integer_value(version) > wanted->version)
	{
		sluice_error_fill(err, SLUICE_ERROR_VERSION,
						  "%s is of version %lld, known here are those up to %d", wanted->what,
						  (long long) json_integer_value(version), wanted->version);
		return sluice_hint(err, "Install a Sluice here that is as new as the source's.");
	}
	return true;
}

static json_t *
parse(const char *json, size_t length, const char *what, SluiceError *err)
{
	json_error_t fault;
	json_t *root = json_loadb(json, length, JSON_REJECT_DUPLICATES, &fault);

	if (root == NULL && json_error_code(&fault) == json_error_out_of_memory)
		sluice_error_fill(err, SLUICE_ERROR_MEMORY, "out of memory for a %s of %zu bytes", what,
						  length);
	else if (root == NULL)
		sluice_error_fill(err, SLUICE_ERROR_CORRUPT, "%s is no JSON: %s at byte %d", what,
						  fault.text, fault.position);
	return root;
}

bool
schema_object_read(SchemaDocument *document, const SchemaFormat *format, const char *json,
				   size_t length, void *to, SluiceError *err)
{
	json_t *root = parse(json, length, format->what, err);
	Reader reader = {document, format->what, err};
	bool good = root != NULL && check_version(root, format, err) &&
				read_fields(&reader, format->shape, root, to, NULL);

	json_decref(root);
	return good;
}

SchemaDocument *
schema_document_read(const char *json, size_t length, const Allocator *allocator, SluiceError *err)
{
	static const SchemaFormat format = {SCHEMA_DOCUMENT_FORMAT, SCHEMA_DOCUMENT_VERSION,
										"schema document", &schema_document_shape};
	SchemaDocument *document = schema_document_new(allocator, err);

	if (document != NULL && !schema_object_read(document, &format, json, length, document, err))
	{
		schema_document_free(document);
		document = NULL;
	}
	return document;
}
