/*
 * structure_choose.c - settings about a target's structure, and what they mean for each object as it
 * is found there (structure.h).
 */
#include "structure.h"

#include <stdlib.h>
#include <string.h>

const char *const schema_policy_names[] = {"fail_if_exists", "validate_existing", "create_missing",
										   "drop_and_recreate", NULL};
const char *const write_mode_names[] = {"fail_if_not_empty", "append", "truncate", "upsert", NULL};

/* ---- settings ---- */

bool
structure_create_parse(char *const *words, size_t count, unsigned *create, SluiceError *err)
{
	static const struct
	{
		const char *word;
		unsigned bit;
	} known[] = {{"tables", CREATE_TABLES},
				 {"indexes", CREATE_INDEXES},
				 {"foreign_keys", CREATE_FOREIGN_KEYS},
				 {"all", CREATE_ALL},
				 {"none", 0}};
	const size_t known_count = sizeof(known) / sizeof(known[0]);

	*create = 0;
	for (size_t i = 0; i < count; i++)
	{
		size_t k = 0;

		while (k < known_count && strcmp(known[k].word, words[i]) != 0)
			k++;
		if (k == known_count)
		{
			(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT, "\"%.60s\" is nothing to create",
							   words[i]);
			return sluice_hint(err, "tables, indexes, foreign_keys, with commas between; or none");
		}
		if (known[k].bit == 0 && count > 1)
			return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "none stands alone");
		*create |= known[k].bit;
	}
	return true;
}

bool
structure_settings_check(const StructureSettings *settings, SluiceError *err)
{
	bool makes =
		settings->policy == POLICY_FAIL_IF_EXISTS || settings->policy == POLICY_DROP_AND_RECREATE;

	if (!makes || (settings->create & CREATE_TABLES) != 0)
		return true;
	(void) sluice_fail(err, SLUICE_ERROR_ARGUMENT,
					   "--schema-policy %s makes tables, which --create leaves out",
					   schema_policy_names[settings->policy]);
	return sluice_hint(err, "add tables to --create, or use validate_existing or create_missing");
}

/* ---- what is found and what follows ---- */

typedef enum Verdict
{
	KEEP,
	WARN, /* and keep */
	CREATE,
	REPLACE,
	REFUSE
} Verdict;

#define STATES (OBJECT_FOREIGN + 1)

/* By policy and state: missing, same, different, unsuitable, foreign. */
typedef const Verdict Verdicts[4][STATES];

static Verdicts table_verdicts = {
	[POLICY_FAIL_IF_EXISTS] = {CREATE, REFUSE, REFUSE, REFUSE, REFUSE},
	[POLICY_VALIDATE_EXISTING] = {REFUSE, KEEP, REFUSE, REFUSE, REFUSE},
	[POLICY_CREATE_MISSING] = {CREATE, KEEP, WARN, REFUSE, REFUSE},
	[POLICY_DROP_AND_RECREATE] = {CREATE, REPLACE, REPLACE, REPLACE, REFUSE},
};

/* Types may be others' too: one that is as it should be always stays. */
static Verdicts type_verdicts = {
	[POLICY_FAIL_IF_EXISTS] = {CREATE, KEEP, REFUSE, REFUSE, REFUSE},
	[POLICY_VALIDATE_EXISTING] = {REFUSE, KEEP, REFUSE, REFUSE, REFUSE},
	[POLICY_CREATE_MISSING] = {CREATE, KEEP, WARN, REFUSE, REFUSE},
	[POLICY_DROP_AND_RECREATE] = {CREATE, KEEP, REPLACE, REPLACE, REFUSE},
};

static Verdicts schema_verdicts = {
	[POLICY_FAIL_IF_EXISTS] = {CREATE},
	[POLICY_VALIDATE_EXISTING] = {KEEP}, /* its tables are told */
	[POLICY_CREATE_MISSING] = {CREATE},
	[POLICY_DROP_AND_RECREATE] = {CREATE},
};

/* Made at the end whatever is there; what stands on a dropped table goes before it. */
static Verdicts carried_verdicts = {
	[POLICY_DROP_AND_RECREATE] = {KEEP, REPLACE},
};

static const struct Class
{
	const char *word;
	const Verdicts *verdicts;
} classes[OBJECT_KINDS] = {
	[OBJECT_SCHEMA] = {"schema", &schema_verdicts},	   [OBJECT_TYPE] = {"type", &type_verdicts},
	[OBJECT_SEQUENCE] = {"sequence", &table_verdicts}, [OBJECT_TABLE] = {"table", &table_verdicts},
	[OBJECT_CARRIED] = {"object", &carried_verdicts},
};

/* Why something was refused; each has a hint. */
typedef enum Reason
{
	BECAUSE_MISSING,
	BECAUSE_EXISTS,
	BECAUSE_DIFFERENT,
	BECAUSE_ROWS,
	BECAUSE_PARTED,
	BECAUSE_TARGET,
	REASONS
} Reason;

static const char *const reason_hints[REASONS] = {
	[BECAUSE_MISSING] = "create what is missing, or use --schema-policy create_missing",
	[BECAUSE_EXISTS] = "drop what exists, or use --schema-policy create_missing",
	[BECAUSE_DIFFERENT] = "alter it, or use --schema-policy drop_and_recreate: its rows go, too",
	[BECAUSE_ROWS] = "use --write-mode truncate, append or upsert, or empty the tables",
	[BECAUSE_PARTED] = "set the publication's publish_via_partition_root, or use --partitions keep",
	[BECAUSE_TARGET] = "use a newer target, or leave it out with --create or at the source",
};

typedef struct Choice
{
	Structure *s;
	Chosen *chosen;
	Findings *findings;
	bool because[REASONS];
} Choice;

static void
name_object(const SchemaDocument *document, ObjectKind kind, size_t i, const char **schema,
			const char **name)
{
	switch (kind)
	{
		case OBJECT_SCHEMA:
			*schema = NULL;
			*name = document->schemas[i].name;
			break;
		case OBJECT_TYPE:
			*schema = document->types[i].schema;
			*name = document->types[i].name;
			break;
		case OBJECT_SEQUENCE:
			*schema = document->sequences[i].schema;
			*name = document->sequences[i].name;
			break;
		case OBJECT_TABLE:
			*schema = document->tables[i].schema;
			*name = document->tables[i].name;
			break;
		default:
			*schema = document->carried[i].schema;
			*name = document->carried[i].name;
			break;
	}
}

static size_t
count_objects(const SchemaDocument *document, ObjectKind kind)
{
	const size_t counts[OBJECT_KINDS] = {
		[OBJECT_SCHEMA] = document->schema_count,	  [OBJECT_TYPE] = document->type_count,
		[OBJECT_SEQUENCE] = document->sequence_count, [OBJECT_TABLE] = document->table_count,
		[OBJECT_CARRIED] = document->carried_count,
	};

	return counts[kind];
}

/* ---- one object ---- */

static void
refuse(Choice *choice, ObjectKind kind, size_t i, ObjectState state, const char *differences)
{
	const char *word = classes[kind].word, *schema, *name;

	name_object(choice->s->document, kind, i, &schema, &name);
	switch (state)
	{
		case OBJECT_MISSING:
			findings_problem(choice->findings, "%s %s.%s is not there", word, schema, name);
			choice->because[BECAUSE_MISSING] = true;
			break;
		case OBJECT_SAME:
			findings_problem(choice->findings, "%s %s.%s exists", word, schema, name);
			choice->because[BECAUSE_EXISTS] = true;
			break;
		default:
			findings_problem(choice->findings, "%s %s.%s: %s", word, schema, name, differences);
			choice->because[BECAUSE_DIFFERENT] = true;
			break;
	}
}

static void
warn_different(Choice *choice, ObjectKind kind, size_t i, const char *differences)
{
	const char *schema, *name;

	name_object(choice->s->document, kind, i, &schema, &name);
	findings_warning(choice->findings, "%s %s.%s is kept as it is: %s", classes[kind].word, schema,
					 name, differences);
}

/* What exists is refused as such by fail_if_exists, however it differs. */
static ObjectState
told_state(const Choice *choice, ObjectKind kind, ObjectState state)
{
	bool there = state == OBJECT_DIFFERENT || state == OBJECT_UNSUITABLE;

	return there && kind != OBJECT_TYPE && choice->s->settings->policy == POLICY_FAIL_IF_EXISTS
			   ? OBJECT_SAME
			   : state;
}

static void
choose_object(Choice *choice, ObjectKind kind, size_t i, ObjectState state, const char *differences)
{
	const StructureSettings *settings = choice->s->settings;
	Verdict verdict = (*classes[kind].verdicts)[settings->policy][state];
	unsigned char *bits = &choice->chosen->of[kind][i];

	if (verdict == CREATE && (settings->create & CREATE_TABLES) == 0)
		verdict = kind == OBJECT_TABLE ? REFUSE : KEEP;
	switch (verdict)
	{
		case CREATE: *bits = CHOSEN_CREATE; break;
		case REPLACE: *bits = CHOSEN_DROP | CHOSEN_CREATE; break;
		case REFUSE: refuse(choice, kind, i, told_state(choice, kind, state), differences); break;
		case WARN:
			warn_different(choice, kind, i, differences);
			*bits = CHOSEN_KEEP;
			break;
		case KEEP: *bits = state != OBJECT_MISSING ? CHOSEN_KEEP : 0; break;
	}
}

/* Those of identity columns come and go with their tables, and others' names are told by the target. */
static bool
is_apart(const SchemaDocument *document, ObjectKind kind, size_t i)
{
	return kind == OBJECT_SEQUENCE && document->sequences[i].identity;
}

static bool
choose_kind(Choice *choice, ObjectKind kind, SluiceError *err)
{
	Structure *s = choice->s;
	size_t count = count_objects(s->document, kind);

	choice->chosen->of[kind] = calloc(count + 1, 1);
	if (choice->chosen->of[kind] == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
	for (size_t i = 0; i < count; i++)
	{
		char *differences = NULL;
		size_t size;
		FILE *out = open_memstream(&differences, &size);
		ObjectState state;

		if (out == NULL)
			return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the structure");
		state = s->ops->state(s, kind, i, out);
		if (fclose(out) == 0 && !is_apart(s->document, kind, i))
			choose_object(choice, kind, i, state, differences);
		free(differences);
	}
	return true;
}

/* A table that stays has its own way to number rows: what the source's does is not made for it. */
static void
leave_sequences(Choice *choice)
{
	const SchemaDocument *document = choice->s->document;

	for (size_t i = 0; i < document->sequence_count; i++)
	{
		const SchemaSequenceOwner *owner = document->sequences[i].owner;
		const SchemaTable *table =
			owner == NULL ? NULL
						  : schema_document_table_named(document, owner->schema, owner->table);

		if (table != NULL &&
			(choice->chosen->of[OBJECT_TABLE][table - document->tables] & CHOSEN_KEEP) != 0)
			choice->chosen->of[OBJECT_SEQUENCE][i] &= (unsigned char) ~CHOSEN_CREATE;
	}
}

/* ---- rows that are there ---- */

/* Rows of partitioned tables are their partitions'. */
static bool
keeps_rows(const Choice *choice, size_t i)
{
	const SchemaDocument *document = choice->s->document;

	return document->load != NULL && document->tables[i].kind == SCHEMA_TABLE_PLAIN &&
		   (choice->chosen->of[OBJECT_TABLE][i] & CHOSEN_KEEP) != 0;
}

static bool
choose_rows(Choice *choice, size_t i, SluiceError *err)
{
	Structure *s = choice->s;
	const SchemaTable *table = &s->document->tables[i];
	WriteMode mode = s->settings->mode;
	bool rows = false;

	if (mode == WRITE_TRUNCATE)
		choice->chosen->of[OBJECT_TABLE][i] |= CHOSEN_EMPTY;
	if (mode == WRITE_TRUNCATE || mode == WRITE_APPEND ||
		(mode == WRITE_UPSERT && s->ops->has_key(s, i)))
		return true;
	if (!s->ops->has_rows(s, i, &rows, err))
		return sluice_prefix(err, "table %s.%s", table->schema, table->name);
	if (!rows)
		return true;
	choice->because[BECAUSE_ROWS] = true;
	findings_problem(choice->findings,
					 mode == WRITE_UPSERT
						 ? "table %s.%s has rows and no unique key by which upsert finds them"
						 : "table %s.%s has rows",
					 table->schema, table->name);
	return true;
}

/* ---- partitions ---- */

/* What was to be flattened and still has partitions: changes of them would not find it. */
static void
refuse_parted(Choice *choice)
{
	const SchemaDocument *document = choice->s->document;

	for (size_t i = 0; choice->s->settings->flatten && i < document->table_count; i++)
	{
		const SchemaTable *table = &document->tables[i];

		if (table->kind != SCHEMA_TABLE_PARTITIONED || table->partition_of != NULL)
			continue;
		choice->because[BECAUSE_PARTED] = true;
		findings_problem(choice->findings,
						 "table %s.%s cannot be flattened: its partitions are published one by one",
						 table->schema, table->name);
	}
}

/* ---- all of it ---- */

static void
write_hint(const Choice *choice, char *hint, size_t size)
{
	size_t length = 0;

	hint[0] = '\0';
	for (int i = 0; i < REASONS; i++)
	{
		const char *text = reason_hints[i];

		if (!choice->because[i] || length + strlen(text) + 3 > size)
			continue;
		(void) snprintf(hint + length, size - length, "%s%s", length > 0 ? "; " : "", text);
		length = strlen(hint);
	}
}

bool
structure_choose(Structure *s, Chosen *chosen, Findings *findings, char *hint, size_t hint_size,
				 SluiceError *err)
{
	Choice choice = {.s = s, .chosen = chosen, .findings = findings};
	size_t problems;

	*chosen = (Chosen){0};
	if (!s->ops->look(s, err))
		return sluice_prefix(err, "looking at the target's structure");
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
	{
		if (!choose_kind(&choice, (ObjectKind) kind, err))
			return false;
	}
	leave_sequences(&choice);
	refuse_parted(&choice);
	for (size_t i = 0; i < s->document->table_count; i++)
	{
		if (keeps_rows(&choice, i) && !choose_rows(&choice, i, err))
			return false;
	}
	problems = findings->problems;
	if (!s->ops->judge(s, chosen, findings, err))
		return false;
	choice.because[BECAUSE_TARGET] = findings->problems > problems;
	write_hint(&choice, hint, hint_size);
	return true;
}

void
chosen_free(Chosen *chosen)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		free(chosen->of[kind]);
	*chosen = (Chosen){0};
}
