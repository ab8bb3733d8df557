/*
 * forget.h - `sluice-writer forget`: removes what writers noted of a stream at a target, so that a new stream may have its name.
 *
 * The stream's tables and rows stay as they are.
 */
#ifndef SLUICE_WRITER_FORGET_H
#define SLUICE_WRITER_FORGET_H

/* The command's main(); argv[0] is "forget". */
extern int forget_main(int argc, char **argv);

#endif
