/*
 * my_wait.h - waiting for the server's socket while go_on() is asked.
 */
#ifndef SLUICE_MYSQL_MY_WAIT_H
#define SLUICE_MYSQL_MY_WAIT_H

#include "my_connection.h"

/* Makes the library call us for its waits, where it can; before connecting. */
extern void my_wait_install(MyConnection *c);

/*
 * This thread is about to call the library for that connection; the functions of my_connection.h do
 * so themselves, whoever calls the library has to.
 */
extern void my_wait_enter(MyConnection *c);

/* That connection; NULL: none. */
extern MyConnection *my_wait_entered(void);

/* Waits until the server begins to answer what was sent. */
extern bool my_wait_answer(MyConnection *c, SluiceError *err) SLUICE_MUST_CHECK;

#endif
