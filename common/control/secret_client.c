/*
 * secret_client.c - one request and its answer (secret_client.h).
 */
#include "secret_client.h"

#include <string.h>

#include "timestamp.h"

#define ANSWER_WAIT_MS 5000

static bool
ask(NatsSession *session, const ByteBuf *request, natsMsg **answer, SluiceError *err)
{
	natsStatus status =
		natsConnection_Request(answer, session->connection, SECRET_SUBJECT,
							   (const char *) request->data, (int) request->length, ANSWER_WAIT_MS);

	if (status == NATS_OK)
		return true;
	if (status != NATS_NO_RESPONDERS)
		return nats_session_fail(session, err, status, 0, "asking for secrets");
	(void) sluice_fail(err, SLUICE_ERROR_IO, "no sluice-control answers for secrets");
	return sluice_hint(err, "Start sluice-control with the same NATS");
}

bool
secret_fetch(NatsSession *session, const WorkerToken *token, const SecretWish *wish, char **values,
			 SluiceError *err)
{
	SecretExchange exchange;
	natsMsg *answer = NULL;
	ByteBuf request;
	bool good;

	memset(values, 0, wish->count * sizeof(*values));
	bytebuf_init(&request, &allocator_malloc, SECRET_REQUEST_MAXIMUM);
	good = secret_request_write(token, wish, timestamp_now(), &exchange, &request, err) &&
		   ask(session, &request, &answer, err) &&
		   secret_answer_read(&exchange, wish, natsMsg_GetData(answer),
							  (size_t) natsMsg_GetDataLength(answer), values, err);
	secret_exchange_end(&exchange);
	natsMsg_Destroy(answer);
	bytebuf_free(&request);
	return good;
}
