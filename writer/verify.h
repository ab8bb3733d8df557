/*
 * verify.h - `sluice-writer verify`: compares source and target of a running stream (docs/verify.md).
 */
#ifndef SLUICE_WRITER_VERIFY_H
#define SLUICE_WRITER_VERIFY_H

/* The command's main(): argv[0] is its name. */
extern int verify_main(int argc, char **argv);

#endif
