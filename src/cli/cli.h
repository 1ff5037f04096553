/* The program without its main, so that tests and fuzz targets can call it. */
#ifndef HALFULP_CLI_CLI_H
#define HALFULP_CLI_CLI_H

/* Runs one command line; returns the exit status. */
int cli_run(int argc, char **argv);

#endif
