#include "kernels.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct hu_kernel *kernel_named(const char *name)
{
    const struct hu_kernel *kernel = hu_kernel_find(name);
    if (kernel)
        return kernel;
    char list[256] = "";
    for (size_t i = 0; i < hu_kernel_count(); i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
                 hu_kernel_name(hu_kernel_at(i)));
    fail("this machine runs no kernel '%s', but: %s", name, list);
    return NULL;
}

bool kernel_of_environment(void)
{
    const char *name = getenv("HALFULP_KERNEL");
    report_as("HALFULP_KERNEL");
    return !name || !*name || kernel_named(name);
}
