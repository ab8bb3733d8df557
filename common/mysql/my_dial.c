/*
 * my_dial.c - the address first, the name later (my_dial.h).
 *
 * Connector/C resolves the host that it is given, and takes it for the name to verify when the server's greeting has
 * come.  So it gets a text of ours, which is the address until then and the name from then on.  Should a release
 * take the name earlier, certificates do not fit, and nothing is connected to that should not be.
 */
#include "my_dial.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "my_wait.h"

void
my_dial_reached(MyConnection *c, MyPhase phase)
{
	if (phase <= c->phase)
		return;
	c->phase = phase;
	if (c->settings.reached != NULL)
		c->settings.reached(c->settings.context, phase);
}

#ifdef MARIADB_PACKAGE_VERSION
/* Exported for plugins of the library, and in none of its installed headers. */
extern int ma_pvio_register_callback(my_bool add,
									 void (*callback)(int mode, MYSQL *mysql,
													  const unsigned char *data, size_t length));

/* After each read (mode 0) and write, of all connections. */
static void
watch_traffic(int mode, MYSQL *mysql, const unsigned char *data, size_t length)
{
	MyConnection *c = my_wait_entered();

	(void) data;
	if (c == NULL || c->mysql != mysql || c->connected || (ssize_t) length <= 0)
		return;
	if (mode != 0)
	{
		if (mysql_get_ssl_cipher(mysql) != NULL)
			my_dial_reached(c, MY_PHASE_SECURED);
		return;
	}
	if (c->uri.address != NULL)
		(void) snprintf(c->dialed, sizeof(c->dialed), "%s", c->uri.host);
	my_dial_reached(c, MY_PHASE_GREETED);
}

void
my_dial_watch(void)
{
	(void) ma_pvio_register_callback(1, watch_traffic);
}

static bool
takes_address(const MyConnection *c)
{
	return c->uri.address != NULL;
}
#else
void
my_dial_watch(void)
{
}

/* Without a say in what is verified, the name is resolved anew where it matters; my_dial_check() looks. */
static bool
takes_address(const MyConnection *c)
{
	return c->uri.address != NULL && c->uri.ssl_mode != MY_SSL_VERIFY_IDENTITY;
}
#endif

const char *
my_dial_host(MyConnection *c)
{
	c->phase = MY_PHASE_BEGUN;
	if (c->uri.host == NULL || !takes_address(c))
		return c->uri.host;
	(void) snprintf(c->dialed, sizeof(c->dialed), "%s", c->uri.address);
	return c->dialed;
}

bool
my_dial_check(MyConnection *c, SluiceError *err)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	char text[NI_MAXHOST];

	if (c->uri.address == NULL || c->uri.host == NULL)
		return true;
	if (getpeername((int) c->mysql->net.fd, (struct sockaddr *) &peer, &length) == 0 &&
		getnameinfo((struct sockaddr *) &peer, length, text, sizeof(text), NULL, 0,
					NI_NUMERICHOST) == 0 &&
		strcmp(text, c->uri.address) == 0)
		return true;
	c->broken = true;
	return sluice_fail(err, SLUICE_ERROR_DENIED, "the %s's host has another address than before",
					   c->settings.role);
}
