/*
 * preview.c - reading a schema document and showing its plan (preview.h).
 */
#include "preview.h"

#include <stdio.h>

#include "common/daemon/service.h"
#include "common/nats/load_document.h"
#include "load_target.h"

static bool
read_file(const char *path, ByteBuf *json, SluiceError *err)
{
	char block[65536];
	FILE *in = fopen(path, "re");
	size_t length;
	bool good = true;

	if (in == NULL)
		return sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot open %s: %m", path);
	while (good && (length = fread(block, 1, sizeof(block), in)) > 0)
		good = bytebuf_put(json, block, length, err);
	if (good && ferror(in) != 0)
		good = sluice_fail(err, SLUICE_ERROR_ARGUMENT, "cannot read %s: %m", path);
	(void) fclose(in);
	return good;
}

static bool
fail_without(const WriterSettings *settings, SluiceError *err)
{
	(void) sluice_fail(err, SLUICE_ERROR_NOT_FOUND, "there is no schema document of a stream %s",
					   settings->stream);
	return sluice_hint(err, "the source publishes one soon after a stream of mode convert or "
							"convert+cdc is started: try again then, or look at the name");
}

static bool
fetch(const WriterSettings *settings, ByteBuf *json, SluiceError *err)
{
	NatsSession session;
	JetStreamInfo info;
	uint32_t generation = 0;
	bool good;

	if (!nats_session_open(&session, &settings->nats, err))
		return false;
	good = load_stream_info(&session, settings->stream, &info, err) &&
		   load_document_newest(&session, settings->stream, &generation, err);
	if (generation > 0)
		good = load_document_fetch(&session, settings->stream, generation, json, err);
	else if (good || err->code == SLUICE_ERROR_NOT_FOUND)
		good = fail_without(settings, err);
	nats_session_close(&session);
	return good;
}

static bool
go_on(void *context)
{
	(void) context;
	return true;
}

/* The document as this target is to see it. */
static bool
prepare(const WriterSettings *settings, Target *target, SchemaDocument *document, SluiceError *err)
{
	DocumentView view = settings->view;

	return (target->ops->know == NULL || target->ops->know(target, &view.facts, err)) &&
		   document_view_apply(&view, document, err);
}

static bool
show(const WriterSettings *settings, SchemaDocument *document, Log *log, size_t *problems,
	 SluiceError *err)
{
	const TargetSettings target = {
		.uri = settings->target,
		.password = settings->target_password,
		.stream = settings->stream,
		.consumer = settings->consumer,
		.owner = settings->owner,
		.types = settings->types,
		.view = &settings->view,
		.look_only = true,
		.log = log,
		.go_on = go_on,
	};
	Target *opened = target_open(&target, err);
	Structure *structure = NULL;
	bool good;

	if (opened == NULL)
		return false;
	good = prepare(settings, opened, document, err);
	if (good)
		structure = opened->load->structure(opened, document, &settings->structure, err);
	good = structure != NULL && structure_plan(structure, stdout, problems, err);
	structure_close(structure);
	opened->ops->close(opened);
	return good &&
		   (fflush(stdout) == 0 || sluice_fail(err, SLUICE_ERROR_IO, "cannot write the plan: %m"));
}

int
preview_run(const WriterSettings *settings, const char *file, Log *log)
{
	SluiceError err = {0};
	SchemaDocument *document = NULL;
	size_t problems = 0;
	ByteBuf json;
	bool good;

	bytebuf_init(&json, &allocator_malloc, LOAD_DOCUMENT_MAXIMUM);
	good = file != NULL ? read_file(file, &json, &err) : fetch(settings, &json, &err);
	if (good)
		document =
			schema_document_read((const char *) json.data, json.length, &allocator_malloc, &err);
	bytebuf_free(&json);
	good = document != NULL && show(settings, document, log, &problems, &err);
	schema_document_free(document);
	if (!good)
	{
		log_failure(log, LOG_ERROR, "cannot make a plan", &err, NULL);
		return (int) service_status(&err);
	}
	return problems > 0 ? SERVICE_REFUSED : SERVICE_OK;
}
