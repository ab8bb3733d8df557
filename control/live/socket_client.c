/*
 * socket_client.c - reading from and writing to one WebSocket (sockets_internal.h).
 *
 * Nothing is queued but the frame on its way and one control frame: the next frame is asked for when the socket has
 * taken the last, so what a slow client gets is the newest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockets_internal.h"

#define READ_BYTES	   16384
#define FRAMES_AT_ONCE 64	 /* to one client, before others are served */
#define PING_MS		   20000 /* of silence */
#define SILENT_MS	   60000 /* then it is gone */
#define STUCK_MS	   30000 /* no byte was taken for so long: it is gone */
#define CLOSING_MS	   2000	 /* for the client to close as well */

bool
key_check(KeyCheck *check, const SocketsSettings *settings, const Caller *caller, int64_t now_ms,
		  SluiceError *err)
{
	unsigned changes = atomic_load(settings->keys_changed);

	if (now_ms - check->checked_ms < CLIENT_CHECK_MS && changes == check->changes)
		return true;
	*check = (KeyCheck){now_ms, changes};
	return settings->key_counts(settings->context, caller, err);
}

void
socket_client_init(SocketClient *client, int64_t now_ms)
{
	websocket_reader_init(&client->reader, CLIENT_MESSAGE_MAXIMUM);
	client->heard_ms = client->moved_ms = client->pinged_ms = client->key.checked_ms = now_ms;
	client->counted_ms = now_ms;
}

void
socket_client_free(SocketClient *client)
{
	frame_release(client->frame);
	websocket_reader_free(&client->reader);
	feed_free(&client->feed);
	free(client);
}

/* ---- control frames ---- */

/* One that waits is replaced; one that is on its way stays, and the new one is left out. */
static void
queue_control(SocketClient *client, WebsocketOpcode opcode, const uint8_t *payload, size_t length)
{
	size_t header;

	if (client->in_control || client->closing)
		return;
	header = websocket_header(client->control, opcode, length);
	memcpy(client->control + header, payload, length);
	client->control_length = header + length;
}

void
socket_client_close(SocketClient *client, WebsocketStatus status, const char *reason,
					int64_t now_ms)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAXIMUM];

	if (client->closing)
		return;
	queue_control(client, WEBSOCKET_CLOSE, payload,
				  websocket_close_payload(payload, status, reason));
	client->closing = true;
	client->closing_ms = now_ms;
}

/* ---- reading ---- */

static bool
within_rate(SocketClient *client, int64_t now_ms)
{
	if (now_ms - client->counted_ms >= CLIENT_MESSAGE_MS)
	{
		client->counted_ms = now_ms;
		client->messages = 0;
	}
	return ++client->messages <= CLIENT_MESSAGES;
}

void
socket_client_take(SocketClient *client, const SocketsSettings *settings, const char *text,
				   size_t length, int64_t now_ms)
{
	ClientMessage message;
	SluiceError err = {0};

	if (!within_rate(client, now_ms))
		socket_client_close(client, WEBSOCKET_POLICY, "too many messages", now_ms);
	else if (!client_message_parse(text, length, &message, &err))
		feed_complain(&client->feed, &err, now_ms);
	else
		(void) !feed_take(&client->feed, settings->sources, &message, now_ms, &err);
}

static void
take_message(SocketClient *client, const SocketsSettings *settings, const WebsocketMessage *message,
			 int64_t now_ms)
{
	switch (message->opcode)
	{
		case WEBSOCKET_TEXT:
			socket_client_take(client, settings, (const char *) message->data, message->length,
							   now_ms);
			return;
		case WEBSOCKET_PING:
			queue_control(client, WEBSOCKET_PONG, message->data, message->length);
			return;
		case WEBSOCKET_CLOSE:
			client->peer_closed = true;
			socket_client_close(client, WEBSOCKET_NORMAL, "", now_ms);
			return;
		default: return;
	}
}

static void
take_bytes(SocketClient *client, const SocketsSettings *settings, const uint8_t *data,
		   size_t length, int64_t now_ms)
{
	while (!client->closing)
	{
		WebsocketMessage message;
		WebsocketStatus status;

		switch (websocket_read(&client->reader, &data, &length, &message, &status))
		{
			case WEBSOCKET_MORE: return;
			case WEBSOCKET_MESSAGE: take_message(client, settings, &message, now_ms); break;
			case WEBSOCKET_BROKEN: socket_client_close(client, status, "", now_ms); return;
		}
	}
}

void
socket_client_read(SocketClient *client, const SocketsSettings *settings, int64_t now_ms)
{
	uint8_t data[READ_BYTES];
	ssize_t length = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);

	if (length > 0)
	{
		client->heard_ms = now_ms;
		take_bytes(client, settings, data, (size_t) length, now_ms);
	}
	else if (length == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		client->dead = true;
}

/* ---- writing ---- */

/* Sends from *done on; true when all is out. */
static bool
send_bytes(SocketClient *client, const void *data, size_t length, size_t *done, int flags)
{
	while (*done < length)
	{
		ssize_t sent = send(client->fd, (const char *) data + *done, length - *done,
							MSG_DONTWAIT | MSG_NOSIGNAL | flags);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
		{
			client->blocked = errno == EAGAIN || errno == EWOULDBLOCK;
			client->dead = client->dead || !client->blocked;
			return false;
		}
		*done += (size_t) sent;
	}
	return true;
}

static bool
send_control(SocketClient *client)
{
	client->in_control = true;
	if (!send_bytes(client, client->control, client->control_length, &client->written, 0))
		return false;
	client->in_control = false;
	client->control_length = client->written = 0;
	return true;
}

static bool
send_frame(SocketClient *client)
{
	size_t done = client->written;

	if (done < client->header_length &&
		!send_bytes(client, client->header, client->header_length, &done, MSG_MORE))
	{
		client->written = done;
		return false;
	}
	done -= client->header_length;
	if (!send_bytes(client, client->frame->text, client->frame->length, &done, 0))
	{
		client->written = client->header_length + done;
		return false;
	}
	frame_release(client->frame);
	client->frame = NULL;
	client->written = 0;
	return true;
}

/* True when all that was begun is out, and the control frame that waited. */
static bool
flush(SocketClient *client, int64_t now_ms)
{
	size_t before = client->written;
	bool good = true;

	client->blocked = false;
	if (client->in_control)
		good = send_control(client);
	if (good && client->frame != NULL)
		good = send_frame(client);
	if (good && client->control_length > 0)
		good = send_control(client);
	if (good || client->written != before)
		client->moved_ms = now_ms;
	return good;
}

/* False when there is none. */
static bool
begin_frame(SocketClient *client, const SocketsSettings *settings, int64_t now_ms)
{
	switch (feed_next(&client->feed, settings->sources, now_ms, &client->frame))
	{
		case FEED_FRAME:
			client->header_length =
				websocket_header(client->header, WEBSOCKET_TEXT, client->frame->length);
			client->written = 0;
			return true;
		case FEED_BEHIND:
			socket_client_close(client, WEBSOCKET_TRY_LATER,
								"too slow for events: come again with the last seq", now_ms);
			return true;
		case FEED_NOTHING: break;
	}
	return false;
}

static void
check_life(SocketClient *client, const SocketsSettings *settings, int64_t now_ms)
{
	SluiceError err = {0};

	if (now_ms - client->heard_ms >= SILENT_MS || now_ms - client->moved_ms >= STUCK_MS ||
		(client->closing && now_ms - client->closing_ms >= CLOSING_MS))
		client->dead = true;
	else if (now_ms - client->heard_ms >= PING_MS && now_ms - client->pinged_ms >= PING_MS)
	{
		client->pinged_ms = now_ms;
		queue_control(client, WEBSOCKET_PING, (const uint8_t *) "", 0);
	}
	if (!client->dead && !client->closing &&
		!key_check(&client->key, settings, &client->feed.caller, now_ms, &err))
		socket_client_close(client, WEBSOCKET_POLICY, err.message, now_ms);
}

void
socket_client_serve(SocketClient *client, const SocketsSettings *settings, int64_t now_ms)
{
	if (client->dead)
		return;
	check_life(client, settings, now_ms);
	for (int i = 0; !client->dead && i < FRAMES_AT_ONCE; i++)
	{
		if (!flush(client, now_ms))
			return;
		client->dead = client->dead || client->peer_closed;
		if (client->closing || !begin_frame(client, settings, now_ms))
			return;
	}
}

int64_t
socket_client_due(const SocketClient *client)
{
	int64_t due = client->key.checked_ms + CLIENT_CHECK_MS;

	if (client->closing && client->closing_ms + CLOSING_MS < due)
		due = client->closing_ms + CLOSING_MS;
	if (!client->closing && !client->blocked && feed_due(&client->feed) < due)
		due = feed_due(&client->feed);
	return due;
}
