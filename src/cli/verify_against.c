/* Somebody else's function on trial. */
#include "progress.h"
#include "report.h"
#include "verify.h"
#include "verify/foreign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *verify_ending(const struct verify_request *q, struct hu_foreign *f)
{
    char text[256];
    int number;
    enum hu_foreign_end end = hu_foreign_ending(f, &number);
    if (end == HU_HUNG)
        snprintf(text, sizeof text, "hangs (no answer in %" PRIu64 " s)", q->timeout);
    else if (end == HU_CRASHED)
        snprintf(text, sizeof text, "crashes (signal %d, %s)", number, strsignal(number));
    else
        snprintf(text, sizeof text, "ends its process (exit status %d)", number);
    return check_memory(strdup(text));
}

/* That, and on which source. */
static void explain_stop(const struct verify_request *q, struct hu_foreign *f,
                         struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    row->ending = verify_ending(q, f);
    row->blamed = v->stopped_sources &&
                  hu_foreign_blame(f, v->stopped_sources, v->stopped_count, &row->blamed_source);
}

/* A bare name of a file here is that file to the loader only with a slash. */
static char *library_path(const char *name)
{
    char *path = check_memory(malloc(strlen(name) + 3));
    FILE *here = strchr(name, '/') ? NULL : fopen(name, "r");
    sprintf(path, "%s%s", here ? "./" : "", name);
    if (here)
        fclose(here);
    return path;
}

static void try_direction(struct verify_request *q, struct verify_tally *tally,
                          struct hu_foreign *foreign, enum hu_direction direction)
{
    double began = verify_now();
    struct hu_runs *runs = verify_runs(q, q->to.at[0], q->from.at[0], direction);
    struct hu_subject subject = hu_foreign_subject(foreign);
    struct hu_scan_options options = verify_scan_options(q, tally);
    progress_begin("verify", "inputs", hu_scan_inputs(runs, &options) / options.shards);
    struct verify_row row = verify_row_of(q, runs, q->against);
    row.verdict = hu_scan(runs, &subject, &options);
    check_memory(row.verdict.failed ? NULL : &row);
    row.seconds = verify_now() - began;
    if (row.verdict.stopped)
        explain_stop(q, foreign, &row);
    else if (!verify_row_passed(&row))
        verify_explain(q, runs, &subject, &row);
    verify_take_row(q, tally, &row, false);
    hu_runs_free(runs);
}

/* Children are started anew for each direction: one may have ended the last. */
static bool try_directions(struct verify_request *q, struct verify_tally *tally,
                           const char *library, const char *symbol,
                           char message[HU_FOREIGN_MESSAGE])
{
    for (size_t i = 0; i < q->direction.count && !atomic_load(verify_interrupted()); i++) {
        struct hu_foreign *foreign =
            hu_foreign_open(library, symbol, q->to.at[0], q->from.at, 1, (unsigned)q->jobs,
                            (int)q->timeout * 1000, message);
        if (!foreign)
            return false;
        try_direction(q, tally, foreign, q->direction.direction[i]);
        hu_foreign_close(foreign);
    }
    return true;
}

bool verify_split_against(const struct verify_request *q, char **library, char **symbol)
{
    const char *colon = strrchr(q->against, ':');
    if (!colon || colon == q->against || !colon[1])
        return refuse("--against: '%s' is not of the form LIB.so:SYMBOL", q->against);
    OWNED char *name = check_memory(strndup(q->against, (size_t)(colon - q->against)));
    *library = library_path(name);
    *symbol = check_memory(strdup(colon + 1));
    return true;
}

int verify_against(struct verify_request *q, struct verify_tally *tally)
{
    OWNED char *library = NULL, *symbol = NULL;
    char message[HU_FOREIGN_MESSAGE];
    if (!verify_split_against(q, &library, &symbol))
        return EXIT_BAD;
    bool tried = try_directions(q, tally, library, symbol, message);
    return tried ? EXIT_DONE : fail("--against: %s", message);
}
