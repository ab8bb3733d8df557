/*
 * frame.c - frames and their references (frame.h).
 */
#include "frame.h"

#include <stdlib.h>

#include "common/control/timestamp.h"

static json_t *
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static Frame *
frame_of(const FrameHead *head, const json_t *document)
{
	size_t length = json_dumpb(document, NULL, 0, JSON_COMPACT);
	Frame *frame = length > 0 ? malloc(sizeof(*frame) + length + 1) : NULL;

	if (frame == NULL)
		return NULL;
	atomic_init(&frame->references, 1);
	frame->type = head->type;
	frame->sequence = head->sequence;
	frame->length = json_dumpb(document, frame->text, length, JSON_COMPACT);
	frame->text[length] = '\0';
	return frame;
}

Frame *
frame_make(const FrameHead *head, json_t *data)
{
	char ts[TIMESTAMP_TEXT];
	json_t *document;
	Frame *frame;

	if (data == NULL)
		return NULL;
	document = json_pack("{s:i, s:I, s:s, s:s, s:o, s:o, s:o}", "v", FRAME_VERSION, "seq",
						 (json_int_t) head->sequence, "ts", timestamp_format(ts, head->time_ms),
						 "type", head->type, "stream_id", text_or_null(head->stream_id), "run_id",
						 text_or_null(head->run_id), "data", data);
	frame = document != NULL ? frame_of(head, document) : NULL;
	json_decref(document);
	return frame;
}

Frame *
frame_hold(Frame *frame)
{
	atomic_fetch_add(&frame->references, 1);
	return frame;
}

void
frame_release(Frame *frame)
{
	if (frame != NULL && atomic_fetch_sub(&frame->references, 1) == 1)
		free(frame);
}
