/*
 * load_plan.c - chunks as sorted ranges, and the rules of a copy's modes (load_plan.h).
 */
#include "load_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS_MAXIMUM (UINT32_MAX / 2)

/* ---- ranges ---- */

/* "7" or "7-9" at *text, moved behind it and a comma. */
static bool
take_range(const char **text, uint32_t *first, uint32_t *last)
{
	unsigned long from, to;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	from = to = strtoul(*text, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		to = strtoul(end + 1, &end, 10);
	*first = (uint32_t) from;
	*last = (uint32_t) to;
	if (*end == ',' && end[1] != '\0')
		end++;
	else if (*end != '\0')
		return false;
	*text = end;
	return to >= from && to < CHUNKS_MAXIMUM;
}

static size_t
count_ranges(const SchemaLoad *load)
{
	size_t count = load->table_count;

	for (size_t i = 0; i < load->table_count; i++)
	{
		for (size_t k = 0; k < load->tables[i].kept_count; k++)
		{
			count++;
			for (const char *at = load->tables[i].kept[k].chunks; *at != '\0'; at++)
				count += *at == ',';
		}
	}
	return count;
}

static void
add_range(LoadPlan *plan, int64_t generation, uint32_t first, uint32_t last, size_t table)
{
	plan->ranges[plan->range_count++] = (LoadRange){
		.generation = (uint32_t) generation,
		.first = first,
		.last = last,
		.table = (uint32_t) table,
	};
}

static bool
add_kept(LoadPlan *plan, size_t table, const SchemaKept *kept)
{
	const char *at = kept->chunks;
	uint32_t first, last;

	while (*at != '\0')
	{
		if (!take_range(&at, &first, &last))
			return false;
		add_range(plan, kept->generation, first, last, table);
	}
	return kept->generation > 0 && kept->generation < plan->generation;
}

static bool
add_table(LoadPlan *plan, size_t number, SluiceError *err)
{
	const SchemaLoadTable *table = &plan->load->tables[number];

	if (table->first_chunk + table->chunks > plan->load->chunks)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT,
						   "schema document: table %s.%s has chunks beyond the copy's %" PRId64,
						   table->schema, table->name, plan->load->chunks);
	if (table->chunks > 0)
		add_range(plan, plan->generation, (uint32_t) table->first_chunk,
				  (uint32_t) (table->first_chunk + table->chunks - 1), number);
	for (size_t i = 0; i < table->kept_count; i++)
	{
		if (!add_kept(plan, number, &table->kept[i]))
			return sluice_fail(err, SLUICE_ERROR_CORRUPT,
							   "schema document: kept chunks of table %s.%s make no sense",
							   table->schema, table->name);
	}
	return true;
}

static int
compare_ranges(const void *left, const void *right)
{
	const LoadRange *a = left, *b = right;

	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* Sorts and numbers them; no chunk may be in two. */
static bool
order_ranges(LoadPlan *plan, SluiceError *err)
{
	uint64_t count = 0;

	qsort(plan->ranges, plan->range_count, sizeof(*plan->ranges), compare_ranges);
	for (uint32_t i = 0; i < plan->range_count; i++)
	{
		LoadRange *range = &plan->ranges[i];

		if (i > 0 && range->generation == range[-1].generation && range->first <= range[-1].last)
			return sluice_fail(err, SLUICE_ERROR_CORRUPT,
							   "schema document: chunk %" PRIu32 " of generation %" PRIu32
							   " is of two tables",
							   range->first, range->generation);
		range->base = (uint32_t) count;
		count += (uint64_t) range->last - range->first + 1;
	}
	if (count > CHUNKS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_LIMIT, "a copy of %" PRIu64 " chunks", count);
	plan->chunks = (uint32_t) count;
	return true;
}

/* ---- rules ---- */

static int
compare_rules(const void *left, const void *right)
{
	const LoadRule *a = left, *b = right;

	return a->relation < b->relation ? -1 : a->relation > b->relation;
}

static LoadRule
rule_of(const SchemaLoadTable *table)
{
	if (table->mode == SCHEMA_LOAD_CATCH_UP)
		return (LoadRule){.relation = table->id, .lenient_until = table->position};
	return (LoadRule){.relation = table->id, .skip_until = table->position};
}

/*
 * Leaves of one table may have been read in different ways, and changes do not say which leaf they
 * are of.  Being lenient is right for all of them.
 */
static void
join_rules(LoadRule *rule, const LoadRule *other)
{
	uint64_t a = rule->skip_until + rule->lenient_until;
	uint64_t b = other->skip_until + other->lenient_until;

	if (rule->skip_until == other->skip_until && rule->lenient_until == other->lenient_until)
		return;
	rule->skip_until = 0;
	rule->lenient_until = a > b ? a : b;
}

/* The changes of tables that join are known up to the position; those of others must come as far. */
static void
settle(LoadPlan *plan)
{
	for (size_t i = 0; i < plan->rule_count; i++)
	{
		if (plan->rules[i].lenient_until > plan->lenient_until)
			plan->lenient_until = plan->rules[i].lenient_until;
	}
	plan->settled_at = load_plan_joins(plan) ? plan->load->position : plan->lenient_until;
}

static bool
make_rules(LoadPlan *plan, SluiceError *err)
{
	size_t count = 0;

	plan->rules = calloc(plan->load->table_count + 1, sizeof(*plan->rules));
	if (plan->rules == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the plan of a copy");
	for (size_t i = 0; i < plan->load->table_count; i++)
	{
		plan->rules[i] = rule_of(&plan->load->tables[i]);
		plan->rules[i].joins = load_plan_joins(plan) && plan->tables[i] != NULL;
	}
	qsort(plan->rules, plan->load->table_count, sizeof(*plan->rules), compare_rules);
	for (size_t i = 0; i < plan->load->table_count; i++)
	{
		if (count > 0 && plan->rules[count - 1].relation == plan->rules[i].relation)
		{
			plan->rules[count - 1].joins |= plan->rules[i].joins;
			join_rules(&plan->rules[count - 1], &plan->rules[i]);
		}
		else
			plan->rules[count++] = plan->rules[i];
	}
	plan->rule_count = count;
	settle(plan);
	return true;
}

/* ---- tables ---- */

/*
 * Both lists have the same order, or nearly: the next one is looked for behind the last one.  Rows of
 * a partition that is not in a flattened document go where they are published.
 */
static const SchemaTable *
find_table(const SchemaDocument *document, const SchemaLoadTable *read, size_t *at)
{
	for (size_t i = 0; i < document->table_count; i++)
	{
		size_t number = (*at + i) % document->table_count;
		const SchemaTable *table = &document->tables[number];

		if (strcmp(table->name, read->name) != 0 || strcmp(table->schema, read->schema) != 0)
			continue;
		*at = number + 1;
		return table;
	}
	return schema_document_table(document, read->id);
}

static bool
find_tables(LoadPlan *plan, SluiceError *err)
{
	size_t at = 0;

	plan->tables = calloc(plan->load->table_count + 1, sizeof(plan->tables[0]));
	if (plan->tables == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the plan of a copy");
	for (size_t i = 0; i < plan->load->table_count; i++)
		plan->tables[i] = find_table(plan->document, &plan->load->tables[i], &at);
	return true;
}

/* ---- the plan ---- */

static bool
fill(LoadPlan *plan, SluiceError *err)
{
	plan->load = plan->document->load;
	if (plan->load == NULL || plan->load->generation < 1 ||
		plan->load->generation > CHUNKS_MAXIMUM || plan->load->chunks > CHUNKS_MAXIMUM)
		return sluice_fail(err, SLUICE_ERROR_CORRUPT, "schema document without a copy");
	plan->generation = (uint32_t) plan->load->generation;
	plan->ranges = calloc(count_ranges(plan->load) + 1, sizeof(*plan->ranges));
	if (plan->ranges == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the plan of a copy");
	for (size_t i = 0; i < plan->load->table_count; i++)
	{
		if (!add_table(plan, i, err))
			return false;
	}
	return order_ranges(plan, err) && find_tables(plan, err) && make_rules(plan, err);
}

LoadPlan *
load_plan_read(const char *json, size_t length, const DocumentView *view, SluiceError *err)
{
	LoadPlan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
	{
		(void) sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for the plan of a copy");
		return NULL;
	}
	plan->document = schema_document_read(json, length, &allocator_malloc, err);
	if (plan->document != NULL && document_view_apply(view, plan->document, err) && fill(plan, err))
		return plan;
	load_plan_free(plan);
	return NULL;
}

void
load_plan_free(LoadPlan *plan)
{
	if (plan == NULL)
		return;
	schema_document_free(plan->document);
	free(plan->ranges);
	free(plan->rules);
	free(plan->tables);
	free(plan);
}

/* ---- looking up ---- */

static int
find_range(const void *key, const void *element)
{
	const LoadRange *wanted = key, *range = element;

	if (wanted->generation != range->generation)
		return wanted->generation < range->generation ? -1 : 1;
	return wanted->first < range->first ? -1 : wanted->first > range->last;
}

uint32_t
load_plan_chunk(const LoadPlan *plan, uint32_t generation, uint32_t chunk, uint32_t *table)
{
	const LoadRange wanted = {.generation = generation, .first = chunk};
	const LoadRange *range =
		bsearch(&wanted, plan->ranges, plan->range_count, sizeof(*plan->ranges), find_range);

	if (range == NULL)
		return LOAD_NO_CHUNK;
	if (table != NULL)
		*table = range->table;
	return range->base + (chunk - range->first);
}

LoadWay
load_plan_way(const LoadPlan *plan, const LoadPlace *place, bool upsert)
{
	bool earlier = place->generation < plan->generation;
	SchemaLoadMode mode;
	uint32_t table;

	if (place->generation > plan->generation)
		return LOAD_WAY_LATER;
	if (load_plan_chunk(plan, place->generation, place->chunk, &table) == LOAD_NO_CHUNK)
		return LOAD_WAY_DROP;
	mode = plan->load->tables[table].mode;
	if (earlier && mode == SCHEMA_LOAD_CATCH_UP)
		return LOAD_WAY_FILL;
	return upsert || mode == SCHEMA_LOAD_CATCH_UP ? LOAD_WAY_UPSERT : LOAD_WAY_COPY;
}

LoadRule
load_plan_rule(const LoadPlan *plan, uint32_t relation)
{
	const LoadRule wanted = {.relation = relation};
	const LoadRule *rule =
		bsearch(&wanted, plan->rules, plan->rule_count, sizeof(*plan->rules), compare_rules);

	return rule != NULL ? *rule : wanted;
}

bool
load_plan_joins(const LoadPlan *plan)
{
	return plan->load->since > 1;
}

bool
load_plan_finishes(const LoadPlan *plan)
{
	return plan->load->mode == SCHEMA_CONVERT;
}
