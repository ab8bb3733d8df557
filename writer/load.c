/*
 * load.c - one copy from its schema document to the changes behind it (load.h).
 *
 * Phases are moved by `steps`; each step is done when its phase stands in the target, and is begun
 * anew, going on where it was, by whoever finds that phase there.
 *
 * Invariant: a newer document takes the place of the one under way only until all rows are in.  From
 * then on what it speaks of is here already.
 */
#include "load.h"

#include <inttypes.h>
#include <stdlib.h>

#include "beacon.h"

#include "common/nats/load_document.h"

#define TICK_MS	  50   /* between looks at whether to go on */
#define COUNT_MS  150  /* between looks at what is in... */
#define BUSY_MS	  40   /* ...when this process loads */
#define FIRST_MS  10   /* between looks for a document; doubles up to COUNT_MS */
#define LOOK_MS	  1000 /* between looks for a newer document and at the state */
#define REPORT_MS 1000
#define MANY_ROWS 100000 /* from here on a table's indexes are made side by side */

/* What a step came to. */
typedef enum LoadStep
{
	STEP_FAILED,
	STEP_STOPPED,
	STEP_MOVED, /* look at the phase again */
	STEP_ENDED	/* as far as it goes without changes */
} LoadStep;

static const LoadOps *
ops(const Load *load)
{
	return load->target->load;
}

void
load_init(Load *load, const LoadSettings *settings)
{
	*load = (Load){.settings = *settings};
}

/* Forgets the plan and what hangs on it. */
static void
drop_plan(Load *load)
{
	load_finish_stop(load->finish);
	load->finish = NULL;
	load_tally_free(&load->tally);
	load_plan_free(load->plan);
	load->plan = NULL;
}

void
load_free(Load *load)
{
	drop_plan(load);
}

/* ---- telling ---- */

static void
show(Load *load)
{
	load_display_show(load->settings.display, &load->tally, load->state.phase, load->finish);
}

/* To the bucket: what the source shows and purges by. */
static bool
report(Load *load, SluiceError *err)
{
	LoadReport *text = malloc(sizeof(*text));
	char key[SUBJECT_TEXT], value[KV_VALUE_MAXIMUM];
	bool good;

	load->reported_ms = beacon_clock();
	if (text == NULL)
		return sluice_fail(err, SLUICE_ERROR_MEMORY, "out of memory for a report");
	load_tally_report(&load->tally, text);
	text->phase = load->state.error[0] != '\0' ? LOAD_FAILED : load->state.phase;
	(void) load_report_key(key, load->settings.stream, load->settings.consumer);
	good = kv_ensure(load->nats, 1, err) &&
		   kv_put(load->nats, key, load_report_format(text, value), KV_ANY_REVISION, NULL, err);
	free(text);
	return good;
}

static void
tell_phase(Load *load)
{
	SluiceError err = {.code = SLUICE_ERROR_DATA};

	(void) snprintf(err.message, sizeof(err.message), "%s", load->state.error);
	load->settings.tell(load->settings.context, load->state.phase,
						load->state.error[0] != '\0' ? &err : NULL);
}

static bool
move(Load *load, LoadPhase phase, SluiceError *err)
{
	load->state.phase = phase;
	load->state.error[0] = '\0';
	log_event(load->settings.log, LOG_INFO, "copy",
			  (LogField[]){LOG_TEXT("phase", load_phase_name(phase)),
						   LOG_UNSIGNED("generation", load->plan->generation),
						   LOG_UNSIGNED("chunks", load->tally.complete),
						   LOG_UNSIGNED("of", load->plan->chunks), LOG_END});
	bell_ring(load->settings.moved);
	tell_phase(load);
	show(load);
	return report(load, err);
}

/* ---- the document ---- */

static bool
adopt(Load *load, LoadPlan *plan, SluiceError *err)
{
	drop_plan(load);
	load->plan = plan;
	return load_tally_init(&load->tally, plan, err) &&
		   (!load->state.exists || ops(load)->count(load->target, &load->tally, true, err));
}

/* The document, a NUL behind it, takes the place of what stands in the target. */
static bool
replace(Load *load, const LoadPlan *plan, const ByteBuf *json, SluiceError *err)
{
	if (!ops(load)->ensure(load->target, err))
		return false;
	if (!ops(load)->begin(load->target, err) ||
		!ops(load)->replace(load->target, plan, (const char *) json->data, json->length - 1, err) ||
		!ops(load)->commit(load->target, err))
	{
		ops(load)->abandon(load->target);
		return sluice_prefix(err, "noting a copy at the target");
	}
	if (load->progress->position.incarnation != plan->load->incarnation)
	{
		load->progress->position = (ChangeId){0};
		load->progress->next_sequence = 0;
		load->progress->stream_created = 0;
	}
	return ops(load)->read(load->target, &load->state, err);
}

/* Behind a copy that is done only what began after it is news. */
static bool
is_wanted(const Load *load, const LoadPlan *plan)
{
	bool joins = load->state.phase == LOAD_DONE && plan->load->since > load->state.generation;

	return !load->state.exists || load->state.incarnation != plan->load->incarnation ||
		   (plan->generation > load->state.generation &&
			(joins || load->state.phase < LOAD_INDEXING));
}

/* Takes over the document of a generation when it is news; *news tells. */
static bool
take_document(Load *load, uint32_t generation, bool *news, SluiceError *err)
{
	LoadPlan *plan = NULL;
	ByteBuf json;
	bool good;

	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	good = load_document_fetch(load->nats, load->settings.stream, generation, &json, err) &&
		   bytebuf_put_u8(&json, 0, err) &&
		   (plan = load_plan_read((const char *) json.data, json.length - 1,
								  load->settings.finish.view, err)) != NULL;
	*news = good && is_wanted(load, plan);
	if (*news)
		good = replace(load, plan, &json, err) && adopt(load, plan, err);
	else
		load_plan_free(plan);
	bytebuf_free(&json);
	if (good)
		load->looked_at = generation;
	return good;
}

/* The document that stands in the target. */
static bool
read_document(Load *load, SluiceError *err)
{
	LoadPlan *plan = NULL;
	ByteBuf json;

	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	if (ops(load)->read_document(load->target, &json, err))
		plan =
			load_plan_read((const char *) json.data, json.length, load->settings.finish.view, err);
	bytebuf_free(&json);
	return plan != NULL && adopt(load, plan, err);
}

/* Looks for a newer document; a source that is at publishing it is waited for. */
static bool
look_for_news(Load *load, bool *news, SluiceError *err)
{
	uint32_t newest;

	*news = false;
	if (!load_document_newest(load->nats, load->settings.stream, &newest, err))
		return false;
	if (newest == 0 || newest == load->looked_at)
		return true;
	return take_document(load, newest, news, err) || err->code == SLUICE_ERROR_NOT_FOUND;
}

/* ---- structure ---- */

/*
 * What was made for a generation before is what this one wants, too; and what is there of tables
 * that were not, when making them was begun, can only be ours.
 */
static StructureSettings
structure_settings(const Load *load)
{
	StructureSettings settings = *load->settings.structure;

	if (load->state.begun && settings.policy == POLICY_FAIL_IF_EXISTS)
		settings.policy = POLICY_CREATE_MISSING;
	if (load->state.prepared)
	{
		settings.policy = POLICY_CREATE_MISSING;
		settings.mode = settings.mode == WRITE_UPSERT ? WRITE_UPSERT : WRITE_APPEND;
	}
	return settings;
}

static bool
is_catching_up(const Load *load)
{
	return load->plan->lenient_until > 0;
}

/* The number of the index that rows of a table are told apart by; SIZE_MAX when there is none. */
static size_t
key_index(const SchemaTable *table)
{
	for (size_t i = 0; i < table->index_count; i++)
	{
		if (table->replica_identity == SCHEMA_REPLICA_INDEX ? table->indexes[i].replica_identity
															: table->indexes[i].primary)
			return i;
	}
	return SIZE_MAX;
}

/* Rows that take the place of others need the key before they come. */
static bool
make_keys(Load *load, Structure *structure, SluiceError *err)
{
	const SchemaDocument *document = load->plan->document;

	for (size_t i = 0; i < load->plan->load->table_count; i++)
	{
		const SchemaLoadTable *read = &load->plan->load->tables[i];
		const SchemaTable *table = load->plan->tables[i];
		size_t index = table != NULL ? key_index(table) : SIZE_MAX;

		if (read->mode == SCHEMA_LOAD_CATCH_UP && index != SIZE_MAX &&
			!structure_finish_index(structure, (size_t) (table - document->tables), index, err))
			return false;
	}
	return true;
}

/*
 * Rows of the target's own are not removed with those that came: where rows take the place of others
 * by a key, none need go; where they were added to others, *empty stays only when there are none.
 */
static bool
may_be_emptied(const Load *load, Structure *structure, const SchemaTable *table, bool *empty,
			   SluiceError *err)
{
	size_t number = (size_t) (table - load->plan->document->tables);
	WriteMode mode = load->settings.structure->mode;
	bool rows = false;

	if (mode == WRITE_UPSERT)
		*empty = !structure->ops->has_key(structure, number);
	if (mode != WRITE_APPEND)
		return true;
	if (!structure->ops->has_rows(structure, number, &rows, err))
		return false;
	*empty = false;
	if (!rows)
		return true;
	(void) sluice_fail(
		err, SLUICE_ERROR_DATA,
		"table %s.%s is to be read once more, as its snapshot was lost, and rows that "
		"were there before the copy cannot be told from those it brought",
		table->schema, table->name);
	return sluice_hint(err, "remove the rows that came, or all, and the copy goes on");
}

/*
 * Rows that came of a table before it was started over go.  When bundles of that generation or a later
 * one are in, they are gone already: nothing is taken in before.
 */
static bool
empty_restarted(Load *load, Structure *structure, SluiceError *err)
{
	for (size_t i = 0; i < load->plan->load->table_count; i++)
	{
		const SchemaTable *table = load->plan->tables[i];
		bool empty = table != NULL && load->state.prepared &&
					 load->plan->load->tables[i].restarted > load->state.newest;

		if (empty && !may_be_emptied(load, structure, table, &empty, err))
			return false;
		if (empty && !ops(load)->empty(load->target, table->schema, table->name, err))
			return false;
	}
	return true;
}

/* Tables and phase in one transaction, so that a second try finds nothing half made... */
static bool
prepare_at_once(Load *load, Structure *structure, SluiceError *err)
{
	return ops(load)->begin(load->target, err) && structure_prepare(structure, err) &&
		   empty_restarted(load, structure, err) &&
		   ops(load)->set_phase(load->target, LOAD_LOADING, err) &&
		   ops(load)->commit(load->target, err);
}

/* ...but keys of tables that are there take their time. */
static bool
prepare_with_keys(Load *load, Structure *structure, SluiceError *err)
{
	return ops(load)->begin(load->target, err) && structure_prepare(structure, err) &&
		   ops(load)->commit(load->target, err) && make_keys(load, structure, err) &&
		   ops(load)->begin(load->target, err) && empty_restarted(load, structure, err) &&
		   ops(load)->set_phase(load->target, LOAD_LOADING, err) &&
		   ops(load)->commit(load->target, err);
}

static LoadStep
make_structure(Load *load, SluiceError *err)
{
	StructureSettings settings = structure_settings(load);
	Structure *structure = ops(load)->structure(load->target, load->plan->document, &settings, err);
	bool good;

	if (structure == NULL)
		return STEP_FAILED;
	good = is_catching_up(load) ? prepare_with_keys(load, structure, err)
								: prepare_at_once(load, structure, err);
	structure_close(structure);
	if (!good)
	{
		ops(load)->abandon(load->target);
		return STEP_FAILED;
	}
	load->state.prepared = true;
	return move(load, LOAD_LOADING, err) ? STEP_MOVED : STEP_FAILED;
}

/* ---- indexes of tables ---- */

static bool
start_finish(Load *load, SluiceError *err)
{
	const LoadFinishSettings settings = {
		.target = load->settings.finish,
		.document = load->plan->document,
		.structure = load->settings.structure,
		.connections = load->settings.index_connections,
		.whole_tables = ops(load)->whole_tables,
		.changed = load->settings.loaded,
	};

	if (load->finish == NULL)
		load->finish = load_finish_start(&settings, err);
	return load->finish != NULL;
}

/* A table of the document; partitioned ones come last, behind their partitions. */
static void
hand_over_table(Load *load, const SchemaTable *table, bool at_once)
{
	if (table != NULL && table->kind != SCHEMA_TABLE_PARTITIONED)
		load_finish_add(load->finish, (size_t) (table - load->plan->document->tables), at_once);
}

/* Whether all rows are in of all that was read for a table: several, where partitions became one. */
static bool
is_whole(const Load *load, const SchemaTable *table)
{
	for (size_t i = 0; i < load->plan->load->table_count; i++)
	{
		if (load->plan->tables[i] == table &&
			(!load_tally_table_whole(&load->tally, i) ||
			 load->plan->load->tables[i].mode == SCHEMA_LOAD_CATCH_UP))
			return false;
	}
	return true;
}

/*
 * Whether its indexes can be made while another generation may still come, as it does when the source
 * was killed before it noted what it had sent: rows that changed their unique values meanwhile could
 * not come in.
 */
static bool
can_begin(const SchemaTable *table)
{
	for (size_t i = 0; table != NULL && i < table->index_count; i++)
	{
		if (table->indexes[i].unique && !table->indexes[i].primary)
			return false;
	}
	return true;
}

/* Hands over tables whose rows are all in; `rest` also those that have none of their own. */
static bool
hand_over(Load *load, bool rest, SluiceError *err)
{
	const SchemaDocument *document = load->plan->document;
	bool idle;

	if (!start_finish(load, err))
		return false;
	for (size_t i = 0; i < load->plan->load->table_count; i++)
	{
		const SchemaTable *table = load->plan->tables[i];

		if (load_tally_table_whole(&load->tally, i) && is_whole(load, table) &&
			(load->state.phase == LOAD_INDEXING || can_begin(table)))
			hand_over_table(load, table, load->tally.tables[i].rows < MANY_ROWS);
	}
	for (size_t i = 0; rest && i < document->table_count; i++)
		hand_over_table(load, &document->tables[i], false);
	return load_finish_check(load->finish, &idle, err);
}

/* ---- waiting for rows ---- */

static bool
may_go_on(Load *load)
{
	return load->settings.go_on(load->settings.context);
}

/* Every second: is there a newer document, what do the crews say, how far is it. */
static bool
look_around(Load *load, bool *news, SluiceError *err)
{
	char before[sizeof(load->state.error)];

	*news = false;
	load->looked_ms = beacon_clock();
	(void) snprintf(before, sizeof(before), "%s", load->state.error);
	if (!ops(load)->read(load->target, &load->state, err) || !look_for_news(load, news, err))
		return false;
	if (strcmp(before, load->state.error) != 0)
		tell_phase(load);
	if (!ops(load)->count_more(load->target, &load->tally, err))
		return false;
	show(load);
	return *news || report(load, err);
}

static bool
count(Load *load, SluiceError *err)
{
	uint32_t before = load->tally.complete;

	load->counted_ms = beacon_clock();
	if (!ops(load)->count(load->target, &load->tally, false, err))
		return false;
	if (load->tally.complete == before)
		return true;
	return hand_over(load, false, err) && report(load, err);
}

static LoadStep
await_rows(Load *load, SluiceError *err)
{
	uint64_t heard = bell_heard(load->settings.loaded);
	bool rung = true;

	while (may_go_on(load))
	{
		int64_t now = beacon_clock();
		bool news = false, idle;

		if (now - load->counted_ms >= (rung ? BUSY_MS : COUNT_MS))
		{
			rung = false;
			if (!count(load, err))
				return STEP_FAILED;
		}
		if (now - load->looked_ms >= LOOK_MS && !look_around(load, &news, err))
			return STEP_FAILED;
		if (news)
			return move(load, LOAD_STRUCTURE, err) ? STEP_MOVED : STEP_FAILED;
		if (load->finish != NULL && !load_finish_check(load->finish, &idle, err))
			return STEP_FAILED;
		if (load_tally_whole(&load->tally))
			return STEP_MOVED;
		rung |= bell_wait(load->settings.loaded, &heard, rung ? BUSY_MS : TICK_MS);
	}
	return STEP_STOPPED;
}

static bool
set_phase(Load *load, LoadPhase phase, SluiceError *err)
{
	if (ops(load)->begin(load->target, err) && ops(load)->set_phase(load->target, phase, err) &&
		ops(load)->commit(load->target, err))
		return move(load, phase, err);
	ops(load)->abandon(load->target);
	return false;
}

/* Tables that join come in while changes of others are applied, until a change needs them. */
static bool
wants_whole(const Load *load)
{
	return load->settings.wish.whole || !load_has(load, load->settings.wish.position);
}

static LoadStep
load_rows(Load *load, SluiceError *err)
{
	LoadStep step;

	if (!hand_over(load, false, err))
		return STEP_FAILED;
	if (load_is_joining(load) && !wants_whole(load))
		return STEP_ENDED;
	step = await_rows(load, err);
	if (step != STEP_MOVED || !load_tally_whole(&load->tally) || load->state.phase != LOAD_LOADING)
		return step;
	return set_phase(load, LOAD_INDEXING, err) ? STEP_MOVED : STEP_FAILED;
}

/* ---- indexes and keys ---- */

static LoadStep
await_indexes(Load *load, SluiceError *err)
{
	uint64_t heard = bell_heard(load->settings.loaded);
	bool idle = false;

	while (may_go_on(load))
	{
		if (!load_finish_check(load->finish, &idle, err))
			return STEP_FAILED;
		if (idle)
			return STEP_MOVED;
		if (beacon_clock() - load->reported_ms >= REPORT_MS)
		{
			show(load);
			if (!report(load, err))
				return STEP_FAILED;
		}
		(void) bell_wait(load->settings.loaded, &heard, TICK_MS);
	}
	return STEP_STOPPED;
}

/* Partitioned tables behind their partitions, then keys between tables and the rest. */
static bool
finish_rest(Load *load, SluiceError *err)
{
	const SchemaDocument *document = load->plan->document;
	Structure *structure =
		ops(load)->structure(load->target, load->plan->document, load->settings.structure, err);
	bool good = structure != NULL;

	for (size_t i = document->table_count; good && i > 0; i--)
		good = document->tables[i - 1].kind != SCHEMA_TABLE_PARTITIONED ||
			   structure_finish_table(structure, i - 1, err);
	good = good && structure_finish_keys(structure, err);
	structure_close(structure);
	return good;
}

/* With tables that have to catch up, the others are finished meanwhile. */
static LoadStep
make_indexes(Load *load, bool all, SluiceError *err)
{
	LoadStep step;

	if (!hand_over(load, all, err))
		return STEP_FAILED;
	if ((step = await_indexes(load, err)) != STEP_MOVED || !all)
		return step == STEP_MOVED ? STEP_ENDED : step;
	load_finish_stop(load->finish);
	load->finish = NULL;
	return finish_rest(load, err) && set_phase(load, LOAD_DONE, err) ? STEP_MOVED : STEP_FAILED;
}

bool
load_is_due(const Load *load, uint64_t commit)
{
	return load->plan != NULL && load->state.phase == LOAD_INDEXING &&
		   commit >= load->plan->settled_at;
}

/* Up to where all changes are applied. */
static uint64_t
applied(const Load *load)
{
	uint64_t position = load->progress->position.commit, reached = load->settings.wish.reached;

	return position > reached ? position : reached;
}

static LoadStep
take_step(Load *load, SluiceError *err)
{
	switch (load->state.phase)
	{
		case LOAD_STRUCTURE: return make_structure(load, err);
		case LOAD_LOADING: return load_rows(load, err);
		case LOAD_INDEXING: return make_indexes(load, load_is_due(load, applied(load)), err);
		default: return STEP_ENDED;
	}
}

/* ---- the whole ---- */

/* Finds the copy in JetStream and the target; *there when there is one to go on with. */
static bool
find(Load *load, bool *there, bool *stream, SluiceError *err)
{
	JetStreamInfo info;
	bool news = false;

	*there = false;
	*stream = load_stream_info(load->nats, load->settings.stream, &info, err);
	if ((!*stream && err->code != SLUICE_ERROR_NOT_FOUND) ||
		!ops(load)->read(load->target, &load->state, err))
		return false;
	if (*stream && !look_for_news(load, &news, err))
		return false;
	*there = load->state.exists;
	if (!*there || *stream || load->state.phase == LOAD_DONE)
		return !*there || news || read_document(load, err);
	return sluice_fail(err, SLUICE_ERROR_STATE,
					   "the copy's JetStream stream is gone before the copy was whole") ||
		   sluice_hint(err, "drop the stream at the source and create it anew");
}

/* The source has begun a copy, and its document is not there yet. */
static LoadOutcome
await_document(Load *load, SluiceError *err)
{
	int64_t pause = FIRST_MS;
	bool news = false;

	load->settings.tell(load->settings.context, LOAD_STRUCTURE, NULL);
	while (may_go_on(load))
	{
		if (!look_for_news(load, &news, err))
			return LOAD_BROKEN;
		if (news)
			return LOAD_CHANGES;
		nats_Sleep(pause);
		pause = pause * 2 < COUNT_MS ? pause * 2 : COUNT_MS;
	}
	return LOAD_STOPPED;
}

static LoadOutcome
go_through(Load *load, SluiceError *err)
{
	LoadStep step;

	if (load->state.error[0] != '\0' && !ops(load)->set_error(load->target, "", err))
		return LOAD_BROKEN;
	if (!move(load, load->state.phase, err))
		return LOAD_BROKEN;
	do
		step = take_step(load, err);
	while (step == STEP_MOVED);
	if (step == STEP_FAILED)
		return LOAD_BROKEN;
	if (step == STEP_STOPPED)
		return LOAD_STOPPED;
	return load->state.phase == LOAD_DONE && load_plan_finishes(load->plan) ? LOAD_FINISHED
																			: LOAD_CHANGES;
}

/* A failure of ours stands in the target like that of a crew. */
static void
note_failure(Load *load, const SluiceError *err)
{
	if (load->plan == NULL || sluice_error_transient(err->code) ||
		err->code == SLUICE_ERROR_CONFLICT)
		return;
	(void) snprintf(load->state.error, sizeof(load->state.error), "%s", err->message);
	(void) !ops(load)->set_error(load->target, err->message, NULL);
	(void) !report(load, NULL);
}

LoadOutcome
load_run(Load *load, NatsSession *nats, Target *target, Progress *progress, SluiceError *err)
{
	LoadOutcome outcome = LOAD_CHANGES;
	bool there, stream;

	load->nats = nats;
	load->target = target;
	load->progress = progress;
	if (!find(load, &there, &stream, err))
		return LOAD_BROKEN;
	if (!there && !stream)
		return LOAD_CHANGES;
	if (!there)
		outcome = await_document(load, err);
	if (outcome == LOAD_CHANGES)
		outcome = go_through(load, err);
	if (outcome == LOAD_CHANGES && !load_has(load, load->settings.wish.position))
	{
		outcome = await_document(load, err);
		if (outcome == LOAD_CHANGES)
			outcome = go_through(load, err);
	}
	if (outcome == LOAD_BROKEN)
		note_failure(load, err);
	return outcome;
}

LoadRule
load_rule(const Load *load, uint32_t relation)
{
	LoadRule rule = load->plan != NULL ? load_plan_rule(load->plan, relation) : (LoadRule){0};

	rule.joins = rule.joins && load_is_joining(load);
	return rule;
}

bool
load_has(const Load *load, uint64_t position)
{
	return load->plan == NULL || load->plan->load->position >= position;
}

bool
load_is_joining(const Load *load)
{
	return load->plan != NULL && load_plan_joins(load->plan) && load->state.phase < LOAD_INDEXING;
}

bool
load_look(Load *load, LoadLook *look, SluiceError *err)
{
	bool news = false, idle = false;

	*look = LOAD_LOOK_SAME;
	if (!load_is_joining(load) || beacon_clock() - load->counted_ms < COUNT_MS)
		return true;
	if (!count(load, err) || !load_finish_check(load->finish, &idle, err) ||
		(beacon_clock() - load->looked_ms >= LOOK_MS && !look_around(load, &news, err)))
	{
		note_failure(load, err);
		return false;
	}
	if (news)
		*look = LOAD_LOOK_NEWS;
	else if (load_tally_whole(&load->tally) && idle)
		*look = LOAD_LOOK_WHOLE;
	return true;
}

bool
load_complete(Load *load, SluiceError *err)
{
	LoadStep step = make_indexes(load, true, err);

	if (step == STEP_STOPPED)
		return sluice_fail(err, SLUICE_ERROR_TIMEOUT, "gave up waiting for indexes");
	if (step == STEP_FAILED)
		note_failure(load, err);
	return step == STEP_MOVED;
}
