/* The program without its main, so that tests and fuzz targets can call it. */
#pragma once

/* Runs one command line; returns the exit status. */
int cli_run(int argc, char **argv);
